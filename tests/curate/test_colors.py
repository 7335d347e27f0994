"""Every accepted format in every mode, with and without a profile: colours within 2 of 255 of plain arithmetic."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mapgan.curate import color_profile
from mapgan.curate.color_profile import grey_table, to_srgb
from mapgan.curate.decode import open_upright

from . import icc
from .conftest import encoded, map_image

SIDE = 16  # pixels of a patch: whole blocks of a JPEG
STEPS = np.array([0, 12, 40, 90, 128, 170, 220, 255])
COLORS = np.stack(np.meshgrid(STEPS, STEPS[::2], STEPS[1::2], indexing="ij"), -1).reshape(16, 8, 3)
ALPHA = np.array([0, 255, 77, 200] * 2)[None].repeat(16, 0)
DARK_GREYS = np.arange(128).reshape(16, 8) * 2
MIXTURES = np.array([[i >> 3 & 1, i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(16)])[:, None].repeat(8, 1) * 255


def patches(values, dtype=np.uint8, mode=None):
    """An image of uniform patches."""
    pixels = np.asarray(values).repeat(SIDE, 0).repeat(SIDE, 1).astype(dtype)
    return Image.frombytes(mode, pixels.shape[1::-1], pixels.tobytes()) if mode else Image.fromarray(pixels)


def grey(values):
    return np.asarray(values, float)[..., None].repeat(3, -1)


def over_white(colors, alpha):
    return colors * (alpha / 255)[..., None] + 255 * (1 - alpha / 255)[..., None]


def palette():
    image = Image.frombytes(
        "P",
        (8 * SIDE, 16 * SIDE),
        np.arange(128).reshape(16, 8).repeat(SIDE, 0).repeat(SIDE, 1).astype(np.uint8).tobytes(),
    )
    image.putpalette(COLORS.reshape(-1, 3).astype(np.uint8).tobytes())
    return image


HALF = DARK_GREYS >= 128
FIRST_CLEAR = np.where(np.arange(128).reshape(16, 8) == 0, 0, 255)
YCC = np.asarray(patches(COLORS).convert("YCbCr"))[::SIDE, ::SIDE]


def from_ycc(values):
    y, cb, cr = (np.asarray(values)[..., i].astype(float) for i in range(3))
    rgb = [y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128)]
    return np.clip(np.stack(rgb, -1), 0, 255)


# by mode: the image, its colours before any profile, its alpha
MODES = {
    "1": (patches(np.where(HALF, 255, 0)).convert("1"), grey(np.where(HALF, 255, 0)), None),
    "L": (patches(DARK_GREYS), grey(DARK_GREYS), None),
    "LA": (patches(np.stack([DARK_GREYS, ALPHA], -1), mode="LA"), grey(DARK_GREYS), ALPHA),
    "P": (palette(), COLORS, None),
    "P and a hole": (palette(), COLORS, FIRST_CLEAR),
    "RGB": (patches(COLORS), COLORS, None),
    "RGBA": (patches(np.concatenate([COLORS, ALPHA[..., None]], -1)), COLORS, ALPHA),
    "YCbCr": (patches(YCC, mode="YCbCr"), from_ycc(YCC), None),
    "I;16": (patches(DARK_GREYS * 257, np.uint16), grey(DARK_GREYS), None),
    "F": (patches(DARK_GREYS / 255, np.float32), grey(DARK_GREYS), None),
    "CMYK": (patches(MIXTURES, mode="CMYK"), None, None),
}
FORMATS = {
    "PNG": ("1", "L", "LA", "P", "P and a hole", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "YCbCr", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("1", "L", "P", "P and a hole"),
    "BMP": ("1", "L", "P", "RGB"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "YCbCr", "I;16", "F", "CMYK"),
    "AVIF": ("RGB", "RGBA"),
}
OPTIONS = {
    "JPEG": {"quality": 100, "subsampling": 0},
    "WEBP": {"lossless": True, "exact": True},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
}
PROFILES = {
    "none": (b"", lambda values: values),
    "sRGB": (icc.rgb_profile(icc.SRGB, icc.srgb_decoded), lambda values: values),
    "Display P3": (
        icc.rgb_profile(icc.P3, icc.srgb_decoded),
        lambda values: icc.from_rgb(icc.P3, icc.srgb_decoded, values),
    ),
    "Adobe RGB": (
        icc.rgb_profile(icc.ADOBE, icc.adobe_decoded),
        lambda values: icc.from_rgb(icc.ADOBE, icc.adobe_decoded, values),
    ),
    "linear grey": (icc.grey_profile(lambda value: value), lambda values: 255 * icc.srgb_encoded(values / 255)),
    "inks": (icc.cmyk_profile(), None),
}
WITH_PROFILES = ("PNG", "JPEG", "WEBP", "TIFF", "AVIF")
GREY_MODES = ("1", "L", "LA", "I;16", "F")


def cases():
    for form, modes in FORMATS.items():
        for mode in modes:
            yield form, mode, "none"
            if form in WITH_PROFILES:
                fitting = ["inks"] if mode == "CMYK" else ["sRGB", "Display P3", "Adobe RGB"]
                yield from ((form, mode, profile) for profile in fitting)
                if mode in GREY_MODES:
                    yield form, mode, "linear grey"


def stored(form, mode, profile, content):
    """The colours in the file before any profile: what was put in, or where 8-bit RGB is not what the file stores,
    Pillow's: beyond the gamut of sRGB, a profile makes 12 steps of one."""
    if form not in ("JPEG", "AVIF") and (mode != "YCbCr" or profile == "none"):
        return MODES[mode][1]
    image = Image.open(io.BytesIO(content))
    return np.asarray(image.convert("RGB"))[SIDE // 2 :: SIDE, SIDE // 2 :: SIDE].astype(float)


@pytest.mark.parametrize(("form", "mode", "profile"), list(cases()))
def test_colors_are_those_of_the_profile(form, mode, profile, tmp_path):
    image, _, alpha = MODES[mode]
    icc_bytes, managed = PROFILES[profile]
    options = OPTIONS.get(form, {}) | ({"icc_profile": icc_bytes} if icc_bytes else {})
    if (form, mode) == ("TIFF", "YCbCr"):
        options |= {"compression": "tiff_lzw"}  # without, Pillow 12 cannot read what it writes
    if mode == "P and a hole":
        options |= {"transparency": 0}
    content = encoded(image, form, **options)
    if mode != "CMYK":
        expected = managed(stored(form, mode, profile, content))
    elif profile == "inks":
        expected = icc.from_inks(MIXTURES)
    else:
        expected = (255 - MIXTURES[..., :3]) * (1 - MIXTURES[..., 3:] / 255)
    if alpha is not None:
        expected = over_white(expected, alpha)
    (tmp_path / "a").write_bytes(content)
    with open_upright(tmp_path / "a", 1) as (upright, _, _):
        found = np.asarray(upright)[SIDE // 2 :: SIDE, SIDE // 2 :: SIDE].astype(float)
    assert upright.mode == "RGB"
    assert np.abs(found - expected).max() <= 2


def test_deep_greys_keep_their_depth(tmp_path):
    """The darkest 256th of a linear scale becomes 13 shades of sRGB; rounded to 8 bits first, it would be two."""
    values = np.arange(0, 257, dtype=np.uint16)[None].repeat(4, 0)
    linear = icc.grey_profile(lambda value: value)
    (tmp_path / "a.png").write_bytes(encoded(Image.fromarray(values), icc_profile=linear))
    with open_upright(tmp_path / "a.png", 1) as (upright, _, _):
        found = np.asarray(upright)[0, :, 0]
    assert np.abs(found - 255 * icc.srgb_encoded(values[0] / 65535)).max() <= 2
    assert len(set(found.tolist())) >= 12


DAMAGED = {
    "cut": icc.rgb_profile(icc.P3, icc.srgb_decoded)[:200],
    "noise": bytes(range(1, 200)),
    "for another kind of image": icc.cmyk_profile(),
    "for grey": icc.grey_profile(lambda value: value),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_profile_that_does_not_fit_is_ignored(kind, tmp_path):
    image = map_image(1)
    (tmp_path / "a.jpg").write_bytes(encoded(image, "PNG", icc_profile=DAMAGED[kind]))
    with open_upright(tmp_path / "a.jpg", 1) as (upright, _, _):
        assert np.array_equal(np.asarray(upright), np.asarray(image))


def test_a_profile_of_srgb_changes_nothing_and_costs_nothing(monkeypatch):
    profile, _ = PROFILES["sRGB"]
    image = map_image(1)
    assert to_srgb(image.copy(), profile) == image
    assert grey_table(profile) is None
    monkeypatch.setattr(color_profile.ImageCms, "applyTransform", lambda *_, **__: pytest.fail("applied"))
    to_srgb(image.copy(), profile)


def with_chunk(image, kind, data):
    """A PNG with a chunk before its pixels."""
    chunks = PngInfo()
    chunks.add(kind, data)
    return encoded(image, "PNG", pnginfo=chunks)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_gamma_chunk_is_obeyed(mode, tmp_path):
    """Gamma 1: the values are light."""
    image, colors, alpha = MODES[mode]
    expected = 255 * icc.srgb_encoded(colors / 255)
    (tmp_path / "a.png").write_bytes(with_chunk(image, b"gAMA", struct.pack(">I", 100000)))
    with open_upright(tmp_path / "a.png", 1) as (upright, _, _):
        found = np.asarray(upright)[SIDE // 2 :: SIDE, SIDE // 2 :: SIDE].astype(float)
    assert np.abs(found - (expected if alpha is None else over_white(expected, alpha))).max() <= 2


@pytest.mark.parametrize("gamma", [45455, 47000, 0, 4294967295])
def test_a_gamma_of_srgb_or_of_nonsense_changes_nothing(gamma, tmp_path):
    image = map_image(1)
    (tmp_path / "a.png").write_bytes(with_chunk(image, b"gAMA", struct.pack(">I", gamma)))
    with open_upright(tmp_path / "a.png", 1) as (upright, _, _):
        assert np.array_equal(np.asarray(upright), np.asarray(image))
