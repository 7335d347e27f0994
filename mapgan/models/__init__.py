"""Trained generators that come with mapgan.

Each is a `NAME.safetensors` in float16, with the settings of its training (`NAME.yaml`, the recipe of its data
included), its numbers (`NAME.json`) and a picture (`NAME.webp`) beside it, and what draws its plans
(`NAME-layout.safetensors`) if each of its squares has a label. `tools/pack_model.py` makes these files of a run.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
DEFAULT = "plans"


def model_names() -> list[str]:
    """The names of all models."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors") if not path.stem.endswith("-layout"))


def model_file(name: str) -> Path:
    """The generator of model `name`."""
    return FOLDER / f"{name}.safetensors"


def layout_file(name: str) -> Path:
    """The generator of plans for model `name`, if its squares have labels."""
    return FOLDER / f"{name}-layout.safetensors"
