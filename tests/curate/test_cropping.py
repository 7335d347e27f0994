import numpy as np
import pytest
from PIL import Image

from mapgan.curate.cropping import background, crops, enlargement
from mapgan.params.collecting import Resize

from .conftest import map_image


def settings(**changed):
    return Resize(**{"width": 32, "height": 16, "tile_zoom": 1.0, "tile_overlap": 0.0, **changed})


SIZES = [(32, 16), (64, 64), (20, 300), (300, 20), (33, 17), (1, 1)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["tiles", "crop", "pad", "stretch"])
def test_every_cut_has_the_size(mode, size):
    cuts = list(crops(map_image(1, size), settings(mode=mode, tile_contrast=0.0)))
    assert {image.size for _, image in cuts} == {(32, 16)}


def test_crop_takes_the_centre():
    image = Image.new("RGB", (96, 16), "red")
    image.paste("blue", (24, 0, 72, 16))
    (((x, y, *_), small),) = crops(image, settings(mode="crop"))
    assert (x, y, small.getcolors()) == (32, 0, [(32 * 16, (0, 0, 255))])


@pytest.mark.parametrize(("color", "expected"), [("edge", (255, 0, 0)), ("#0a0b0c", (10, 11, 12))])
def test_pad_keeps_all_on_a_ground(color, expected):
    image = Image.new("RGB", (16, 16), "red")
    image.paste("blue", (4, 4, 12, 12))
    ((_, small),) = crops(image, settings(mode="pad", pad_color=color))
    assert [small.getpixel((x, 8)) for x in (0, 15, 31)] == [expected, (0, 0, 255), expected]
    assert np.array_equal(np.asarray(small)[:, 8:24], np.asarray(image))


def test_tiles_are_the_windows_themselves():
    image = map_image(1, (64, 48))
    cuts = {box[:2]: np.asarray(small) for box, small in crops(image, settings(tile_contrast=0.0))}
    assert sorted(cuts) == [(x, y) for x in (0, 32) for y in (0, 16, 32)]
    assert all(np.array_equal(np.asarray(image)[y : y + 16, x : x + 32], small) for (x, y), small in cuts.items())


def test_zoom_takes_in_more_of_the_image():
    cuts = list(crops(map_image(1, (128, 64)), settings(tile_zoom=2.0, tile_contrast=0.0)))
    assert sorted(box[:2] for box, _ in cuts) == [(0, 0), (0, 32), (64, 0), (64, 32)]


def test_blank_tiles_are_left_out():
    image = Image.new("RGB", (64, 16), "white")
    image.paste(map_image(1, (32, 16)), (32, 0))
    assert [box[:2] for box, _ in crops(image, settings())] == [(32, 0)]


def test_an_image_smaller_than_a_window_is_cropped():
    assert [box[:2] for box, _ in crops(map_image(1, (60, 60)), settings(tile_zoom=2.0))] == [(0, 15)]


def test_limit_of_tiles():
    cuts = list(crops(map_image(1, (320, 160)), settings(tile_contrast=0.0, tiles_per_image=7)))
    assert len({box[:2] for box, _ in cuts}) == 7


@pytest.mark.parametrize(("color", "expected"), [("edge", (255,) * 3), ("#010203", (1, 2, 3))])
def test_ground_of_transparent_pixels(color, expected):
    assert background(settings(pad_color=color)) == expected


@pytest.mark.parametrize("light", [0, 200])
def test_blank_is_measured_against_the_image_itself(light: int) -> None:
    """One room in an empty corner: the same tiles are kept in black and white and in faint grey."""
    image = Image.new("RGB", (128, 64), (light,) * 3)
    image.paste((255, 255, 255), (8, 8, 40, 40))
    indices = [box[:2] for box, _ in crops(image, Resize(width=32, height=32, tile_zoom=1.0, tile_contrast=0.6))]
    assert indices
    assert all(x < 40 and y < 40 for x, y in indices)


@pytest.mark.parametrize("size", [(400, 60), (60, 400)], ids=["wide", "high"])
@pytest.mark.parametrize("start", [0, 130, 340])
def test_the_busiest_window_is_taken(size: tuple[int, int], start: int) -> None:
    image = Image.new("RGB", size, "white")
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    corner = (start, 0) if size[0] > size[1] else (0, start)
    image.paste(Image.fromarray(noise), corner)
    ((box, small),) = crops(image, Resize(width=32, height=32, mode="crop", crop_at="edges"))
    assert box[:2] == pytest.approx(corner, abs=4)
    assert small.size == (32, 32)


def test_where_all_windows_are_alike_the_centre_is_taken() -> None:
    ((box, _),) = crops(Image.new("RGB", (400, 60)), Resize(width=32, height=32, mode="crop", crop_at="edges"))
    assert box[:2] == pytest.approx((170, 0), abs=2)


def test_pad_by_reflection() -> None:
    image = map_image(1, (16, 16))
    ((_, small),) = crops(image, settings(mode="pad", pad_color="reflect"))
    pixels, inside = np.asarray(small), np.asarray(image)
    assert np.array_equal(pixels[:, 8:24], inside)
    assert np.array_equal(pixels[:, :8], inside[:, 8:0:-1])


def test_a_narrow_image_is_reflected_again_and_again() -> None:
    ((_, small),) = crops(map_image(1, (1, 40)), settings(mode="pad", pad_color="reflect"))
    assert np.ptp(np.asarray(small).astype(int), axis=1).max() == 0


# of an image of 64 x 64, brought to 32 x 16
ENLARGED = {("crop", 0.0): 0.5, ("stretch", 0.0): 0.5, ("pad", 0.0): 0.25, ("tiles", 0.5): 2.0, ("tiles", 9.0): 0.5}


@pytest.mark.parametrize(("mode", "zoom"), ENLARGED)
def test_enlargement(mode: str, zoom: float) -> None:
    assert enlargement((64, 64), settings(mode=mode), zoom) == ENLARGED[mode, zoom]
