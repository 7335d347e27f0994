"""Failure modes of GAN training: how each shows in the metrics, its likely cause, and which settings to try."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from mapgan.params.training import Watch

Row = Mapping[str, float]


@dataclass(frozen=True)
class Trouble:
    """A failure mode, and a sentence on its likely cause and remedy."""

    name: str
    sentence: str


DIVERGED = Trouble(
    "diverged",
    "a number is no longer finite; the learning rates are likely too high, or fp16 too coarse: lower "
    "train.generator_lr and train.discriminator_lr, or set train.precision to bf16 or no",
)
DISCRIMINATOR_WON = Trouble(
    "discriminator won",
    "D classifies every image correctly, so G no longer learns; D likely learns too fast or has memorized the "
    "images: raise train.penalty or train.instance_noise, use train.augment, lower train.discriminator_lr, or add "
    "images",
)
GENERATOR_SATURATED = Trouble(
    "generator saturated",
    "most values of G's images are near -1 or 1, where its tanh is flat and hardly learns; G's steps are "
    "likely too large: lower train.generator_lr, or raise train.penalty",
)
UNSTABLE = Trouble(
    "unstable",
    "the gradient norm of D is a hundred times its median; D's steps are likely too large for its penalty: raise "
    "train.penalty, or lower train.discriminator_lr and train.generator_lr",
)
COLLAPSED = Trouble(
    "collapsed",
    "images of different seeds are nearly the same (mode collapse): raise train.batch_size or "
    "train.penalty, use the relativistic loss, or lower train.generator_lr",
)

TROUBLES = (DIVERGED, UNSTABLE, COLLAPSED, GENERATOR_SATURATED, DISCRIMINATOR_WON)


def find_trouble(watch: Watch, rows: Sequence[Row]) -> Trouble | None:
    """The trouble that the newest of `rows`, the metrics logged so far, shows; the worst one if there are several."""
    if not rows:
        return None
    newest = rows[-1]
    # in fp16 a gradient may be infinite: the scaler skips that step; if it matters, the losses will show it
    if not all(math.isfinite(value) for name, value in newest.items() if not name.startswith("grad_norm_")):
        return DIVERGED
    norms = [row["grad_norm_D"] for row in rows if math.isfinite(row.get("grad_norm_D", math.nan))]
    if len(norms) > watch.window and "grad_norm_D" in newest and norms[-1] > watch.unstable * median(norms[:-1]):
        return UNSTABLE
    if newest.get("diversity", 1.0) < watch.collapsed:
        return COLLAPSED
    window = [row for row in rows if "accuracy" in row][-watch.window :]
    if len(window) < watch.window or "accuracy" not in newest:
        return None
    if fmean(row["saturated_fake"] - row["saturated_real"] for row in window) > watch.generator_saturated:
        return GENERATOR_SATURATED
    if fmean(row["accuracy"] for row in window) >= watch.discriminator_won:
        return DISCRIMINATOR_WON
    return None
