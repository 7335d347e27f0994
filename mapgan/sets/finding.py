"""Where a ready-made set is: in files that are here already, or else downloaded by torchvision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mapgan.errors import MapganError
from mapgan.params.collecting import DatasetSettings
from mapgan.sets.arrays import kind_of, read_arrays
from mapgan.sets.splits import TEST, TRAIN, Array, ReadySet, from_arrays, name_has

# where operating systems install them: Debian's package dataset-fashion-mnist
INSTALLED = {"fashion-mnist": Path("/usr/share/datasets/fashion-mnist")}
CLASS_NAMES = {
    "mnist": tuple("0123456789"),
    "fashion-mnist": (
        "t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot",
    ),
}  # fmt: skip


def find_set(settings: DatasetSettings, cache: Path) -> ReadySet:
    """The set that the settings name.

    Args:
        settings: the section `dataset` of `params.yaml`.
        cache: folder for downloads.

    Raises:
        MapganError: the set is not here and cannot be downloaded, or its files are damaged.
    """
    path = Path(settings.path)
    class_names = CLASS_NAMES.get(settings.name, ())
    if files := set_files(settings):
        where = files[0] if len(files) == 1 else files[0].parent
        return from_arrays(_read_all(files), str(where), class_names)
    if settings.name == "file":
        raise MapganError(f"dataset.path: {path} holds no set", "name an IDX, NPZ, NPY or CSV file or a folder of them")
    if path != Path(DatasetSettings().path) and not path.exists():
        raise MapganError(f"dataset.path: no {path}", "name the files of the set, or leave it out to download them")
    from mapgan.sets.downloading import download

    return download(settings.name, cache / "sets", class_names)


def set_files(settings: DatasetSettings) -> list[Path]:
    """The files that the set is read from; none if it has to be downloaded.

    Raises:
        MapganError: a folder holds several CSV files, and it is not clear which is the set.
    """
    return next((files for location in _locations(settings) if (files := files_of(location))), [])


def files_of(location: Path) -> list[Path]:
    """The files of the set at `location`, a file or a folder; none if there is no set.

    In a folder these are all IDX, NPY and NPZ files, or else one CSV file, or two named train and test.

    Raises:
        MapganError: there are several CSV files that are not named so.
    """
    if location.is_file():
        return [location]
    kinds = [(path, kind_of(path)) for path in _files(location)]
    if arrays := [path for path, kind in kinds if kind in ("idx", "npy", "npz")]:
        return arrays
    tables = [path for path, kind in kinds if kind == "csv"]
    return tables if len(tables) < 2 else _train_and_test(location, tables)


def _train_and_test(folder: Path, tables: Sequence[Path]) -> list[Path]:
    train = [path for path in tables if name_has(path.name, TRAIN) and not name_has(path.name, TEST)]
    test = [path for path in tables if name_has(path.name, TEST) and not name_has(path.name, TRAIN)]
    if len(train) == len(test) == 1:
        return train + test
    names = " and ".join(path.name for path in tables)
    raise MapganError(f"{folder}: several CSV files, {names}", "name one of them, or call them train.csv and test.csv")


def _read_all(files: Sequence[Path]) -> dict[str, Array]:
    """The arrays of all files. Where there are several, names start with the file's, which says train or test."""
    if len(files) == 1:
        return read_arrays(files[0])
    return {
        name if name == file.name else f"{file.name} {name}": array
        for file in files
        for name, array in read_arrays(file).items()
    }


def _locations(settings: DatasetSettings) -> Iterator[Path]:
    path = Path(settings.path)
    if settings.name != "file":
        yield path / settings.name
    yield path
    if settings.name in INSTALLED:
        yield INSTALLED[settings.name]


def _files(folder: Path) -> list[Path]:
    entries = folder.iterdir() if folder.is_dir() else ()
    return sorted(entry for entry in entries if entry.is_file() and not entry.name.startswith("."))
