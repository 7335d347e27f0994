"""Settings of the networks, one section each. `mapgan.networks` builds what they describe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mapgan.params.section import Count, Section

NetworkName = Literal["mlp", "dcgan", "mapmaker", "dcgan-modern"]
NormName = Literal["batch", "group", "instance", "pixel", "none"]
ActivationName = Literal["relu", "leaky-relu", "elu", "silu", "gelu"]
Dropped = Annotated[float, Field(ge=0, lt=1)]


class Mlp(Section):
    """Fully connected, for digits: the first GANs (Goodfellow et al. 2014, 'Generative Adversarial Nets')."""

    latent: Count = 100
    """numbers in the latent z"""

    generator_units: Count = 256
    """units of the generator's first layer (they double from layer to layer)"""

    discriminator_units: Count = 1024
    """units of the discriminator's first layer (they halve from layer to layer)"""

    layers: Annotated[int, Field(ge=1, le=6)] = 3
    """hidden layers of each"""

    generator_dropout: Dropped = 0.0
    """share of the generator's units that is dropped at random"""

    discriminator_dropout: Dropped = 0.3
    """share of the discriminator's units that is dropped at random"""


class Dcgan(Section):
    """The classic: Radford, Metz and Chintala 2015, 'Unsupervised Representation Learning with DCGANs'."""

    latent: Count = 100
    """numbers in the latent z"""

    generator_channels: Count = 64
    """channels of the generator's last hidden layer (it duplicates towards the start)"""

    discriminator_channels: Count = 64
    """channels of the discriminator's first layer (it duplicates towards the end)"""

    max_channels: Count = 512
    """channels of any layer at most"""

    kernel: Annotated[int, Field(ge=2, le=9)] = 4
    """pixels along a side of each convolution: a multiple of the stride, or G draws checkerboards"""

    stride: Annotated[int, Field(ge=2, le=4)] = 2
    """how many times larger or smaller each layer makes the image"""

    generator_norm: NormName = "batch"
    """batch (over the micro-batch: see ghost_batch), group, instance, pixel (each within an image), none"""

    discriminator_norm: NormName = "batch"
    """the same for the discriminator; a gradient penalty wants anything but batch"""

    generator_activation: ActivationName = "relu"
    """relu, leaky-relu, elu, silu, gelu"""

    discriminator_activation: ActivationName = "leaky-relu"
    """relu, leaky-relu, elu, silu, gelu"""

    generator_dropout: Dropped = 0.0
    """share of the generator's channels that is dropped at random"""

    discriminator_dropout: Dropped = 0.0
    """share of the discriminator's channels that is dropped at random"""

    initialisation: Literal["normal", "default", "orthogonal"] = "normal"
    """normal (the paper's N(0, 0.02)), default (torch's own), orthogonal"""


class Mapmaker(Section):
    """The first map maker's: a wide latent, one linear layer, large strides past the size and one step back."""

    latent: Count = 1200
    """numbers in the latent z; 3 x 20 x 20 at first"""

    generator_channels: Count = 16
    """channels of the generator's layers"""

    discriminator_channels: Count = 32
    """channels of the discriminator's first layer (they double towards the end)"""


class DcganModern(Section):
    """For maps: residual blocks, low-pass resizing, no statistics over the batch."""

    latent: Count = 128
    """numbers in the latent z (at each place of it, if it is spatial)"""

    latent_kind: Literal["vector", "constant", "spatial"] = "vector"
    """vector (the generator starts from it), constant (it starts from what it learns, and the latent styles each
    block), spatial (a latent at each place: maps of any size, seamless, and without borders of their own)"""

    generator_channels: Count = 32
    """channels of the generator at half of the full size (it duplicates towards the start)"""

    discriminator_channels: Count = 32
    """channels of the discriminator at half of the full size (it duplicates towards the end)"""

    max_channels: Count = 256
    """channels of any layer at most"""

    last_channels: Count = 16
    """channels of the generator at full size, where they cost the most memory"""

    convolutions: Annotated[int, Field(ge=1, le=4)] = 1
    """3x3 convolutions in each residual block"""

    norm: Literal["pixel", "group"] = "pixel"
    """normalisation in the generator: pixel (each pixel's channels: grounds stay flat, and lines straight), group
    (groups of channels, over the whole image)"""

    noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """strength at the start of the noise that the generator makes texture of: 0.1 for painted maps, 0 (none) for
    clean drawings"""

    excitation: bool = False
    """let the generator's small stages decide how strong channels of the large ones are (from 64 pixels up)"""

    spectral_norm: bool = False
    """divide the discriminator's weights by their largest singular values"""


NetworkSettings = Mlp | Dcgan | Mapmaker | DcganModern


class Networks(Section):
    """The settings of each network; only the section of the chosen one is used."""

    mlp: Mlp = Mlp()
    dcgan: Dcgan = Dcgan()
    mapmaker: Mapmaker = Mapmaker()
    dcgan_modern: DcganModern = Field(default=DcganModern(), alias="dcgan-modern")

    def of(self, name: NetworkName) -> NetworkSettings:
        """The settings of the network called `name`."""
        sections: dict[NetworkName, NetworkSettings] = {
            "mlp": self.mlp,
            "dcgan": self.dcgan,
            "mapmaker": self.mapmaker,
            "dcgan-modern": self.dcgan_modern,
        }
        return sections[name]
