"""What several tests need: a tiny training set, tiny settings, a clean Accelerate."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from mapgan import rng
from mapgan.dataset import Entry, write_dataset
from mapgan.params import reading

# the same examples in each run: a failure concerns the change that was tested
settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")

# each worker has a core; more threads of torch in it, and in the processes it starts, would wait for one another
os.environ.setdefault("OMP_NUM_THREADS", "1")

TINY = [
    "train.batch_size=4",
    "train.steps=6",
    "train.log_every=2",
    "train.snapshot_every=3",
    "train.snapshot_images=4",
    "train.networks.dcgan-modern.latent=8",
    "train.networks.dcgan-modern.theme=2",
    "train.networks.dcgan-modern.generator_channels=4",
    "train.networks.dcgan-modern.discriminator_channels=4",
    "train.networks.dcgan-modern.max_channels=8",
    "train.networks.dcgan-modern.last_channels=4",
    "train.networks.dcgan.latent=8",
    "train.networks.dcgan.generator_channels=4",
    "train.networks.dcgan.discriminator_channels=4",
    "train.networks.dcgan.max_channels=8",
    "train.networks.mlp.latent=8",
    "train.networks.mlp.generator_units=8",
    "train.networks.mlp.discriminator_units=32",
    "train.networks.mapmaker.latent=8",
    "train.networks.mapmaker.generator_channels=4",
    "train.networks.mapmaker.discriminator_channels=4",
    "train.augment=[]",
    "machine.device=cpu",
    "machine.threads=1",
    # not those that follow from size and batch size: a few steps of tiny networks need no warm-up
    "train.generator_lr=0.001",
    "train.discriminator_lr=0.001",
    "train.lr_warmup=1",
    "train.penalty=0.02",
    "train.ema=0.998",
]


def write_squares(
    folder: Path, width: int, height: int, train: int = 12, holdout: int = 4, labelled: bool = False
) -> Path:
    """A training set of dark images with one light room each; if it is labelled, every third is its negative."""
    images = []
    labels = [("bright" if index % 3 == 2 else "dark") if labelled else "" for index in range(train + holdout)]
    for index, label in enumerate(labels):
        image = np.full((height, width, 3), 40, np.uint8)
        top, left = (rng.integer(index, "room", 0, axis, side // 2) for axis, side in enumerate((height, width)))
        image[top : top + height // 3, left : left + width // 3] = 220
        images.append(255 - image if label == "bright" else image)
    entries = [Entry(f"room-{index}", f"room-{index}", label) for index, label in enumerate(labels)]
    write_dataset(folder, (width, height), entries[:train], entries[train:], images)
    return folder


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """A training set of 12 + 4 images of 32 x 32 pixels."""
    return write_squares(tmp_path / "maps", 32, 32)


@pytest.fixture
def shades(tmp_path: Path) -> Path:
    """A training set of as many images that are labelled as dark or bright."""
    return write_squares(tmp_path / "shades", 32, 32, labelled=True)


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> Iterator[None]:
    """Accelerate keeps its state for the whole process; each test starts without it."""
    yield
    import sys

    if "accelerate" in sys.modules:
        from accelerate.state import AcceleratorState

        AcceleratorState._reset_state(reset_partial_state=True)


# settings of `train` that leave a step's tensors as they are
NOT_TRACED = {
    "steps",
    "log_every",
    "snapshot_every",
    "snapshot_images",
    "evaluate_every",
    "evaluate_by",
    "evaluate_extractor",
    "evaluate_images",
    "init_from",
    "watch",
}


@pytest.fixture(scope="session", autouse=True)
def _parsed_once() -> Iterator[None]:
    """A thousand tests give the settings of TINY, each of which is a YAML text to read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "parse_setting", functools.cache(reading.parse_setting))
        yield


@pytest.fixture(scope="session", autouse=True)
def _traced_once() -> Iterator[None]:
    """A step that was traced for one tiny run's plan serves all others with the same step: tracing takes a second."""
    from mapgan.memory.plan import StepConfig
    from mapgan.training.device.memory_plan import MemoryEstimator, StepTrace

    trace, known = MemoryEstimator._trace, dict[object, StepTrace]()

    def look_up(self: MemoryEstimator, config: StepConfig) -> StepTrace:
        step = self.params.train.model_dump_json(exclude=NOT_TRACED)
        key = (step, self.width, self.height, self.local_batch, self.device, self.labels, config)
        if key not in known:
            known[key] = trace(self, config)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryEstimator, "_trace", look_up)
        yield
