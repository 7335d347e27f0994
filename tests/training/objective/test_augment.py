"""Each augmentation does what it says, to each image by its own draws, and lets gradients through."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor

from mapgan import files
from mapgan.params import load
from mapgan.training.objective.augment import AUGMENTATIONS, UNIFORMS, AugmentProbability, augment
from mapgan.training.run import RunPaths, train
from tests.conftest import TINY
from tests.training.test_equal import assert_the_same_whoever_does_the_work

ALWAYS, NEVER = torch.tensor(1.0), torch.tensor(0.0)
ADA = ["train.augment=[translation, cutout, color]", "train.augment_p=0.5", "train.augment_target=0.1"]
QUICK = ["train.augment_every=3", "train.augment_images=200", "train.loss=non-saturating"]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def changed(name: str, images: Tensor, p: Tensor = ALWAYS) -> Tensor:
    return augment(name, images, torch.rand(len(images), UNIFORMS), p)


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("size", [(16, 16), (15, 26)])
def test_shapes_types_and_gradients_pass_through(name: str, dtype: torch.dtype, size: tuple[int, int]) -> None:
    images = torch.rand(8, 3, *size).to(dtype).requires_grad_()
    result = changed(name, images)
    assert (result.shape, result.dtype) == (images.shape, dtype)
    assert not torch.equal(result, images)
    result.float().sum().backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()
    assert images.grad.abs().sum() > 0
    assert torch.equal(changed(name, images, NEVER), images)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    uniforms, images = torch.rand(3, UNIFORMS), torch.rand(3, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: augment(name, x, uniforms, ALWAYS), images)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_batch_in_pieces_is_changed_as_the_whole(name: str) -> None:
    images, uniforms, p = torch.rand(7, 3, 16, 16), torch.rand(7, UNIFORMS), torch.tensor(0.6)
    whole = augment(name, images, uniforms, p)
    parts = [augment(name, images[some], uniforms[some], p) for some in (slice(3), slice(3, 7))]
    assert torch.allclose(whole, torch.cat(parts))
    kept = uniforms[:, 0] >= p
    assert torch.equal(whole[kept], images[kept])


def test_translation_moves_by_an_eighth_at_most_and_reaches_it() -> None:
    images = torch.zeros(2000, 3, 32, 48)
    images[:, :, 16, 24] = 1.0
    moved = changed("translation", images)
    assert (moved.sum((1, 2, 3)) == 3).all()
    _, rows, columns = moved[:, 0].nonzero().unbind(1)
    assert (rows - 16).unique().tolist() == list(range(-4, 5))
    assert (columns - 24).unique().tolist() == list(range(-6, 7))


@pytest.mark.parametrize(
    ("square", "columns"), [(2, [-6, -4, -2, 0, 2, 4, 6]), (5, [-5, 0, 5]), (12, [-12, 0, 12]), (13, [0])]
)
def test_translation_moves_by_whole_squares(square: int, columns: list[int]) -> None:
    images = torch.zeros(1000, 3, 48, 48)
    images[:, :, 24, 24] = 1.0
    moved = augment("translation", images, torch.rand(1000, UNIFORMS), ALWAYS, square)
    for axis in (1, 2):
        assert (moved[:, 0].nonzero()[:, axis] - 24).unique().tolist() == columns


def test_what_moves_in_is_grey_and_nothing_comes_back_on_the_other_side() -> None:
    ones = changed("translation", torch.ones(500, 3, 16, 16))
    for image in ones[:, 0]:
        rows, columns = image.amax(1), image.amax(0)
        assert torch.equal(image, rows[:, None] * columns[None])  # a rectangle is left
        assert min(rows.sum(), columns.sum()) >= 14
    assert (ones[:, :, 0] == 0).any()


def test_a_hole_has_half_the_sides_and_lies_anywhere() -> None:
    cut = changed("cutout", torch.ones(3000, 3, 16, 24))[:, 0] == 0
    heights, widths = cut.any(2).sum(1), cut.any(1).sum(1)
    assert (int(heights.max()), int(widths.max())) == (8, 12)
    assert (int(heights.min()), int(widths.min())) == (4, 6)  # its centre stays inside
    assert (cut.sum((1, 2)) == heights * widths).all()
    assert cut.any(0).all()


def test_colour_keeps_to_its_ranges() -> None:
    grey = changed("color", torch.zeros(2000, 3, 4, 4))
    assert grey.min() >= -0.5
    assert grey.max() <= 0.5
    assert grey.std() == pytest.approx((1 / 12) ** 0.5, rel=0.05)
    half = torch.full((1, UNIFORMS), 0.5)
    images = torch.rand(1, 3, 4, 4)
    assert torch.allclose(augment("color", images, half, ALWAYS), images, atol=1e-6)
    unsaturated = augment("color", images, torch.tensor([[0.0, 0.5, 0.0, 0.5]]), ALWAYS)
    assert torch.allclose(unsaturated, images.mean(1, keepdim=True).expand_as(images), atol=1e-6)


@pytest.mark.parametrize(("size", "step_configs"), [((6, 6), 4), ((4, 6), 2)])
def test_turns_come_equally_often(size: tuple[int, int], step_configs: int) -> None:
    image = torch.rand(3, *size)
    rotated = changed("rot90", image.expand(2000, 3, *size))
    each = [image.rot90(4 // step_configs * config, (1, 2)) for config in range(step_configs)]
    fractions = [(rotated == config).all(3).all(2).all(1).float().mean().item() for config in each]
    assert fractions == pytest.approx([1 / step_configs] * step_configs, abs=0.04)


def test_half_of_the_images_are_mirrored() -> None:
    image = torch.rand(3, 4, 6)
    flipped = changed("flip", image.expand(2000, 3, 4, 6))
    assert (flipped == image.flip(2)).all(3).all(2).all(1).float().mean().item() == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(("overfitting", "ends"), [(0.9, 0.3), (0.5, 0.1), (0.6, 0.2)])
def test_strength_goes_towards_the_target(overfitting: float, ends: float) -> None:
    settings = ["train.augment=[flip]", "train.augment_p=0.2", "train.augment_target=0.6"]
    more = ["train.augment_every=2", "train.batch_size=10", "train.augment_images=200"]
    augment_probability = AugmentProbability(load(settings=[*settings, *more]).train, torch.device("cpu"))
    accelerator = Accelerator(cpu=True)
    for step in range(2):
        assert augment_probability.p.item() == pytest.approx(0.2)
        augment_probability.update(torch.tensor(overfitting), 10, accelerator)
        augment_probability.adapt(step)
    assert augment_probability.p.item() == pytest.approx(ends)  # 2 steps of 10 images are a tenth of the way
    assert not augment_probability.signs.any()


def test_strength_stays_a_chance() -> None:
    more = ["train.augment=[flip]", "train.augment_target=0.6", "train.augment_every=1", "train.augment_images=1"]
    for start, overfitting in ((1.0, 1.0), (0.0, -1.0)):
        settings = load(settings=[*more, f"train.augment_p={start}"]).train
        augment_probability = AugmentProbability(settings, torch.device("cpu"))
        augment_probability.update(torch.tensor(overfitting), 4, Accelerator(cpu=True))
        augment_probability.adapt(0)
        assert augment_probability.p.item() == start


def run(maps: Path, out: Path, *settings: str) -> str:
    train(
        load(settings=[*TINY, *settings]),
        RunPaths(maps, out / "g.safetensors", out / "results", out / "scratch"),
    )
    return files.sha256_file(out / "g.safetensors")


def test_a_run_in_two_parts_adapts_like_one_in_one(squares: Path, tmp_path: Path) -> None:
    settings = [*ADA, *QUICK, "train.steps=11", "train.label_flip=0.2", "train.discriminator_steps=2"]
    whole = run(squares, tmp_path / "a", *settings)
    run(squares, tmp_path / "b", *settings, "train.steps=4")  # between two changes of p
    assert run(squares, tmp_path / "b", *settings) == whole
    table = [(tmp_path / name / "results/metrics.tsv").read_text() for name in "ab"]
    assert table[0] == table[1]
    head, *rows = (line.split("\t") for line in table[0].splitlines())
    assert len({row[head.index("augment_p")] for row in rows}) > 1


@pytest.mark.soak
def test_adapting_does_not_depend_on_who_does_the_work(squares: Path, tmp_path: Path) -> None:
    settings = [*ADA, *QUICK, "train.augment=[translation, cutout, color, flip, rot90]"]
    assert_the_same_whoever_does_the_work(squares, tmp_path, *settings)
