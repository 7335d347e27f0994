"""Skip-layer excitation: the channels of a high-resolution block are scaled by features of a low-resolution one.

After Liu et al. 2021, 'Towards Faster and Stabilized GAN Training' (FastGAN, arXiv:2101.04775), section 3.1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.networks.he_init import SLOPE, he_init

SKIP = 3  # blocks that the low-resolution features skip; the output of the last one is 16 times as large
POOLED = 4  # size that the low-resolution features are pooled to


class Excitation(nn.Module):
    """`[B, channels, h, w]` with each channel scaled by a factor in [0, 1] from `[B, low_channels, h', w']`."""

    def __init__(self, low_channels: int, channels: int) -> None:
        super().__init__()
        self.squeeze = he_init(nn.Conv2d(low_channels, channels, POOLED), gain=1.0)
        self.excite = he_init(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor, low_res: Tensor) -> Tensor:
        hidden = F.leaky_relu(self.squeeze(F.adaptive_avg_pool2d(low_res, POOLED)), SLOPE)
        return x * torch.sigmoid(self.excite(hidden)).to(x.dtype)
