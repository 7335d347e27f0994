"""The folder of a run's states, held by one trainer at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from accelerate import Accelerator

from mapgan import files
from mapgan.errors import MapganError
from mapgan.training.checkpoints.fingerprint import Parts, differences, fingerprint
from mapgan.training.objective.distributed import all_agree


@contextlib.contextmanager
def run_folder(parts: Parts, scratch: Path, accelerator: Accelerator, afresh: bool) -> Iterator[Path]:
    """The folder below `scratch` for the states of the run that depends on `parts`.

    Args:
        parts: everything that the weights depend on, by name.
        scratch: of this run and earlier ones.
        accelerator: of this process.
        afresh: whether it starts afresh where it has no states, which is then said.

    Raises:
        MapganError: another trainer is at work below `scratch`.
    """
    folder = scratch / "state" / fingerprint(parts)
    with contextlib.ExitStack() as held:
        refused = _try_to_hold(held, scratch, accelerator)
        if refused is not None:
            raise refused
        if accelerator.is_main_process:
            _make_ready(folder, parts, accelerator, afresh)
        accelerator.wait_for_everyone()
        yield folder


def _try_to_hold(held: contextlib.ExitStack, scratch: Path, accelerator: Accelerator) -> MapganError | None:
    """Lock `scratch` in the main process; the same error in all processes, so that none waits for the others."""
    busy = (
        f"another trainer is at work on this run ({scratch}); "
        "wait for it or stop it, then run again: this one goes on where that one is"
    )
    refused: MapganError | None = None
    if accelerator.is_main_process:
        try:  # whatever its settings: both would write the same results
            held.enter_context(files.locked(scratch / "train.lock", busy))
        except MapganError as error:
            refused = error
        except OSError as error:
            refused = MapganError(f"{scratch}: cannot be written to ({error.strerror or error})")
    if not all_agree(accelerator, refused is None) and refused is None:
        refused = MapganError("train: this process stops with the main one")
    return refused


def _make_ready(folder: Path, parts: Parts, accelerator: Accelerator, afresh: bool) -> None:
    last = folder.parent / "last.json"
    if afresh and (changed := differences(_last_parts(last) or parts, parts)):
        accelerator.print(f"mapgan: train: starts afresh or from its own state, for what changed: {changed}")
    files.write_json(last, parts)
    folder.mkdir(parents=True, exist_ok=True)
    for half_written in folder.glob(".*.part"):
        half_written.unlink()


def _last_parts(path: Path) -> Parts | None:
    """The parts of the run before this one; they only serve to say what changed."""
    with contextlib.suppress(MapganError):
        parts = files.read_json(path)
        return parts if isinstance(parts, dict) else None
    return None
