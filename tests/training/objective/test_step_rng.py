"""The random numbers of a step: drawn at once, and as random as they should be."""

from __future__ import annotations

import pytest
import torch

from mapgan import rng
from mapgan.training.objective.step_rng import Request, StepRng, image_noise, normal_pairs

CPU = torch.device("cpu")
LATENT, CROP, KEY = Request("normal", "z", 7), Request("uniform", "crop", 3), Request("key", "noise", 2)


def test_numbers_are_those_of_each_request_alone() -> None:
    one, other = (StepRng(3, range(4, 12), CPU) for _ in range(2))
    for step in (0, 1, 5):
        for request in (LATENT, CROP, KEY):
            assert torch.equal(one.get(request, step, range(5, 9)), other.get(request, step, range(4, 12))[1:5])
    assert torch.equal(one.get(CROP, 5, range(4, 12)), StepRng(3, range(4, 12), CPU).get(CROP, 5, range(4, 12)))


def test_a_step_that_is_known_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, words = [], rng.words
    monkeypatch.setattr(rng, "words", lambda *some: calls.append(some) or words(*some))
    generated = StepRng(0, range(8), CPU)
    for step in range(3):
        for request in (LATENT, CROP, KEY):
            for indices in (range(4), range(4, 8)):
                generated.get(request, step, indices)
    assert len(calls) == 3 + 1 + 1


def test_numbers_have_their_distributions() -> None:
    generated = StepRng(0, range(64), CPU)
    normal = generated.get(Request("normal", "z", 2001), 0, range(64))
    assert abs(float(normal.mean())) < 0.01
    assert abs(float(normal.std()) - 1) < 0.01
    assert abs(float(normal.pow(4).mean()) - 3) < 0.1
    uniform = generated.get(Request("uniform", "u", 2000), 0, range(64))
    assert 0 <= float(uniform.min()) < 0.001 < 0.999 < float(uniform.max()) < 1
    assert abs(float(uniform.mean()) - 0.5) < 0.005


def test_image_noise_is_white() -> None:
    images = torch.empty(8, 3, 33, 65)
    noise = image_noise(images, torch.arange(8) * 77_777)
    assert noise.shape == images.shape
    assert abs(float(noise.mean())) < 0.02
    assert abs(float(noise.std()) - 1) < 0.01
    assert abs(float(noise.pow(4).mean()) - 3) < 0.1
    flat = noise.flatten(1)
    for shift in (1, 33, 65, 1000):
        assert abs(float((flat * flat.roll(shift, 1)).mean())) < 0.02
    assert float((torch.corrcoef(flat) - torch.eye(8)).abs().max()) < 0.06


def test_image_noise_is_the_same_however_the_batch_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    images, keys = torch.empty(5, 3, 7, 9), torch.arange(5)
    whole = image_noise(images, keys)
    assert torch.equal(whole[2:4], image_noise(images[2:4], keys[2:4]))
    monkeypatch.setattr("mapgan.training.objective.step_rng.CHUNK", 1)
    assert torch.equal(whole, image_noise(images, keys))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_random_bits_give_infinite_noise(dtype: torch.dtype) -> None:
    """The landed formula took the logarithm of 0 for one in 10^8 numbers, and most long runs ended with NaN."""
    high = torch.tensor([-(2**31), -(2**31) + 1, -(2**31) + 63, -1, 0, 2**31 - 1], dtype=torch.int64)
    bits = (high[:, None] << 32) + torch.tensor([0, 1, 2**31, 2**32 - 1])
    for numbers in normal_pairs(bits, dtype):
        assert numbers.isfinite().all()
        assert float(numbers.abs().max()) < 7
