"""The tensors of a training step as a checkpoint holds them: the same for any number of processes."""

from __future__ import annotations

import torch
from torch import nn

from mapgan.errors import MapganError
from mapgan.params import Train
from mapgan.training.checkpoints.checkpoint import Checkpoint, Tensors, flatten, load_optimizer, tensors_below
from mapgan.training.objective.step import Step


def capture(step: Step) -> Tensors:
    """Every tensor that the next step depends on, by name."""
    tensors = {
        f"{name}/{key}": value for name, net in networks_of(step).items() for key, value in net.state_dict().items()
    }
    for name, optimizer in _optimizers(step).items():
        tensors |= flatten(f"{name}/state", optimizer.state_dict()["state"])
    return tensors | dict(flatten("augment_probability", step.augment_probability.state_dict()))


def all_finite(tensors: Tensors) -> bool:
    """Whether `tensors` hold neither infinities nor NaNs."""
    return all(bool(tensor.isfinite().all()) for tensor in tensors.values())


def restore(step: Step, checkpoint: Checkpoint, settings: Train) -> None:
    """Restore the tensors of `checkpoint`; learning rates are those of the settings after its roll-backs.

    Raises:
        MapganError: the checkpoint is that of other networks.
    """
    try:
        for name, network in networks_of(step).items():
            network.load_state_dict(tensors_below(checkpoint.tensors, name))
        for name, optimizer in _optimizers(step).items():
            load_optimizer(optimizer, tensors_below(checkpoint.tensors, name))
        step.augment_probability.load_state_dict(tensors_below(checkpoint.tensors, "augment_probability"))
    except (RuntimeError, ValueError, IndexError) as error:
        reason = str(error).splitlines()[0]
        raise MapganError(f"train: the checkpoint of step {checkpoint.step} is of other networks ({reason})") from None
    scaler = step.accelerator.scaler
    if scaler is not None and checkpoint.scale:
        scaler.load_state_dict(checkpoint.scale)
    step.lr_factor = settings.watch.roll_back_lr_factor**checkpoint.roll_backs


def learning_rates(step: Step) -> dict[str, float]:
    """The current learning rates, `lr_D` and `lr_G`, for the log."""
    optimizers = _optimizers(step)
    return {f"lr_{name[-1].upper()}": float(optimizers[name].param_groups[0]["lr"]) for name in sorted(optimizers)}


def networks_of(step: Step) -> dict[str, nn.Module]:
    """The networks whose weights a checkpoint holds, by the prefix of their tensors."""
    return {
        "generator": step.generator,
        "discriminator": step.discriminator,
        "ema": step.ema.network,
    }


def _optimizers(step: Step) -> dict[str, torch.optim.Optimizer]:
    """The optimizers inside Accelerate's wrappers."""
    return {
        "optimizer_g": step.generator_optimizer.optimizer,
        "optimizer_d": step.discriminator_optimizer.optimizer,
    }
