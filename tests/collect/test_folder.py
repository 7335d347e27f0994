import os
import zlib

import pytest

from mapgan.collect import folder
from mapgan.errors import MapganError
from mapgan.params.collecting import Folder

from .conftest import image_bytes


@pytest.fixture
def inbox(tmp_path):
    (tmp_path / "inbox" / "sub").mkdir(parents=True)
    return tmp_path / "inbox"


@pytest.fixture
def gather(tmp_path, inbox):
    def run(pattern="", leave_out=()):
        return folder.gather(Folder(path=str(inbox)), pattern, tmp_path / "raw", leave_out)

    return run


def urls(rows):
    return [row.url for row in rows]


def test_collects_the_images_of_subfolders_and_nothing_else(inbox, gather, tmp_path, capsys):
    for number, name in enumerate(["b.PNG", "sub/a.jpeg", ".hidden.png", "README.md", "sub/.x/y.png"]):
        (inbox / name).parent.mkdir(exist_ok=True)
        (inbox / name).write_bytes(image_bytes(number))
    rows, new = gather()
    assert urls(rows) == ["folder:b.PNG", "folder:sub/a.jpeg"]
    assert new == 2
    assert {row.file for row in rows} == {path.name for path in (tmp_path / "raw").iterdir()}
    assert {row.file[-4:] for row in rows} == {".png"}  # from the content, not the name
    assert "skipped files that are not images (1): README.md\n" in capsys.readouterr().err


def test_skipped_files_are_named(inbox, gather, capsys):
    (inbox / "a.png").write_bytes(image_bytes())
    for number in range(12):
        (inbox / f"note-{number:02d}.txt").touch()
    gather()
    line = capsys.readouterr().err
    assert "skipped files that are not images (12): note-00.txt, note-01.txt, " in line
    assert "note-09.txt and 2 more\n" in line


def test_the_first_subfolder_is_the_label(inbox, gather):
    for number, name in enumerate(["a.png", "sub/b.png", "sub/deep/c.png"]):
        (inbox / name).parent.mkdir(exist_ok=True)
        (inbox / name).write_bytes(image_bytes(number))
    rows, _ = gather()
    assert [row.label for row in rows] == ["", "sub", "sub"]


def test_the_users_images_are_not_changed(inbox, gather, tmp_path):
    image = inbox / "a.png"
    image.write_bytes(image_bytes())
    image.chmod(0o640)
    os.utime(image, (1e9, 1e9))
    before = image.stat()
    (row,), _ = gather()
    after = image.stat()
    assert (before.st_mode, before.st_mtime_ns, before.st_nlink) == (after.st_mode, after.st_mtime_ns, 1)
    copy = tmp_path / "raw" / row.file
    copy.chmod(0o444)  # as DVC does
    assert image.stat().st_mode == before.st_mode


def test_a_second_run_copies_nothing(inbox, gather):
    (inbox / "a.png").write_bytes(image_bytes())
    assert gather()[1] == 1
    assert gather()[1] == 0


def test_equal_names_in_two_folders_are_two_groups(inbox, gather):
    for number, name in enumerate(["Pit__0.png", "sub/Pit__0.png", "sub/Pit__1.png"]):
        (inbox / name).write_bytes(image_bytes(number))
    assert [row.group for row in gather(r"^(.+?)__")[0]] == ["Pit", "sub/Pit", "sub/Pit"]
    assert [row.group for row in gather()[0]] == ["Pit__0", "sub/Pit__0", "sub/Pit__1"]


def test_symlink_loops_are_not_followed(inbox, gather):
    (inbox / "sub" / "a.png").write_bytes(image_bytes())
    try:
        (inbox / "sub" / "back").symlink_to(inbox, target_is_directory=True)
    except OSError:
        pytest.skip("cannot create symbolic links")
    (inbox / "gone.png").symlink_to(inbox / "nowhere.png")
    assert urls(gather()[0]) == ["folder:sub/a.png"]


def test_the_output_may_be_inside_the_folder(inbox, tmp_path):
    (inbox / "a.png").write_bytes(image_bytes())
    raw = inbox / "out" / "raw"
    for _ in range(2):
        rows, _ = folder.gather(Folder(path=str(inbox)), "", raw, leave_out=[raw])
        assert urls(rows) == ["folder:a.png"]


def test_a_damaged_image_is_kept_for_pruning_to_reject(inbox, gather):
    (inbox / "a.png").write_bytes(b"broken")
    (row,), _ = gather()
    assert (row.file[-4:], row.status, row.width) == (".bin", "ok", 0)


def test_a_decompression_bomb_keeps_its_size(inbox, gather):
    head = bytes.fromhex("49484452 000186a0 000186a0 01 00 00 00 00")  # IHDR, 100,000 x 100,000, one bit each
    start = b"\x89PNG\r\n\x1a\n\0\0\0\r" + head + zlib.crc32(head).to_bytes(4, "big")
    (inbox / "a.png").write_bytes(start + b"\0\0\0\0IDAT" + b"\0" * 4)
    (row,), _ = gather()
    assert (row.width, row.height, row.mime) == (100_000, 100_000, "image/png")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read every file")
def test_an_unreadable_file_is_a_failed_row(inbox, gather):
    (inbox / "a.png").write_bytes(image_bytes())
    (inbox / "a.png").chmod(0)
    (row,), _ = gather()
    assert (row.status, row.reason) == ("failed", "cannot be read (Permission denied)")


def test_an_empty_folder_stops_the_run(inbox, gather):
    (inbox / "README.md").write_text("put images here")
    with pytest.raises(MapganError, match=r"no images; put some there \(png, jpg"):
        gather()


def test_a_missing_folder_stops_the_run(tmp_path):
    with pytest.raises(MapganError, match=r"scrape\.folder\.path: no folder"):
        folder.gather(Folder(path=str(tmp_path / "nowhere")), "", tmp_path / "raw")
