"""The folder of a run's checkpoints, used by one trainer at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from accelerate import Accelerator

from mapgan import files
from mapgan.errors import MapganError
from mapgan.training.checkpoints.fingerprint import Parts, differences, fingerprint
from mapgan.training.objective.distributed import all_true


@contextlib.contextmanager
def run_folder(parts: Parts, scratch: Path, accelerator: Accelerator, fresh: bool) -> Iterator[Path]:
    """Lock `scratch` and give the folder in it for the checkpoints of the run that depends on `parts`.

    Args:
        parts: everything that the weights depend on, by name.
        scratch: of this run and earlier ones.
        accelerator: of this process.
        fresh: whether the run starts from scratch where it has no checkpoint; if so, say what changed.

    Raises:
        MapganError: another trainer is using `scratch`.
    """
    folder = scratch / "state" / fingerprint(parts)
    with contextlib.ExitStack() as locks:
        error = _try_to_lock(locks, scratch, accelerator)
        if error is not None:
            raise error
        if accelerator.is_main_process:
            _prepare(folder, parts, accelerator, fresh)
        accelerator.wait_for_everyone()
        yield folder


def _try_to_lock(locks: contextlib.ExitStack, scratch: Path, accelerator: Accelerator) -> MapganError | None:
    """Lock `scratch` in the main process; if it fails, an error in every process, so that none waits for the others."""
    busy = (
        f"another trainer is running in {scratch}; "
        "wait for it or stop it, then run again: this run continues where that one is"
    )
    error: MapganError | None = None
    if accelerator.is_main_process:
        try:  # whatever the settings of the other one: both would write the same results
            locks.enter_context(files.locked(scratch / "train.lock", busy))
        except MapganError as refused:
            error = refused
        except OSError as refused:
            error = MapganError(f"{scratch}: cannot be written to ({refused.strerror or refused})")
    if not all_true(accelerator, error is None) and error is None:
        error = MapganError("train: this process stops with the main one")
    return error


def _prepare(folder: Path, parts: Parts, accelerator: Accelerator, fresh: bool) -> None:
    last = folder.parent / "last.json"
    if fresh and (changed := differences(_last_parts(last) or parts, parts)):
        accelerator.print(
            f"mapgan: train: starts from scratch, or its own checkpoint, because of changes in: {changed}"
        )
    files.write_json(last, parts)
    folder.mkdir(parents=True, exist_ok=True)
    for unfinished in folder.glob(".*.part"):
        unfinished.unlink()


def _last_parts(path: Path) -> Parts | None:
    """The parts of the run before this one, which only serve to say what changed."""
    with contextlib.suppress(MapganError):
        parts = files.read_json(path)
        return parts if isinstance(parts, dict) else None
    return None
