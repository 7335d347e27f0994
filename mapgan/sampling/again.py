"""An image drawn again, from the recipe in its PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL.PngImagePlugin import PngImageFile

from mapgan.errors import MapganError
from mapgan.sampling.recipe import Recipe, save_drawn
from mapgan.sampling.render import open_generator, render


def draw_again(path: Path, recipe: Recipe, generator: Path, out: Path, device: str = "cpu") -> str:
    """Draw the image in `path` again, as `out`; returns whether it is the same.

    Args:
        path: the PNG.
        recipe: of it.
        generator: its generator.
        out: another file.
        device: as for `open_generator`.

    Raises:
        MapganError: this generator cannot draw it, or `out` is the image itself.
    """
    if out.exists() and out.samefile(path):
        raise MapganError(f"{out}: the image itself would be replaced", "name another folder with --out")
    image = render(open_generator(generator, device), recipe)
    save_drawn(out, image, recipe)
    with path.open("rb") as stream, PngImageFile(stream) as found:
        if found.size != image.size:
            return f"{out} has another size than {path}, which was changed after it was drawn"
        different = float((np.asarray(found.convert("RGB")) != np.asarray(image)).any(axis=2).mean())
    if not different:
        return f"{out} is {path} again, to the pixel"
    return (
        f"{out} differs from {path} in {100 * different:.2g} % of its pixels: drawn by mapgan {recipe.version}, "
        "on another device, or changed since"
    )
