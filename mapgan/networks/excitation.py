"""Skip-layer excitation: what a small stage sees decides how strong a large stage's feature maps are.

After Liu et al. 2021, 'Towards Faster and Stabilized GAN Training' (FastGAN, arXiv:2101.04775), section 3.1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.networks.started import SLOPE, started

BACK = (
    3  # blocks from the large stage to the small one, whose sides are 16 times shorter than the large one's in the end
)
SEEN = 4  # pixels along a side of what is seen of the small stage


class Excitation(nn.Module):
    """`[B, maps, h, w]` times a factor from 0 to 1 for each feature map, made of `[B, low_maps, h', w']`."""

    def __init__(self, low_maps: int, maps: int) -> None:
        super().__init__()
        self.see = started(nn.Conv2d(low_maps, maps, SEEN), gain=1.0)
        self.judge = started(nn.Conv2d(maps, maps, 1))

    def forward(self, x: Tensor, low: Tensor) -> Tensor:
        seen = F.leaky_relu(self.see(F.adaptive_avg_pool2d(low, SEEN)), SLOPE)
        return x * torch.sigmoid(self.judge(seen)).to(x.dtype)
