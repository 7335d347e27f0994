"""What a visitor can do: each takes the visit, what the event brings from the browser, and values of controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from mapgan import rng
from mapgan.errors import MapganError
from mapgan.explore import plans, visit
from mapgan.explore.atelier import Atelier
from mapgan.explore.favourites import Favourite, Favourites
from mapgan.explore.generators import OpenGenerator
from mapgan.explore.scene import Scene
from mapgan.explore.visit import Visit

T = TypeVar("T")
Data = Mapping[str, Any]
Action = Callable[..., Visit]


@dataclass(frozen=True)
class Actions:
    """The actions of a page; all raise MapganError for what cannot be done, and pydantic's for values out of range."""

    atelier: Atelier
    favourites: Favourites

    def first(self) -> Visit:
        """What a visitor sees first: a map of the first generator that can be opened."""
        for name in self.atelier.generators.names:
            try:
                return Visit(visit.with_generator(Scene(generator=name), self.atelier.open(name)))
            except MapganError:
                continue
        raise MapganError("no generator can be opened")  # those that come with mapgan can

    def choose(self, v: Visit, _: Data, name: str) -> Visit:
        """Another generator."""
        return v.go(visit.with_generator(v.scene, self.atelier.open(name)))

    def seed(self, v: Visit, _: Data, seed: float | None) -> Visit:
        """The map of a seed."""
        return v.go(visit.with_seed(v.scene, seed))

    def new_seed(self, v: Visit, _: Data) -> Visit:
        """The map of a seed that has not been seen yet."""
        seed = rng.key(len(v.past), v.scene.model_dump_json(), 0, 0, bits=20)
        return v.go(visit.with_seed(v.scene, seed))

    def label(self, v: Visit, _: Data, label: str) -> Visit:
        """A label for the whole map."""
        return v.go(v.scene.changed(label=label))

    def size(self, v: Visit, _: Data, columns: float | None, rows: float | None, seamless: bool) -> Visit:
        """Another size, or seamless."""
        return v.go(visit.with_size(v.scene, self._opened(v), columns, rows, seamless))

    def truncation(self, v: Visit, _: Data, truncation: float) -> Visit:
        """Towards the mean latent."""
        return v.go(v.scene.changed(truncation=truncation), "truncation")

    def steer(self, v: Visit, _: Data, *steps: float) -> Visit:
        """In the directions of SeFa."""
        return v.go(v.scene.changed(directions=[round(float(step), 3) for step in steps]), "directions")

    def paint(self, v: Visit, data: Data) -> Visit:
        """A stroke of the brush."""
        painted = v.go(visit.with_plan(v.scene, self._opened(v), data.get("plan")))
        stroke = data.get("stroke")
        return replace(painted, stroke=stroke if type(stroke) is int else v.stroke)

    def blank(self, v: Visit, _: Data) -> Visit:
        """A blank plan."""
        opened = self._opened(v)
        return v.go(visit.with_plan(v.scene, opened, plans.blank_plan(opened, v.scene.columns, v.scene.rows)))

    def unpaint(self, v: Visit, _: Data) -> Visit:
        """The plan is the generator's again."""
        return v.go(v.scene.changed(plan=[]))

    def read_plan(self, v: Visit, _: Data, path: str | None) -> Visit:
        """A plan from an image."""
        if path is None:
            return v
        return v.go(visit.with_plan_of(v.scene, plans.plan_of_image(Path(path), self._opened(v))))

    def reroll(self, v: Visit, data: Data) -> Visit:
        """The marked squares, drawn anew."""
        marks = data.get("marks")
        return v.go(visit.rerolled(v.scene, self.atelier, marks if isinstance(marks, list) else []))

    def walk(self, v: Visit, _: Data, one: float | None, other: float | None, way: float) -> Visit:
        """Between two seeds."""
        return v.go(visit.on_the_way(v.scene, one, other, way), "walk")

    def step_to(self, v: Visit, data: Data) -> Visit:
        """To one of the neighbours that are shown."""
        return v.go(_card(dict(enumerate(v.near)), data.get("key")))

    def back(self, v: Visit, _: Data) -> Visit:
        """To the scene before."""
        return v.back()

    def restore(self, v: Visit, data: Data) -> Visit:
        """To a favourite."""
        favourite = self.favourite(data)
        if self.atelier.open(favourite.scene.generator).trained.digest != favourite.digest:
            raise MapganError(f"{favourite.scene.generator}: is not the generator that this map was kept of")
        return v.go(favourite.scene)

    def favourite(self, data: Data) -> Favourite:
        """The favourite that was clicked on."""
        return _card({one.key: one for one in self.favourites.all()}, data.get("key"))

    def _opened(self, v: Visit) -> OpenGenerator:
        return self.atelier.open(v.scene.generator)


def _card(cards: Mapping[Any, T], key: object) -> T:
    """The card that was clicked on, by its key as text."""
    for known, card in cards.items():
        if str(known) == key:
            return card
    raise MapganError("this card is gone", "reload the page")
