"""Settings of the stages that make the training set: scrape, prune, resize."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mapgan.params.section import Count, Fraction, Section, Side

DemoStyle = Literal["rock", "blueprint", "ink"]


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression ({error})") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_regular_expression)]


LARGEST_MEGAPIXELS = 178  # where Pillow refuses an image whatever it is told


def _written_out(path: str) -> str:
    if path.startswith("~"):
        raise ValueError("not allowed; write the path out, DVC does not know what ~ is")
    return path


class ReadyMade(Section):
    """Which images: those that scrape brings, or a ready-made set, which needs no scrape and no prune."""

    name: Literal["folder", "file", "mnist", "fashion-mnist", "faces"] = "folder"
    """folder (the images of scrape and prune), file (any set in files of your own), mnist (digits), fashion-mnist
    (clothes), faces (CelebA); the last three are taken from `path` or downloaded by torchvision"""

    path: Annotated[str, Field(min_length=1), AfterValidator(_written_out)] = "data/sets"
    """an IDX, NPZ, NPY or CSV file, gzipped or not, or a folder that holds one set of them"""

    condition: Literal["none", "folder"] = "none"
    """what the networks are told of each image, so that it can be asked for (`mapgan sample --label`): none, folder
    (the subfolder that it lies in, or the label that a ready-made set has for it)"""


class Demo(Section):
    """`source: demo`: the website of dungeon plans that comes with mapgan, served on 127.0.0.1."""

    styles: list[DemoStyle] = ["rock"]
    """looks to take: rock (dark stone), blueprint (blue print), ink (hatched line art)"""


class Gallery(Section):
    """`source: gallery`: images of any website."""

    urls: list[str] = []
    """addresses of the pages to begin with"""

    images: str = "a[href], img"
    """CSS selector for images: links that end in an image, or img elements"""

    next_page: str = "a[rel~=next], link[rel~=next], a.next, .next > a, .pagination-next > a"
    """CSS selector for the link to the next page of the gallery"""

    follow: str = ""
    """CSS selector for links to pages that hold images themselves (empty: none)"""

    depth: Annotated[int, Field(ge=0, le=10)] = 2
    """how many links deep `follow` goes"""

    max_pages: Count = 200
    """stop after so many pages"""

    max_images: Count = 2000
    """stop after so many images"""

    delay: Annotated[float, Field(ge=0, le=3600)] = 1.0
    """seconds between two requests to the same host (a longer Crawl-delay of the site wins)"""

    timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """seconds to wait for an answer"""

    retries: Annotated[int, Field(ge=0, le=20)] = 4
    """further tries after a failed request, each after a longer pause"""

    max_mib: Annotated[float, Field(gt=0, le=1024)] = 64.0
    """largest image file taken, MiB"""

    contact: str = ""
    """your e-mail address or page for the User-Agent, so that a site's owner can reach you"""


class Folder(Section):
    """`source: folder`: images of your own."""

    path: Annotated[str, Field(min_length=1), AfterValidator(_written_out)] = "data/inbox"
    """folder with your images; subfolders are included, nothing in it is ever changed"""


class Scrape(Section):
    """Where images come from."""

    source: Literal["demo", "gallery", "folder"] = "demo"
    """demo (dungeon plans that come with mapgan), gallery (a website), folder (your own images)"""

    group_pattern: Pattern = ""
    """regular expression on a file's name; what it matches (or its first group) names the map that the
    image shows a part of, so that no map is split between training and hold-out (empty: the name)"""

    demo: Demo = Demo()
    gallery: Gallery = Gallery()
    folder: Folder = Folder()


class Prune(Section):
    """Which images to keep. The others are put aside with a reason; nothing is deleted."""

    min_side: Count = 64
    """shortest side an image must have, pixels"""

    max_aspect: Annotated[float, Field(ge=1)] = 4.0
    """largest ratio of the long side to the short one"""

    max_megapixels: Annotated[float, Field(gt=0, le=LARGEST_MEGAPIXELS)] = 100.0
    """largest image that is decoded, millions of pixels (guards against decompression bombs; Pillow
    itself stops at 178)"""

    duplicate_bits: Annotated[int, Field(ge=0, le=128)] = 12
    """images whose 256-bit perceptual hashes differ in at most so many bits are duplicates"""

    duplicate_rotations: bool = True
    """also find duplicates that are mirrored or turned by quarters"""


class Resize(Section):
    """One size for all images, and the split into training part and hold-out."""

    width: Side = 64
    """width of the training images, pixels"""

    height: Side = 64
    """height of the training images, pixels"""

    mode: Literal["tiles", "crop", "pad"] = "tiles"
    """tiles (windows cut from large images; smaller ones are cropped), crop (the centre), pad (the
    whole image on a ground)"""

    tile_zoom: Annotated[float, Field(ge=1, le=64)] = 2.5
    """a tile covers zoom x width by zoom x height pixels of the image and is brought down to size"""

    tile_overlap: Annotated[float, Field(ge=0, le=0.95)] = 0.5
    """share of a tile that its neighbour also covers"""

    tile_contrast: Fraction = 0.6
    """tiles whose grey values vary less than this share of what they do in the image's richest tile are
    blank and left out"""

    tiles_per_image: Count = 200
    """at most so many tiles of one image, evenly chosen"""

    pad_color: Annotated[str, Field(pattern=r"^(edge|#[0-9a-fA-F]{6})$")] = "edge"
    """ground for `pad` and for transparent pixels: #rrggbb, or edge (the image's own border colour;
    white for transparent pixels)"""

    holdout: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """share of the groups that is kept from training, for evaluation"""
