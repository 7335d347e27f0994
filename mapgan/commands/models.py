"""`mapgan models`: list the generators that come with mapgan."""

from __future__ import annotations

from mapgan.models import model_file, model_names
from mapgan.networks.generator_file import load_generator


def listing() -> str:
    """A line for each model: its name, what it was trained on, and the scale of its maps."""
    return "\n".join(_line(name) for name in model_names())


def _line(name: str) -> str:
    path = model_file(name)
    about = load_generator(path)[1]
    first = path.with_suffix(".yaml").read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
    scale = f"{about.pixels_per_square:g} pixels per square, " if about.pixels_per_square else ""
    return f"{name}  {first} ({scale}{about.steps} steps, {path.stat().st_size / 1e6:.1f} MB)"
