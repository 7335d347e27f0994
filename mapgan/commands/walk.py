"""`mapgan walk RUN`: a sheet and a film of a walk through the latent space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mapgan.commands.run_files import generator_of, results_of
from mapgan.commands.seed_list import seeds_from
from mapgan.errors import MapganError
from mapgan.params import load
from mapgan.training.device.device import find_device

RANGES = {  # which setting --range is, by kind
    "dimension": "dimension_range",
    "all": "all_range",
    "linear": "alpha",
    "spherical": "alpha",
    "direction": "direction_range",
    "pca": "direction_range",
}


def walk(run: Path, out: Path | None, device: str, ends: str, options: dict[str, Any]) -> str:
    """Walk through the latent space of the generator of `run`.

    Args:
        run: a run's folder, or a generator's file.
        out: where sheet and film go; None for `results/walks` beside the generator.
        device: auto, cpu, cuda or mps.
        ends: `-0.05,0.05`, from where to where the walk goes; empty for the setting.
        options: settings of the section `walk`.

    Raises:
        MapganError: an option is wrong, or there is no such generator.
    """
    from mapgan.sampling.walk_files import write_walk

    kind = options["kind"]
    if ends and kind not in RANGES:
        raise MapganError(f"--range: a {kind} has none", "leave it out")
    ranges = {RANGES[kind]: _ends(ends)} if ends else {}
    walk = options | ranges | {"seeds": seeds_from(options["seeds"])}
    params = load(options={"walk": walk, "machine": {"device": device}})
    generator = generator_of(run)
    results = out or results_of(generator, "walks")
    written, remark = write_walk(params.walk, generator, results, str(find_device(params.machine)))
    line = f"the sheet is {written[0]}" + "".join(f"; {path}" for path in written[1:])
    return f"{line}\n{remark}" if remark else line


def _ends(text: str) -> list[float]:
    try:
        return [float(end) for end in text.split(",")]
    except ValueError:
        raise MapganError(f"--range {text}: not a range", "write its two ends, such as --range=-0.05,0.05") from None
