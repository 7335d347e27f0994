"""The share of an image that is text, on planted text and on what only looks like it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from mapgan.curate.text import connected, find_marks, text_share

from .conftest import map_image

PARCHMENT = Image.new("RGB", (700, 500), (220, 210, 190))
LINES = [
    "The cellar of the old mill is damp",
    "and dark. Two goblins guard",
    "the door; roll for surprise",
    "at once (3d6).",
]


def planted(ground, size, lines=4, ink=(20, 20, 20)):
    """The image with some lines of text, and the part of it that their letters and spaces cover."""
    image, font = ground.copy(), ImageFont.load_default(size)
    draw, area = ImageDraw.Draw(image), 0
    for number, line in enumerate(LINES[:lines]):
        place = (20, 20 + number * round(1.6 * size))
        draw.text(place, line, fill=ink, font=font)
        left, top, right, bottom = draw.textbbox(place, line, font=font)
        area += (right - left) * (bottom - top)
    return image, area / (ground.width * ground.height)


@pytest.mark.parametrize("size", [9, 12, 16, 24, 36])
@pytest.mark.parametrize("ink", [(20, 20, 20), (255, 255, 255)], ids=["dark", "light"])
def test_text_of_any_size_is_measured(size, ink):
    image, area = planted(PARCHMENT if ink < (99,) else PARCHMENT.point(lambda value: value // 3), size, ink=ink)
    assert 0.6 * area < text_share(image) < 1.3 * area


def test_more_text_is_more():
    shares = [text_share(planted(map_image(1, (700, 500)), 16, lines)[0]) for lines in range(5)]
    assert shares == sorted(shares)
    assert shares[0] < 0.002 < shares[1] < 0.5 * shares[4]


def test_a_large_image_is_measured_reduced():
    image, area = planted(PARCHMENT, 16)
    large = image.resize((2800, 2000), Image.Resampling.LANCZOS)
    assert 0.6 * area < text_share(large) < 1.3 * area


def stairs(draw):
    for x in range(100, 400, 9):
        draw.line((x, 100, x, 118), fill="black", width=2)


def pillars(draw):
    for x in range(100, 400, 16):
        draw.ellipse((x, 100, x + 9, 109), fill="black")


def grid(draw):
    for at in range(0, 700, 35):
        draw.line((at, 0, at, 500), fill="black")
        draw.line((0, at, 700, at), fill="black")


@pytest.mark.parametrize("what", [stairs, pillars, grid])
def test_what_is_in_a_row_is_not_yet_text(what):
    image = PARCHMENT.copy()
    what(ImageDraw.Draw(image))
    assert text_share(image) == 0


def test_a_pixel_is_no_text():
    assert text_share(Image.new("RGB", (1, 1))) == 0


def filled(mask):
    """The boxes and sizes of connected pixels by a flood fill."""
    left, found = {(y, x) for y, x in zip(*np.nonzero(mask), strict=True)}, []
    while left:
        inside, edge = set(), {left.pop()}
        while edge:
            inside |= edge
            edge = {(y + dy, x + dx) for y, x in edge for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= edge
        ys, xs = zip(*inside, strict=True)
        found.append((min(xs), min(ys), max(xs) + 1, max(ys) + 1, len(inside)))
    return sorted(found)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12), st.floats(0.05, 0.95))
def test_marks_are_those_of_a_flood_fill(seed, height, width, density):
    mask = np.random.default_rng(seed).random((height, width)) < density
    assert sorted(zip(*(values.tolist() for values in find_marks(mask)), strict=True)) == filled(mask)


def test_a_long_chain_is_one():
    order = np.random.default_rng(0).permutation(1000)
    assert set(connected(1000, order[:-1], order[1:]).tolist()) == {0}
