"""Draws scenes, one at a time, whoever asks for them."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from mapgan.errors import MapganError
from mapgan.explore.generators import Generators, OpenGenerator
from mapgan.explore.scene import Scene
from mapgan.memory.budget import device_budget, gib
from mapgan.networks import spatial_generator
from mapgan.params import Machine
from mapgan.sampling.large import WINDOW
from mapgan.sampling.layout import Layout
from mapgan.sampling.map_size import in_pixels
from mapgan.sampling.memory_needed import memory_needed
from mapgan.sampling.recipe import Cell, Recipe
from mapgan.sampling.render import Renderer

KEPT = 32_000_000  # pixels of maps that are kept, as each is asked for again when it is downloaded
Progress = Callable[[float], None]


@dataclass(frozen=True)
class RenderedMap:
    """A map.

    Args:
        image: RGB.
        recipe: from which `mapgan sample --like` draws it again.
        plan: number of each square's label; empty if it has none.
    """

    image: Image.Image
    recipe: Recipe
    plan: list[list[int]]


class SceneRenderer:
    """Draws scenes of `generators` on the device of `machine`.

    Two scenes never share a network: it is resized for each, so the second one waits.
    """

    def __init__(self, generators: Generators, machine: Machine, device: torch.device) -> None:
        self.generators, self.device = generators, device
        self.budget = device_budget(machine, device)
        self._lock = threading.RLock()
        self._drawn: OrderedDict[str, RenderedMap] = OrderedDict()
        self._needed: dict[tuple[str, int, int], int] = {}
        self._last_layout: tuple[str, Layout] | None = None

    def open(self, name: str) -> OpenGenerator:
        """The generator called `name`.

        Raises:
            MapganError: there is none, or its file is damaged.
        """
        with self._lock:
            return self.generators.open(name, str(self.device))

    def draw(self, scene: Scene, progress: Progress = lambda _: None) -> RenderedMap:
        """Draw a scene, or find it among the last ones.

        Args:
            scene: the scene.
            progress: is told which fraction is done, where it takes long.

        Raises:
            MapganError: its generator cannot draw it, or not in this computer's memory.
        """
        key = scene.model_dump_json()
        with self._lock:
            if key not in self._drawn:
                self._drawn[key] = self._draw(scene, progress)
                while len(self._drawn) > 1 and sum(map(_pixels, self._drawn.values())) > KEPT:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(key)
            return self._drawn[key]

    def plan(self, scene: Scene) -> list[list[int]]:
        """The plan that a layout draws for a scene; empty if none does.

        Raises:
            MapganError: the map would be too large.
        """
        with self._lock:
            opened = self.open(scene.generator)
            layout = self._layout(opened, scene)
            return layout.plan(_expression(scene, layout.renderer, layout.square, directed=True)) if layout else []

    def _draw(self, scene: Scene, progress: Progress) -> RenderedMap:
        opened = self.open(scene.generator)
        recipe = self._recipe(opened, scene)
        self._check_memory(opened, recipe)
        plan = scene.plan or self.plan(scene)
        renderer = Renderer(opened.trained, recipe)
        text = _expression(scene, renderer, opened.square, directed=not self._plans(opened, scene))
        cell = Cell(latent=text, plan=plan, label="" if plan else self._label(opened, scene))
        recipe = recipe.single(cell)
        with _counted(opened, recipe, progress):
            return RenderedMap(Image.fromarray(renderer.image(cell)), recipe, plan)

    def _recipe(self, opened: OpenGenerator, scene: Scene) -> Recipe:
        about = opened.trained.about
        size = about.width, about.height
        if opened.spatial:
            size = in_pixels((scene.columns, scene.rows), opened.square, "size")
        return Recipe(
            generator=opened.trained.digest,
            width=size[0],
            height=size[1],
            seamless=scene.seamless,
            truncation=scene.truncation,
            label_names=about.labels if about.label_square else [],
            cells=[Cell(latent="zero")],
        )

    def _label(self, opened: OpenGenerator, scene: Scene) -> str:
        """The label of the whole map, where images have one: that of the scene, or the first."""
        if opened.leaves_open or not opened.labels:
            return ""
        return scene.label if scene.label in opened.labels else opened.labels[0]

    def _plans(self, opened: OpenGenerator, scene: Scene) -> bool:
        """Whether a layout draws the plan."""
        return opened.layout is not None and not scene.plan

    def _layout(self, opened: OpenGenerator, scene: Scene) -> Layout | None:
        """What draws its plan, if anything does; the last one stays open, as the next scene is mostly of its size."""
        if not self._plans(opened, scene) or opened.layout is None:
            return None
        recipe = self._recipe(opened, scene)
        key = recipe.model_dump_json()
        if self._last_layout is None or self._last_layout[0] != key:
            self._last_layout = key, Layout(opened.layout, opened.trained, recipe)
        return self._last_layout[1]

    def _check_memory(self, opened: OpenGenerator, recipe: Recipe) -> None:
        key = recipe.generator, recipe.width, recipe.height
        if key not in self._needed:  # a fifth of a second
            self._needed[key] = memory_needed(opened.trained, recipe.width, recipe.height)
        needed = self._needed[key]
        if needed > self.budget:
            raise MapganError(
                f"{recipe.width} x {recipe.height} pixels take {gib(needed)} of memory, and {gib(self.budget)} may be "
                "taken here",
                "choose a smaller map",
            )


def _expression(scene: Scene, renderer: Renderer, square: float, directed: bool) -> str:
    inner = spatial_generator(renderer.network)
    sites_per_square = square / inner.cell if inner else 1.0
    return scene.expression(renderer.latents.shape, sites_per_square, directed)


def _pixels(drawn: RenderedMap) -> int:
    return drawn.image.width * drawn.image.height


@contextlib.contextmanager
def _counted(opened: OpenGenerator, recipe: Recipe, progress: Progress) -> Iterator[None]:
    """Within the block, `progress` is told how many windows of the map have been begun."""
    inner = spatial_generator(opened.trained.network)
    if inner is None or inner.halo is None:
        yield
        return
    side = -(-WINDOW // inner.cell)
    total = -(-inner.grid[0] // side) * -(-inner.grid[1] // side)
    begun = 0

    def count(*_: Any) -> None:
        nonlocal begun
        progress(begun / total)
        begun += 1

    handle = inner.project.register_forward_pre_hook(count)
    try:
        yield
    finally:
        handle.remove()
