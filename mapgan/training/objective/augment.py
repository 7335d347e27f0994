"""Differentiable augmentation of real and fake images before D, so that D cannot memorize few images.

DiffAugment (Zhao et al. 2020, arXiv:2006.10738): applied in the steps of both networks, and differentiable for G.
Each image has random numbers of its own. An image passes through these, in this order:

1. random mirroring and rotation of real uint8 images as they are read (`batches`): orientations that G may learn;
2. scaling to [-1, 1], the range of G's output, so that all that follows is the same for real and fake images. 0 is
   grey: the fill value of translation and cutout;
3. augmentation: changes that G should not learn. Flips and rotations are the exception: with `augment_p` at 1, D
   cannot tell how an image was oriented, and G may generate any orientation;
4. instance noise, last, so that its strength does not depend on the contrast.

Gradient penalties are taken at the images after all of this.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from accelerate import Accelerator
from torch import Tensor

from mapgan.params import Train

UNIFORMS = 4  # per image and augmentation: one that decides whether, and three parameters
MAX_TRANSLATION = 1 / 8  # of a side, as in the paper
CUTOUT = 1 / 2  # of a side


def augment(name: str, images: Tensor, uniforms: Tensor, p: Tensor, square: int = 1) -> Tensor:
    """Apply the augmentation `name` to each of `images` with probability `p`.

    Args:
        name: a key of `AUGMENTATIONS`.
        images: `[B, 3, H, W]`, float in [-1, 1].
        uniforms: `[B, 4]`, uniform in [0, 1).
        p: a scalar.
        square: side of the squares of the battle grid, pixels. Images that were cut at whole squares are translated by
            whole squares, or D could not demand that walls are on the grid.

    Returns:
        `[B, 3, H, W]`.
    """
    augmentation = partial(_translation, square=square) if name == "translation" else AUGMENTATIONS[name]
    changed = augmentation(images, uniforms[:, 1:])
    return torch.where(_per_image(uniforms[:, 0] < p), changed, images)


def augment_labels(name: str, labels: Tensor, uniforms: Tensor, p: Tensor) -> Tensor:
    """The labels of squares, `[B, rows, columns]`, moved as `augment` moves the images; -1 (any) where nothing is.

    Labels of whole images, `[B]`, stay as they are, and so do those of covered squares.
    """
    if labels.dim() == 1 or name not in MOVES:
        return labels
    moved = augment(name, (labels + 1).float()[:, None], uniforms, p)  # 0 is the fill value
    return moved[:, 0].long() - 1


def _color(images: Tensor, uniforms: Tensor) -> Tensor:
    """Brightness +-0.5, saturation times 0 to 2, contrast times 0.5 to 1.5, as in the paper's code."""
    brightness, saturation, contrast = (_per_image(uniform).to(images.dtype) for uniform in uniforms.unbind(1))
    images = images + (brightness - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (2 * saturation)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def _translation(images: Tensor, uniforms: Tensor, square: int = 1) -> Tensor:
    """Translation by up to an eighth of each side, or by one square if a quarter holds it, filled with grey."""
    image = torch.arange(len(images), device=images.device)[:, None]
    for axis in (2, 3):
        side = images.shape[axis]
        limit = int(side * MAX_TRANSLATION / square) or int(square <= side / 4)  # in squares
        shift = square * (_randint(uniforms[:, axis - 2], 2 * limit + 1) - limit)
        source = torch.arange(side, device=images.device) - shift[:, None]  # [B, side]
        inside = (source >= 0) & (source < side)
        # a gather of rows is fast, and deterministic on a GPU too
        shifted = images.transpose(1, axis)[image, source % side].transpose(1, axis)
        images = shifted * inside.view(-1, *(side if other == axis else 1 for other in (1, 2, 3)))
    return images


def _cutout(images: Tensor, uniforms: Tensor) -> Tensor:
    """A grey rectangle of half of each side, at a random position that may lie partly outside."""
    covered = []
    for axis, uniform in ((2, uniforms[:, 0]), (3, uniforms[:, 1])):
        side = images.shape[axis]
        length = int(side * CUTOUT)
        first = _randint(uniform, side + 1) - length // 2
        offset = torch.arange(side, device=images.device) - first[:, None]  # [B, side]
        covered.append((offset >= 0) & (offset < length))
    rows, columns = covered
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.0)


def _flip(images: Tensor, uniforms: Tensor) -> Tensor:
    """Mirroring with probability 0.5."""
    return torch.where(_per_image(uniforms[:, 0] < 0.5), images.flip(3), images)


def _rot90(images: Tensor, uniforms: Tensor) -> Tensor:
    """Rotation by a random multiple of 90 degrees, or of 180 where height and width differ."""
    quarters = _randint(uniforms[:, 0], 4)
    if images.shape[2] == images.shape[3]:
        images = torch.where(_per_image(quarters % 2 == 1), images.rot90(1, (2, 3)), images)
    return torch.where(_per_image(quarters >= 2), images.flip((2, 3)), images)


AUGMENTATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "color": _color,
    "translation": _translation,
    "cutout": _cutout,
    "flip": _flip,
    "rot90": _rot90,
}

MOVES = ("translation", "flip", "rot90")


def _per_image(values: Tensor) -> Tensor:
    """`[B]` as `[B, 1, 1, 1]`, to broadcast over the pixels of each image."""
    return values.view(-1, 1, 1, 1)


def _randint(uniform: Tensor, below: int) -> Tensor:
    """Integers from 0 to `below` - 1."""
    return (uniform * below).long()


class AugmentProbability:
    """The probability `p` of each augmentation: fixed, or adapted to the overfitting of D (ADA).

    Karras et al. 2020 (arXiv:2006.06676), section 3.1: every few steps p is raised a little if r_t, the mean sign of
    D's logits for real images (eq. 1), is above the target, and lowered if it is below. Sums of signs are integers,
    so p is the same, bit for bit, for any number of processes and micro-batches.

    Attributes:
        p: the probability, a scalar.
        signs: the sum of signs since p was last adapted, and their count, `[2]`.
    """

    def __init__(self, settings: Train, device: torch.device) -> None:
        self.settings = settings
        self.adapts = settings.augment_target > 0
        self.p = torch.tensor(settings.augment_p, device=device)
        self.signs = torch.zeros(2, device=device)

    def update(self, overfitting: Tensor, count: int, accelerator: Accelerator) -> None:
        """Add the mean sign of D's logits for the `count` real images of this process."""
        local = torch.stack([overfitting * count, torch.full_like(overfitting, count)]).round()
        self.signs += accelerator.reduce(local.to(self.signs), reduction="sum")

    def adapt(self, step: int) -> None:
        """Adapt p after step `step`, if it is due; from 0 to 1 it takes `augment_images` images at least."""
        settings = self.settings
        if (step + 1) % settings.augment_every == 0:
            overfitting = self.signs[0] / self.signs[1]
            change = settings.batch_size * settings.augment_every / settings.augment_images
            self.p = (self.p + change * (overfitting - settings.augment_target).sign()).clamp(0, 1)
            self.signs = torch.zeros_like(self.signs)

    def state_dict(self) -> dict[str, Tensor]:
        """What the next step depends on; empty if p is fixed."""
        return {"p": self.p, "signs": self.signs} if self.adapts else {}

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> None:
        """Restore a `state_dict`; that of a run with a fixed p is empty and changes nothing."""
        if self.adapts and state_dict:
            self.p, self.signs = state_dict["p"].to(self.p), state_dict["signs"].to(self.signs)
