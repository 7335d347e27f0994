"""`mapgan sample RUN`: sheets and single images from a trained generator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mapgan import stages
from mapgan.commands.run_files import generator_of, results_of
from mapgan.params import load
from mapgan.training.device.device import find_device


def sample(run: Path, out: Path | None, device: str, options: dict[str, Any]) -> str:
    """Generate images with the generator of `run`.

    Args:
        run: a run's folder, or a generator's file.
        out: where the images go; None for `results/samples` beside the generator.
        device: auto, cpu, cuda or mps.
        options: settings of the section `sample`.

    Raises:
        MapganError: an option is wrong, or there is no such generator.
    """
    params = load(options={"sample": options, "machine": {"device": device}})
    generator = generator_of(run)
    out = out or results_of(generator, "samples")
    return stages.sample(params.sample, generator, out, str(find_device(params.machine)))
