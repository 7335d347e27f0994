"""Settings of the networks, one section each. `mapgan.networks` builds what they describe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mapgan.params.section import Count, Section

NetworkName = Literal["dcgan", "dcgan-modern"]


class Dcgan(Section):
    """The classic: Radford, Metz and Chintala 2015, 'Unsupervised Representation Learning with DCGANs'."""

    latent: Count = 100
    """numbers in the latent z"""

    generator_maps: Count = 64
    """feature maps of the generator's last hidden layer (it doubles towards the start)"""

    discriminator_maps: Count = 64
    """feature maps of the discriminator's first layer (it doubles towards the end)"""

    max_maps: Count = 512
    """feature maps of any layer at most"""


class DcganModern(Section):
    """For maps: residual blocks, low-pass resizing, no statistics over the batch."""

    latent: Count = 128
    """numbers in the latent z"""

    generator_maps: Count = 32
    """feature maps of the generator at half of the full size (it doubles towards the start)"""

    discriminator_maps: Count = 32
    """feature maps of the discriminator at half of the full size (it doubles towards the end)"""

    max_maps: Count = 256
    """feature maps of any layer at most"""

    last_maps: Count = 16
    """feature maps of the generator at full size, where they cost the most memory"""

    convolutions: Annotated[int, Field(ge=1, le=4)] = 1
    """3x3 convolutions in each residual block"""

    noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """strength at the start of the noise that the generator makes texture of: 0.1 for painted maps, 0 (none) for
    clean drawings"""


class Networks(Section):
    """The settings of each network; only the section of the chosen one is used."""

    dcgan: Dcgan = Dcgan()
    dcgan_modern: DcganModern = Field(default=DcganModern(), alias="dcgan-modern")

    def of(self, name: NetworkName) -> Dcgan | DcganModern:
        """The settings of the network called `name`."""
        sections: dict[str, Dcgan | DcganModern] = {"dcgan": self.dcgan, "dcgan-modern": self.dcgan_modern}
        return sections[name]
