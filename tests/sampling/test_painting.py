"""Painted plans: the labels of squares reach the sites above them, and bad plans are one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mapgan import networks, stages
from mapgan.dataset import Entry, write_dataset
from mapgan.errors import MapganError
from mapgan.networks.generator_file import About, load_generator, save_network
from mapgan.params import DcganModern, Sample
from mapgan.sampling import large
from mapgan.sampling.generate import generate
from mapgan.sampling.large import to_pixels
from mapgan.sampling.latents import latent as latent_of
from mapgan.sampling.painting import Painting, coverage, open_painting, paint
from tests.training.test_labels import run

LABELS = ["cave", "water"]
SQUARE = 8.0  # two squares per site


def saved(path: Path, labels: list[str] = LABELS, **changes: object) -> Path:
    narrow = DcganModern(latent=5, generator_channels=4, max_channels=8, last_channels=4).model_copy(update=changes)
    torch.manual_seed(0)
    generator = networks.build("dcgan-modern", narrow, 64, 64, labels=len(labels)).generator
    about = About(network="dcgan-modern", settings=narrow.model_dump(), width=64, height=64, steps=1, seed=0, data="",
                  labels=labels, pixels_per_square=SQUARE)  # fmt: skip
    save_network(path, generator.state_dict(), about)
    return path


def plan(folder: Path, text: str, legend: str = "# cave\n~ water\n") -> Sample:
    (folder / "plan.txt").write_text(text)
    (folder / "plan.legend").write_text(legend)
    return Sample(plan=str(folder / "plan.txt"), seeds="3", sheet="1x1")


def painted(folder: Path, text: str) -> np.ndarray:  # type: ignore[type-arg]
    generator, about = load_generator(saved(folder / "g.safetensors"))
    painting = open_painting(plan(folder, text), generator, about)
    latent = networks.resize(generator, *painting.size, seamless=False)
    return paint(generator, latent_of(3, latent), painting).astype(int)


def with_label(folder: Path, label: int, size: tuple[int, int]) -> np.ndarray:  # type: ignore[type-arg]
    generator, _ = load_generator(saved(folder / "g.safetensors"))
    latent = networks.resize(generator, *size, seamless=False)
    return next(iter(generate(generator, latent, [3], [label]))).astype(int)


def test_a_plan_of_one_label_is_the_map_with_that_label(tmp_path: Path) -> None:
    map_of_water = painted(tmp_path, "~~~~~~~~~~\n" * 8)
    assert map_of_water.shape == (64, 80, 3)
    assert np.abs(map_of_water - with_label(tmp_path, 1, (80, 64))).max() <= 1
    assert np.abs(map_of_water - with_label(tmp_path, 0, (80, 64))).max() > 1


def test_each_side_of_a_plan_has_its_own_label(tmp_path: Path) -> None:
    both = painted(tmp_path, ("#" * 24 + "~" * 24 + "\n") * 8)
    cave, water = (with_label(tmp_path, label, (384, 64)) for label in (0, 1))
    assert np.abs(both - cave)[:, :112].max() <= 1
    assert np.abs(both - water)[:, 272:].max() <= 1


def test_an_image_is_a_plan_too(tmp_path: Path) -> None:
    colours = np.zeros((6, 8, 3), np.uint8)
    colours[:, 4:] = (48, 96, 192)
    Image.fromarray(colours).save(tmp_path / "plan.png")
    (tmp_path / "legend.txt").write_text("#000000 cave\n#3060C0 water\n")
    wanted = Sample(plan=str(tmp_path / "plan.png"), legend=str(tmp_path / "legend.txt"), seeds="3,4", sheet="2x1")
    stages.sample(wanted, saved(tmp_path / "g.safetensors"), tmp_path / "out")
    with Image.open(tmp_path / "out/singles/seed-000004.png") as image:
        assert image.size == (64, 48)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.floats(0.3, 8))
def test_each_site_is_covered_wholly(squares: int, squares_per_site: float) -> None:
    sites = -(-squares // squares_per_site)
    covered = coverage(int(sites), squares, squares_per_site)
    assert torch.allclose(covered.sum(1), torch.ones(int(sites)), atol=1e-5)
    assert covered.min() >= 0


def test_a_seamless_painting_goes_on_at_the_opposite_border(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(large, "MANY", 1)
    torch.manual_seed(0)
    narrow = DcganModern(latent=5, generator_channels=4, max_channels=8, last_channels=4)
    generator = networks.build("dcgan-modern", narrow, 64, 64, labels=3, label_square=8).generator
    size = networks.resize(generator, 128, 96, seamless=True)
    labels, z = np.random.default_rng(0).integers(0, 3, (12, 16)), latent_of(3, size)
    with torch.no_grad():
        whole = to_pixels(generator(z[None], torch.from_numpy(labels)[None]))[0].astype(int)  # which wraps around
    wrapped, bordered = (paint(generator, z, Painting(labels, 8.0, (128, 96), wraps)).astype(int)
                         for wraps in (True, False))  # fmt: skip
    assert np.abs(wrapped - whole).max() <= 1
    assert np.abs(bordered - whole).max() > 1
    assert capsys.readouterr().err == "draw: 1/1\n" * 2  # progress, where there are many windows


BAD = [
    ("##~\n##\n", "# cave\n~ water\n", "line 2 has 2 squares, where the first has 3"),
    ("##x\n", "# cave\n~ water\n", "'x' at column 3 of row 1 is not in"),
    ("##~\n", "# cave\n~ lava\n", "~: 'lava' is no label of the generator, which has the labels cave, water"),
    ("", "# cave\n", "not a plan; 1 to 1000 squares each way can be painted"),
    ("#\n", "# cave\n", "1 x 1 squares are 8 x 8 pixels; 16 to 16384 each way"),
]


@pytest.mark.parametrize(("text", "legend", "line"), BAD)
def test_a_bad_plan_is_one_line(tmp_path: Path, text: str, legend: str, line: str) -> None:
    generator, about = load_generator(saved(tmp_path / "g.safetensors"))
    with pytest.raises(MapganError, match=line) as error:
        open_painting(plan(tmp_path, text, legend), generator, about)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("labels", "changes", "line"),
    [([], {}, "this generator has no labels"), (LABELS, {"latent_kind": "vector"}, "has no spatial latent")],
)
def test_some_generators_cannot_be_painted(
    tmp_path: Path, labels: list[str], changes: dict[str, str], line: str
) -> None:
    generator, about = load_generator(saved(tmp_path / "g.safetensors", labels, **changes))
    with pytest.raises(MapganError, match=line):
        open_painting(plan(tmp_path, "##\n##\n"), generator, about)


@pytest.mark.parametrize("other", [{"label": "cave"}, {"size": "64x64"}, {"squares": "4x4"}])
def test_a_plan_says_labels_and_size(tmp_path: Path, other: dict[str, str]) -> None:
    generator, about = load_generator(saved(tmp_path / "g.safetensors"))
    with pytest.raises(MapganError, match="leave out --label, --size and --squares"):
        open_painting(plan(tmp_path, "##\n##\n").model_copy(update=other), generator, about)


@pytest.mark.soak
def test_squares_have_the_label_that_was_asked_for(tmp_path: Path) -> None:
    """Two kinds of ground, dark and bright; of the squares of a painted plan, nine in ten are as bright as asked."""
    noise = np.random.default_rng(0).integers(0, 60, (48, 32, 32, 3), dtype=np.uint8)
    entries = [Entry(str(number), str(number), ("dark", "bright")[number % 2]) for number in range(48)]
    ground = [image + np.uint8(20 + number % 2 * 160) for number, image in enumerate(noise)]
    write_dataset(tmp_path / "maps", (32, 32), entries, [], ground)
    run(tmp_path / "maps", tmp_path, "train.steps=300", "train.batch_size=8", "train.ema=0.9", "train.evaluate_every=0",
        "train.snapshot_every=300", "train.loss=non-saturating")  # fmt: skip
    rows = ["#" * 6 + "~" * 10] * 4 + ["~" * 8 + "#" * 8] * 4 + ["#" * 16] * 4
    stages.sample(plan(tmp_path, "\n".join(rows), "# dark\n~ bright\n"), tmp_path / "generator.safetensors", tmp_path)
    with Image.open(tmp_path / "singles/seed-000003.png") as image:
        grey = np.asarray(image.convert("L"), float)
    cell = grey.shape[0] // len(rows)
    means = grey.reshape(len(rows), cell, 16, cell).mean((1, 3))
    asked = np.array([[symbol == "~" for symbol in row] for row in rows])
    assert ((means > 128) == asked).mean() >= 0.9
