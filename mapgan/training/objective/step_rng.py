"""Random numbers of a training step: for all images of a process in one pass, with one copy to the device."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mapgan import rng
from mapgan.networks.dropout import hash32

Kind = Literal["uniform", "normal", "key"]
CHUNK = 1 << 22  # numbers of image noise computed at a time


class Request(NamedTuple):
    """Numbers that each image needs: `size` uniform in [0, 1) or from N(0, 1), or one 32-bit key in two halves."""

    kind: Kind
    purpose: str
    size: int


class StepRng:
    """Random numbers by (seed, purpose, step, index), generated for a whole step at once.

    A step makes the requests of the step before it, so these are generated together; the first step does so one by one.

    Args:
        seed: the run's seed.
        indices: of this process's images in the global batch.
        device: where the numbers go.
    """

    def __init__(self, seed: int, indices: range, device: torch.device) -> None:
        self.seed, self.indices, self.device = seed, indices, device
        self.requests: dict[Request, None] = {}
        self.step = -1
        self.numbers: dict[Request, Tensor] = {}

    def get(self, request: Request, step: int, indices: range) -> Tensor:
        """The numbers for the images at `indices`, `[B, size]` float32 on the device."""
        if step != self.step:
            self.step, self.numbers = step, self._generate(list(self.requests), step)
        if request not in self.numbers:
            self.requests[request] = None
            self.numbers |= self._generate([request], step)
        first = self.indices.start
        return self.numbers[request][indices.start - first : indices.stop - first]

    def _generate(self, requests: list[Request], step: int) -> dict[Request, Tensor]:
        if not requests:
            return {}
        counts = {f"{kind} {purpose}": _words(kind, size) for kind, purpose, size in requests}
        words = rng.words(self.seed, step, self.indices, counts)
        columns = [_convert(request.kind, words[f"{request.kind} {request.purpose}"])[:, : request.size]
                   for request in requests]  # fmt: skip
        packed = to_device(torch.from_numpy(np.concatenate(columns, axis=1)), self.device)
        parts = torch.split(packed, [column.shape[1] for column in columns], dim=1)
        return dict(zip(requests, parts, strict=True))


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy `tensor` without blocking, for which CUDA needs pinned memory."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _words(kind: Kind, count: int) -> int:
    return count + count % 2 if kind == "normal" else 1 if kind == "key" else count


def _convert(kind: Kind, words: rng.Words) -> NDArray[np.float32]:
    """32-bit words as float32 numbers; float32 has 24 bits of precision, so a key takes two columns."""
    if kind == "key":
        return np.concatenate([words >> 16, words & 0xFFFF], axis=1).astype(np.float32)
    if kind == "uniform":
        return (words >> 8).astype(np.float32) * np.float32(2.0**-24)
    pairs = words.shape[1] // 2  # Box and Muller 1958
    radius = np.sqrt(-2.0 * np.log((words[:, :pairs] + 1.0) * 2.0**-32))
    angle = words[:, pairs:] * (2.0 * np.pi * 2.0**-32)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)


def image_noise(images: Tensor, keys: Tensor) -> Tensor:
    """N(0, 1) noise of the shape and type of `images`, `[B, 3, H, W]`, from a 32-bit key per image, `[B]` int64.

    A hash of key and pixel, computed on the device of the images: the same on any device, up to rounding.
    """
    numbers = images[0].numel()
    pairs = (numbers + 1) // 2
    pixels = torch.arange(1, pairs + 1, device=images.device)
    noise = torch.empty(len(images), numbers, dtype=images.dtype, device=images.device)
    size = max(1, CHUNK // numbers)
    for start in range(0, len(images), size):
        bits = _mix64(hash32(keys[start : start + size, None]) * 2**32 + pixels)
        noise[start : start + size, :pairs], sines = normal_pairs(bits, images.dtype)
        noise[start : start + size, pairs:] = sines[:, : numbers - pairs]
    return noise.view(images.shape)


def normal_pairs(bits: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Two tensors of numbers from N(0, 1) for random 64-bit integers, by the Box-Muller transform."""
    angle = (bits & 0xFFFFFFFF).to(dtype).mul_(2 * torch.pi * 2.0**-32)
    # `>>` keeps the sign, so the upper half is from -2^31. In float32, the 64 numbers next to it are rounded to it:
    # without the lower bound, one in 10^8 numbers would be infinite.
    radius = (bits >> 32).to(dtype).mul_(2.0**-32).add_(0.5).clamp_min_(2.0**-33).log_().mul_(-2).sqrt_()
    return radius * angle.cos(), radius * angle.sin_()


def _mix64(bits: Tensor) -> Tensor:
    """SplitMix64's finalizer (Steele et al. 2014, 'Fast splittable pseudorandom number generators'), in place."""
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        bits.bitwise_xor_((bits >> shift).bitwise_and_((1 << (64 - shift)) - 1)).mul_(factor)
    return bits.bitwise_xor_((bits >> 31).bitwise_and_((1 << 33) - 1))
