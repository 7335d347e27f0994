"""Small images that look like maps to a hash, and a raw folder to put them in."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgan.collect.manifest import ManifestRow, write_manifest
from mapgan.params import Machine


def threads(count: int) -> Machine:
    """Workers in this process, which start at once, and see what a test has patched."""
    return Machine(backend="threads", workers=count)


THREAD = threads(1)


def map_image(seed: int, size: tuple[int, int] = (160, 128)) -> Image.Image:
    """Smooth patches of colour, with no symmetry."""
    patches = np.random.default_rng(seed).integers(0, 256, (21, 25, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


class Raw:
    """A folder as scrape leaves it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[ManifestRow] = []
        folder.mkdir()

    def put(self, image: Image.Image | bytes, group: str = "", suffix: str = "png", **columns: str) -> str:
        content = image if isinstance(image, bytes) else encoded(image)
        name = f"{hashlib.sha256(content).hexdigest()}.{suffix}"
        (self.folder / name).write_bytes(content)
        columns = {"url": f"https://maps.example/{len(self.rows):03}", "title": "a map", **columns}
        self.rows.append(ManifestRow(file=name, bytes=len(content), group=group or name, **columns))
        write_manifest(self.folder / "manifest.csv", self.rows)
        return name


@pytest.fixture
def raw(tmp_path):
    return Raw(tmp_path / "raw")
