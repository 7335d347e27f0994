"""What is in a batch is a function of the step and the place alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mapgan.params import load
from mapgan.training.objective.batches import Batches

CPU = torch.device("cpu")


def numbered(count: int, height: int = 4, width: int = 4) -> np.ndarray:  # type: ignore[type-arg]
    """Images whose pixels all hold the image's number."""
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, height, width, 3))


def batches(images: np.ndarray, size: int, laid: bool = True, **how: Any) -> Batches:  # type: ignore[type-arg]
    """What one process that does the whole batch is supplied with."""
    lay = str(laid).lower()
    train = load(settings=[f"train.batch_size={size}", f"train.mirror={lay}", f"train.rot90={lay}"]).train
    return Batches(images, 0, train, 7, range(size), CPU, **how)


def test_an_epoch_shows_every_image_once() -> None:
    source = batches(numbered(12), 4)
    shown = torch.cat([source.real(step, range(4)) for step in range(3)])[:, 0, 0, 0]
    assert sorted(shown.add(1).mul(127.5).round().int().tolist()) == list(range(12))


def test_epochs_come_in_different_orders() -> None:
    source = batches(numbered(12), 12, laid=False)
    assert not torch.equal(source.real(0, range(12)), source.real(1, range(12)))


def test_labels_are_those_of_the_images() -> None:
    names = np.array([5, 3, 8, 1, 9, 2, 7, 4, 6, 0])
    source = batches(numbered(10), 4, laid=False, labels=names)
    for step in range(4):
        (labels,) = source.labels(step, range(4))
        shown = source.real(step, range(4))[:, 0, 0, 0].add(1).mul(127.5).round().int()
        assert labels.tolist() == [names[number] for number in shown]
        assert torch.equal(labels[2:], source.labels(step, range(2, 4))[0])
    assert batches(numbered(10), 4).labels(0, range(4)) == ()


def test_a_batch_cut_in_pieces_is_the_same_batch() -> None:
    images = np.random.default_rng(0).integers(0, 256, (10, 6, 6, 3), dtype=np.uint8)
    source = batches(images, 8)
    whole = source.real(5, range(8))
    assert torch.equal(whole, torch.cat([source.real(5, indices) for indices in (range(3), range(3, 8))]))
    assert torch.equal(source.latents("z", 1, range(4))[2:], source.latents("z", 1, range(2, 4)))
    assert torch.equal(source.noise(whole, "n", 1, range(8))[6:], source.noise(whole[6:], "n", 1, range(6, 8)))


@pytest.mark.parametrize("how", [{"workers": 3}, {"resident": True}])
def test_how_images_are_kept_and_read_changes_nothing(how: dict[str, Any]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (10, 6, 6, 3), dtype=np.uint8)
    plain, other = batches(images, 8), batches(images, 8, **how)
    for step in (0, 1, 2, 7, 3):  # in order, as they are read ahead, and out of it
        assert torch.equal(plain.real(step, range(8)), other.real(step, range(8)))


def test_pixels_are_scaled_to_the_range_of_tanh() -> None:
    images = np.array([0, 255], np.uint8)[:, None, None, None].repeat(3, 3)
    batch = batches(images, 2, laid=False).real(0, range(2))
    assert sorted(batch[:, 0, 0, 0].tolist()) == [-1.0, 1.0]
    assert batch.shape == (2, 3, 1, 1)


@pytest.mark.parametrize(("height", "width", "step_configs"), [(4, 4, 8), (4, 6, 4)])
def test_mirrors_and_turns_show_all_ways_to_lay_a_map(height: int, width: int, step_configs: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    batch = batches(image, 100).real(0, range(100))
    assert batch.shape == (100, 3, height, width)
    assert len({tuple(shown.flatten().tolist()) for shown in batch}) == step_configs
