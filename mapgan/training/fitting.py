"""Before the first step: what each way to do a step needs, and the plan that fits this device.

The real `Step` is run on fake tensors, so a prediction takes no memory, no GPU and about a second.
"""

from __future__ import annotations

import contextlib
import functools
from typing import NamedTuple, cast

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from mapgan.memory.budget import device_budget
from mapgan.memory.fake import fill, hollow_pair, mix_precision
from mapgan.memory.meter import Meter, peak
from mapgan.memory.plan import Need, Plan, Way, choose, ways
from mapgan.networks.pair import Pair
from mapgan.networks.stack import set_checkpointing
from mapgan.params import Params
from mapgan.training.objective.augment import Strength
from mapgan.training.objective.ema import Average
from mapgan.training.objective.optimizers import adams
from mapgan.training.objective.shares import norm_batch
from mapgan.training.objective.step import Step
from mapgan.training.objective.step_draws import image_noise

SMALLER = "lower resize.width and resize.height, or the feature maps in train.networks, or use a larger card"
FREE = "set machine.micro_batch=0 and machine.checkpointing=auto, and the plan looks for a way that fits"


def plan(
    params: Params,
    width: int,
    height: int,
    data_bytes: int,
    device: torch.device,
    processes: int,
    budget: int | None = None,
    labels: int = 0,
) -> Plan:
    """The cheapest way to do a step of `width` x `height` pictures that fits the device.

    Args:
        params: all settings; what `machine` says of micro-batch and checkpointing is kept to.
        width: pixels.
        height: pixels.
        data_bytes: of the whole training set.
        device: where the networks will be.
        processes: how many share the batch.
        budget: bytes that tensors may take; all processes must be given the same (default: this device's).
        labels: of the training set; 0 for none.

    Raises:
        MapganError: no way fits.
    """
    if budget is None:
        budget = device_budget(params.machine, device)
    forecast = Forecast(params, width, height, params.train.batch_size // processes, device.type, labels)
    needs: list[Need] = []
    for way in forecast.ways():
        needs.append(forecast.need(way))
        if needs[-1].peak <= budget:
            break  # what comes after costs as much arithmetic or more
    restricted = params.machine.micro_batch or params.machine.checkpointing != "auto"
    need = choose(needs, budget, FREE if restricted else SMALLER)
    return Plan(need, budget, resident=device.type == "cuda" and need.peak + data_bytes <= budget)


def needs(params: Params, width: int, height: int, share: int, device: str = "cuda") -> list[Need]:
    """What every way needs that `machine` allows, the least arithmetic first and of those the largest micro-batch.

    Args:
        params: all settings.
        width: pixels.
        height: pixels.
        share: pictures of a batch that one process does.
        device: kind of device: cuda, cpu or mps.
    """
    forecast = Forecast(params, width, height, share, device)
    return [forecast.need(way) for way in forecast.ways()]


class Traced(NamedTuple):
    """A step as its meter saw it: by how many bytes memory grew or shrank, in order, and the flops."""

    changes: tuple[int, ...]
    flops: int


class Forecast:
    """What ways to do a step need, each found with as few traced steps as it takes; arguments as for `needs`, and
    how many labels the training set has."""

    def __init__(self, params: Params, width: int, height: int, share: int, device: str, labels: int = 0) -> None:
        self.params, self.width, self.height, self.labels = params, width, height, labels
        self.share, self.device = share, device
        self.traced = functools.cache(self._trace)

    def ways(self) -> list[Way]:
        """All ways that the network and the `machine` section allow."""
        machine, micro_batch = self.params.machine, self.params.machine.micro_batch
        if self._pair().batch_dependent:
            micro_batch = norm_batch(self.params, self.share)
        return ways(self.share, micro_batch, machine.checkpointing)

    def need(self, way: Way) -> Need:
        """What `way` needs.

        But for the size of the tensors, a step is the same for each micro-batch that is followed by another: what
        two of them take tells what all others take, exactly.
        """
        if way.micro_batch not in (1, 2, self.share):
            one, two = (self.traced(Way(size, way.checkpointing)) for size in (1, 2))
            if len(one.changes) == len(two.changes):
                changes = (a + (b - a) * (way.micro_batch - 1) for a, b in zip(one.changes, two.changes, strict=True))
                return Need(way, peak(changes), one.flops * self.share)
        traced = self.traced(way)
        return Need(way, peak(traced.changes), traced.flops * self.share // way.micro_batch)

    def _pair(self) -> Pair:
        return hollow_pair(self.params, self.width, self.height, self.labels)

    def _trace(self, way: Way) -> Traced:
        """A step with one micro-batch on fake tensors; if there are more, then as the last of them finds things."""
        settings = self.params.train
        pair = self._pair()
        average = Average(pair.generator, settings.ema)
        with FakeTensorMode(), Meter() as meter:
            for network in (pair.generator, pair.discriminator, average.network):
                fill(network)
            for network in (pair.generator, pair.discriminator):
                set_checkpointing(network, way.checkpointing)
                mix_precision(network, settings.precision)
            optimizers = adams(self.params, pair, fused=self.device in ("cpu", "cuda"))
            for optimizer in optimizers:
                _live_in(optimizer, gradients_stay=way.micro_batch < self.share)
            several = settings.batch_size > self.share
            buckets = [torch.empty_like(weight) for weight in _weights(pair.generator, pair.discriminator) if several]
            ahead = self.share if self.device == "cpu" else 0
            supply = Blank(self.width, self.height, pair.latent, ahead, labelled=self.labels > 0)
            step = Step(
                settings=settings,
                accelerator=cast(Accelerator, Alone()),
                supply=supply,
                generator=pair.generator,
                discriminator=pair.discriminator,
                average=average,
                strength=Strength(settings, torch.device("cpu")),
                generator_optimizer=cast(AcceleratedOptimizer, optimizers[0]),
                discriminator_optimizer=cast(AcceleratedOptimizer, optimizers[1]),
                places=range(way.micro_batch),
                micro_batch=way.micro_batch,
                watched=True,
            )
            step((settings.penalty_every - 1) // settings.discriminator_steps)  # the first that measures the penalty
            del buckets  # in them, several processes sum up their gradients
            flops = meter.flops
            with torch.no_grad():  # a preview: they are drawn one at a time
                average.network(torch.empty(1, pair.latent), *supply.labels(0, range(1)))
            return Traced(tuple(meter.changes), flops)


def _weights(*networks: nn.Module) -> list[nn.Parameter]:
    return [weight for network in networks for weight in network.parameters()]


def _live_in(optimizer: torch.optim.Optimizer, gradients_stay: bool) -> None:
    """Have the optimizer hold what it holds after a first step; gradients too, as those of earlier micro-batches."""
    for weight in optimizer.param_groups[0]["params"]:
        weight.grad = torch.empty_like(weight)
    optimizer.step()
    if gradients_stay:
        keep = functools.partial(optimizer.zero_grad, set_to_none=False)
        optimizer.zero_grad = keep  # type: ignore[method-assign]


class Blank:
    """A `Supply` of pictures and latents without content.

    Args:
        width: pixels.
        height: pixels.
        latent: numbers in a latent.
        ahead: pictures that are read ahead into the device's own memory, twice.
        labelled: whether pictures have labels.
    """

    def __init__(self, width: int, height: int, latent: int, ahead: int, labelled: bool) -> None:
        self.width, self.height, self.latent, self.labelled = width, height, latent, labelled
        self.read = [torch.empty(ahead, height, width, 3, dtype=torch.uint8) for _ in range(2)]

    def real(self, step: int, places: range) -> Tensor:
        """`[B, 3, H, W]`, channels last."""
        return torch.empty(len(places), 3, self.height, self.width, memory_format=torch.channels_last)

    def labels(self, step: int, places: range) -> tuple[Tensor, ...]:
        """`[B]`, or nothing."""
        return (torch.empty(len(places), dtype=torch.int64),) if self.labelled else ()

    def latents(self, purpose: str, step: int, places: range) -> Tensor:
        """`[B, latent]`."""
        return torch.empty(len(places), self.latent)

    def noise(self, pictures: Tensor, purpose: str, step: int, places: range) -> Tensor:
        """`[B, 3, H, W]`."""
        return image_noise(pictures, self.keys(purpose, step, places))

    def keys(self, purpose: str, step: int, places: range) -> Tensor:
        """`[B]`."""
        return torch.empty(len(places), dtype=torch.int64)

    def uniform(self, purpose: str, step: int, places: range, count: int = 1) -> Tensor:
        """`[B, count]`."""
        return torch.empty(len(places), count)


class Alone:
    """What a step asks of Accelerate, for one process; scaling the loss takes no memory to speak of."""

    num_processes = 1

    def no_sync(self, network: nn.Module) -> contextlib.AbstractContextManager[None]:
        """Nothing to leave out."""
        return contextlib.nullcontext()

    def backward(self, loss: Tensor) -> None:
        """Gradients of `loss`."""
        loss.backward()  # type: ignore[no-untyped-call]

    def unscale_gradients(self, optimizer: object) -> None:
        """Nothing has been scaled."""

    def reduce(self, tensor: Tensor, reduction: str) -> Tensor:
        """It is the sum already."""
        return tensor
