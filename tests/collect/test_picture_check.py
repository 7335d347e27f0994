import io

import pytest
from PIL import Image

from mapgan.collect.addresses import UnavailableError
from mapgan.collect.image_formats import is_image_start
from mapgan.collect.picture_check import check_picture

FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"]


def noise(size=(120, 90)):
    return Image.effect_noise(size, 90).convert("RGB")


def encoded(image_format, image=None, **options):
    stream = io.BytesIO()
    (image or noise()).save(stream, image_format, **options)
    return stream.getvalue()


@pytest.fixture
def reason(tmp_path):
    """The reason against some bytes; None if there is none."""

    def run(content, max_megapixels=100.0):
        path = tmp_path / "image"
        path.write_bytes(content)
        try:
            check_picture(path, max_megapixels)
        except UnavailableError as error:
            return str(error)
        return None

    return run


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_whole_image_passes(reason, image_format):
    content = encoded(image_format)
    assert reason(content) is None
    assert is_image_start(content[:32])


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("fraction", [0.3, 0.6, 0.95])
def test_a_cut_image_is_damaged(reason, image_format, fraction):
    content = encoded(image_format)
    assert reason(content[: int(len(content) * fraction)]) == "damaged: cannot be decoded"


@pytest.mark.parametrize("options", [{"progressive": True}, {"mode": "L"}, {"mode": "CMYK"}])
def test_kinds_of_jpeg(reason, options):
    image = noise((800, 600)).convert(options.pop("mode", "RGB"))
    content = encoded("JPEG", image, **options)
    assert reason(content) is None
    assert reason(content[: len(content) * 2 // 3]) == "damaged: cannot be decoded"


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html><p>no", b"<svg xmlns='x'/>", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7"]
)
def test_other_files_are_no_images(reason, content):
    assert reason(content) == "damaged: cannot be decoded"


def test_a_bomb_is_refused_by_its_header(reason):
    bomb = encoded("PNG", Image.new("1", (12_000, 12_000)))
    assert len(bomb) < 30_000
    assert reason(bomb) == "larger than 100 megapixels"


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_no_map(reason, image_format):
    content = encoded(image_format, save_all=True, append_images=[noise(), noise()])
    assert reason(content) == "animated"


def test_pages_of_a_tiff_and_previews_of_a_jpeg_are_no_animation(reason):
    assert reason(encoded("TIFF", save_all=True, append_images=[noise()])) is None
    assert reason(encoded("MPO", save_all=True, append_images=[noise()])) is None


@pytest.mark.parametrize("start", [b"<!doctype html>", b"\x1f\x8b\x08", b"%PDF", b"GIF", b"", b"<svg", b"%!PS-Adobe"])
def test_starts_of_other_files(start):
    assert not is_image_start(start)
