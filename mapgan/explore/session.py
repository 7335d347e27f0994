"""What a user of the page has in front of them, and how they came to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mapgan.errors import MapganError
from mapgan.explore.scene import Scene

REMEMBERED = 100  # scenes that one can go back to


@dataclass(frozen=True)
class Session:
    """A user's scene, and those before it.

    Args:
        scene: on the page now.
        past: earlier ones, the last one last.
        changes: how many were made; going back undoes none, so that after it a new map or a re-roll is yet another one.
        kind: of the last change; several of one kind in a row, such as of a slider that is dragged, are one step back.
        near: neighbours that are shown.
        page: of these.
        stroke: number of the last stroke of the brush that is in the scene.
    """

    scene: Scene
    past: tuple[Scene, ...] = ()
    changes: int = 0
    kind: str = ""
    near: tuple[Scene, ...] = ()
    page: int = 0
    stroke: int = 0

    def go(self, scene: Scene, kind: str = "") -> Session:
        """On to another scene."""
        if scene == self.scene:
            return self
        past = self.past if kind and kind == self.kind else (*self.past, self.scene)[-REMEMBERED:]
        return replace(self, scene=scene, past=past, kind=kind, changes=self.changes + 1)

    def back(self) -> Session:
        """Back to the scene before.

        Raises:
            MapganError: there is none.
        """
        if not self.past:
            raise MapganError("there is nothing to go back to")
        return replace(self, scene=self.past[-1], past=self.past[:-1], kind="")


def known(session: Session | None) -> Session:
    """The session of a page, which is lost when the server is started again while the page is open.

    Raises:
        MapganError: it is lost.
    """
    if session is None:
        raise MapganError("mapgan explore was started again since this page was opened", "reload the page")
    return session
