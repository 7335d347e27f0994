"""Networks, optimizers and batches, prepared for training on the device."""

from __future__ import annotations

import os

import torch
from accelerate import Accelerator

from mapgan import networks
from mapgan.dataset import Dataset
from mapgan.memory.budget import device_budget
from mapgan.memory.plan import Plan
from mapgan.networks.pair import Pair
from mapgan.networks.stack import set_checkpointing
from mapgan.params import Params
from mapgan.training.checkpoints.finetune import load_initial_weights
from mapgan.training.device.memory_plan import plan
from mapgan.training.objective.augment import AugmentProbability
from mapgan.training.objective.batches import Batches
from mapgan.training.objective.ema import EMA
from mapgan.training.objective.optimizers import build_optimizers
from mapgan.training.objective.sharding import local_indices
from mapgan.training.objective.step import Step


def plan_memory(params: Params, dataset: Dataset, accelerator: Accelerator) -> Plan:
    """The micro-batch and gradient checkpointing that fit the device, the same in all processes.

    Raises:
        MapganError: the batch is not divisible by the number of processes, or nothing fits.
    """
    processes = accelerator.num_processes
    local_indices(params.train.batch_size, processes, accelerator.process_index)
    budget = torch.tensor(device_budget(params.machine, accelerator.device), device=accelerator.device)
    smallest = int(accelerator.gather(budget[None]).min()) if processes > 1 else int(budget)
    return plan(
        params,
        dataset.width,
        dataset.height,
        dataset.train.nbytes,
        accelerator.device,
        processes,
        budget=smallest,
        labels=len(dataset.labels),
        label_square=dataset.label_square,
    )


def prepare(params: Params, dataset: Dataset, accelerator: Accelerator, plan: Plan) -> Step:
    """The training step, with everything it works on, on the device.

    Raises:
        MapganError: the weights of `train.init_from` do not fit.
    """
    settings = params.train
    pair = build(params, dataset)
    if settings.init_from:
        load_initial_weights(pair, settings, dataset)
    ema = EMA(pair.generator, settings.ema)
    for network in (pair.generator, pair.discriminator):
        network.to(memory_format=torch.channels_last)
        set_checkpointing(network, plan.cost.config.checkpointing)
        if params.machine.compile and (network is pair.generator or not settings.differentiates_twice):
            network.compile()
    if params.machine.compile and settings.differentiates_twice:
        accelerator.print(
            f"mapgan: train: D is not compiled, as torch.compile has no second derivatives, which penalty_kind "
            f"{settings.penalty_kind} needs; with finite-difference it can be"
        )
    # without DistributedDataParallel, which reduces gradients within the backward pass: see `reduce_gradients`
    generator, discriminator = (
        accelerator.prepare_model(network, evaluation_mode=True) for network in (pair.generator, pair.discriminator)
    )
    fused = accelerator.device.type in ("cpu", "cuda")
    optimizers = [accelerator.prepare_optimizer(adam) for adam in build_optimizers(params, pair, fused)]
    ema.network.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    indices = local_indices(settings.batch_size, accelerator.num_processes, accelerator.process_index)
    batches = Batches(
        dataset.train,
        params.seed,
        settings,
        pair.latent,
        indices,
        accelerator.device,
        resident=plan.resident,
        workers=params.machine.workers or min(4, os.cpu_count() or 1),
        labels=dataset.train_labels if dataset.labels else None,
    )
    return Step(
        settings=settings,
        accelerator=accelerator,
        batches=batches,
        generator=generator,
        discriminator=discriminator,
        ema=ema,
        augment_probability=AugmentProbability(settings, accelerator.device),
        generator_optimizer=optimizers[0],
        discriminator_optimizer=optimizers[1],
        indices=indices,
        micro_batch=plan.cost.config.micro_batch,
        square=dataset.label_square or max(1, round(dataset.pixels_per_square)),
        divisible=not pair.batch_dependent,
    )


def build(params: Params, dataset: Dataset) -> Pair:
    """The networks for the size and the labels of `dataset`, with freshly initialized weights."""
    train = params.train
    section, reconstruction = train.networks.of(train.network), train.reconstruction > 0
    size, labels = (dataset.width, dataset.height), len(dataset.labels)
    return networks.build(
        train.network, section, *size, params.seed, labels, dataset.label_square, reconstruction=reconstruction
    )
