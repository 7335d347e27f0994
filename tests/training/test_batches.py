"""What is in a batch is a function of the step and the place alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mapgan.training.batches import RealPictures, latents, noise_like

CPU = torch.device("cpu")


def numbered(count: int, height: int = 4, width: int = 4) -> np.ndarray:  # type: ignore[type-arg]
    """Pictures whose pixels all hold the picture's number."""
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, height, width, 3))


def test_an_epoch_shows_every_picture_once() -> None:
    real = RealPictures(numbered(12), seed=0, batch_size=4, mirror=True, turn=True)
    shown = torch.cat([real.batch(step, range(4), CPU) for step in range(3)])[:, 0, 0, 0]
    assert sorted(shown.add(1).mul(127.5).round().int().tolist()) == list(range(12))


def test_epochs_come_in_different_orders() -> None:
    real = RealPictures(numbered(12), seed=0, batch_size=12, mirror=False, turn=False)
    assert not torch.equal(real.batch(0, range(12), CPU), real.batch(1, range(12), CPU))


def test_a_batch_cut_in_pieces_is_the_same_batch() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (10, 6, 6, 3), dtype=np.uint8)
    real = RealPictures(pictures, seed=0, batch_size=8, mirror=True, turn=True)
    whole = real.batch(5, range(8), CPU)
    assert torch.equal(whole, torch.cat([real.batch(5, places, CPU) for places in (range(3), range(3, 8))]))
    assert torch.equal(latents(0, "z", 1, range(4), 7, CPU)[2:], latents(0, "z", 1, range(2, 4), 7, CPU))
    assert torch.equal(noise_like(whole, 0, "n", 1, range(8))[6:], noise_like(whole[6:], 0, "n", 1, range(6, 8)))


def test_pixels_are_scaled_to_the_range_of_tanh() -> None:
    pictures = np.array([0, 255], np.uint8)[:, None, None, None].repeat(3, 3)
    batch = RealPictures(pictures, seed=0, batch_size=2, mirror=False, turn=False).batch(0, range(2), CPU)
    assert sorted(batch[:, 0, 0, 0].tolist()) == [-1.0, 1.0]
    assert batch.shape == (2, 3, 1, 1)


@pytest.mark.parametrize(("height", "width", "ways"), [(4, 4, 8), (4, 6, 4)])
def test_mirrors_and_turns_show_all_ways_to_lay_a_map(height: int, width: int, ways: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    real = RealPictures(picture, seed=0, batch_size=100, mirror=True, turn=True)
    batch = real.batch(0, range(100), CPU)
    assert batch.shape == (100, 3, height, width)
    assert len({tuple(shown.flatten().tolist()) for shown in batch}) == ways
