"""The memory plan: the predicted memory of a training step, and the configuration that fits the device.

The real `Step` is run on fake tensors, so a prediction needs no memory, no GPU and about a second.
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
from mapgan.memory.fake import build_on_meta, materialize, mix_precision
from mapgan.memory.meter import Meter, peak
from mapgan.memory.plan import Plan, StepConfig, StepCost, choose_config, step_configs
from mapgan.networks.pair import Pair
from mapgan.networks.stack import set_checkpointing
from mapgan.params import Params
from mapgan.training.objective.augment import AugmentProbability
from mapgan.training.objective.ema import EMA
from mapgan.training.objective.optimizers import build_optimizers
from mapgan.training.objective.sharding import ghost_batch_size
from mapgan.training.objective.step import Step
from mapgan.training.objective.step_rng import image_noise

SMALLER = "lower resize.width and resize.height, or the channels in train.networks, or use a larger card"
AUTOMATIC = "set machine.micro_batch=0 and machine.checkpointing=auto, and a configuration that fits is chosen"


def plan(
    params: Params,
    width: int,
    height: int,
    data_bytes: int,
    device: torch.device,
    processes: int,
    budget: int | None = None,
    labels: int = 0,
    label_square: int = 0,
) -> Plan:
    """The step configuration with the least arithmetic that fits the device.

    Args:
        params: all settings; micro-batch and checkpointing may be fixed in `machine`.
        width: of the images, pixels.
        height: the same.
        data_bytes: size of the whole training set.
        device: of the networks.
        processes: number of processes that share the batch.
        budget: bytes that tensors may take, the same in all processes (None: that of this device).
        labels: number of labels in the training set.
        label_square: side of the squares that have a label each, pixels; 0 if each image has one.

    Raises:
        MapganError: no configuration fits.
    """
    if budget is None:
        budget = device_budget(params.machine, device)
    local_batch = params.train.batch_size // processes
    estimator = MemoryEstimator(params, width, height, local_batch, device.type, labels, label_square)
    costs: list[StepCost] = []
    for config in estimator.step_configs():
        costs.append(estimator.cost(config))
        if costs[-1].peak <= budget:
            break  # the following ones need as much arithmetic or more
    restricted = params.machine.micro_batch or params.machine.checkpointing != "auto"
    cost = choose_config(costs, budget, AUTOMATIC if restricted else SMALLER)
    return Plan(cost, budget, resident=device.type == "cuda" and cost.peak + data_bytes <= budget)


def costs(params: Params, width: int, height: int, local_batch: int, device: str = "cuda") -> list[StepCost]:
    """The costs of all step configurations that `machine` allows, in the order of `step_configs`.

    Args:
        params: all settings.
        width: of the images, pixels.
        height: the same.
        local_batch: images of one process.
        device: cuda, cpu or mps.
    """
    estimator = MemoryEstimator(params, width, height, local_batch, device)
    return [estimator.cost(config) for config in estimator.step_configs()]


class StepTrace(NamedTuple):
    """The changes of memory in use during a step, bytes, in order, and its FLOPs."""

    changes: tuple[int, ...]
    flops: int


class MemoryEstimator:
    """Predicts the cost of step configurations, with as few traced steps as possible.

    Args:
        params: all settings.
        width: of the images, pixels.
        height: the same.
        local_batch: images of one process.
        device: cuda, cpu or mps.
        labels: number of labels in the training set.
        label_square: side of the squares that have a label each, pixels; 0 if each image has one.
    """

    def __init__(
        self,
        params: Params,
        width: int,
        height: int,
        local_batch: int,
        device: str,
        labels: int = 0,
        label_square: int = 0,
    ) -> None:
        self.params, self.width, self.height, self.labels = params, width, height, labels
        self.label_square = label_square
        self.local_batch, self.device = local_batch, device
        self.trace = functools.cache(self._trace)

    def step_configs(self) -> list[StepConfig]:
        """All configurations that the network and the section `machine` allow."""
        machine, micro_batch = self.params.machine, self.params.machine.micro_batch
        if self._pair().batch_dependent:
            micro_batch = ghost_batch_size(self.params, self.local_batch)
        return step_configs(self.local_batch, micro_batch, machine.checkpointing)

    def cost(self, config: StepConfig) -> StepCost:
        """Predicted memory and arithmetic of `config`.

        The sizes of tensors are linear in the micro-batch, as long as another one follows: two traces give all others
        exactly.
        """
        if config.micro_batch not in (1, 2, self.local_batch):
            one, two = (self.trace(StepConfig(size, config.checkpointing)) for size in (1, 2))
            if len(one.changes) == len(two.changes):
                changes = (
                    a + (b - a) * (config.micro_batch - 1) for a, b in zip(one.changes, two.changes, strict=True)
                )
                return StepCost(config, peak(changes), one.flops * self.local_batch)
        traced = self.trace(config)
        return StepCost(config, peak(traced.changes), traced.flops * self.local_batch // config.micro_batch)

    def _label_shape(self) -> tuple[int, ...] | None:
        square = self.label_square
        return ((self.height // square, self.width // square) if square else ()) if self.labels else None

    def _pair(self) -> Pair:
        return build_on_meta(self.params, self.width, self.height, self.labels, self.label_square)

    def _trace(self, config: StepConfig) -> StepTrace:
        """Run a step with one micro-batch on fake tensors; where there are several, this is the last one."""
        settings = self.params.train
        pair = self._pair()
        ema = EMA(pair.generator, settings.ema)
        with FakeTensorMode(), Meter() as meter:
            for network in (pair.generator, pair.discriminator, ema.network):
                materialize(network)
            for network in (pair.generator, pair.discriminator):
                set_checkpointing(network, config.checkpointing)
                mix_precision(network, settings.precision)
            optimizers = build_optimizers(self.params, pair, fused=self.device in ("cpu", "cuda"))
            for optimizer in optimizers:
                _run_once(optimizer, keep_gradients=config.micro_batch < self.local_batch)
            several = settings.batch_size > self.local_batch
            buckets = [torch.empty_like(weight) for weight in _weights(pair.generator, pair.discriminator) if several]
            prefetched = self.local_batch if self.device == "cpu" else 0
            batches = FakeBatches(self.width, self.height, pair.latent, prefetched, self._label_shape())
            step = Step(
                settings=settings,
                accelerator=cast(Accelerator, SingleProcess()),
                batches=batches,
                generator=pair.generator,
                discriminator=pair.discriminator,
                ema=ema,
                augment_probability=AugmentProbability(settings, torch.device("cpu")),
                generator_optimizer=cast(AcceleratedOptimizer, optimizers[0]),
                discriminator_optimizer=cast(AcceleratedOptimizer, optimizers[1]),
                indices=range(config.micro_batch),
                micro_batch=config.micro_batch,
                collect_stats=True,
            )
            step((settings.penalty_every - 1) // settings.discriminator_steps)  # the first one with a penalty
            del buckets  # for the reduction of gradients
            flops = meter.flops
            with torch.no_grad():  # a preview: they are generated one at a time
                ema.network(torch.empty(1, pair.latent), *batches.labels(0, range(1)))
            return StepTrace(tuple(meter.changes), flops)


def _weights(*networks: nn.Module) -> list[nn.Parameter]:
    return [weight for network in networks for weight in network.parameters()]


def _run_once(optimizer: torch.optim.Optimizer, keep_gradients: bool) -> None:
    """Allocate the state of `optimizer`, and gradients, which stay if there are earlier micro-batches."""
    for weight in optimizer.param_groups[0]["params"]:
        weight.grad = torch.empty_like(weight)
    optimizer.step()
    if keep_gradients:
        keep = functools.partial(optimizer.zero_grad, set_to_none=False)
        optimizer.zero_grad = keep  # type: ignore[method-assign]


class FakeBatches:
    """A `BatchSource` of uninitialized tensors, which are fake under `FakeTensorMode`.

    Args:
        width: of the images, pixels.
        height: the same.
        latent: size of a latent.
        prefetched: images in each of the two buffers that are read into.
        label_shape: of the labels of an image: `()`, or rows and columns; None without labels.
    """

    def __init__(
        self, width: int, height: int, latent: int, prefetched: int, label_shape: tuple[int, ...] | None
    ) -> None:
        self.width, self.height, self.latent, self.label_shape = width, height, latent, label_shape
        self.buffers = [torch.empty(prefetched, height, width, 3, dtype=torch.uint8) for _ in range(2)]

    def real(self, step: int, indices: range) -> Tensor:
        """`[B, 3, H, W]`, channels last."""
        return torch.empty(len(indices), 3, self.height, self.width, memory_format=torch.channels_last)

    def labels(self, step: int, indices: range) -> tuple[Tensor, ...]:
        """`([B],)`, `([B, rows, columns],)`, or `()`."""
        shape = self.label_shape
        return () if shape is None else (torch.empty(len(indices), *shape, dtype=torch.int64),)

    def latents(self, purpose: str, step: int, indices: range) -> Tensor:
        """`[B, latent]`."""
        return torch.empty(len(indices), self.latent)

    def noise(self, images: Tensor, purpose: str, step: int, indices: range) -> Tensor:
        """`[B, 3, H, W]`."""
        return image_noise(images, self.keys(purpose, step, indices))

    def keys(self, purpose: str, step: int, indices: range) -> Tensor:
        """`[B]`."""
        return torch.empty(len(indices), dtype=torch.int64)

    def uniform(self, purpose: str, step: int, indices: range, count: int = 1) -> Tensor:
        """`[B, count]`."""
        return torch.empty(len(indices), count)


class SingleProcess:
    """The part of Accelerate that a step uses, for one process; scaling the loss takes hardly any memory."""

    num_processes = 1

    def no_sync(self, network: nn.Module) -> contextlib.AbstractContextManager[None]:
        """No gradients are synchronized."""
        return contextlib.nullcontext()

    def backward(self, loss: Tensor) -> None:
        """Backward pass."""
        loss.backward()  # type: ignore[no-untyped-call]

    def unscale_gradients(self, optimizer: object) -> None:
        """Gradients are not scaled."""

    def reduce(self, tensor: Tensor, reduction: str) -> Tensor:
        """The sum over one process."""
        return tensor
