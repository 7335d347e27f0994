"""`mapgan project IMAGE`: the latent that draws a given map most nearly, as a PNG that walks take as an operand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mapgan.commands.run_files import generator_of, results_of
from mapgan.errors import MapganError
from mapgan.params import Prune, load
from mapgan.training.device.device import find_device

if TYPE_CHECKING:
    from PIL import Image


def project(image: Path, run: Path, out: Path | None, device: str, options: dict[str, Any]) -> str:
    """Find the latent with which the generator of `run` draws `image` most nearly.

    Args:
        image: a picture of any size; its middle is cropped and resized to the size of the map.
        run: a run's folder, or a generator's file.
        out: where `NAME.png` and `NAME-compared.png` go; None for `results/projected` beside the generator.
        device: auto, cpu, cuda or mps.
        options: settings of the section `project`.

    Raises:
        MapganError: the image cannot be read, an option is wrong, or there is no such generator.
    """
    from mapgan.sampling.project_files import write_projection

    params = load(options={"project": options, "machine": {"device": device}})
    generator = generator_of(run)
    results = out or results_of(generator, "projected")
    picture, target = _read(image), results / f"{image.stem}.png"
    if target.exists() and target.samefile(image):
        raise MapganError(f"{image}: the image itself would be replaced", "name another folder with --out")
    device = str(find_device(params.machine))
    path, compared, distance = write_projection(params.project, generator, picture, target, device)
    return (
        f"{path} is the nearest map, with a root mean square difference of {100 * distance / 2:.2g} %; "
        f"{compared} shows both\n"
        f"""in expressions: mapgan walk {run} --expr 'image("{path}") - 7 + 12'"""
    )


def _read(path: Path) -> Image.Image:
    from mapgan.curate.decode import BadImage, open_upright

    try:
        with open_upright(path, Prune().max_megapixels) as opened:
            return opened.image.copy()
    except BadImage as error:
        raise MapganError(f"{path}: {error}") from None
