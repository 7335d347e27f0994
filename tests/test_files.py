"""Files are whole or not there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mapgan import files
from mapgan.errors import MapganError, exit_on_error


def test_a_failed_write_leaves_the_old_file_and_no_scratch(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half() -> None:
        with files.atomic_write(path) as scratch:
            scratch.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_writing_does_not_reach_through_a_hard_link(tmp_path: Path) -> None:
    cached, path = tmp_path / "cached", tmp_path / "a.txt"
    cached.write_text("old")
    os.link(cached, path)
    files.write_text(path, "new")
    assert (cached.read_text(), path.read_text()) == ("old", "new")


def test_linking_changes_nothing_about_the_source(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "folder" / "target"
    source.write_text("map")
    source.chmod(0o400)
    before = source.stat()
    files.link_or_copy(source, target)
    after = source.stat()
    assert target.read_text() == "map"
    assert (before.st_mode, before.st_mtime_ns, before.st_size) == (after.st_mode, after.st_mtime_ns, after.st_size)


def test_linking_copies_where_the_file_system_cannot_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "source").write_text("map")
    files.link_or_copy(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "target").read_text() == "map"
    assert (tmp_path / "target").stat().st_nlink == 1


def test_a_lock_is_refused_while_held_and_free_after_a_kill(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    code = f"""
from pathlib import Path
import time
from mapgan import files
with files.locked(Path({str(lock)!r}), "busy"):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "held"
    with pytest.raises(MapganError, match="busy"), files.locked(lock, "busy"):
        pass
    holder.kill()
    holder.wait()
    with files.locked(lock, "busy"):
        pass


def test_json_has_one_spelling() -> None:
    assert files.canonical_json({"b": [1, 2], "a": "é"}) == '{"a":"é","b":[1,2]}'


def test_the_digest_of_a_tree_sees_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    first = files.sha256_tree([tmp_path])
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    second = files.sha256_tree([tmp_path])
    (tmp_path / "b.py").write_text("2")
    assert len({first, second, files.sha256_tree([tmp_path])}) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_said_with_its_file_and_what_is_free(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def write() -> None:
        with (
            exit_on_error(),
            files.atomic_write(tmp_path / "pack.npy"),
            Path("/dev/full").open("wb", buffering=0) as full,
        ):
            full.write(b"0" * 10)  # the error that a full disk gives: it names no file

    with pytest.raises(SystemExit):
        write()
    said = capsys.readouterr().err
    assert said.startswith(f"mapgan: {tmp_path / 'pack.npy'}: No space left on device (")
    assert said.endswith(f" MiB free in {tmp_path}); make room and run again\n")


def test_a_full_disk_is_found_before_it_is_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(SystemExit), exit_on_error(), files.atomic_write(tmp_path / "pack.npy", size=2 * free):
        pytest.fail("written to")
    said = capsys.readouterr().err
    needed = re.search(r"pack.npy: No space left on device \((\d+) MiB needed, \d+ MiB free in ", said)
    assert needed is not None
    assert abs(int(needed[1]) - 2 * free / 2**20) < 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs rlimits")
def test_a_copy_that_cannot_be_written_names_the_copy(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(bytes(100_000))
    code = (
        "import resource, shutil; from pathlib import Path; from mapgan import files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        f"    with files.atomic_write(Path({str(tmp_path / 'copy')!r})) as part:\n"
        f"        shutil.copyfile({str(tmp_path / 'source')!r}, part)\n"
        "except OSError as error:\n"
        "    print(error.filename)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == f"{tmp_path / 'copy'}\n"


def test_a_scratch_folder_takes_what_killed_processes_left_with_it(tmp_path: Path) -> None:
    (tmp_path / ".scratch-old").mkdir()
    (tmp_path / ".scratch-old/half.png").touch()
    (tmp_path / ".kept.csv.x1.part").touch()
    (tmp_path / "kept.csv").touch()
    with files.scratch_folder(tmp_path) as scratch:
        (scratch / "a.png").touch()
        assert scratch.is_absolute()
        assert {path.name for path in tmp_path.iterdir()} == {scratch.name, "kept.csv"}
    assert [path.name for path in tmp_path.iterdir()] == ["kept.csv"]
