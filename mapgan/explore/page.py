"""The page's events: an action changes the session, its scene is drawn, and the controls show it."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import ValidationError

from mapgan.errors import MapganError
from mapgan.explore import view
from mapgan.explore.actions import Action, Actions
from mapgan.explore.controls import NEAR_BY, Controls
from mapgan.explore.directions import direction_names
from mapgan.explore.downloads import write_download
from mapgan.explore.favourites import Favourites, thumbnail
from mapgan.explore.generators import OpenGenerator
from mapgan.explore.neighbours import near_directions, near_seeds
from mapgan.explore.scene_renderer import RenderedMap, SceneRenderer
from mapgan.explore.session import Session, known

QUICK = 0.05  # seconds in which no map is drawn: it was there already
TITLE = "mapgan explore"
NOTHING_KEPT = "Nothing is kept yet: ♥ Keep, under the map, keeps it here."
SAVE = "() => setTimeout(() => document.querySelector('#file').click(), 400)"  # when the button has its file
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_id": "renderer", "concurrency_limit": 1, "api_visibility": "private"}
Out = list[Any]


def build(renderer: SceneRenderer, favourites: Favourites, folder: Path) -> gr.Blocks:
    """The page; what is downloaded lies in `folder`."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as blocks:
        Page(renderer, favourites, folder).connect(blocks)
    return blocks


