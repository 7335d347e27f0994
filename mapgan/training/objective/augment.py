"""What D is shown is changed at random, real pictures and G's alike, so that D cannot learn few pictures by heart.

DiffAugment (Zhao et al. 2020, arXiv:2006.10738): in D's and in G's step, in ways that G's gradients pass through. Each
picture has draws of its own. The order of all that happens to a picture:

1. the data's own mirrored and turned copies, of uint8 pictures as they are read (`batches`): what G may draw as well;
2. scaling to [-1, 1], the range of G's pictures, so that all that follows is the same for both kinds. In it, 0 is
   grey: what moves in and what is cut out;
3. augmentation: what D shall not see, but G not learn to draw. Flips and turns are an exception: with `augment_p` at
   1, D cannot tell how a picture was turned, and G may draw it any way up;
4. instance noise, last, because nothing that D sees should be free of it, nor should contrast change its strength.

The slope that a penalty holds down is that at the pictures after all of this.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from accelerate import Accelerator
from torch import Tensor

from mapgan.params import Train

DRAWS = 4  # for each picture and augmentation: whether, and up to three for how
MOVE = 8  # translations are at most a side's eighth
CUT = 2  # a hole's side is half of the picture's


def augmented(name: str, pictures: Tensor, draws: Tensor, p: Tensor) -> Tensor:
    """`pictures`, `[B, 3, H, W]`, of which each is changed with chance `p`; `draws`, `[B, 4]`, are from [0, 1)."""
    changed = AUGMENTATIONS[name](pictures, draws[:, 1:])
    return torch.where(_each(draws[:, 0] < p), changed, pictures)


def _colour(pictures: Tensor, draws: Tensor) -> Tensor:
    """Brightness by up to 0.5, saturation times 0 to 2, contrast times 0.5 to 1.5, as in the paper's code."""
    brightness, saturation, contrast = (_each(draw).to(pictures.dtype) for draw in draws.unbind(1))
    pictures = pictures + (brightness - 0.5)
    grey = pictures.mean(1, keepdim=True)
    pictures = grey + (pictures - grey) * (2 * saturation)
    mean = pictures.mean((1, 2, 3), keepdim=True)
    return mean + (pictures - mean) * (contrast + 0.5)


def _translation(pictures: Tensor, draws: Tensor) -> Tensor:
    """Moved by up to an eighth of each side; grey moves in."""
    picture = torch.arange(len(pictures), device=pictures.device)[:, None]
    for axis in (2, 3):
        side = pictures.shape[axis]
        most = side // MOVE
        shift = _whole(draws[:, axis - 2], 2 * most + 1) - most
        source = torch.arange(side, device=pictures.device) - shift[:, None]  # [B, side]
        inside = (source >= 0) & (source < side)
        # rows of pixels are fetched by number: quick, and the same bits each time on a GPU too
        moved = pictures.transpose(1, axis)[picture, source % side].transpose(1, axis)
        pictures = moved * inside.view(-1, *(side if other == axis else 1 for other in (1, 2, 3)))
    return pictures


def _cut_out(pictures: Tensor, draws: Tensor) -> Tensor:
    """A hole of half the sides, anywhere, perhaps partly outside."""
    hidden = []
    for axis, draw in ((2, draws[:, 0]), (3, draws[:, 1])):
        side = pictures.shape[axis]
        first = _whole(draw, side + 1) - side // CUT // 2
        after = torch.arange(side, device=pictures.device) - first[:, None]  # [B, side]
        hidden.append((after >= 0) & (after < side // CUT))
    rows, columns = hidden
    return pictures.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.0)


def _flip(pictures: Tensor, draws: Tensor) -> Tensor:
    """Mirrored or not."""
    return torch.where(_each(draws[:, 0] < 0.5), pictures.flip(3), pictures)


def _turn(pictures: Tensor, draws: Tensor) -> Tensor:
    """By none to three quarters; by none or two where the sides differ."""
    quarters = _whole(draws[:, 0], 4)
    if pictures.shape[2] == pictures.shape[3]:
        pictures = torch.where(_each(quarters % 2 == 1), pictures.rot90(1, (2, 3)), pictures)
    return torch.where(_each(quarters >= 2), pictures.flip((2, 3)), pictures)


AUGMENTATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "colour": _colour,
    "translation": _translation,
    "cut-out": _cut_out,
    "flip": _flip,
    "turn": _turn,
}


def _each(values: Tensor) -> Tensor:
    """One value a picture, `[B]`, as `[B, 1, 1, 1]`."""
    return values.view(-1, 1, 1, 1)


def _whole(draw: Tensor, below: int) -> Tensor:
    """Whole numbers from 0 to `below` - 1."""
    return (draw * below).long()


class Strength:
    """The chance `p` of each augmentation: fixed, or adapted to how much D overfits (ADA).

    Karras et al. 2020 (arXiv:2006.06676), section 3.1: every few steps p rises by a little if r_t, the mean sign of D's
    verdicts on real pictures (eq. 1), is above the target, and falls if it is below. Sums of signs are whole numbers,
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

    def see(self, overfitting: Tensor, count: int, accelerator: Accelerator) -> None:
        """Take in the mean sign of D's verdicts on this process's `count` real pictures."""
        mine = torch.stack([overfitting * count, torch.full_like(overfitting, count)]).round()
        self.signs += accelerator.reduce(mine.to(self.signs), reduction="sum")

    def adapt(self, step: int) -> None:
        """After step `step`: the whole way from 0 to 1 takes `augment_pictures` pictures."""
        settings = self.settings
        if (step + 1) % settings.augment_every == 0:
            overfitting = self.signs[0] / self.signs[1]
            change = settings.batch_size * settings.augment_every / settings.augment_pictures
            self.p = (self.p + change * (overfitting - settings.augment_target).sign()).clamp(0, 1)
            self.signs = torch.zeros_like(self.signs)

    def state(self) -> dict[str, Tensor]:
        """What the next step depends on, by name."""
        return {"p": self.p, "signs": self.signs} if self.adapts else {}

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from a `state`; one of a run that did not adapt has nothing to say."""
        if self.adapts and state:
            self.p, self.signs = state["p"].to(self.p), state["signs"].to(self.signs)
