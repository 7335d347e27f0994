"""Skip-layer excitation: what a small stage sees decides how strong a large stage's channels are.

After Liu et al. 2021, 'Towards Faster and Stabilized GAN Training' (FastGAN, arXiv:2101.04775), section 3.1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.networks.he_init import SLOPE, he_init

BACK = (
    3  # blocks from the large stage to the small one, whose sides are 16 times shorter than the large one's in the end
)
SEEN = 4  # pixels along a side of what is seen of the small stage


class Excitation(nn.Module):
    """`[B, channels, h, w]` times a factor from 0 to 1 for each channel, made of `[B, low_channels, h', w']`."""

    def __init__(self, low_channels: int, channels: int) -> None:
        super().__init__()
        self.squeeze = he_init(nn.Conv2d(low_channels, channels, SEEN), gain=1.0)
        self.excite = he_init(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor, low: Tensor) -> Tensor:
        seen = F.leaky_relu(self.squeeze(F.adaptive_avg_pool2d(low, SEEN)), SLOPE)
        return x * torch.sigmoid(self.excite(seen)).to(x.dtype)
