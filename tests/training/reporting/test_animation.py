"""The snapshots of a run as a growing animation."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from mapgan.errors import MapganError
from mapgan.sampling.sheet import PAPER
from mapgan.training import run as running
from mapgan.training.checkpoints.checkpoint import step_of
from mapgan.training.reporting import animation
from mapgan.training.reporting.animation import LAST_FRAME_MS, MAX_FRAMES, SIDE, STRIP, Animation, write_animation
from mapgan.training.reporting.trouble import COLLAPSED
from tests.training.checkpoints.test_resume import run

WIDE, HIGH = 400, 386


@pytest.fixture
def no_film(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if PyAV were not installed."""
    monkeypatch.setitem(__import__("sys").modules, "av", None)


def snapshot(folder: Path, step: int, size: tuple[int, int] = (WIDE, HIGH)) -> Path:
    """A sheet that is one flat grey, another at each step."""
    path = folder / f"step-{step:08d}.png"
    folder.mkdir(exist_ok=True)
    Image.new("RGB", size, shade(step)).save(path)
    return path


def shade(step: int) -> tuple[int, int, int]:
    return (40 + step % 200,) * 3


def frames_of(gif: Path) -> list[np.ndarray]:
    with Image.open(gif) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGB")))
    return frames


def shade_of(frame: np.ndarray) -> int:
    return int(frame[STRIP + (frame.shape[0] - STRIP) // 2, frame.shape[1] // 2, 0])


@pytest.mark.usefixtures("no_film")
def test_each_snapshot_is_a_frame_below_its_step(tmp_path: Path) -> None:
    paths = [snapshot(tmp_path / "s", step) for step in (10, 20, 30)]
    assert write_animation(paths, tmp_path / "results") == [tmp_path / "results/progress.gif"]
    frames = frames_of(tmp_path / "results/progress.gif")
    assert [frame.shape for frame in frames] == [(HIGH + STRIP, WIDE, 3)] * 3
    assert [shade_of(frame) for frame in frames] == [50, 60, 70]
    lines = [frame[:STRIP] for frame in frames]
    assert all((line != PAPER).any() for line in lines)
    assert not np.array_equal(lines[0], lines[1])
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["progress.gif"]


@pytest.mark.usefixtures("no_film")
def test_the_last_frame_is_held_and_the_film_begins_anew(tmp_path: Path) -> None:
    [gif] = write_animation([snapshot(tmp_path, step) for step in (1, 2)], tmp_path)
    with Image.open(gif) as image:
        assert image.info["loop"] == 0
        assert image.info["duration"] < LAST_FRAME_MS
        image.seek(1)
        assert image.info["duration"] == LAST_FRAME_MS


@pytest.mark.usefixtures("no_film")
def test_a_long_run_is_thinned_evenly_and_keeps_its_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [Path(f"step-{step:08d}.png") for step in range(1000)]
    for count in (1, 2, MAX_FRAMES, MAX_FRAMES + 1, 119, 120, 999, 1000):
        kept = [int(path.stem[5:]) for path in animation._thinned(paths[:count])]
        assert kept[0] == 0
        assert kept[-1] == count - 1
        assert min(count, MAX_FRAMES // 2) <= len(kept) <= MAX_FRAMES
        assert len(set(np.diff(kept[:-1]))) <= 1
    assert animation._thinned([]) == []

    monkeypatch.setattr(animation, "MAX_FRAMES", 4)
    [gif] = write_animation([snapshot(tmp_path, step) for step in range(10)], tmp_path)
    assert [shade_of(frame) for frame in frames_of(gif)] == [40, 44, 48, 49]


@pytest.mark.usefixtures("no_film")
def test_the_next_call_decodes_only_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [snapshot(tmp_path, step) for step in range(5)]
    write_animation(paths[:4], tmp_path)
    decoded = []
    fitted = animation.fitted

    def counted(sheet: Image.Image, most: tuple[int, int]) -> Image.Image:
        decoded.append(sheet)
        return fitted(sheet, most)

    monkeypatch.setattr(animation, "fitted", counted)
    [gif] = write_animation(paths, tmp_path)
    assert len(decoded) == 1
    assert len(frames_of(gif)) == 5


@pytest.mark.usefixtures("no_film")
def test_the_same_snapshots_give_the_same_bytes(tmp_path: Path) -> None:
    paths = [snapshot(tmp_path, step) for step in (1, 2, 3)]
    first = write_animation(paths, tmp_path / "a")[0].read_bytes()
    animation._frame.cache_clear()
    animation._small.cache_clear()
    assert write_animation(paths, tmp_path / "b")[0].read_bytes() == first


@pytest.mark.usefixtures("no_film")
@pytest.mark.parametrize(
    ("size", "frame"),
    [
        ((3112, 3176), (732, SIDE)),  # larger than a frame may be
        ((900, 30), (SIDE, 25 + STRIP + 1)),  # odd heights get a line more
        ((90, 60), (4 * 90, 4 * 60 + STRIP)),  # small: by a whole number
        ((300, 200), (300, 200 + STRIP)),  # never by a fraction
        ((WIDE, SIDE), (389, SIDE)),
    ],
)
def test_frames_can_be_seen_and_are_not_too_large(
    tmp_path: Path, size: tuple[int, int], frame: tuple[int, int]
) -> None:
    [gif] = write_animation([snapshot(tmp_path, 7, size)], tmp_path)
    with Image.open(gif) as image:
        assert image.size == (frame[0] + frame[0] % 2, frame[1])
        assert image.size[1] % 2 == 0


@pytest.mark.usefixtures("no_film")
def test_snapshots_of_another_size_are_brought_to_that_of_the_last(tmp_path: Path) -> None:
    sizes = [(100, 100), (800, 500), (64, 640), (WIDE, HIGH)]
    [gif] = write_animation([snapshot(tmp_path, step, size) for step, size in enumerate(sizes)], tmp_path)
    frames = frames_of(gif)
    assert [frame.shape for frame in frames] == [(HIGH + STRIP, WIDE, 3)] * 4
    assert [shade_of(frame) for frame in frames] == [40, 41, 42, 43]
    assert np.allclose(frames[0][-5:], PAPER, atol=3)


@pytest.mark.usefixtures("no_film")
def test_damaged_and_vanished_snapshots_are_stepped_over(tmp_path: Path) -> None:
    paths = [snapshot(tmp_path, step) for step in range(6)]
    paths[1].write_bytes(paths[1].read_bytes()[:-60])
    paths[2].write_bytes(b"")
    paths[3].unlink()
    whole = paths[5].read_bytes()
    paths[5].write_bytes(whole[:30] + bytes(40) + whole[70:])
    [gif] = write_animation(paths, tmp_path)
    assert [shade_of(frame) for frame in frames_of(gif)] == [40, 44]
    assert write_animation(paths[1:4], tmp_path / "none") == []
    assert write_animation([], tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("no_film")
def test_a_snapshot_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = snapshot(tmp_path, 5)
    write_animation([path], tmp_path)
    Image.new("RGB", (WIDE, HIGH), (200, 0, 0)).save(path)
    [gif] = write_animation([path], tmp_path)
    assert shade_of(frames_of(gif)[0]) == 200


@pytest.mark.parametrize(("size", "frame"), [((WIDE, HIGH), (WIDE, HIGH + STRIP)), ((301, 201), (302, 222))])
def test_a_film_that_every_player_shows(tmp_path: Path, size: tuple[int, int], frame: tuple[int, int]) -> None:
    av = pytest.importorskip("av", reason="PyAV is not installed: pip install 'mapgan[video]'")
    paths = [snapshot(tmp_path, step, size) for step in (10, 60, 110)]
    gif, film = write_animation(paths, tmp_path / "results")
    assert (gif.name, film.name) == ("progress.gif", "progress.mp4")
    assert film.read_bytes().index(b"moov") < film.read_bytes().index(b"mdat")  # so that a browser shows it at once
    with av.open(str(film)) as opened:
        stream = opened.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.codec_context.width, stream.codec_context.height) == frame
        shown = [shade_of(image.to_ndarray(format="rgb24")) for image in opened.decode(stream)]
        assert float(stream.duration * stream.time_base) == pytest.approx(3.0)
    assert np.allclose(shown, [50, 100, 150, *[150] * (len(shown) - 3)], atol=3)
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["progress.gif", "progress.mp4"]


@pytest.mark.parametrize(
    ("seconds", "made"),
    [
        pytest.param([0, 3, 19, 22], [1, 4], id="rests ten times as long as it took, and nothing is left to flush"),
        pytest.param([0, 3, 4], [1, 3], id="the last is always made"),
    ],
)
def test_frequent_snapshots_do_not_cost_an_animation_each(
    seconds: list[int], made: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, numbers = [0.0], []

    def write(snapshots: list[Path], _: Path) -> None:
        numbers.append(len(snapshots))
        clock[0] += 2

    monkeypatch.setattr(animation, "write_animation", write)
    monkeypatch.setattr(animation, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    growing = Animation(tmp_path)
    for number, second in enumerate(seconds, start=1):
        clock[0] = second
        growing.update([tmp_path] * number)
    growing.flush()
    growing.flush()
    assert numbers == made


@pytest.mark.parametrize("stopped", ["by a signal", "by trouble", "by its end"])
def test_whenever_a_run_ends_its_last_snapshot_is_in_the_animation(
    stopped: str, squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(snapshots: list[Path], _: Path) -> None:
        shown.append([step_of(path) for path in snapshots])

    shown: list[list[int]] = []
    monkeypatch.setattr(animation, "write_animation", written)
    monkeypatch.setattr(animation, "PAUSE", 1e9)
    if stopped == "by a signal":
        monkeypatch.setattr(running, "_should_stop", lambda run, _: run.done == 4)
    if stopped == "by trouble":
        monkeypatch.setattr(running, "find_run_trouble", lambda run: COLLAPSED if run.done == 4 else None)
    ended = contextlib.nullcontext() if stopped == "by its end" else pytest.raises(MapganError)
    with ended:
        run(squares, tmp_path, "train.snapshot_every=1", "train.watch.policy=stop")
    assert shown == [[1], [1, 2, 3, 4] if stopped != "by its end" else [1, 2, 3, 4, 5, 6]]
