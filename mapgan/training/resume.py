"""A step's networks and optimizers as a saved state, and back: whatever the number of processes was."""

from __future__ import annotations

import torch
from torch import nn

from mapgan.errors import MapganError
from mapgan.params import Train
from mapgan.training import state as states
from mapgan.training.objective.step import Step
from mapgan.training.state import State, Tensors


def capture(step: Step) -> Tensors:
    """Every tensor that the next step depends on, by name."""
    tensors = {
        f"{name}/{key}": value for name, net in networks_of(step).items() for key, value in net.state_dict().items()
    }
    for name, optimizer in _optimizers(step).items():
        tensors |= states.flatten(f"{name}/state", optimizer.state_dict()["state"])
    return tensors | dict(states.flatten("strength", step.strength.state()))


def all_finite(tensors: Tensors) -> bool:
    """Whether no number in `tensors` is infinite or none at all."""
    return all(bool(tensor.isfinite().all()) for tensor in tensors.values())


def restore(step: Step, state: State, settings: Train) -> None:
    """Make `step` what it was when `state` was captured, but for the learning rates of later roll-backs.

    Raises:
        MapganError: the state is that of other networks.
    """
    try:
        for name, network in networks_of(step).items():
            network.load_state_dict(states.part(state.tensors, name))
        for name, optimizer in _optimizers(step).items():
            states.load_optimizer(optimizer, states.part(state.tensors, name))
        step.strength.load(states.part(state.tensors, "strength"))
    except (RuntimeError, ValueError, IndexError) as error:
        reason = str(error).splitlines()[0]
        raise MapganError(f"train: the state of step {state.step} is that of other networks ({reason})") from None
    scaler = step.accelerator.scaler
    if scaler is not None and state.scale:
        scaler.load_state_dict(state.scale)
    set_rates(step, settings, state.roll_backs)


def set_rates(step: Step, settings: Train, roll_backs: int) -> None:
    """The learning rates of the settings, lowered at each roll-back."""
    lowered = settings.watch.roll_back_rate**roll_backs
    for name, rate in [("optimizer_g", settings.generator_lr), ("optimizer_d", settings.discriminator_lr)]:
        for group in _optimizers(step)[name].param_groups:
            group["lr"] = rate * lowered


def rates(step: Step) -> dict[str, float]:
    """The learning rates as they are, for the log."""
    optimizers = _optimizers(step)
    return {f"rate_{name[-1].upper()}": float(optimizers[name].param_groups[0]["lr"]) for name in sorted(optimizers)}


def networks_of(step: Step) -> dict[str, nn.Module]:
    """The networks whose weights a state has, by the name that their tensors begin with."""
    return {
        "generator": step.generator,
        "discriminator": step.discriminator,
        "average": step.average.network,
    }


def _optimizers(step: Step) -> dict[str, torch.optim.Optimizer]:
    """The optimizers that Accelerate wrapped."""
    return {
        "optimizer_g": step.generator_optimizer.optimizer,
        "optimizer_d": step.discriminator_optimizer.optimizer,
    }
