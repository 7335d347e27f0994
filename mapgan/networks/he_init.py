"""He initialization."""

from __future__ import annotations

import math
from typing import TypeVar

from torch import nn

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)

SLOPE = 0.2  # of the LeakyReLU before a layer


def he_init(layer: Layer, scale: float = 1.0, gain: float = 0.0) -> Layer:
    """Initialize weights so that the variance of the signal is kept (He et al. 2015, arXiv:1502.01852, eq. 14).

    Args:
        layer: after a LeakyReLU.
        scale: of the output.
        gain: 1 for a layer without an activation before it; 0 for that of the LeakyReLU.
    """
    fan_in = layer.weight[0].numel()
    gain = gain or math.sqrt(2.0 / (1.0 + SLOPE**2))
    if layer.weight.is_meta:  # no values: only shapes are asked for, and torch takes long to draw none
        return layer
    nn.init.normal_(layer.weight, 0.0, scale * gain / math.sqrt(fan_in))
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
