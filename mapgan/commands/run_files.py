"""Where a run keeps its files."""

from __future__ import annotations

from pathlib import Path

GENERATOR = "generator.safetensors"


def generator_of(run: Path) -> Path:
    """The generator of a run's folder, or the file that was named itself."""
    return run / GENERATOR if run.is_dir() else run


def results_of(generator: Path, name: str) -> Path:
    """Where results called `name` go: `results/samples`, or `results/samples-best` for `best.safetensors`."""
    folder = name if generator.name == GENERATOR else f"{name}-{generator.stem}"
    return generator.parent / "results" / folder
