"""What a user can do: each takes the session, what the event brings from the browser, and values of controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from mapgan import rng
from mapgan.errors import MapganError
from mapgan.explore import edits, plans
from mapgan.explore.favourites import Favourite, Favourites
from mapgan.explore.generators import OpenGenerator
from mapgan.explore.scene import Scene
from mapgan.explore.scene_renderer import SceneRenderer
from mapgan.explore.session import Session

T = TypeVar("T")
Data = Mapping[str, Any]
Action = Callable[..., Session]


@dataclass(frozen=True)
class Actions:
    """The actions of a page; all raise MapganError for what cannot be done, and pydantic's for values out of range."""

    renderer: SceneRenderer
    favourites: Favourites

    def start(self, session: Session | None, _: Data) -> Session:
        """What a user sees first: a map of the first generator that can be opened."""
        if session is not None:
            return session
        for name in self.renderer.generators.names:
            try:
                return Session(edits.with_generator(Scene(generator=name), self.renderer.open(name)))
            except MapganError:
                continue
        raise MapganError("no generator can be opened")  # those that come with mapgan can

    def choose(self, session: Session, _: Data, name: str) -> Session:
        """Another generator."""
        return session.go(edits.with_generator(session.scene, self.renderer.open(name)))

    def seed(self, session: Session, _: Data, seed: float | None) -> Session:
        """The map of a seed."""
        return session.go(edits.with_seed(session.scene, seed))

    def new_seed(self, session: Session, _: Data) -> Session:
        """The map of a seed that has not been seen yet."""
        seed = rng.key(session.changes, session.scene.model_dump_json(), 0, 0, bits=20)
        return session.go(edits.with_seed(session.scene, seed))

    def label(self, session: Session, _: Data, label: str) -> Session:
        """A label for the whole map."""
        return session.go(session.scene.changed(label=label))

    def size(self, session: Session, _: Data, columns: float | None, rows: float | None, seamless: bool) -> Session:
        """Another size, or seamless."""
        return session.go(edits.with_size(session.scene, self._opened(session), columns, rows, seamless))

    def truncation(self, session: Session, _: Data, truncation: float) -> Session:
        """Towards the mean latent."""
        return session.go(session.scene.changed(truncation=truncation), "truncation")

    def steer(self, session: Session, _: Data, *steps: float) -> Session:
        """In the directions of SeFa."""
        return session.go(session.scene.changed(directions=[round(float(step), 3) for step in steps]), "directions")

    def paint(self, session: Session, data: Data) -> Session:
        """A stroke of the brush."""
        painted = session.go(edits.with_plan(session.scene, self._opened(session), data.get("plan")))
        stroke = data.get("stroke")
        return replace(painted, stroke=stroke if type(stroke) is int else session.stroke)

    def blank(self, session: Session, _: Data) -> Session:
        """A blank plan."""
        opened = self._opened(session)
        return session.go(
            edits.with_plan(session.scene, opened, plans.blank_plan(opened, session.scene.columns, session.scene.rows))
        )

    def unpaint(self, session: Session, _: Data) -> Session:
        """The plan is the generator's again."""
        return session.go(session.scene.changed(plan=[]))

    def read_plan(self, session: Session, _: Data, path: str | None) -> Session:
        """A plan from an image."""
        if path is None:
            return session
        return session.go(edits.with_plan_of(session.scene, plans.plan_of_image(Path(path), self._opened(session))))

    def reroll(self, session: Session, data: Data) -> Session:
        """The marked squares, drawn anew."""
        marks = data.get("marks")
        marks = marks if isinstance(marks, list) else []
        return session.go(edits.rerolled(session.scene, self.renderer, marks, session.changes))

    def walk(self, session: Session, _: Data, start: float | None, end: float | None, fraction: float) -> Session:
        """Between two seeds."""
        return session.go(edits.interpolated(session.scene, start, end, fraction), "walk")

    def step_to(self, session: Session, data: Data) -> Session:
        """To one of the neighbours that are shown."""
        return session.go(_clicked(dict(enumerate(session.near)), data.get("key")))

    def back(self, session: Session, _: Data) -> Session:
        """To the scene before."""
        return session.back()

    def restore(self, session: Session, data: Data) -> Session:
        """To a favourite."""
        favourite = self.favourite(data)
        if self.renderer.open(favourite.scene.generator).trained.digest != favourite.digest:
            raise MapganError(f"{favourite.scene.generator}: is not the generator that this map was kept of")
        return session.go(favourite.scene)

    def favourite(self, data: Data) -> Favourite:
        """The favourite that was clicked on."""
        return _clicked({one.key: one for one in self.favourites.all()}, data.get("key"))

    def _opened(self, session: Session) -> OpenGenerator:
        return self.renderer.open(session.scene.generator)


def _clicked(shown: Mapping[Any, T], key: object) -> T:
    """What was clicked on, by its key as text."""
    for known, item in shown.items():
        if str(known) == key:
            return item
    raise MapganError("this is gone", "reload the page")
