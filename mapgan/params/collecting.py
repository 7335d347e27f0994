"""Settings of the stages that make the training set: `dataset`, `scrape`, `prune` and `resize`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mapgan.params.api_sources import Commons, MapOfTheWeek, WordPress
from mapgan.params.download import Download
from mapgan.params.section import Count, Fraction, Section, Side

DemoStyle = Literal["rock", "blueprint", "ink"]


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression ({error})") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_regular_expression)]


Tail = Annotated[float, Field(ge=0, le=0.5)]


def _without_tilde(path: str) -> str:
    if path.startswith("~"):
        raise ValueError("not allowed; write out the home directory, DVC does not expand ~")
    return path


ListFile = Annotated[str, Field(min_length=1), AfterValidator(_without_tilde)]


class DatasetSettings(Section):
    """Which images: those of scrape, or a ready-made set, which skips scrape and prune."""

    name: Literal["folder", "file", "mnist", "fashion-mnist", "faces"] = "folder"
    """folder (the images of scrape and prune), file (a set in files of your own), mnist (digits), fashion-mnist
    (clothes), faces (CelebA); the last three are read from `path`, or downloaded by torchvision"""

    path: Annotated[str, Field(min_length=1), AfterValidator(_without_tilde)] = "data/sets"
    """an IDX, NPZ, NPY or CSV file, gzipped or not, or a folder with one set of them"""

    images: Literal["maps", "labels"] = "maps"
    """what to train on: maps, or the label images beside them, to train what draws the plans of new maps (`mapgan
    sample --layout`)"""

    condition: Literal["none", "folder", "map"] = "none"
    """what the networks are conditioned on, for `mapgan sample --label` and `--plan`: none, folder (the subfolder of an
    image, or its label in a ready-made set), map (the label image beside each image, name.labels.png for name.png,
    with a pixel for each square; labels.legend names its colours)"""


class Demo(Section):
    """`source: demo`: the website of dungeon plans that comes with mapgan, served on 127.0.0.1."""

    styles: list[DemoStyle] = ["rock"]
    """drawing styles to include: rock (dark stone), blueprint, ink (hatched line art)"""


class Gallery(Section):
    """`source: gallery`: images from a website."""

    urls: list[str] = []
    """URLs of the pages to start from"""

    images: str = "a[href], img"
    """CSS selector for images: links to image files, or img elements"""

    next_page: str = (
        "a[rel~=next], link[rel~=next], a.next, .next > a, .pagination-next > a, "
        "a.wp-block-query-pagination-next, .nav-previous > a:not([rel~=prev])"
    )
    """CSS selector for the link to the next page of the gallery"""

    follow: str = ""
    """CSS selector for links to further pages with images (empty: none)"""

    hosts: list[str] = []
    """further hosts whose pages are read, such as maps.example.org; without them only those of `urls` (images may come
    from any host)"""

    allow: Pattern = ""
    """regular expression: only images and pages whose URLs it matches somewhere are taken (empty: all); the start pages
    are always read"""

    deny: Pattern = ""
    """regular expression: images and pages whose URLs it matches somewhere are left out (empty: none)"""

    depth: Annotated[int, Field(ge=0, le=10)] = 2
    """maximum depth of the links that `follow` selects"""

    max_pages: Count = 200
    """maximum number of pages"""

    max_images: Count = 2000
    """maximum number of images"""


class Urls(Section):
    """`source: urls`: images from a list of addresses."""

    path: Annotated[str, Field(min_length=1), AfterValidator(_without_tilde)] = "data/urls.txt"
    """a text file with an address a line, or a CSV file with a column url, such as the manifest of another scrape"""


class Folder(Section):
    """`source: folder`: images of your own."""

    path: Annotated[str, Field(min_length=1), AfterValidator(_without_tilde)] = "data/inbox"
    """folder of images, including its subfolders; nothing in it is changed"""


class Scrape(Section):
    """Where the images come from."""

    source: Literal["demo", "gallery", "wordpress", "commons", "map-of-the-week", "urls", "folder"] = "demo"
    """demo (dungeon plans that come with mapgan), gallery (a website), wordpress (one with WordPress, by its API),
    commons (Wikimedia Commons), map-of-the-week (maps of Wizards of the Coast in a web archive; all rights reserved),
    urls (a list of addresses), folder (images of your own)"""

    group_pattern: Pattern = ""
    """regular expression for file names; the match (or its first group) identifies the map of which the image shows a
    part, so that no map is split between training set and hold-out (empty: the whole name)"""

    download: Download = Download()
    demo: Demo = Demo()
    gallery: Gallery = Gallery()
    wordpress: WordPress = WordPress()
    commons: Commons = Commons()
    map_of_the_week: MapOfTheWeek = Field(default=MapOfTheWeek(), alias="map-of-the-week")
    urls: Urls = Urls()
    folder: Folder = Folder()


class Soft(Section):
    """Rules by comparison with the set: each rejects a fraction of the images, at one end of a scale (0: off)."""

    blurred: Tail = 0.0
    """the least sharp"""

    dark: Tail = 0.0
    """those whose lightest parts are darkest"""

    light: Tail = 0.0
    """those whose darkest parts are lightest"""

    plain: Tail = 0.0
    """those with the least information"""

    text: Tail = 0.0
    """those with the most text, such as legends and pages of rules"""

    odd: Tail = 0.0
    """those that differ most from the others, in all measures together"""


class Prune(Section):
    """Which images to keep. The others are rejected with a reason; nothing is deleted."""

    min_side: Count = 64
    """minimum of the shorter side, pixels"""

    max_aspect: Annotated[float, Field(ge=1)] = 4.0
    """maximum ratio of the longer side to the shorter one"""

    max_megapixels: Annotated[float, Field(gt=0, le=1000)] = 1000.0
    """largest image that is decoded, millions of pixels; an image that would take more than half of the machine's
    memory is rejected too"""

    max_seconds: Annotated[float, Field(gt=0, le=86400)] = 120.0
    """longest time that an image may take, seconds"""

    duplicate_bits: Annotated[int, Field(ge=0, le=128)] = 44
    """images whose 256-bit perceptual hashes differ in at most this many bits are duplicates: 12 finds what was resized
    or compressed, and takes half a minute for a million images; 44 also finds what was cropped by 1 % on each side, and
    takes a minute for 100,000"""

    duplicate_rotations: bool = True
    """also find duplicates that are mirrored or rotated by multiples of 90 degrees"""

    keep: ListFile = "keep.txt"
    """file that lists images to keep whatever the rules say, one per line: digest, file name, or a field of the
    manifest and a pattern (`title: *dungeon*`)"""

    drop: ListFile = "drop.txt"
    """file that lists images to reject, in the same way"""

    soft: Soft = Soft()


class Resize(Section):
    """Cropping and resizing to one size, and the split into training set and hold-out."""

    width: Side = 64
    """width of training images, pixels"""

    height: Side = 64
    """height of training images, pixels"""

    mode: Literal["tiles", "crop", "pad", "stretch"] = "tiles"
    """tiles (windows of large images; smaller ones are cropped), crop (one window), pad (the whole image and a border),
    stretch (the whole image, whatever its proportions)"""

    crop_at: Literal["center", "edges"] = "center"
    """where the window of `crop` is: center, edges (where most edges are, which is most like a map)"""

    trim: bool = False
    """cut uniform borders off first"""

    linear: bool = False
    """scale in linear light, in which fine light lines on a dark ground keep their brightness; takes longer"""

    max_enlargement: Annotated[float, Field(ge=1, le=64)] = 4.0
    """an image that would have to be enlarged more than this is left out"""

    tile_zoom: Annotated[float, Field(ge=1, le=64)] = 5.0
    """a tile covers tile_zoom * width by tile_zoom * height pixels of the image, and is scaled down"""

    grid: Literal["auto", "off"] = "auto"
    """auto (if most maps show a battle grid, bring all to the same pixels per square, a power of two near what
    tile_zoom gives, and cut tiles at whole squares), off"""

    tile_overlap: Annotated[float, Field(ge=0, le=0.95)] = 0.75
    """overlap of neighbouring tiles, as a fraction of a tile"""

    tile_contrast: Fraction = 0.6
    """tiles with less contrast than this fraction of the image's richest tile are blank, and left out"""

    tiles_per_image: Count = 200
    """maximum number of tiles per image, evenly distributed"""

    pad_color: Annotated[str, Field(pattern=r"^(edge|reflect|#[0-9a-fA-F]{6})$")] = "edge"
    """border for `pad`: edge (the colour of the image's own border), reflect (the image mirrored), or #rrggbb, which is
    also behind transparent pixels (else white)"""

    format: Literal["png", "webp", "jpeg"] = "png"
    """of the training images: png, webp (lossless, smaller), jpeg (at `quality`)"""

    quality: Annotated[int, Field(ge=1, le=100)] = 95
    """of JPEG files"""

    max_seconds: Annotated[float, Field(gt=0, le=86400)] = 600.0
    """longest time that an image may take, seconds"""

    holdout: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """fraction of the groups that is held out from training, for evaluation"""
