"""The recipes that are held against each other: a network, a loss, an augmentation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """What to call it, and its settings as for `--set`."""

    name: str
    settings: list[str]


PAPER = ["train.generator_lr=0.0002", "train.discriminator_lr=0.0002", "train.beta1=0.5", "train.beta2=0.999"]
NETWORKS = {
    "dcgan-modern": ["train.network=dcgan-modern"],
    # half the paper's feature maps: at its full width the CPU's minutes would not do
    "dcgan": [
        "train.network=dcgan",
        "train.networks.dcgan.generator_maps=32",
        "train.networks.dcgan.discriminator_maps=32",
        *PAPER,
    ],
    "mapmaker": ["train.network=mapmaker", *PAPER],
}
LOSSES = {
    "BCE": ["train.loss=non-saturating"],
    "hinge": ["train.loss=hinge"],
    "relativistic": ["train.loss=relativistic"],
}
AUGMENT = {"": [], "DiffAugment": ["train.augment=[colour, translation, cut-out]"]}
# with the paper's BCE no penalty; else the slope of D is held down, which batch statistics in D would undo
CLASSIC = {"BCE": ["train.penalty=0.0"]}
WITH_PENALTY = ["train.networks.dcgan.discriminator_norm=group"]
# what painted terrain wants and clean drawings do not (README)
TERRAIN = ["train.networks.dcgan-modern.noise=0.1", "train.penalty=0.3", "train.penalty_sigma=0.01"]
SETS = {"wesnoth": TERRAIN}

ROWS = [
    ("dcgan-modern", "relativistic", ""),
    ("dcgan-modern", "hinge", ""),
    ("dcgan-modern", "BCE", ""),
    ("dcgan-modern", "relativistic", "DiffAugment"),
    ("dcgan", "BCE", ""),
    ("dcgan", "BCE", "DiffAugment"),
    ("dcgan", "relativistic", ""),
    ("mapmaker", "BCE", ""),
    ("mapmaker", "BCE", "DiffAugment"),
    ("mapmaker", "relativistic", ""),
]


def recipes(name: str) -> list[Recipe]:
    """The recipes for the set called `name`."""
    return [_recipe(network, loss, augment, SETS.get(name, [])) for network, loss, augment in ROWS]


def _recipe(network: str, loss: str, augment: str, more: list[str]) -> Recipe:
    classic = network != "dcgan-modern" and loss in CLASSIC
    penalty = CLASSIC[loss] if classic else WITH_PENALTY
    settings = [*NETWORKS[network], *LOSSES[loss], *more, *penalty, *AUGMENT[augment]]
    return Recipe(", ".join(word for word in (network, loss, augment) if word), settings)
