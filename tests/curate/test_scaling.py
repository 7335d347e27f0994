import numpy as np
import pytest
from PIL import Image

from mapgan.curate.scaling import scaled

from .conftest import map_image


def lines():
    """A white line on black, one pixel in four."""
    image = Image.new("RGB", (256, 256))
    for x in range(0, 256, 4):
        image.paste((255, 255, 255), (x, 0, x + 1, 256))
    return image


# a quarter of the light: by IEC 61966-2-1, 0.25 is encoded as 1.055 * 0.25 ** (1 / 2.4) - 0.055
@pytest.mark.parametrize(("linear", "expected"), [(True, 137), (False, 64)])
def test_light_is_kept_in_linear_light(linear, expected):
    small = np.asarray(scaled(lines(), (16, 16), (0, 0, 256, 256), linear))
    assert np.abs(small.astype(int) - expected)[:, 2:-2].max() <= 1  # at the ends, the filter has less to go by


def test_nothing_changes_at_the_same_size():
    image = map_image(1)
    assert scaled(image, image.size, (0, 0, *image.size), True) == image


def test_a_part_is_what_it_is_in_the_whole():
    image = map_image(1, (160, 128))
    box = (20.5, 30.25, 100.5, 94.25)
    linear, plain = (np.asarray(scaled(image, (80, 64), box, kind), dtype=int) for kind in (True, False))
    assert np.abs(linear - plain)[2:-2, 2:-2].max() <= 6  # of smooth patches
