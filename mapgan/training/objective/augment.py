"""What D is shown is changed at random, real images and G's alike, so that D cannot learn few images by heart.

DiffAugment (Zhao et al. 2020, arXiv:2006.10738): in D's and in G's step, in ways that G's gradients pass through. Each
image has draws of its own. The order of all that happens to an image:

1. the data's own mirrored and turned copies, of uint8 images as they are read (`batches`): what G may draw as well;
2. scaling to [-1, 1], the range of G's images, so that all that follows is the same for both kinds. In it, 0 is
   grey: what moves in and what is cut out;
3. augmentation: what D shall not see, but G not learn to draw. Flips and turns are an exception: with `augment_p` at
   1, D cannot tell how an image was turned, and G may draw it any way up;
4. instance noise, last, because nothing that D sees should be free of it, nor should contrast change its strength.

The slope that a penalty holds down is that at the images after all of this.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from accelerate import Accelerator
from torch import Tensor

from mapgan.params import Train

UNIFORMS = 4  # for each image and augmentation: whether, and up to three for how
MOVE = 8  # translations are at most a side's eighth
CUT = 2  # a hole's side is half of the image's


def apply_augmentation(name: str, images: Tensor, uniforms: Tensor, p: Tensor) -> Tensor:
    """`images`, `[B, 3, H, W]`, of which each is changed with chance `p`; `uniforms`, `[B, 4]`, are from [0, 1)."""
    changed = AUGMENTATIONS[name](images, uniforms[:, 1:])
    return torch.where(_per_image(uniforms[:, 0] < p), changed, images)


def _color(images: Tensor, uniforms: Tensor) -> Tensor:
    """Brightness by up to 0.5, saturation times 0 to 2, contrast times 0.5 to 1.5, as in the paper's code."""
    brightness, saturation, contrast = (_per_image(uniform).to(images.dtype) for uniform in uniforms.unbind(1))
    images = images + (brightness - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (2 * saturation)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def _translation(images: Tensor, uniforms: Tensor) -> Tensor:
    """Moved by up to an eighth of each side; grey moves in."""
    image = torch.arange(len(images), device=images.device)[:, None]
    for axis in (2, 3):
        side = images.shape[axis]
        most = side // MOVE
        shift = _randint(uniforms[:, axis - 2], 2 * most + 1) - most
        source = torch.arange(side, device=images.device) - shift[:, None]  # [B, side]
        inside = (source >= 0) & (source < side)
        # rows of pixels are fetched by number: quick, and the same bits each time on a GPU too
        moved = images.transpose(1, axis)[image, source % side].transpose(1, axis)
        images = moved * inside.view(-1, *(side if other == axis else 1 for other in (1, 2, 3)))
    return images


def _cutout(images: Tensor, uniforms: Tensor) -> Tensor:
    """A hole of half the sides, anywhere, perhaps partly outside."""
    hidden = []
    for axis, uniform in ((2, uniforms[:, 0]), (3, uniforms[:, 1])):
        side = images.shape[axis]
        first = _randint(uniform, side + 1) - side // CUT // 2
        after = torch.arange(side, device=images.device) - first[:, None]  # [B, side]
        hidden.append((after >= 0) & (after < side // CUT))
    rows, columns = hidden
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.0)


def _flip(images: Tensor, uniforms: Tensor) -> Tensor:
    """Mirrored or not."""
    return torch.where(_per_image(uniforms[:, 0] < 0.5), images.flip(3), images)


def _rot90(images: Tensor, uniforms: Tensor) -> Tensor:
    """By none to three quarters; by none or two where the sides differ."""
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


def _per_image(values: Tensor) -> Tensor:
    """One value an image, `[B]`, as `[B, 1, 1, 1]`."""
    return values.view(-1, 1, 1, 1)


def _randint(uniform: Tensor, below: int) -> Tensor:
    """Whole numbers from 0 to `below` - 1."""
    return (uniform * below).long()


class AugmentProbability:
    """The chance `p` of each augmentation: fixed, or adapted to how much D overfits (ADA).

    Karras et al. 2020 (arXiv:2006.06676), section 3.1: every few steps p rises by a little if r_t, the mean sign of D's
    logits on real images (eq. 1), is above the target, and falls if it is below. Sums of signs are whole numbers,
    so p is the same, bit for bit, however many processes and micro-batches do the work.

    Attributes:
        p: the chance, a scalar.
        signs: the sum of the signs since p was last adapted, and their number, `[2]`.
    """

    def __init__(self, settings: Train, device: torch.device) -> None:
        self.settings = settings
        self.adapts = settings.augment_target > 0
        self.p = torch.tensor(settings.augment_p, device=device)
        self.signs = torch.zeros(2, device=device)

    def update(self, overfitting: Tensor, count: int, accelerator: Accelerator) -> None:
        """Take in the mean sign of D's logits on this process's `count` real images."""
        mine = torch.stack([overfitting * count, torch.full_like(overfitting, count)]).round()
        self.signs += accelerator.reduce(mine.to(self.signs), reduction="sum")

    def adapt(self, step: int) -> None:
        """After step `step`: the whole way from 0 to 1 takes `augment_images` images."""
        settings = self.settings
        if (step + 1) % settings.augment_every == 0:
            overfitting = self.signs[0] / self.signs[1]
            change = settings.batch_size * settings.augment_every / settings.augment_images
            self.p = (self.p + change * (overfitting - settings.augment_target).sign()).clamp(0, 1)
            self.signs = torch.zeros_like(self.signs)

    def state_dict(self) -> dict[str, Tensor]:
        """What the next step depends on, by name."""
        return {"p": self.p, "signs": self.signs} if self.adapts else {}

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> None:
        """Go on from a `state_dict`; one of a run that did not adapt has nothing to say."""
        if self.adapts and state_dict:
            self.p, self.signs = state_dict["p"].to(self.p), state_dict["signs"].to(self.signs)
