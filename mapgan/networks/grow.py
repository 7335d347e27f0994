"""Progressive training: a network for larger images starts with the weights of one for smaller images.

After Karras et al. 2018 (arXiv:1710.10196, section 2), without fading in: the coarse layers, which take longest to
train, are kept, and the new fine ones are trained along with them. A spatial latent has the same meaning in both.
"""

from __future__ import annotations

import re

import torch
from torch import nn

from mapgan.networks.inverted import InvertedToRGB
from mapgan.networks.modern import Generator
from mapgan.networks.modern_discriminator import Discriminator
from mapgan.networks.unconditional import unconditional
from mapgan.networks.up_blocks import ToRGB

# settings that may differ: the coarse layers can have the same channels nevertheless
FINE_CHANNELS = ("generator_channels", "discriminator_channels", "last_channels")


def grow(network: nn.Module, small: nn.Module) -> float:
    """Copy the weights of `small` into `network`, of the same kind for larger images, where their shapes agree.

    Blocks are matched by resolution from the coarsest one: the first in the generator, the last in the discriminator.
    With one stage more and half of `generator_channels` and `discriminator_channels`, all but the finest blocks agree;
    if `last_channels` is the same number as these, the colours are kept, too.

    Returns:
        The fraction of the parameters of `network` that were copied; 0 if it cannot grow.
    """
    large_one, small_one = unconditional(network), unconditional(small)
    if isinstance(large_one, Generator) and isinstance(small_one, Generator):
        shift = 0
    elif isinstance(large_one, Discriminator) and isinstance(small_one, Discriminator):
        shift = len(large_one.blocks) - len(small_one.blocks)
    else:
        return 0.0
    weights, copied = network.state_dict(), 0
    with torch.no_grad():
        for name, tensor in small.state_dict().items():
            target = weights.get(re.sub(r"(?<=blocks\.)\d+", lambda found: str(int(found[0]) + shift), name))
            if target is not None and target.shape == tensor.shape:
                target.copy_(tensor)
                copied += tensor.numel()
        if isinstance(large_one, Generator) and isinstance(small_one, Generator):
            copied += _keep_colors(large_one.blocks[-1], small_one.blocks[-1])
    total: int = sum(tensor.numel() for tensor in weights.values())
    return copied / total


def _keep_colors(large: nn.Module, small: nn.Module) -> int:
    """Let the new last block pass on what the old one sees, and map it to colours as the old one did, if shapes agree.

    Else the colours of what was learned, such as floor and rock, would come out as random ones at first.
    """
    assert isinstance(large, ToRGB | InvertedToRGB)  # of the same kind, and inverted residuals add nothing at first
    assert isinstance(small, ToRGB | InvertedToRGB)
    if (
        large.to_rgb.weight.shape != small.to_rgb.weight.shape
        or large.conv1x1.in_channels != large.conv1x1.out_channels
    ):
        return 0
    for convolution in (large.conv1x1, large.conv) if isinstance(large, ToRGB) else (large.conv1x1,):
        nn.init.dirac_(convolution.weight)
    large.to_rgb.load_state_dict(small.to_rgb.state_dict())
    return sum(tensor.numel() for tensor in small.to_rgb.state_dict().values())