class Page:
    """A page: made and connected within `gr.Blocks`."""

    def __init__(self, renderer: SceneRenderer, favourites: Favourites, folder: Path) -> None:
        self.renderer, self.favourites, self.folder = renderer, favourites, folder
        self.actions = Actions(renderer, favourites)
        self.controls = Controls(renderer.generators.names)
        self._names: dict[str, list[str]] = {}

    def connect(self, blocks: gr.Blocks) -> None:
        """Say what happens when."""
        c, do = self.controls, self.actions
        self._on(blocks.load, do.start)
        blocks.load(self._favourites, None, c.favourites, show_progress="hidden", api_visibility="private")
        self._on(c.generator.input, do.choose, c.generator)
        self._on(c.seed.submit, do.seed, c.seed)
        self._on(c.new_seed.click, do.new_seed)
        self._on(c.label.input, do.label, c.label)
        for event in (c.columns.submit, c.rows.submit, c.seamless.input, c.resize.click):
            self._on(event, do.size, c.columns, c.rows, c.seamless)
        self._on(c.truncation.input, do.truncation, c.truncation, whole=False)
        for slider in c.directions:
            self._on(slider.input, do.steer, *c.directions, whole=False)
        self._on(c.map.paint, do.paint)
        self._on(c.map.reroll, do.reroll)
        self._on(c.blank.click, do.blank)
        self._on(c.unpaint.click, do.unpaint)
        self._on(c.upload.upload, do.read_plan, c.upload)
        self._on(c.fraction.input, do.walk, c.from_seed, c.to_seed, c.fraction, whole=False)
        self._on(c.back.click, do.back)
        self._on(c.favourites.pick, do.restore)
        around = {"inputs": [c.session, c.near_by, c.near_step], "outputs": [c.session, c.near, c.status]}
        c.show_neighbours.click(self._show_neighbours, **around, show_progress="hidden", **ONE_AT_A_TIME)
        stepped = self._on(c.near.pick, do.step_to)
        stepped.then(self._show_neighbours, **around, show_progress="hidden", **ONE_AT_A_TIME)
        c.keep.click(self._keep, c.session, [c.favourites, c.status], show_progress="hidden", **ONE_AT_A_TIME)
        c.favourites.remove(self._remove, None, [c.favourites, c.status], show_progress="hidden", **ONE_AT_A_TIME)
        for name, button in c.downloads.items():
            saved = button.click(
                self._downloader(name),
                [c.session, c.grid],
                [c.file, c.status],
                show_progress_on=c.status,
                **ONE_AT_A_TIME,
            )
            saved.success(None, None, None, js=SAVE)

    def _on(self, event: Any, action: Action, *inputs: Any, whole: bool = True) -> Any:
        """Do `action` at an event; if not `whole`, the controls are left as they are, as one of them is in use."""
        c = self.controls
        outputs = [c.session, c.map, c.status, *(c.scene if whole else [])]

        def run(session: Session | None, event: gr.EventData, progress: Any = gr.Progress(), *values: Any) -> Out:  # noqa: B008
            start = time.perf_counter()
            unchanged = [gr.skip()] * (len(outputs) - 3)
            try:
                new = action(session if action == self.actions.start else known(session), _data(event), *values)
                opened = self._opened(new)
                drawn = self.renderer.draw(new.scene, lambda fraction: _show(progress, fraction))
                text = view.status_line(_describe(opened, drawn, time.perf_counter() - start))
                shown = self._controls(new, opened) if whole else unchanged
                return [new, view.map_value(new, opened, drawn), text, *shown]
            except Exception as error:
                shown = self._controls(session, self._opened(session)) if session and whole else unchanged
                return [gr.skip(), gr.skip(), view.status_line(_error_text(error), "error"), *shown]

        return event(
            run,
            [c.session, *inputs],
            outputs,
            show_progress_on=c.status,
            show_progress="full" if whole else "hidden",
            trigger_mode="always_last",
            **ONE_AT_A_TIME,
        )

    def _opened(self, session: Session) -> OpenGenerator:
        return self.renderer.open(session.scene.generator)

    def _controls(self, session: Session, opened: OpenGenerator) -> Out:
        """What the controls show of a scene, in the order of `Controls.scene`."""
        scene, whole_labels = session.scene, bool(opened.labels) and not opened.leaves_open
        key = f"{scene.generator} {bool(scene.plan)}"
        if key not in self._names:
            self._names[key] = direction_names(self.renderer, scene)
        names = self._names[key]
        return [
            scene.generator,
            gr.update(value=int(scene.latent) if scene.latent.isdecimal() else None),
            gr.update(choices=opened.labels, value=scene.label or None, visible=whole_labels),
            gr.update(value=scene.columns, interactive=opened.spatial),
            gr.update(value=scene.rows, interactive=opened.spatial),
            gr.update(value=scene.seamless, interactive=opened.spatial),
            scene.truncation,
            *(gr.update(label=name, value=step) for name, step in zip(names, scene.directions, strict=True)),
            view.palette(opened),
            gr.update(interactive=bool(scene.plan)),
            gr.update(interactive=opened.paints),
            gr.update(interactive=opened.paints),
        ]

    def _show_neighbours(self, session: Session | None, by: str, step: float) -> Iterator[Out]:
        """Show the neighbours, each as soon as it is drawn."""
        try:
            session = known(session)
            scene, page = session.scene, session.page
            near = near_directions(scene, step) if by == NEAR_BY[1] else near_seeds(scene, step, page)
            session = replace(session, near=tuple(near.values()), page=page + 1)
            items = [(str(number), "", caption) for number, caption in enumerate(near)]
            for number, neighbour in enumerate(session.near):
                yield self._neighbours(session, items, f"{number} of {len(near)} drawn")
                items[number] = str(number), thumbnail(self.renderer.draw(neighbour).image), items[number][2]
            yield self._neighbours(session, items, "click on a neighbour to go there")
        except Exception as error:
            yield [gr.skip(), gr.skip(), view.status_line(_error_text(error), "error")]

    def _neighbours(self, session: Session, items: list[view.Item], status: str) -> Out:
        return [session, view.gallery(items, removable=False, nothing=""), view.status_line(status)]

    def _favourites(self) -> str:
        try:
            kept = [(one.key, one.thumbnail, view.caption(one.scene)) for one in self.favourites.all()]
            return view.gallery(kept, removable=True, nothing=NOTHING_KEPT)
        except Exception as error:
            return view.status_line(_error_text(error), "error")

    def _keep(self, session: Session | None) -> Out:
        try:
            scene = known(session).scene
            drawn = self.renderer.draw(scene)
            new = self.favourites.add(scene, drawn.recipe.generator, drawn.image)
            text = f"kept in {self.favourites.path}" if new else "this map is kept already"
            return [self._favourites(), view.status_line(text)]
        except Exception as error:
            return [gr.skip(), view.status_line(_error_text(error), "error")]

    def _remove(self, event: gr.EventData) -> Out:
        try:
            self.favourites.remove(self.actions.favourite(_data(event)))
            return [self._favourites(), view.status_line("removed")]
        except Exception as error:
            return [self._favourites(), view.status_line(_error_text(error), "error")]

    def _downloader(self, kind: str) -> Callable[[Session | None, bool], Out]:
        def download(session: Session | None, grid: bool) -> Out:
            try:
                session = known(session)
                drawn, name = self.renderer.draw(session.scene), view.file_name(session.scene)
                square = self._opened(session).square
                path = write_download(kind.lower(), drawn, square, name, self.folder, grid)
            except Exception as error:
                text = _error_text(error)
                raise gr.Error(text, print_exception=False) from None
            return [str(path), view.status_line(f"{path.name} is saved by your browser")]

        return download


def _data(event: gr.EventData) -> dict[str, Any]:
    """What the browser sent with an event, if it has the form that our scripts give it."""
    return event._data if isinstance(event._data, dict) else {}


def _show(progress: Any, fraction: float) -> None:
    if 0 < fraction < 1:
        progress(fraction, desc="drawing")


def _describe(opened: OpenGenerator, drawn: RenderedMap, seconds: float) -> str:
    size = f"{drawn.image.width} {view.TIMES} {drawn.image.height} pixels, {opened.square:g} to a square"
    return size if seconds < QUICK else f"{size}, drawn in {seconds:.1f} s"


def _error_text(error: Exception) -> str:
    """An error as the line that a user sees; what is none of theirs goes to the terminal, too."""
    if isinstance(error, MapganError):
        return str(error)
    if isinstance(error, ValidationError):
        return f"not allowed: {error.errors()[0]['msg']}"
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    traceback.print_exception(error, file=sys.stderr)
    return "something broke; the terminal says what"
