"""Where a run keeps its files."""

from __future__ import annotations

from pathlib import Path

from mapgan.models import FOLDER, layout_file, model_file, model_names

GENERATOR = "generator.safetensors"


def generator_of(run: Path) -> Path:
    """The generator of a run's folder, the file that was named itself, or a generator that comes with mapgan."""
    if run.is_dir():
        return run / GENERATOR
    return model_file(str(run)) if str(run) in model_names() and not run.exists() else run


def layout_of(name: str) -> str:
    """What draws layouts: that of a generator that comes with mapgan, the generator of a run's folder, or a file.

    Empty if `name` is.
    """
    if name in model_names() and not Path(name).exists():
        return str(layout_file(name))
    return name and str(generator_of(Path(name)))


def results_of(generator: Path, name: str) -> Path:
    """Where results called `name` go.

    `results/samples` beside the generator, `results/samples-best` for `best.safetensors`, and `samples/plans` here for
    the generator `plans` that comes with mapgan.
    """
    if generator.parent == FOLDER:
        return Path(name) / generator.stem
    folder = name if generator.name == GENERATOR else f"{name}-{generator.stem}"
    return generator.parent / "results" / folder
