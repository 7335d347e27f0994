"""A folder of every odd file: each ends as kept, or as rejected or failed with the right reason."""

import base64
import functools
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mapgan.collect import collect, read_manifest, write_manifest
from mapgan.curate.prune import prune
from mapgan.curate.prune_record import read_list
from mapgan.params.collecting import Folder, Prune, Scrape

from .conftest import THREAD, Raw, encoded, map_image, threads

ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def interlaced_png(image):
    """Pillow writes none."""
    pixels = np.asarray(image)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    passes = [pixels[top::down, left::across] for top, left, down, across in ADAM7]
    lines = b"".join(b"\0" + row.tobytes() for part in passes if part.shape[1] for row in part)
    head = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


# two light rooms, by `cjpeg -arithmetic -grayscale -quality 30`; Pillow writes none
ARITHMETIC_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8"
    "ybqmx5moq6T/yQALCABIAEgBAREA/8wABgAQEAX/2gAIAQEAAD8A/wBK2JXriaEDlOMUhsIk8yRDtcONq2zzCdoFLhLod2nUAhGcdTSt+zoP"
    "ldQLSym06lJGB6r+RgE98Aaf1MeLr2BSo8TGbWPMCYpFFG5IbENVzx8jehkzQO8yYu5IyQLh9v8AkcAamYzfvFaSHNMHAY/u7l+oRlp9GrYG"
    "hRI+yJPcAcVdJhU1urkVE69q8RfSCsUc7Dvix9AD7P/Z"
)


def several(kind, **options):
    frames = [map_image(seed) for seed in (21, 22)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)


@functools.cache
def whole(kind):
    return encoded(map_image(31, (200, 150)), kind)


