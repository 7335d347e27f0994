"""Favourites: scenes in a JSON file, each with a thumbnail, so that they are there again after a restart."""

from __future__ import annotations

import base64
import io
import threading
from pathlib import Path
from typing import Annotated, Literal

from PIL import Image
from pydantic import Field, ValidationError

from mapgan import files
from mapgan.errors import MapganError
from mapgan.explore.scene import Scene
from mapgan.params.section import Section

THUMBNAIL = 240  # pixels, the longer side
MOST = 500
DATA_URL = "data:image/webp;base64,"


class Favourite(Section):
    """A scene that was kept."""

    scene: Scene
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the generator's file"""

    thumbnail: Annotated[str, Field(pattern="^data:image/webp;base64,[A-Za-z0-9+/=]*$", max_length=200_000)]

    @property
    def key(self) -> str:
        """Names it on the page, whoever adds others meanwhile."""
        return files.sha256_bytes(f"{self.digest} {self.scene.model_dump_json()}".encode())[:16]


class FavouritesFile(Section):
    """The content of the file."""

    format: Literal[1] = 1
    favourites: Annotated[list[Favourite], Field(max_length=MOST)] = []


class Favourites:
    """The favourites in the file `path`, which all who use the page share.

    The file is read when it is asked for, so that two pages with one file do not undo each other's changes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def all(self) -> list[Favourite]:
        """All favourites, the last one first.

        Raises:
            MapganError: the file is damaged; it is left as it is.
        """
        if not self.path.exists():
            return []
        try:
            return FavouritesFile.model_validate(files.read_json(self.path)).favourites
        except (ValidationError, RecursionError):
            raise MapganError(f"{self.path}: not a file of favourites, or damaged", "move it away") from None

    def add(self, scene: Scene, digest: str, image: Image.Image) -> bool:
        """Keep a scene; returns whether it is new.

        Raises:
            MapganError: there are too many, or the file is damaged.
        """
        with self._lock:
            known = self.all()
            if any(one.scene == scene and one.digest == digest for one in known):
                return False
            if len(known) >= MOST:
                raise MapganError(f"{MOST} favourites are kept already", "remove some, or name another --favourites")
            self._write([Favourite(scene=scene, digest=digest, thumbnail=thumbnail(image)), *known])
            return True

    def remove(self, favourite: Favourite) -> None:
        """Remove a favourite, if it is still there.

        Raises:
            MapganError: the file is damaged.
        """
        with self._lock:
            self._write([one for one in self.all() if one != favourite])

    def _write(self, favourites: list[Favourite]) -> None:
        files.write_json(self.path, FavouritesFile(favourites=favourites).model_dump())


def thumbnail(image: Image.Image, side: int = THUMBNAIL) -> str:
    """A small copy of an image as a data URL."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BOX if min(image.size) > side else Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "WEBP", quality=80)
    return DATA_URL + base64.b64encode(stream.getvalue()).decode("ascii")
