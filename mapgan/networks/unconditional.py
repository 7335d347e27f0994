"""The network inside of one that is conditioned on labels."""

from __future__ import annotations

from torch import nn

from mapgan.networks import conditional, label_maps


def unconditional(network: nn.Module) -> nn.Module:
    """The network that `network` conditions on labels, or itself if it knows none."""
    wrapped = conditional.Generator | conditional.Discriminator | label_maps.Generator | label_maps.Discriminator
    return network.inner if isinstance(network, wrapped) else network
