"""`mapgan train FOLDER`: the stages of the pipeline without DVC, all in one folder.

`OUT/maps`, `OUT/params.yaml` (every setting as resolved), `OUT/generator.safetensors`, `OUT/results/`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from accelerate import PartialState
from torch import distributed

from mapgan import files, stages
from mapgan.commands.earlier_run import checkpoint_to_continue, refuse_longer
from mapgan.commands.run_files import GENERATOR
from mapgan.commands.training_set import CliSettings, make_training_set, source_options, take_training_set
from mapgan.dataset import Dataset, is_dataset, open_dataset
from mapgan.errors import MapganError
from mapgan.params import Params, load
from mapgan.params.writing import to_yaml
from mapgan.sampling.labels import parse_labels
from mapgan.training.device.device import check_device, find_device

PREPARATION = timedelta(hours=6)  # how long the other processes wait while the main one prunes and resizes

Result = TypeVar("Result")


def train(folder: Path | None, out: Path | None, cli_settings: CliSettings, resume: str, continue_run: bool) -> str:
    """Make a training set of `folder` (unless it is one), train on it, and sample a sheet.

    Args:
        folder: images, a training set, or files of a ready-made set; None where `dataset.name` names one.
        out: the run's folder; None for `runs/NAME`.
        cli_settings: where the settings come from.
        resume: auto, never, or the path of a checkpoint.
        continue_run: continue the run in `out`, even if its data or settings were different.

    Returns:
        A line that says where everything is.

    Raises:
        MapganError: a setting, the folder, the machine or an earlier run in `out` does not allow it.
    """
    if resume not in ("auto", "never") and not Path(resume).exists():
        raise MapganError(f"--resume {resume}: no such checkpoint", "say auto, never, or the path of one or of a run")
    if continue_run and resume != "auto":
        raise MapganError("--continue does not go with --resume", "leave one of them out")
    params = cli_settings.load()  # report a wrong setting before any work is done
    _check_folder(folder, params)
    PartialState(cpu=check_device(params.machine) == "cpu")  # the processes of a launcher meet here
    out = out or Path("runs") / _name(folder, cli_settings.preset or params.dataset.name)
    if folder is not None and out.resolve().is_relative_to(folder.resolve()):
        raise MapganError(f"--out {out}: is inside the folder of images", "choose a folder outside of it")
    maps = folder if folder is not None and is_dataset(folder) else out / "maps"
    options = source_options(folder, params)

    def source_of(params: Params, dataset: Dataset) -> Path | None:
        """The checkpoint to continue from; an error where an earlier run in `out` must not be replaced."""
        if resume == "auto":
            return checkpoint_to_continue(out, params, dataset, continue_run)
        if resume != "never":
            refuse_longer(out, params.train.steps)
        return None

    def check(params: Params, dataset: Dataset) -> None:
        parse_labels(params.sample.label, dataset.labels, str(maps))  # before the hours of training, not after
        source_of(params, dataset)

    def prepare() -> tuple[Params, Path | None]:
        if maps is folder:
            params = take_training_set(maps, cli_settings)
        else:
            params = make_training_set(
                options, out, cli_settings, may_replace=continue_run or resume == "never", check=check
            )
        dataset = open_dataset(maps, verify=False)
        check(params, dataset)
        files.write_text(out / "params.yaml", to_yaml(params))
        return params, source_of(params, dataset)

    def read() -> tuple[Params, Path | None]:
        params = load(out / "params.yaml")
        return params, source_of(params, open_dataset(maps, verify=False))

    params, source = _main_process_first(prepare, read)
    generator, results = out / GENERATOR, out / "results"
    stages.train(params, maps, generator, results / "train", out / ".mapgan", resume, source)
    if not PartialState().is_main_process:
        return ""
    sheet = stages.sample(params.sample, generator, results / "samples", str(find_device(params.machine)), maps)
    return f"{sheet}; the generator is {generator}, everything else is in {out}"


def _check_folder(folder: Path | None, params: Params) -> None:
    if folder is None and params.dataset.name == "folder":
        raise MapganError("train: no images", "name the folder that holds yours, or try --preset fashion-dcgan")
    if folder is not None and not folder.exists():
        raise MapganError(f"{folder}: no such folder", "name the folder that holds your images")


def _name(folder: Path | None, otherwise: str) -> str:
    """What the run is called: `caves` for the folder caves and for the file caves.npz."""
    if folder is None:
        return otherwise
    return (folder.name.split(".")[0] if folder.is_file() else folder.resolve().name) or "maps"


def _main_process_first(work: Callable[[], Result], read: Callable[[], Result]) -> Result:
    """`work()` in the main process, and then `read()` in the others.

    They wait in a process group of their own, whose timeout allows for hours of pruning, while the timeout of training
    stays short enough to notice a lost process.
    """
    state = PartialState()
    if state.num_processes == 1:
        return work()
    waiting = distributed.new_group(backend="gloo", timeout=PREPARATION)
    assert isinstance(waiting, distributed.ProcessGroup), "every process is in it"
    result = work() if state.is_main_process else None
    distributed.barrier(waiting)
    distributed.destroy_process_group(waiting)
    return read() if result is None else result
