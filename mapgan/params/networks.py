"""Settings of the networks, one section each (see `mapgan.networks`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mapgan.params.section import Count, Section

NetworkName = Literal["mlp", "dcgan", "mapmaker", "dcgan-modern"]
NormName = Literal["batch", "group", "instance", "pixel", "none"]
ActivationName = Literal["relu", "leaky-relu", "elu", "silu", "gelu"]
DropoutRate = Annotated[float, Field(ge=0, lt=1)]


class Mlp(Section):
    """Fully connected, for digits: the first GANs (Goodfellow et al. 2014, 'Generative Adversarial Nets')."""

    latent: Count = 100
    """size of the latent"""

    generator_units: Count = 256
    """units of the generator's first layer, doubled in each layer"""

    discriminator_units: Count = 1024
    """units of the discriminator's first layer, halved in each layer"""

    layers: Annotated[int, Field(ge=1, le=6)] = 3
    """hidden layers of each network"""

    generator_dropout: DropoutRate = 0.0
    """dropout probability of the generator's units"""

    discriminator_dropout: DropoutRate = 0.3
    """dropout probability of the discriminator's units"""


class Dcgan(Section):
    """The classic: Radford, Metz and Chintala 2015, 'Unsupervised Representation Learning with DCGANs'."""

    latent: Count = 100
    """size of the latent"""

    generator_channels: Count = 64
    """channels of the generator's last hidden layer (doubled in each block towards the input)"""

    discriminator_channels: Count = 64
    """channels of the discriminator's first layer (doubled in each block towards the output)"""

    max_channels: Count = 512
    """maximum number of channels of a layer"""

    kernel: Annotated[int, Field(ge=2, le=9)] = 4
    """kernel size: a multiple of the stride, or G has checkerboard artifacts"""

    stride: Annotated[int, Field(ge=2, le=4)] = 2
    """factor by which each layer changes the resolution"""

    generator_norm: NormName = "batch"
    """normalization: batch (see ghost_batch), group, instance, pixel, none"""

    discriminator_norm: NormName = "batch"
    """the same for the discriminator; not batch with a gradient penalty"""

    generator_activation: ActivationName = "relu"
    """relu, leaky-relu, elu, silu, gelu"""

    discriminator_activation: ActivationName = "leaky-relu"
    """relu, leaky-relu, elu, silu, gelu"""

    generator_dropout: DropoutRate = 0.0
    """dropout probability of the generator's channels"""

    discriminator_dropout: DropoutRate = 0.0
    """dropout probability of the discriminator's channels"""

    initialisation: Literal["normal", "default", "orthogonal"] = "normal"
    """weight initialization: normal (N(0, 0.02), as in the paper), default (PyTorch's own), orthogonal"""


class Mapmaker(Section):
    """The network of the first map maker: a large latent, a linear layer, two transposed convolutions with stride 4."""

    latent: Count = 1200
    """size of the latent; 3 x 20 x 20 originally"""

    generator_channels: Count = 16
    """channels of the generator's layers"""

    discriminator_channels: Count = 32
    """channels of the discriminator's first layer, doubled in each layer"""


class DcganModern(Section):
    """For maps: residual blocks, upsampling without weights, no batch normalization."""

    latent: Count = 128
    """size of the latent (of each site, if it is spatial)"""

    latent_kind: Literal["vector", "constant", "spatial"] = "spatial"
    """vector (the input of the generator), constant (a learned input, and the latent modulates each block), spatial (a
    latent at each of 4 x 4 or more sites: maps of any size, seamless, without a notion of borders)"""

    theme: Annotated[int, Field(ge=0)] = 0
    """size of the part of a spatial latent that all sites share, for sets with several looks: 16, for instance; with a
    single look (0) it would only make some maps fuller than others"""

    generator_channels: Count = 32
    """channels of the generator at half of the full size (doubled in each block towards the input)"""

    discriminator_channels: Count = 32
    """channels of the discriminator at half of the full size (doubled in each block towards the output)"""

    max_channels: Count = 256
    """maximum number of channels of a layer"""

    last_channels: Count = 16
    """channels of the generator at full resolution, where they need the most memory"""

    blocks: Literal["plain", "inverted"] = "plain"
    """plain (3x3 convolutions of all channels), inverted (R3GAN's: residuals that widen the channels twofold for a 3x3
    convolution in groups, without normalization; `norm` is for plain blocks)"""

    convolutions: Annotated[int, Field(ge=1, le=4)] = 1
    """3x3 convolutions per block; 2 in R3GAN"""

    upsample: Literal["nearest", "bilinear"] = "nearest"
    """upsampling in the generator: nearest (straight walls, texture early on), bilinear (smooth outlines)"""

    output_skips: bool = False
    """whether each block of the generator adds to the colours, not the last one alone: large areas and texture are
    learned at the same time"""

    norm: Literal["pixel", "group"] = "pixel"
    """normalization of the generator: pixel (channels of each pixel: flat areas and straight lines), group (groups of
    channels, over the whole image)"""

    noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """initial strength of the generator's noise inputs, for texture: 0.1 for painted maps, 0 (none) for clean
    drawings"""

    excitation: bool = False
    """skip-layer excitation in the generator, from 64 pixels up"""

    spectral_norm: bool = False
    """spectral normalization of the discriminator"""

    minibatch_std: bool = False
    """whether the discriminator sees how much the images of a micro-batch (see ghost_batch) differ, against collapse"""


NetworkSettings = Mlp | Dcgan | Mapmaker | DcganModern


class Networks(Section):
    """A section for each network; only that of `train.network` is used."""

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
