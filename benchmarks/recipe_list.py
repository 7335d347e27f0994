"""The recipes to compare: a network, a loss and an augmentation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """A name, and settings as for `--set`."""

    name: str
    settings: list[str]


PAPER = ["train.generator_lr=0.0002", "train.discriminator_lr=0.0002", "train.beta1=0.5", "train.beta2=0.999"]
WEAK = ["train.penalty=0.02", "train.penalty_sigma=0.03"]
STRONG = ["train.penalty=0.2", "train.penalty_sigma=0.1"]
MODERN = "train.network=dcgan-modern"
# half the channels of the paper: the full width takes too long on a CPU
DCGAN = [
    "train.network=dcgan",
    "train.networks.dcgan.generator_channels=32",
    "train.networks.dcgan.discriminator_channels=32",
]
NETWORKS = {
    "dcgan-modern": [MODERN, *WEAK],
    "dcgan-modern, strong penalty": [MODERN, *STRONG],
    "dcgan-modern, group norm": [MODERN, "train.networks.dcgan-modern.norm=group", *STRONG],
    "dcgan": [*DCGAN, "train.penalty=0.0", *PAPER],
    # not batch norm in D, which works against a gradient penalty
    "dcgan, strong penalty": [*DCGAN, "train.networks.dcgan.discriminator_norm=group", *STRONG, *PAPER],
    "mapmaker": ["train.network=mapmaker", "train.penalty=0.0", *PAPER],
}
LOSSES = {
    "BCE": ["train.loss=non-saturating"],
    "hinge": ["train.loss=hinge"],
    "relativistic": ["train.loss=relativistic"],
}
AUGMENT = {
    "": ["train.augment=[]"],
    "DiffAugment": ["train.augment=[color, translation, cutout]"],
    "DiffAugment without colour": ["train.augment=[translation, cutout]"],
    "translation": ["train.augment=[translation]"],
}

DEMO = [
    ("dcgan-modern", "relativistic", "DiffAugment without colour"),
    ("dcgan-modern", "relativistic", "translation"),
    ("dcgan-modern, strong penalty", "relativistic", ""),
    ("dcgan-modern", "relativistic", "DiffAugment"),
    ("dcgan-modern", "BCE", ""),
    ("dcgan-modern", "hinge", ""),
    ("dcgan-modern", "relativistic", ""),
    ("dcgan-modern, group norm", "relativistic", ""),
    ("dcgan-modern, group norm", "hinge", ""),
    ("dcgan-modern, group norm", "BCE", ""),
    ("dcgan-modern, group norm", "relativistic", "DiffAugment"),
    ("dcgan", "BCE", ""),
    ("dcgan", "BCE", "DiffAugment"),
    ("dcgan, strong penalty", "relativistic", ""),
    ("mapmaker", "BCE", ""),
    ("mapmaker", "BCE", "DiffAugment"),
]
WESNOTH = [
    ("dcgan-modern", "relativistic", ""),
    ("dcgan-modern", "relativistic", "DiffAugment without colour"),
    ("dcgan", "BCE", ""),
    ("mapmaker", "BCE", ""),
    ("dcgan-modern, group norm", "relativistic", ""),
    ("dcgan-modern", "BCE", ""),
    ("dcgan-modern", "hinge", ""),
    ("dcgan", "BCE", "DiffAugment"),
]
# painted terrain needs noise for its texture, and with group norm a finite difference with a smaller step
NOISE = "train.networks.dcgan-modern.noise=0.1"
TERRAIN = {
    "dcgan-modern": [NOISE],
    "dcgan-modern, group norm": [NOISE, "train.penalty=0.3", "train.penalty_sigma=0.01"],
}


# what might be better than the defaults, one at a time; terrain is trained as the README says
BASE = {"wesnoth": [NOISE, "train.augment=[]", "train.rot90=false"]}
CANDIDATES = {
    "the defaults": [],
    "output skips": ["train.networks.dcgan-modern.output_skips=true"],
    "minibatch standard deviation": ["train.networks.dcgan-modern.minibatch_std=true"],
    "inverted blocks": ["train.networks.dcgan-modern.blocks=inverted"],
    "noise": [NOISE],
    "no noise": ["train.networks.dcgan-modern.noise=0"],
}


def recipes(name: str) -> list[Recipe]:
    """The recipes for the training set `name`: networks, losses and augmentations."""
    rows, extra = (WESNOTH, TERRAIN) if name == "wesnoth" else (DEMO, {})
    return [
        Recipe(
            ", ".join(part for part in (network, loss, augment) if part),
            [*NETWORKS[network], *extra.get(network, []), *LOSSES[loss], *AUGMENT[augment]],
        )
        for network, loss, augment in rows
    ]


def candidates(name: str) -> list[Recipe]:
    """The defaults for the training set `name`, and each candidate in their place."""
    base = BASE.get(name, [])
    useless = "noise" if NOISE in base else "no noise"
    return [Recipe(what, [*base, *settings]) for what, settings in CANDIDATES.items() if what != useless]
