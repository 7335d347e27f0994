"""No file that mapgan loads can run code."""

from __future__ import annotations

import ast
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import mapgan
from mapgan.dataset import open_dataset
from mapgan.errors import MapganError
from mapgan.networks.generator_file import load_generator
from mapgan.params import load
from mapgan.training.checkpoints import checkpoint as checkpoints

PACKAGE = Path(mapgan.__file__).parent
# save_state and load_state are Accelerate's; the last four pickle what they send
FORBIDDEN = {
    *(
        "torch.load",
        "torch.save",
        "torch.hub",
        "pickle",
        "dill",
        "joblib.load",
        "joblib.dump",
        "joblib.Memory",
        "shelve",
        "marshal",
    ),
    *("eval", "exec", "__import__", "accelerator.save_state", "accelerator.load_state"),
    *("broadcast_object_list", "gather_object", "all_gather_object", "scatter_object_list"),
}


def names(path: Path) -> set[str]:
    """Everything that a file calls or imports, as it is written there."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return called | imported


def test_nothing_that_could_unpickle_is_called() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in PACKAGE.rglob("*.py")
        for name in names(path)
        if name in FORBIDDEN or name.split(".")[0] in FORBIDDEN or name.rpartition("dist.")[2] in FORBIDDEN
    }
    assert found == set()


def test_arrays_are_read_without_objects() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"np.load", "numpy.load"}:
                assert "allow_pickle=False" in ast.unparse(node), path


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.mark),)


def as_pickle(path: Path, mark: Path) -> None:
    path.write_bytes(pickle.dumps(Bomb(mark)))


def as_checkpoint(path: Path, mark: Path) -> None:
    torch.save({"state_dict": Bomb(mark)}, path)


def as_array(path: Path, mark: Path) -> None:
    with path.open("wb") as stream:
        np.save(stream, np.array([Bomb(mark)], dtype=object), allow_pickle=True)


def as_yaml(path: Path, mark: Path) -> None:
    path.write_text(f"seed: !!python/object/apply:os.mkdir ['{mark}']\n")


def read_checkpoint(path: Path) -> None:
    from mapgan import files

    path.with_suffix(".sha256").write_text(files.sha256_file(path))
    checkpoints.read_checkpoint(path)


def read_set(path: Path) -> None:
    (path.parent / "dataset.json").write_text('{"format": 1, "width": 1, "height": 1, "train": 1, "holdout": 0}')
    path.rename(path.parent / "pack.npy")
    open_dataset(path.parent)


READERS = {"generator": load_generator, "state": read_checkpoint, "set": read_set, "settings": load}


def test_the_bombs_are_live(tmp_path: Path) -> None:
    as_pickle(tmp_path / "file", tmp_path / "mark")
    pickle.loads((tmp_path / "file").read_bytes())
    assert (tmp_path / "mark").is_dir()


@pytest.mark.parametrize("bomb", [as_pickle, as_checkpoint, as_array, as_yaml])
@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_would_run_is_refused_with_one_line(
    tmp_path: Path, reader: str, bomb: Callable[[Path, Path], None]
) -> None:
    path = tmp_path / "file.safetensors"
    bomb(path, tmp_path / "mark")
    with pytest.raises(MapganError) as told:
        READERS[reader](path)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "mark").exists()
