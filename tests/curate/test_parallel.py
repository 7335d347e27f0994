"""Workers of every kind give the same results, and an image that ends its worker costs nothing but itself."""

import os
import sys
import time
from pathlib import Path

import pytest

from mapgan.curate import decode
from mapgan.curate.decode import NeedsMoreMemory
from mapgan.curate.parallel import Lost, parallel_map
from mapgan.curate.prune import prune
from mapgan.curate.resize import resize
from mapgan.errors import MapganError
from mapgan.params import Machine
from mapgan.params.collecting import Prune, Resize
from mapgan.progress import Bar

from .conftest import THREAD, encoded, map_image

PROCESSES = Machine(workers=2)
CRASHES = "crashes its decoder, or takes more memory than there is"


def double(item):
    """As an image of many kinds would behave."""
    kind, value = item
    if kind == "crash":
        os._exit(3)
    if kind == "slow crash":  # the other worker does all the rest in this time
        time.sleep(2.0)
        os._exit(3)
    if isinstance(kind, Path):
        with kind.open("a") as stream:
            stream.write(f"{value}\n")
    if kind == "bystander":  # is in work when the other worker ends
        time.sleep(0.5)
    if kind == "slow":
        time.sleep(6)
    if kind == "hang":
        time.sleep(600)
    if kind == "large" and decode.BUDGET.share < 1:
        raise NeedsMoreMemory
    if kind == "full disk":
        raise OSError(28, "No space left on device")
    return 2 * value


def doubled(kinds, machine, max_seconds=60.0):
    items = list(zip(kinds, range(len(kinds)), strict=True))
    bar = Bar("test", total=len(items), quiet=True)
    found = parallel_map(double, items, machine, max_seconds, bar)
    assert bar.done == len(items)
    return found


def test_an_image_that_ends_its_worker_is_put_aside_alone():
    found = doubled(["good", "large", "bystander", "crash", "bystander", "good"], PROCESSES)
    assert found == [0, 2, 4, Lost(CRASHES), 8, 10]


def test_what_was_done_beside_a_lost_image_is_not_done_again(tmp_path):
    found = doubled(["slow crash", *[tmp_path / "done"] * 40], PROCESSES)
    assert found == [Lost(CRASHES), *range(2, 82, 2)]
    done = (tmp_path / "done").read_text().split()
    assert 40 <= len(done) <= 44  # those in hand when the worker ended are


@pytest.mark.soak
def test_an_image_that_takes_too_long_beside_others_is_put_aside():
    found = doubled(["slow", *["bystander"] * 20], PROCESSES, 3.0)
    assert found == [Lost("too slow: more than 3 seconds"), *range(2, 42, 2)]


@pytest.mark.soak
@pytest.mark.parametrize("workers", [1, 3])
def test_an_image_that_never_ends_is_put_aside_alone(workers):
    kinds = ["good", "hang", *["good"] * 9, "crash", "good"]
    found = doubled(kinds, Machine(workers=workers), 20.0)
    lost = {1: Lost("too slow: more than 20 seconds"), 11: Lost(CRASHES)}
    assert found == [lost.get(index, 2 * index) for index in range(len(kinds))]


@pytest.mark.parametrize("machine", [THREAD, PROCESSES], ids=["threads", "processes"])
def test_what_is_wrong_with_the_machine_is_no_fault_of_the_image(machine):
    with pytest.raises(OSError, match="No space left"):
        doubled(["good", "full disk"], machine)


def test_no_images():
    assert doubled([], THREAD) == []


def results(raw, out, machine):
    """All files of prune and resize, by name."""
    prune(Prune(), raw.folder, out / "pruned", machine)
    settings = Resize(width=32, height=32, tile_zoom=1.5, tile_contrast=0.0)
    resize(settings, raw.folder, out / "pruned", out / "maps", machine)
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.fixture
def heap(raw):
    for seed in range(4):
        raw.put(map_image(seed))
    raw.put(encoded(map_image(5), "JPEG")[:1500], suffix="jpg")
    raw.put(encoded(map_image(1), "JPEG", quality=60), suffix="jpg")
    return raw


def test_processes_write_what_a_thread_writes(heap, tmp_path):
    assert results(heap, tmp_path / "two", PROCESSES) == results(heap, tmp_path / "one", THREAD)


def test_workers_that_started_elsewhere_find_the_images(heap, tmp_path, monkeypatch):
    expected = results(heap, tmp_path / "one", PROCESSES)
    monkeypatch.chdir(tmp_path)
    heap.folder = heap.folder.relative_to(tmp_path)
    assert results(heap, Path("two"), PROCESSES) == expected


@pytest.mark.soak
def test_a_cluster_writes_what_a_thread_writes(heap, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        machine = Machine(backend="dask", address=cluster.scheduler_address)
        assert results(heap, tmp_path / "cluster", machine) == results(heap, tmp_path / "one", THREAD)
        found = doubled(["good", "crash", *["good"] * 9], machine, 40.0)
    assert found == [0, Lost(CRASHES), *range(4, 22, 2)]


def test_no_cluster_is_said_in_a_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MapganError, match="ray is not installed; pip install ray"):
        doubled(["good"], Machine(backend="ray"))
