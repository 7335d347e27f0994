"""Finding a ready-made set: in local files, or else by downloading it with torchvision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mapgan.errors import MapganError
from mapgan.params.collecting import ReadyMade
from mapgan.sets.arrays import kind_of, read_arrays
from mapgan.sets.parts import ReadySet, from_arrays, is_test

# of Debian's package dataset-fashion-mnist
INSTALLED = {"fashion-mnist": Path("/usr/share/datasets/fashion-mnist")}
WORDS = {
    "mnist": tuple("0123456789"),
    "fashion-mnist": (
        "t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot",
    ),
}  # fmt: skip


def find_set(settings: ReadyMade, cache: Path) -> ReadySet:
    """The set of the settings.

    Args:
        settings: the section `dataset` of `params.yaml`.
        cache: folder for downloads.

    Raises:
        MapganError: there are no such files and it cannot be downloaded, or they are damaged.
    """
    path = Path(settings.path)
    words = WORDS.get(settings.name, ())
    if files := set_files(settings):
        arrays = {name: array for file in files for name, array in read_arrays(file).items()}
        return from_arrays(arrays, str(files[0] if len(files) == 1 else files[0].parent), words)
    if settings.name == "file":
        raise MapganError(f"dataset.path: {path} is not a set", "name an IDX, NPZ, NPY or CSV file, or a folder of IDX")
    if path != Path(ReadyMade().path) and not path.exists():
        raise MapganError(f"dataset.path: no {path}", "name the files of the set, or leave it out to download it")
    from mapgan.sets.downloading import download

    return download(settings.name, cache / "sets", words)


def set_files(settings: ReadyMade) -> list[Path]:
    """The files of the set; empty if it has to be downloaded."""
    return next((files for location in _locations(settings) if (files := files_of(location))), [])


def files_of(location: Path) -> list[Path]:
    """The files of the set at `location`: the file itself, or those in the folder that hold arrays; empty for none.

    A folder may hold one CSV file instead, or two of which one is named as a test part.

    Raises:
        MapganError: there are several CSV files.
    """
    if location.is_file():
        return [location]
    kinds = {file: kind_of(file) for file in _files(location)}
    if arrays := [file for file, kind in kinds.items() if kind in ("idx", "npy", "npz")]:
        return arrays
    tables = [file for file, kind in kinds.items() if kind == "csv"]
    if len([file for file in tables if not is_test(file.name)]) > 1:
        names = ", ".join(file.name for file in tables)
        raise MapganError(f"{location}: holds several CSV files ({names})", "name the one that holds the images")
    return tables


def _locations(settings: ReadyMade) -> Iterator[Path]:
    path = Path(settings.path)
    if settings.name != "file":
        yield path / settings.name
    yield path
    if settings.name in INSTALLED:
        yield INSTALLED[settings.name]


def _files(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_file()) if folder.is_dir() else []
