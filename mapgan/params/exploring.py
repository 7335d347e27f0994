"""Settings of what one does with a trained generator: walks through its latent space, and picking maps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from mapgan.params.drawing import as_text, is_seeds, is_size, is_squares
from mapgan.params.parsing import parse_region
from mapgan.params.section import Count, Fraction, Section


def _is_range(ends: list[float]) -> list[float]:
    if len(ends) != 2:
        raise ValueError("not a range; allowed: its two ends, such as [-0.05, 0.05]")
    return ends


def _is_region(text: str) -> str:
    if text:
        parse_region(text)
    return text


Range = Annotated[list[Annotated[float, Field(ge=-1000, le=1000)]], AfterValidator(_is_range)]
Kind = Literal["dimension", "all", "linear", "spherical", "loop", "direction", "pca"]


class Walk(Section):
    """Walks through the latent space (`mapgan walk`)."""

    kind: Kind = "loop"
    """dimension (one is varied, the others are 0), all (all dimensions are varied together, around a seed), linear and
    spherical (from each seed to the next), loop (through all seeds and back, spherical), direction (around a seed, in
    one of the directions of SeFa), pca (the same, in one of those of the principal components of images)"""

    expr: str = ""
    """arithmetic instead, such as `12 - 7 + 31` or `mean(1,2,3) - mean(4,5) + mean(6,7)` (empty: none)"""

    seeds: Annotated[str, AfterValidator(is_seeds)] = "0-3"
    """seeds: numbers and ranges, separated by commas"""

    numbers: Annotated[str, AfterValidator(is_seeds)] = "0-3"
    """which dimensions or directions are varied; 0 is the first dimension, or the strongest direction"""

    around: str = ""
    """latent that dimensions and directions are varied around, such as `7` (empty: 0 for dimensions, else the first
    seed)"""

    region: Annotated[str, AfterValidator(_is_region)] = ""
    """squares that the walk changes, with a spatial latent, such as 2,1,6,5: column and row of the first one, and of
    the last, counted from 0 at the top left; the others are of `around`, or of the first seed (empty: the whole map)"""

    dimension_range: Range = [-0.05, 0.05]
    """from where to where one dimension is varied"""

    all_range: Range = [-1.0, 1.0]
    """what is added to all dimensions"""

    alpha: Range = [-0.5, 1.5]
    """from where to where linear and spherical walks go; 0 is one seed, 1 the other"""

    direction_range: Range = [-3.0, 3.0]
    """how far to go in a direction"""

    steps: Annotated[int, Field(ge=2, le=100)] = 9
    """images in a row of the sheet"""

    frames: Annotated[int, Field(ge=2, le=1000)] = 24
    """frames of the film, for each row of the sheet"""

    frame_ms: Annotated[int, Field(ge=20, le=10_000)] = 80
    """milliseconds that a frame is shown, in tens"""

    film: bool = True
    """also write walk.gif and, with PyAV, walk.mp4"""

    label: Annotated[str, BeforeValidator(as_text)] = ""
    """label, if the generator was trained with labels (empty: the first)"""

    size: Annotated[str, AfterValidator(is_size)] = "auto"
    """size in pixels, if the generator has a spatial latent (auto: 12 x 8 squares, or as trained where the squares are
    not known; empty: as trained)"""

    squares: Annotated[str, AfterValidator(is_squares)] = ""
    """size in squares of the battle grid, such as 24x16, instead of pixels"""

    seamless: bool = False
    """seamless images, which can be tiled, if the generator has a spatial latent"""

    truncation: Fraction = 1.0
    """fraction of the way from the mean latent to each latent: less variety, fewer bad images (1: no truncation)"""

    zoom: Annotated[int, Field(ge=0, le=16)] = 0
    """enlargement of images on the sheet and in the film (0: small ones, to about 96 pixels)"""


class Pick(Section):
    """The best maps of many seeds, unlike each other (`mapgan pick`)."""

    seeds: Annotated[str, AfterValidator(is_seeds)] = "0-999"
    """seeds to choose from: numbers and ranges, separated by commas"""

    top: Count = 24
    """how many to pick"""

    by: Literal["auto", "logit", "edges"] = "auto"
    """what the best have most of: logit (that of the discriminator beside the generator), edges (density of edges);
    auto: logit where there is a discriminator, else edges"""

    keep: Annotated[Fraction, Field(gt=0)] = 0.25
    """fraction of the maps, the best, of which those are picked that are unlike each other"""

    columns: Annotated[int, Field(ge=1, le=100)] = 6
    """columns of the sheet"""

    label: Annotated[str, BeforeValidator(as_text)] = ""
    """label, if the generator was trained with labels; several, separated by commas, alternate from seed to seed
    (empty: all of them)"""

    size: Annotated[str, AfterValidator(is_size)] = "auto"
    """size in pixels, as for sample: with a spatial latent, a seed gives another map at another size"""

    squares: Annotated[str, AfterValidator(is_squares)] = ""
    """size in squares of the battle grid, such as 30x20, instead of pixels"""

    seamless: bool = False
    """seamless images, which can be tiled, if the generator has a spatial latent"""

    truncation: Fraction = 1.0
    """as for sample"""


class Project(Section):
    """The latent that draws a given image most nearly (`mapgan project`)."""

    steps: Annotated[int, Field(ge=1, le=100_000)] = 300
    """steps of gradient descent"""

    label: Annotated[str, BeforeValidator(as_text)] = ""
    """label, if the generator was trained with labels (empty: the first)"""

    size: Annotated[str, AfterValidator(is_size)] = "auto"
    """size in pixels to which the image is cropped and resized, if the generator has a spatial latent (auto: 12 x 8
    squares, or as trained where the squares are not known; empty: as trained)"""

    squares: Annotated[str, AfterValidator(is_squares)] = ""
    """size in squares of the battle grid, such as 24x16, instead of pixels"""


class Explore(Section):
    """The page of `mapgan explore`."""

    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    """address that the page is served on; 127.0.0.1 is reached from this computer only"""

    port: Annotated[int, Field(ge=1, le=65535)] = 7860
    """port, or the next one that is free"""

    browser: bool = True
    """open the page in the browser"""

    favourites: Annotated[str, Field(min_length=1)] = "favourites.json"
    """file that keeps the favourites"""
