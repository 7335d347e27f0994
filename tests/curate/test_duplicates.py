import io

import numpy as np
import pytest
from PIL import Image

from mapgan.curate.duplicates import Hashed, reject_duplicates
from mapgan.curate.hashes import frequencies, hash_orientations, normalized, orientation_hashes, popcount
from mapgan.curate.prune_record import PruneRecord
from mapgan.params.collecting import Prune

from .conftest import encoded, map_image

SAME = normalized(frequencies(map_image(1))).astype(np.float16)


def hashed(name, image, pixels="", size=1000, always=False):
    values = frequencies(image)
    row = PruneRecord(file=f"{name:064x}.png", bytes=size, width=image.width, height=image.height)
    shape = normalized(values).astype(np.float16)
    return Hashed(row, pixels or str(name), hash_orientations(values), shape, always)


def reasons(images, **settings):
    found = reject_duplicates(images, Prune(**settings))
    return {int(row.file[:64], 16): row.reason.split(" of ")[0] for row in found if row.reason}


def test_chain_of_duplicates_is_cut_at_the_best():
    """A is near B and B near C, but A is not near C: B goes with A, and C stays."""

    def line(name, ones, width):
        words = np.zeros((8, 4), dtype=np.uint64)
        words[:, 0] = (1 << ones) - 1
        return Hashed(PruneRecord(file=f"{name:064x}.png", width=width, height=100), str(name), words, SAME)

    images = [line(0, 0, 400), line(1, 8, 300), line(2, 16, 200)]
    assert reasons(images, duplicate_bits=12) == {1: "near duplicate"}


@pytest.mark.parametrize("order", [1, -1])
def test_the_kept_one_is_the_largest_then_the_least_compressed_then_the_smallest_digest(order):
    image = map_image(1, (320, 256))
    small = hashed(1, image.resize((160, 128)), size=9000)
    coarse, fine, same = hashed(2, image, size=500), hashed(3, image, size=800), hashed(4, image, size=800)
    assert set(reasons([small, coarse, fine, same][::order])) == {1, 2, 4}


def test_exact_copies_of_a_near_duplicate_are_near_duplicates_too():
    image = map_image(1, (320, 256))
    copies = [hashed(2, image.resize((160, 128)), "p"), hashed(3, image.resize((160, 128)), "p")]
    assert reasons([hashed(1, image), *copies]) == {2: "near duplicate", 3: "near duplicate"}


CROPS = {
    "each side by 1 %": (5, 4, 475, 376),
    "two sides by 2 %": (0, 0, 470, 372),
    "one side by 2 %": (0, 0, 470, 380),
}


@pytest.mark.parametrize("kind", CROPS)
def test_a_cropped_copy_is_found(kind):
    image = map_image(3, (480, 380))
    assert reasons([hashed(1, image), hashed(2, image.crop(CROPS[kind]))]) == {2: "near duplicate"}


def disc(share: float) -> Image.Image:
    """A light disc, as a tower seen from above, and faint things in it; `share` of them are its own."""
    rows, columns = np.mgrid[-1:1:240j, -1:1:240j]
    common, own = (np.asarray(map_image(seed, (240, 240)).convert("L"), dtype=np.float64) - 128 for seed in (2, 12))
    things = 150 + 0.03 * ((1 - share) * common + share * own)
    return Image.fromarray(np.where(np.hypot(rows, columns) < 0.8, things, 20).astype(np.uint8)).convert("RGB")


def apart(one, other):
    return int(popcount(one.orientations[0] ^ other.orientations[0]).sum(dtype=int))


def test_a_crop_whose_hash_is_far_is_found_and_an_unlike_image_as_near_is_not():
    whole, part, unlike = hashed(1, disc(0)), hashed(2, disc(0).crop((7, 0, 240, 240))), hashed(3, disc(0.5))
    assert 44 < apart(whole, part) <= 84
    assert 44 < apart(whole, unlike) <= 84
    assert reasons([whole, part, unlike]) == {2: "near duplicate"}
    assert reasons([whole, part], duplicate_bits=28) == {}


@pytest.mark.parametrize("transpose", list(Image.Transpose))
def test_a_turned_or_mirrored_copy_is_found_when_asked_for(transpose):
    image = map_image(2, (480, 380))
    stream = io.BytesIO(encoded(image.transpose(transpose), "JPEG", quality=40))
    images = [hashed(1, image, size=10**6), hashed(2, Image.open(stream).convert("RGB"))]
    assert reasons(images) == {2: "near duplicate"}
    assert reasons(images, duplicate_rotations=False) == {}


def test_equal_hashes_of_unlike_images_are_no_duplicates():
    """Where frequencies are faint, the bits are chance: the correlation tells."""
    one, other = hashed(1, map_image(1)), hashed(2, map_image(2))
    forged = Hashed(other.row, other.pixels, one.orientations, other.frequencies)
    assert int(popcount(orientation_hashes(map_image(1))[0] ^ orientation_hashes(map_image(2))[0]).sum()) > 60
    assert reasons([one, forged]) == {}


def test_no_images():
    assert reject_duplicates([], Prune()) == []
