"""Training with a label for each square: labels move with their images, and nothing depends on who does the work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from mapgan import stages
from mapgan.cli import app
from mapgan.curate.label_maps import check_label_squares
from mapgan.dataset import Entry, LabelMaps, open_dataset, write_dataset
from mapgan.errors import MapganError
from mapgan.memory.plan import Plan, StepConfig, StepCost
from mapgan.params import Sample, load
from mapgan.params.collecting import Resize
from mapgan.training.device.device import make_accelerator
from mapgan.training.device.memory_plan import MemoryEstimator
from mapgan.training.objective.augment import augment, augment_labels
from mapgan.training.objective.batches import Batches
from mapgan.training.prepare import prepare
from tests.conftest import TINY
from tests.training.device.test_memory_plan import WIDER, measured_peak
from tests.training.test_equal import in_double
from tests.training.test_labels import run

GREY = {"dark": 60, "mid": 120, "light": 200}


@pytest.fixture
def patchwork(tmp_path: Path) -> Path:
    """16 images of 32 x 32 pixels, 4 x 4 squares of 8 pixels, each in the grey of its label."""
    indices = np.random.default_rng(0).integers(0, 3, (16, 4, 4)).astype(np.uint8)
    grey = np.array(list(GREY.values()), np.uint8)[indices]
    images = grey.repeat(8, axis=1).repeat(8, axis=2)[..., None].repeat(3, axis=3)
    entries = [Entry(str(number), str(number)) for number in range(16)]
    labels = LabelMaps(tuple(GREY), 8, indices)
    write_dataset(tmp_path / "patchwork", (32, 32), entries[:12], entries[12:], images, 8.0, labels)
    return tmp_path / "patchwork"


def grey_of(labels: torch.Tensor) -> torch.Tensor:
    """`[B, 32, 32]` in [-1, 1], 0 where any label may be."""
    levels = torch.tensor([*GREY.values(), 127.5]) / 127.5 - 1
    return levels[labels].repeat_interleave(8, 1).repeat_interleave(8, 2)


@pytest.mark.parametrize("names", [[], ["translation"], ["rot90", "flip", "translation"]])
def test_labels_are_turned_and_moved_as_their_images_are(patchwork: Path, names: list[str]) -> None:
    data, indices = open_dataset(patchwork), range(8)
    settings = load(settings=["train.batch_size=8", "train.label_dropout=0.0"]).train
    batches = Batches(data.train, 0, settings, 4, indices, torch.device("cpu"), labels=data.train_labels)
    for step in range(3):
        images, [labels] = batches.real(step, indices), batches.labels(step, indices)
        for name in names:
            uniforms = batches.uniform(name, step, indices, 4)
            images = augment(name, images, uniforms, torch.tensor(0.7), square=8)
            labels = augment_labels(name, labels, uniforms, torch.tensor(0.7))
        assert torch.allclose(images[:, 0], grey_of(labels), atol=1e-6)


def test_some_labels_are_hidden(patchwork: Path) -> None:
    data, indices = open_dataset(patchwork), range(8)
    settings = load(settings=["train.batch_size=8", "train.label_dropout=0.5"]).train
    batches = Batches(data.train, 0, settings, 4, indices, torch.device("cpu"), labels=data.train_labels)
    labels = torch.cat([batches.labels(step, indices)[0] for step in range(10)]).flatten(1)
    hidden = (labels == -1).all(1)
    assert 0.3 < hidden.float().mean() < 0.7
    assert (labels[~hidden] >= 0).all()


def test_how_the_batch_is_cut_does_not_change_the_gradients(patchwork: Path, tmp_path: Path) -> None:
    settings = ["train.augment=['translation','cutout']", "train.steps=2"]
    whole, cut = (
        in_double(patchwork, tmp_path / str(size), *settings, f"machine.micro_batch={size}") for size in (16, 4)
    )
    assert max(float((whole[name] - cut[name]).abs().max()) for name in whole) < 1e-9


def test_labels_of_squares_are_in_the_prediction(patchwork: Path) -> None:
    params, config = load(settings=[*TINY, *WIDER]), StepConfig(4, "none")
    predicted = MemoryEstimator(params, 32, 32, 8, "cpu", labels=3, label_square=8).cost(config).peak
    assert predicted == pytest.approx(measured_peak(params, patchwork, config), rel=0.01)


def test_a_run_from_its_set_to_a_painted_map(patchwork: Path, tmp_path: Path) -> None:
    run(patchwork, tmp_path, "train.evaluate_every=3", "train.evaluate_images=4")
    generator = tmp_path / "generator.safetensors"
    (tmp_path / "plan.txt").write_text("#~.\n##?\n")
    (tmp_path / "plan.legend").write_text("# dark\n~ mid\n. light\n? any\n")
    painted = Sample(plan=str(tmp_path / "plan.txt"), seeds="3", sheet="1x1")
    stages.sample(painted, generator, tmp_path / "painted")
    with Image.open(tmp_path / "painted/singles/seed-000003.png") as image:
        assert image.size == (24, 16)
    stages.sample(Sample(seeds="3", sheet="1x1", squares="5x4", label="dark"), generator, tmp_path / "dark")
    stages.evaluate(load(settings=["evaluate.images=4"]).evaluate, generator, patchwork, tmp_path / "evaluate")
    assert (tmp_path / "dark/singles/seed-000003-label-0.png").is_file()


def test_plans_are_drawn_by_a_layout(patchwork: Path, tmp_path: Path) -> None:
    run(patchwork, tmp_path / "painter")
    data = open_dataset(patchwork)
    colors = {name: (grey, grey, grey) for name, grey in GREY.items()}
    entries = [Entry(str(number), str(number)) for number in range(len(data.train))]
    write_dataset(tmp_path / "plans", (32, 32), entries, [], list(data.train), 4.0, plan_colors=colors)
    run(tmp_path / "plans", tmp_path / "layout", "train.evaluate_every=0")
    settings = Sample(seeds="3", sheet="1x1", squares="9x7")
    painter = tmp_path / "painter/generator.safetensors"
    stages.sample(settings, painter, tmp_path / "any")
    layout = tmp_path / "layout/generator.safetensors"
    asked = settings.model_copy(update={"layout": str(layout)})
    stages.sample(asked, painter, tmp_path / "asked")
    (tmp_path / "painter/generator-layout.safetensors").write_bytes(layout.read_bytes())
    stages.sample(settings, painter, tmp_path / "beside")
    maps = [(tmp_path / name / "singles/seed-000003.png").read_bytes() for name in ("any", "asked", "beside")]
    assert maps[0] != maps[1] == maps[2]
    with pytest.raises(MapganError, match="draws no plans for"):
        stages.sample(settings.model_copy(update={"layout": str(painter)}), painter, tmp_path / "wrong")
    with pytest.raises(MapganError, match="this generator has no labels of squares"):
        stages.sample(asked, layout, tmp_path / "wrong")


def test_images_move_by_whole_squares_of_labels(patchwork: Path) -> None:
    """Without a battle grid, too: labels cannot move by a part of a square."""
    data = replace(open_dataset(patchwork), pixels_per_square=0.0)
    params = load(settings=TINY)
    step = prepare(params, data, make_accelerator(params), Plan(StepCost(StepConfig(4, "none"), 0, 0), 0, False))
    assert step.square == 8


def test_picks_and_walks_of_a_painter(patchwork: Path, tmp_path: Path) -> None:
    run(patchwork, tmp_path, "train.evaluate_every=0")
    for command in (["pick", "--seeds", "0-3", "--top", "2"], ["walk", "--seeds", "1,2"]):
        result = CliRunner().invoke(app, [*command[:1], str(tmp_path), *command[1:], "--squares", "4x4"])
        assert result.exit_code == 0, result.output


def test_a_square_must_fit_a_training_image() -> None:
    with pytest.raises(MapganError, match="40 x 40 pixels are no whole number of squares of 16 pixels"):
        check_label_squares(Resize(width=40, height=40), 16)
