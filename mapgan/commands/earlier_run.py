"""An earlier run in the output folder of a new one: it is never overwritten unless the user asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from mapgan.commands.run_files import GENERATOR
from mapgan.dataset import Dataset
from mapgan.errors import MapganError
from mapgan.params import Params
from mapgan.training.checkpoints.checkpoint import find_checkpoint, read_metadata, step_of
from mapgan.training.checkpoints.continuing import check_continuable
from mapgan.training.checkpoints.fingerprint import differences, fingerprint, run_parts

REMEDY = "continue it with --continue, or train into another --out"


def refuse_to_replace(out: Path, changed: str) -> None:
    """Stop before the training set of an earlier run in `out` is replaced, because `changed` is not what it was.

    Raises:
        MapganError: there is such a run.
    """
    checkpoint = _newest(out)
    if checkpoint is not None:
        _refuse(out, checkpoint, changed)
    if (out / GENERATOR).is_file():
        raise MapganError(f"{out} holds a trained generator, and {changed} changed", "train into another --out")


def checkpoint_to_continue(out: Path, params: Params, dataset: Dataset, continue_run: bool) -> Path | None:
    """The checkpoint of an earlier run in `out`, with other data or settings, that this run continues from.

    None where the run is the same, so that it resumes by itself, or where there is none.

    Raises:
        MapganError: `out` holds another run and `continue_run` is False, or a run that is longer already.
    """
    parts = run_parts(params, dataset.digest)
    newest = _newest(out)
    if newest is None:
        if (out / GENERATOR).is_file():
            raise MapganError(
                f"{out} holds a trained generator and no checkpoint",
                "train into another --out, with --init-from if its weights are to be the start",
            )
        return None
    refuse_longer(out, params.train.steps)
    if newest.parent.name == fingerprint(parts):
        return None
    if not continue_run:
        _refuse(out, newest, differences(read_metadata(newest).get("parts", {}), parts) or "the version of mapgan")
    check_continuable(newest, params, dataset)
    return newest


def refuse_longer(out: Path, steps: int) -> None:
    """Stop where `out` holds a run of more than `steps` steps.

    Raises:
        MapganError: it does.
    """
    newest = _newest(out)
    if newest is not None and step_of(newest) > steps:
        raise MapganError(
            f"{out} holds a run of {step_of(newest)} steps, and train.steps is {steps}",
            "raise train.steps, which counts the whole run, or train into another --out",
        )


def _newest(out: Path) -> Path | None:
    """The last checkpoint written in `out`: `--continue` may have left older runs beside the current one."""
    try:
        return find_checkpoint(out) if out.is_dir() else None
    except MapganError:
        return None


def _refuse(out: Path, checkpoint: Path, changed: str) -> NoReturn:
    raise MapganError(f"{out} holds a run of {step_of(checkpoint)} steps, and this one differs in {changed}", REMEDY)
