"""Upsampling without weights, and the border that it and convolutions need to be seamless."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F


def wrap(x: Tensor) -> Tensor:
    """`[B, C, h, w]` to `[B, C, h + 2, w + 2]`, with a border of one pixel from the opposite edges.

    The same as `F.pad` with mode circular, and faster.
    """
    x = torch.cat([x[:, :, -1:], x, x[:, :, :1]], dim=2)
    return torch.cat([x[:, :, :, -1:], x, x[:, :, :, :1]], dim=3)


def upsample2x(x: Tensor, mode: Literal["nearest", "bilinear"]) -> Tensor:
    """`[B, C, h, w]` to `[B, C, 2h, 2w]`.

    It computes in float32: the backward pass on a GPU accumulates in the precision of its input.
    """
    with torch.autocast(x.device.type, enabled=False):
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        corners = False if mode == "bilinear" else None  # torch accepts it for that mode alone
        return F.interpolate(wide, scale_factor=2, mode=mode, align_corners=corners).to(x.dtype)


def enlarge(x: Tensor, mode: Literal["nearest", "bilinear"], circular: bool) -> Tensor:
    """`upsample2x`, of which the result is seamless if it is circular."""
    if circular and mode == "bilinear":  # the other one does not look at neighbours
        return upsample2x(wrap(x), mode)[:, :, 2:-2, 2:-2]
    return upsample2x(x, mode)
