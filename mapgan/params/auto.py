"""Settings whose default is `auto`: numbers that follow the size of the images and the batch size.

What suits 64 x 64 pixels diverges at 256 x 256 (docs/recipes.md). The gradient of D's logit grows with the number of
pixels, so the penalty has to, and the learning rates shrink.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PlainSerializer, ValidatorFunctionWrapHandler, WrapValidator

if TYPE_CHECKING:
    from mapgan.params.root import Params
    from mapgan.params.training import Train

AUTO = math.nan  # stands for `auto` until `resolve_auto`; no setting may be NaN otherwise

SIDE, BATCH, MAX_LR = 64, 32, 1e-3  # the recipes were measured there
MIN_LR = 2e-4  # that of DCGAN (Radford et al. 2016, arXiv:1511.06434)
ROLL_BACK_SIDE = 256  # from here on, runs take hours


def _validate(value: Any, handler: ValidatorFunctionWrapHandler) -> float:
    return AUTO if value == "auto" else float(handler(value))


def _serialize(value: float) -> float | str:
    return "auto" if math.isnan(value) else value


# the setting is a number for everyone who reads it: `load` resolves it
OrAuto = (WrapValidator(_validate), PlainSerializer(_serialize), Field(json_schema_extra={"auto": True}))
Penalty = Annotated[float, Field(ge=0), *OrAuto]
LearningRate = Annotated[float, Field(gt=0, le=1), *OrAuto]
Decay = Annotated[float, Field(ge=0, lt=1), *OrAuto]


def resolve_auto(params: Params) -> Params:
    """`params` with a value for every setting that is `auto`."""
    train, width, height = params.train, params.resize.width, params.resize.height
    if train.penalty_kind == "auto":
        # the difference of two logits that are rounded to 8 bits is mostly noise, which drives D's weights up
        kind = "autograd" if train.precision == "bf16" else "finite-difference"
        train = train.model_copy(update={"penalty_kind": kind})
    chosen: dict[str, Any] = {
        "penalty": penalty(train, width, height),
        "generator_lr": learning_rate(train.batch_size, width, height),
        "discriminator_lr": learning_rate(train.batch_size, width, height),
        "ema": ema(train.batch_size, width, height),
    }
    update = {name: value for name, value in chosen.items() if math.isnan(getattr(train, name))}
    if train.watch.policy == "auto":
        policy = "roll-back" if max(width, height) >= ROLL_BACK_SIDE else "warn"
        update["watch"] = train.watch.model_copy(update={"policy": policy})
    return params.model_copy(update={"train": train.model_copy(update=update)})


def penalty(train: Train, width: int, height: int) -> float:
    """The weight of the gradient penalty.

    For R1 and R2 that of StyleGAN2-ADA (Karras et al. 2020, arXiv:2006.06676, appendix C), for WGAN-GP that of its
    paper (arXiv:1704.00028, section 4).
    """
    return 10.0 if train.penalty_kind == "wgan-gp" else _round(2e-4 * width * height / train.batch_size)


def learning_rate(batch_size: int, width: int, height: int) -> float:
    """Adam's learning rate: inversely proportional to the side, and to the noise of a batch's gradient."""
    lr = MAX_LR * SIDE / math.sqrt(width * height) * math.sqrt(batch_size / BATCH)
    return _round(min(max(lr, MIN_LR), MAX_LR))


def ema(batch_size: int, width: int, height: int) -> float:
    """The decay of the moving average: a half-life of 312 steps, as StyleGAN2-ADA's, and longer with smaller steps."""
    half_life = 10_000 / BATCH * MAX_LR / learning_rate(batch_size, width, height)
    return round(math.pow(0.5, 1 / half_life), 6)


def _round(value: float) -> float:
    """Two significant digits: the number is for people, too."""
    return float(f"{value:.2g}")
