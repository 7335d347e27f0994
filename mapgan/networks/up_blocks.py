"""The plain blocks of the generator of `dcgan-modern`, and what other blocks share with them."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.networks.excitation import Excitation
from mapgan.networks.he_init import SLOPE, he_init
from mapgan.networks.noise import Noise, NoiseCrops
from mapgan.networks.norms import norm
from mapgan.networks.resampling import upsample2x, wrap
from mapgan.networks.residual import Residual
from mapgan.params.networks import DcganModern

STYLE_INIT = 0.3  # initial scale of style modulation
OUTPUT_INIT = 0.03  # standard deviation of the last weights: images start near grey, where tanh is steep


class Upsample(nn.Module):
    """`[B, in_channels, h, w]` to `[B, out_channels, 2h, 2w]`: 1x1 convolution, upsampling, 3x3 convolution.

    Then noise, normalization, style modulation by the latent, LeakyReLU, and excitation by features of a lower
    resolution with `low_channels` channels. Without normalization, colours take many times longer to converge. It is
    per pixel by default: with statistics of the whole image, the contrast of a line depends on the area around it.
    """

    def __init__(self, in_channels: int, out_channels: int, low_channels: int | None, settings: DcganModern) -> None:
        super().__init__()
        self.circular, self.mode = settings.latent_kind == "spatial", settings.upsample
        self.conv1x1 = he_init(nn.Conv2d(in_channels, out_channels, 1), gain=1.0)
        self.conv = he_init(nn.Conv2d(out_channels, out_channels, 3, padding=0 if self.circular else 1))
        self.add_noise = Noise(out_channels, settings.noise) if settings.noise else None
        [self.norm] = norm(settings.norm, out_channels)
        self.style = Style(settings.latent, out_channels) if settings.latent_kind == "constant" else None
        self.excitation = Excitation(low_channels, out_channels) if low_channels else None
        self.from_labels: nn.Conv2d | None = None  # set in the block whose input has a pixel per square

    def upsample(
        self,
        x: Tensor,
        noise: NoiseCrops | None = None,
        style: Tensor | None = None,
        low_res: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> Tensor:
        """Upsample `x`, up to and including the excitation."""
        if self.from_labels is not None and labels is not None:
            x = x + self.from_labels(labels)
        x = self.conv1x1(x)
        # cropping after the convolution is faster than before it, as its input stays contiguous
        x = upsample2x(wrap(x) if self.circular else x, self.mode)
        x = self.conv(x)[:, :, 1:-1, 1:-1] if self.circular else self.conv(x)
        if self.add_noise is not None and noise is not None:
            x = self.add_noise(x, *noise)
        x = self.norm(x)
        if self.style is not None and style is not None:
            x = self.style(x, style)
        x = F.leaky_relu(x, SLOPE)
        return self.excitation(x, low_res) if self.excitation is not None and low_res is not None else x


class UpBlock(Upsample):
    """`[B, in_channels, h, w]` to `[B, out_channels, 2h, 2w]`, with a residual at the higher resolution."""

    def __init__(self, in_channels: int, out_channels: int, low_channels: int | None, settings: DcganModern) -> None:
        super().__init__(in_channels, out_channels, low_channels, settings)
        count = settings.convolutions - 1
        self.residual = Residual(out_channels, count, self.circular) if count else None

    def forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        x = self.upsample(x, **kwargs)
        return x if self.residual is None else x + self.residual(x)


class ToRGB(Upsample):
    """`[B, in_channels, h, w]` to `[B, 3, 2h, 2w]`, before tanh, with few channels at full resolution."""

    def __init__(self, in_channels: int, low_channels: int | None, settings: DcganModern) -> None:
        super().__init__(in_channels, settings.last_channels, low_channels, settings)
        self.to_rgb = to_colors(nn.Conv2d(settings.last_channels, 3, 3, padding=0 if self.circular else 1))

    def forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        x = self.upsample(x, **kwargs)
        colors: Tensor = self.to_rgb(wrap(x) if self.circular else x)
        return colors


def to_colors(layer: nn.Conv2d) -> nn.Conv2d:
    """Initialize `layer`, whose output are colours."""
    nn.init.normal_(layer.weight, 0.0, OUTPUT_INIT)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


class Style(nn.Module):
    """`[B, channels, h, w]` with each channel scaled and shifted by an affine function of the latent `[B, latent]`.

    Adaptive instance normalization (Karras et al. 2019, arXiv:1812.04948, section 2), without a mapping network.
    """

    def __init__(self, latent: int, channels: int) -> None:
        super().__init__()
        self.affine = he_init(nn.Linear(latent, 2 * channels), STYLE_INIT, gain=1.0)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale, shift = self.affine(style)[:, :, None, None].to(x.dtype).chunk(2, dim=1)
        result: Tensor = x * (1 + scale) + shift
        return result
