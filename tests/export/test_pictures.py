"""Image files, as other readers see them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mapgan import rng
from mapgan.errors import MapganError
from mapgan.export import pictures
from mapgan.export.pictures import encoded, for_roll20

NOISE = Image.fromarray(
    np.clip(128 + 60 * rng.normal(0, "paper", 0, 0, 200 * 300 * 3), 0, 255).astype(np.uint8).reshape(200, 300, 3)
)


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_files_state_their_dots_per_inch(kind: str) -> None:
    image = Image.open(io.BytesIO(encoded(NOISE, kind, 101.6)))
    assert image.format == kind.upper()
    dpi = image.info["dpi"][0] if kind != "webp" else image.getexif()[282]
    assert float(dpi) == pytest.approx(101.6, abs=0.5)


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_png_and_webp_lose_nothing(kind: str) -> None:
    assert (np.asarray(Image.open(io.BytesIO(encoded(NOISE, kind, 100)))) == np.asarray(NOISE)).all()


def test_roll20_gets_a_png_or_else_a_webp_below_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert for_roll20(NOISE, 70)[0] == ".png"
    monkeypatch.setattr(pictures, "ROLL20_BYTES", 60_000)
    suffix, content = for_roll20(NOISE, 70)
    assert suffix == ".webp"
    assert len(content) <= 60_000
    monkeypatch.setattr(pictures, "ROLL20_BYTES", 1_000)
    with pytest.raises(MapganError, match=r"lower --resolution"):
        for_roll20(NOISE, 70)


def test_a_webp_that_would_be_too_wide_is_refused() -> None:
    with pytest.raises(MapganError, match="WebP has 16383"):
        encoded(Image.new("RGB", (16_384, 2)), "webp", 100)
