"""The generators that can be chosen on the page, and what the page needs to know of one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import nn

from mapgan.errors import MapganError
from mapgan.models import model_file, model_names
from mapgan.networks import spatial_generator
from mapgan.networks.generator_file import About, load_generator
from mapgan.sampling.layout import layout_path
from mapgan.sampling.render import TrainedGenerator, open_generator

Color = tuple[int, int, int]
# for labels whose colour no layout says, distinct also for most who see colours differently (Okabe and Ito 2008)
COLORS = [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167)]


@dataclass(frozen=True)
class OpenGenerator:
    """A generator with its squares and labels.

    Args:
        name: on the page.
        trained: the generator.
    """

    name: str
    trained: TrainedGenerator

    @property
    def square(self) -> float:
        """Pixels per square; of a site of the latent where the grid is not known, or an eighth of a fixed size."""
        about = self.trained.about
        inner = spatial_generator(self.trained.network)
        return about.pixels_per_square or float(inner.cell if inner else min(about.width, about.height) / 8)

    @property
    def spatial(self) -> bool:
        """Whether maps can have any size."""
        return self.trained.spatial

    @property
    def labels(self) -> list[str]:
        """Names of its labels."""
        return self.trained.about.labels

    @property
    def paints(self) -> bool:
        """Whether it draws plans that are painted."""
        return self.spatial and bool(self.labels)

    @property
    def leaves_open(self) -> bool:
        """Whether squares of a plan may be left to it."""
        return self.trained.about.label_square > 0

    @property
    def layout(self) -> Path | None:
        """The file of what draws its plans, if there is one."""
        path = layout_path(self.trained.path)
        return path if self.leaves_open and path.is_file() else None

    @property
    def wraps_plans(self) -> bool:
        """Whether maps with a plan can be seamless."""
        return self.leaves_open

    @cached_property
    def seamless_step(self) -> int:
        """Squares of which each side of a seamless map is a multiple: whole sites, also of what draws its plan."""
        sites = [(spatial_generator(self.trained.network), self.square)]
        if self._layout_file:
            network, about = self._layout_file
            sites.append((spatial_generator(network), about.pixels_per_square))
        return math.lcm(*(max(1, round(inner.cell / square)) for inner, square in sites if inner))

    @cached_property
    def colors(self) -> list[Color]:
        """A colour for each label: those of the label images, if they are known."""
        known = self._layout_file[1].plan_colors if self._layout_file else {}
        found = (known.get(name, COLORS[number % len(COLORS)]) for number, name in enumerate(self.labels))
        return [(red, green, blue) for red, green, blue in found]

    @cached_property
    def _layout_file(self) -> tuple[nn.Module, About] | None:
        return load_generator(self.layout) if self.layout else None


class Generators:
    """Generators by name: those of `runs`, and those that come with mapgan.

    Args:
        runs: files of generators, by the names under which the page offers them.
    """

    def __init__(self, runs: dict[str, Path]) -> None:
        self.paths = runs | {name: model_file(name) for name in model_names() if name not in runs}
        self._open: dict[str, OpenGenerator] = {}

    @property
    def names(self) -> list[str]:
        """In the order in which they are offered."""
        return list(self.paths)

    def open(self, name: str, device: str = "cpu") -> OpenGenerator:
        """The generator called `name`, which stays open.

        Raises:
            MapganError: there is none of that name, or its file is damaged.
        """
        if name not in self.paths:
            raise MapganError(f"{name}: no such generator here", "name it on the command line of mapgan explore")
        if name not in self._open:
            self._open[name] = OpenGenerator(name, open_generator(self.paths[name], device))
        return self._open[name]
