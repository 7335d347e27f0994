"""The generator of the first map maker, from which mapgan grew, with a classic discriminator.

G: 3 x 20 x 20 = 1200 random numbers, a linear layer to 16 x 64 x 64, two transposed convolutions with stride 4 to
1024 x 1024, and a convolution with stride 4 whose output is upsampled by 3 (pixel shuffle), to 768 x 768, cropped to
750 x 750. Other sizes start from about a twelfth of their size.
D: Radford et al. 2015 (arXiv:1511.06434) with 8x8 convolutions and stride 4, as far as the size allows.
"""

from __future__ import annotations

from torch import Tensor, nn

from mapgan.networks import dcgan
from mapgan.networks.pair import Pair
from mapgan.networks.stack import Stack
from mapgan.params.networks import Dcgan, Mapmaker

KERNEL, STRIDE = 8, 4
SHUFFLE = 3  # upsampling by the pixel shuffle
MAX_CHANNELS = 512


def build(settings: Mapmaker, width: int, height: int) -> Pair:
    """Networks for images of `width` x `height` pixels, 16 to 2048 each."""
    classic = Dcgan(
        discriminator_channels=settings.discriminator_channels, max_channels=MAX_CHANNELS, kernel=KERNEL, stride=STRIDE
    )
    generator, discriminator = Generator(settings, width, height), dcgan.Discriminator(classic, width, height)
    for network in (generator, discriminator):
        dcgan.init_weights(network, classic)
    return Pair(generator, discriminator, settings.latent, batch_dependent=True)


class Generator(nn.Module):
    """`[B, latent]` to `[B, 3, height, width]` in [-1, 1]."""

    def __init__(self, settings: Mapmaker, width: int, height: int) -> None:
        super().__init__()
        self.size = (height, width)
        channels, size = settings.generator_channels, (initial_size(height), initial_size(width))
        project = nn.Sequential(
            nn.Linear(settings.latent, channels * size[0] * size[1]),
            nn.Unflatten(1, (channels, *size)),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )
        upsample = [
            nn.Sequential(
                dcgan.upsampling_conv(channels, channels, KERNEL, STRIDE, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            )
            for _ in range(2)
        ]
        to_rgb = nn.Sequential(
            dcgan.downsampling_conv(channels, 3 * SHUFFLE**2, KERNEL, STRIDE), nn.PixelShuffle(SHUFFLE), nn.Tanh()
        )
        self.blocks = Stack([project, *upsample, to_rgb], high_res="last")

    def forward(self, z: Tensor) -> Tensor:
        """Images `[B, 3, height, width]` for the latents `z`, `[B, latent]`."""
        height, width = self.size
        images: Tensor = self.blocks(z)
        return images[:, :, :height, :width]


def initial_size(side: int) -> int:
    """Size of the output of the linear layer: a twelfth of `side`, rounded up to an even number (64 for 750)."""
    return 2 * -(-side // (2 * STRIDE * SHUFFLE))
