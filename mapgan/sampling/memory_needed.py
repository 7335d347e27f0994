"""The memory that drawing a map takes, from a pass through the network on fake tensors."""

from __future__ import annotations

import copy

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from mapgan import networks
from mapgan.memory.fake import materialize
from mapgan.memory.meter import Meter
from mapgan.networks.generator_file import latent_size
from mapgan.sampling.large import LARGE, WINDOW
from mapgan.sampling.render import TrainedGenerator

PER_PIXEL = 16  # bytes of the whole map: as an array, as an image of Pillow's, and while that is encoded and copied
PER_NUMBER = 64  # bytes of the latent of the whole map: as float64, as float32, and while it is drawn and cut up


@torch.no_grad()
def memory_needed(trained: TrainedGenerator, width: int, height: int) -> int:
    """Bytes at the peak of drawing a map of `width` x `height` pixels, without those of the network itself.

    Raises:
        MapganError: the generator cannot draw that size.
    """
    network = copy.deepcopy(trained.network).to("meta")
    numbers = latent = latent_size(trained.about)
    if trained.spatial:
        numbers = latent = networks.resize(network, width, height, seamless=False)
        inner = networks.spatial_generator(network)
        if inner is not None and inner.halo is not None and width * height > LARGE:
            side = WINDOW + 2 * inner.halo * inner.cell
            numbers = networks.resize(network, min(width, side), min(height, side), seamless=False)
    with FakeTensorMode():
        materialize(network)
        label = (torch.zeros(1, dtype=torch.int64),) if trained.about.labels else ()
        meter = Meter()
        with meter:
            network(torch.empty(1, numbers), *label)
    return meter.peak + width * height * PER_PIXEL + latent * PER_NUMBER