def cut(kind, tenths):
    return whole(kind)[: len(whole(kind)) * tenths // 10]


KEPT = {
    "progressive.jpg": lambda: encoded(map_image(1), "JPEG", progressive=True),
    "arithmetic.jpg": lambda: ARITHMETIC_JPEG,
    "interlaced.png": lambda: interlaced_png(map_image(2)),
    "animated.png": lambda: several("PNG"),
    "animated.webp": lambda: several("WEBP", lossless=True),
    "animated.gif": lambda: several("GIF"),
    "pages.tiff": lambda: several("TIFF"),
    "sequence.avif": lambda: several("AVIF"),
    "a jpeg called.png": lambda: encoded(map_image(3), "JPEG"),
}
REJECTED = {
    "one pixel.png": (lambda: encoded(Image.new("RGB", (1, 1))), "too small: 1 x 1"),
    "line.png": (lambda: encoded(Image.new("RGB", (1, 20000))), "too small: 1 x 20000"),
    "strip.png": (lambda: encoded(map_image(4, (70, 900))), "aspect ratio: 70 x 900"),
    "bomb.png": (lambda: encoded(Image.new("1", (12000, 12000))), "too large: 144 megapixels"),
    "empty.png": (lambda: b"", "undecodable"),
    "noise.png": (lambda: np.random.default_rng(0).bytes(5000), "undecodable"),
    "page.jpg": (lambda: b"<!doctype html><title>404</title>", "undecodable"),
    "grey.webp": (lambda: encoded(Image.new("RGB", (99, 99), (80, 80, 80)), "WEBP"), "blank"),
}
CUT = [(kind, tenths) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF") for tenths in range(1, 10)]


def outcome(folder, tmp_path):
    """By file name: empty if it was kept, or the reason that it was not."""
    raw, out = tmp_path / "raw", tmp_path / "pruned"
    collect(Scrape(source="folder", folder=Folder(path=str(folder))), raw, tmp_path / "cache")
    prune(Prune(max_megapixels=100), raw, out, threads(2))
    rows = [*read_list(out / "kept.csv"), *read_list(out / "rejected.csv")]
    rows += [row for row in read_manifest(raw / "manifest.csv") if row.status == "failed"]
    return {row.url.removeprefix("folder:"): row.reason for row in rows}


@pytest.fixture
def folder(tmp_path):
    """With one good image, as no set may be left without any."""
    folder = tmp_path / "heap"
    folder.mkdir()
    (folder / "good.png").write_bytes(encoded(map_image(99)))
    return folder


@pytest.mark.filterwarnings("ignore")
def test_every_odd_image_is_kept_or_has_its_reason(folder, tmp_path):
    for name, make in KEPT.items():
        (folder / name).write_bytes(make())
    for name, (make, _) in REJECTED.items():
        (folder / name).write_bytes(make())
    found = outcome(folder, tmp_path)
    # the animations have one first frame
    first = {name for name in KEPT if name.startswith(("animated", "pages", "sequence"))}
    doubles = {name for name in first if "duplicate" in found[name]}
    assert len(doubles) == len(first) - 1
    assert {name: reason for name, reason in found.items() if name not in REJECTED and name not in doubles} == {
        name: "" for name in ("good.png", *KEPT) if name not in doubles
    }
    assert {name for name, (_, reason) in REJECTED.items() if not found[name].startswith(reason)} == set()


@pytest.mark.filterwarnings("ignore")
def test_a_file_cut_anywhere_is_not_kept(folder, tmp_path):
    for kind, tenths in CUT:
        (folder / f"{kind}-{tenths}.{kind.lower()}").write_bytes(cut(kind, tenths))
    found = outcome(folder, tmp_path)
    assert len(found) == 1 + len(CUT)
    wrong = {name: reason for name, reason in found.items() if not reason.startswith(("truncated", "undecodable"))}
    assert wrong == {"good.png": ""}


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_what_is_no_file_is_named_and_stepped_over(folder, tmp_path, capsys):
    (folder / "folder.png").mkdir()
    (folder / "dangling.png").symlink_to("nowhere.png")
    (folder / "loop.png").symlink_to("loop.png")
    os.mkfifo(folder / "pipe.png")
    assert outcome(folder, tmp_path) == {"good.png": ""}
    told = capsys.readouterr().err
    assert [name for name in ("dangling", "loop", "pipe") if f"{name}.png: skipped" not in told] == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_has_its_reason(folder, tmp_path):
    (folder / "secret.png").write_bytes(encoded(map_image(5)))
    (folder / "secret.png").chmod(0)
    assert outcome(folder, tmp_path)["secret.png"].startswith("cannot be read")


MIXTURE = {
    "good": lambda seed: encoded(map_image(seed)),
    "jpeg": lambda seed: encoded(map_image(seed), "JPEG"),
    "small": lambda seed: encoded(map_image(seed, (40 + seed, 30))),
    "blank": lambda seed: encoded(Image.new("RGB", (80, 80), (seed, 0, 0))),
    "cut": lambda seed: encoded(map_image(seed))[: 900 + seed],
    "noise": lambda seed: np.random.default_rng(seed).bytes(200 + seed),
}


@functools.cache
def one_of(kind, seed):
    return MIXTURE[kind](seed)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=25, deadline=None)
@given(
    mixture=st.lists(st.tuples(st.sampled_from(sorted(MIXTURE)), st.integers(0, 5)), min_size=1, max_size=12),
    order=st.randoms(use_true_random=False),
    workers=st.integers(1, 4),
)
def test_any_mixture_is_sorted_out_whole_and_alike_in_any_order(mixture, order, workers):
    with tempfile.TemporaryDirectory() as name:
        raw = Raw(Path(name) / "raw")
        for kind, seed in [("good", 99), *mixture]:
            raw.put(one_of(kind, seed), url=f"https://maps.example/{len(raw.rows)}")
        prune(Prune(), raw.folder, Path(name) / "one", THREAD)
        order.shuffle(raw.rows)
        write_manifest(raw.folder / "manifest.csv", raw.rows)
        prune(Prune(), raw.folder, Path(name) / "other", threads(workers))
        written = sorted(path.name for path in (Path(name) / "one").iterdir())
        for file in written:
            assert (Path(name) / "one" / file).read_bytes() == (Path(name) / "other" / file).read_bytes()
        found = [*read_list(Path(name) / "one/kept.csv"), *read_list(Path(name) / "one/rejected.csv")]
        assert sorted((row.file, row.url) for row in found) == sorted((row.file, row.url) for row in raw.rows)
