import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from mapgan.curate import decode
from mapgan.curate.decode import BadImage, MemoryBudget, open_upright
from mapgan.curate.prune import prune
from mapgan.curate.prune_record import read_list
from mapgan.curate.resize import resize
from mapgan.params.collecting import Prune, Resize

from .conftest import THREAD, encoded, map_image

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)


def decoded(path, max_megapixels, **options):
    with open_upright(path, max_megapixels, **options) as (image, _, _):
        return image.copy()


def save(path, image, kind, **options):
    path.write_bytes(encoded(image, kind, **options))
    return path


def halves(mode, left, right):
    """4 x 2 pixels, the left half of one value and the right half of another."""
    image = Image.new(mode, (4, 2), left)
    image.paste(right, (2, 0, 4, 2))
    return image


def palette_with_hole():
    image = Image.new("P", (4, 2), 0)
    image.putpalette([*RED, *GREEN])
    image.paste(1, (2, 0, 4, 2))
    return image


def deep(mode, low, high):
    dtype = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
    return Image.fromarray(np.array([[low, low, high, high]] * 2, dtype=dtype))


# kind of image: (image, format, options, colour on the left, colour on the right)
KINDS = {
    "grey": (halves("L", 10, 200), "PNG", {}, (10,) * 3, (200,) * 3),
    "one bit": (halves("1", 0, 1), "PNG", {}, (0,) * 3, WHITE),
    "palette": (palette_with_hole(), "PNG", {}, RED, GREEN),
    "palette with transparency": (palette_with_hole(), "PNG", {"transparency": 0}, WHITE, GREEN),
    "gif with transparency": (palette_with_hole(), "GIF", {"transparency": 0}, WHITE, GREEN),
    "rgb with a transparent colour": (halves("RGB", RED, GREEN), "PNG", {"transparency": RED}, WHITE, GREEN),
    "alpha": (halves("RGBA", (0, 0, 0, 0), (0, 255, 0, 255)), "PNG", {}, WHITE, GREEN),
    "half alpha": (halves("RGBA", (0, 0, 0, 128), (*GREEN, 255)), "PNG", {}, (127,) * 3, GREEN),
    "grey with alpha": (halves("LA", (0, 0), (80, 255)), "PNG", {}, WHITE, (80,) * 3),
    "cmyk": (halves("CMYK", (0, 255, 255, 0), (0, 0, 0, 0)), "TIFF", {}, RED, WHITE),
    "16-bit grey": (deep("I;16", 0x4000, 0xFFFF), "PNG", {}, (64,) * 3, WHITE),
    "dark 16-bit grey": (deep("I;16", 0, 514), "PNG", {}, (0,) * 3, (2,) * 3),
    "32-bit with 16 used": (deep("I", 0, 0xFFFF), "TIFF", {}, (0,) * 3, WHITE),
    "32-bit": (deep("I", 0, 1 << 30), "TIFF", {}, (0,) * 3, WHITE),
    "32-bit with 8 used": (deep("I", 7, 200), "TIFF", {}, (7,) * 3, (200,) * 3),
    "float to 1": (deep("F", 0.0, 0.5), "TIFF", {}, (0,) * 3, (128,) * 3),
    "float with negatives": (deep("F", -3.0, 3.0), "TIFF", {}, (0,) * 3, WHITE),
    "float with nan": (deep("F", np.nan, 1.0), "TIFF", {}, (0,) * 3, WHITE),
    "webp with alpha": (
        halves("RGBA", (0, 0, 0, 0), (*GREEN, 255)), "WEBP", {"lossless": True}, WHITE, GREEN
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_rgb(kind, tmp_path):
    image, form, options, left, right = KINDS[kind]
    found = decoded(save(tmp_path / "a", image, form, **options), 1)
    assert (found.mode, found.size) == ("RGB", (4, 2))
    assert (found.getpixel((0, 0)), found.getpixel((3, 1))) == (left, right)


def test_background_shows_through(tmp_path):
    path = save(tmp_path / "a.png", Image.new("RGBA", (2, 2), (0, 0, 0, 0)), "PNG")
    assert decoded(path, 1, background=(9, 8, 7)).getpixel((0, 0)) == (9, 8, 7)


def test_cmyk_jpeg(tmp_path):
    path = save(tmp_path / "a.jpg", Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    red, green, blue = decoded(path, 1).getpixel((8, 8))
    assert red > 240
    assert max(green, blue) < 15


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (4, 4), color) for color in (RED, GREEN)]
    path = save(tmp_path / "a.gif", frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decoded(path, 1).getpixel((0, 0)) == RED


# how a camera held each way stores an upright image: the inverse of what the tag asks for
STORED = {
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2), 8: lambda a: np.rot90(a, -1), 9: lambda a: a,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_orientation_is_applied_once(orientation, kind, tmp_path):
    upright = np.asarray(map_image(1, (6, 4)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    found = decoded(save(tmp_path / "a", stored, kind, exif=exif), 1)
    assert np.array_equal(np.asarray(found), upright)


@pytest.mark.filterwarnings("ignore")
def test_damaged_exif_is_ignored(tmp_path):
    path = save(tmp_path / "a.jpg", map_image(1), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decoded(path, 1).size == (160, 128)


def bomb():
    return encoded(Image.new("1", (12000, 12000)))


BAD = {
    "cut jpeg": (lambda: encoded(map_image(1), "JPEG")[:1500], "truncated"),
    "cut png": (lambda: encoded(map_image(1))[:1500], "truncated"),
    "page": (lambda: b"<html>no</html>", "undecodable: not an image"),
    "empty": (lambda: b"", "undecodable: not an image"),
    "postscript": (
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "undecodable: not an image",
    ),
    "bomb": (bomb, "too large: 144 megapixels"),
    "portable pixmap": (lambda: b"P6 2 2 255\n" + bytes(12), "undecodable: not an image"),
    "damaged": (lambda: encoded(map_image(1))[:40] + b"\0" * 900, "undecodable"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", BAD)
def test_bad_files_have_a_reason(kind, tmp_path):
    make, reason = BAD[kind]
    (tmp_path / "a").write_bytes(make())
    with pytest.raises(BadImage, match=f"^{reason}") as caught:
        decoded(tmp_path / "a", 100)
    assert len(str(caught.value)) < 120


@pytest.mark.filterwarnings("ignore")
def test_bomb_is_refused_without_decoding(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(bomb())
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(BadImage):
        decoded(tmp_path / "a.png", 100)


def test_missing_file(tmp_path):
    with pytest.raises(BadImage, match="missing"):
        decoded(tmp_path / "none.png", 1)


def test_the_size_of_a_refused_image_is_known(tmp_path):
    (tmp_path / "a.png").write_bytes(bomb())
    with pytest.raises(BadImage) as caught, open_upright(tmp_path / "a.png", 100):
        pass
    assert caught.value.size == (12000, 12000)


def test_an_image_that_the_memory_cannot_hold_is_refused_by_its_header(tmp_path, monkeypatch):
    path = save(tmp_path / "a.png", Image.new("RGB", (200, 100)), "PNG")
    monkeypatch.setattr(decode, "BUDGET", MemoryBudget(200 * 100 * 9 - 1))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(BadImage, match=r"^too large: 0 megapixels take 0.0 GiB, more than 0.0"):
        decoded(path, 100)


def test_images_that_the_memory_cannot_hold_together_take_turns():
    budget, running, most = MemoryBudget(100), [], []

    def work(size):
        with budget.reserve(size):
            running.append(size)
            most.append(sum(running))
            time.sleep(0.002)
            running.remove(size)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, [60, 60, 30, 90, 10, 100, 20, 40] * 3))
    assert max(most) <= 100
    assert budget.used == 0


def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size(tmp_path, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "a.jpg", map_image(1, (800, 400)), "JPEG", exif=exif, quality=95)
    monkeypatch.setattr(decode, "DRAFT_PIXELS", 1000)
    with open_upright(path, 1, needed=(50, 100)) as (image, width, height):
        assert image.size == (50, 100)
        assert (width, height) == (400, 800)
    with open_upright(path, 1) as (image, _, _):
        assert image.size == (400, 800)


def test_a_gigapixel_map_is_kept_and_cut(tmp_path, raw):
    """18,944 x 18,944 pixels were put aside as more than Pillow decodes; a strip of as many takes less time."""
    large = Image.new("L", (30000, 7000), 90)
    for x in range(0, 30000, 500):
        large.paste(200, (x, 0, x + 250, 7000))
    name = raw.put(encoded(large, "JPEG", quality=50), suffix="jpg")
    counts = prune(Prune(max_aspect=5), raw.folder, tmp_path / "pruned", THREAD)
    assert counts.kept == 1
    (row,) = read_list(tmp_path / "pruned/kept.csv")
    assert (row.file, row.width, row.height) == (name, 30000, 7000)
    settings = Resize(mode="crop", width=64, height=16)
    made = resize(settings, raw.folder, tmp_path / "pruned", tmp_path / "maps", THREAD)
    assert made.train == 1
