import csv

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mapgan.curate.measures import measure
from mapgan.curate.prune import prune
from mapgan.params.collecting import Prune

from .conftest import THREAD, encoded, map_image


def measures(image, mode="RGB"):
    return measure(image, "a.png", mode, *image.size)


def noise(size=(256, 256)):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), dtype=np.uint8))


def test_a_single_colour():
    found = measures(Image.new("RGB", (200, 100), (80, 80, 80)))
    assert (found.entropy, found.edge_density, found.sharpness, found.colorfulness) == (0, 0, 0, 0)
    assert (found.flat, found.border, found.aspect, found.square) == (1, 100 * 2, 2, 0)
    assert (found.brightness_05, found.brightness_50, found.brightness_95) == (80, 80, 80)


def test_two_greys_hold_one_bit():
    image = Image.new("RGB", (200, 100), (255,) * 3)
    image.paste((0,) * 3, (0, 0, 100, 100))
    found = measures(image)
    assert found.entropy == 1
    assert found.flat == 0.5
    assert found.edge_density == pytest.approx(1 / 199, abs=1e-4)
    assert (found.brightness_25, found.brightness_75) == (0, 255)


def test_blur_lowers_sharpness():
    image = map_image(1, (400, 300)).filter(ImageFilter.UnsharpMask(3, 300))
    sharp, blurred = (measures(one).sharpness for one in (image, image.filter(ImageFilter.GaussianBlur(3))))
    assert blurred < 0.5 * sharp


def test_contrast_does_not_change_sharpness():
    image = noise()
    faint = image.point(lambda value: 100 + value // 8)
    assert measures(faint).sharpness == pytest.approx(measures(image).sharpness, rel=0.05)


def test_grey_is_not_colourful_and_saturated_colours_are():
    grey = noise().convert("L").convert("RGB")
    assert measures(grey).colorfulness == 0
    assert measures(noise()).colorfulness > 50


@pytest.mark.parametrize("side", range(4))
def test_the_widest_border_counts(side):
    image = noise((300, 200))
    image.paste((240, 240, 240), ((0, 0, 20, 200), (0, 0, 300, 20), (280, 0, 300, 200), (0, 180, 300, 200))[side])
    assert measures(image).border == 20


def test_a_border_of_a_large_image_is_in_its_own_pixels():
    image = noise((1500, 900))
    image.paste((240, 240, 240), (0, 0, 60, 900))
    assert measures(image).border == pytest.approx(60, abs=3)


def test_the_grid_is_measured():
    image = Image.new("RGB", (640, 480), (200, 190, 170))
    for x in range(0, 640, 40):
        image.paste((90, 80, 70), (x, 0, x + 2, 480))
    for y in range(0, 480, 40):
        image.paste((90, 80, 70), (0, y, 640, y + 2))
    assert measures(image).square == 40


def test_measures_are_those_of_the_file_when_it_is_decoded_smaller():
    image = map_image(1, (300, 200))
    assert measure(image, "a.png", "RGB", 600, 400).border == 2 * measures(image).border
    assert measure(image, "a.png", "RGB", 600, 400).width == 600


def test_every_image_that_can_be_decoded_has_a_row(raw, tmp_path):
    kept = raw.put(encoded(map_image(1).convert("P")))
    small = raw.put(encoded(map_image(2, (40, 30)).convert("CMYK"), "TIFF"), suffix="tiff")
    raw.put(b"<html>")
    prune(Prune(), raw.folder, tmp_path / "out", THREAD)
    with (tmp_path / "out/measures.csv").open(encoding="utf-8") as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream)}
    assert {name: (row["mode"], row["width"], row["height"]) for name, row in rows.items()} == {
        kept: ("P", "160", "128"),
        small: ("CMYK", "40", "30"),
    }


def test_an_image_is_decoded_once(raw, tmp_path, monkeypatch):
    for seed in range(4):
        raw.put(encoded(map_image(seed), "JPEG"), suffix="jpg")
    decoded = []
    load = Image.core.jpeg_decoder
    monkeypatch.setattr(Image.core, "jpeg_decoder", lambda *args: decoded.append(1) or load(*args))
    prune(Prune(), raw.folder, tmp_path / "out", THREAD)
    thumbnails = 4  # are read again for the report's contact sheet
    assert len(decoded) == 4 + thumbnails
