"""Writing settings: `Params` as YAML with a comment for every setting, and merging into a file that keeps its own."""

from __future__ import annotations

import io
import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from mapgan.params.auto import AUTO
from mapgan.params.root import Params

WIDTH = 100
PLAIN = re.compile(r"[a-z][a-z0-9-]*")


def to_yaml(section: BaseModel, indent: int = 0) -> str:
    """`section` as YAML, with the sentence of each setting as a comment above it."""
    lines: list[str] = []
    for name, field in type(section).model_fields.items():
        value, key, pad = getattr(section, name), field.alias or name, " " * indent
        value = "auto" if value is AUTO else value
        if isinstance(value, BaseModel):
            about = (type(value).__doc__ or "").split("\n")[0]
            lines += ["" if not indent else None, f"{pad}# {about}", f"{pad}{key}:"]  # type: ignore[list-item]
            lines.append(to_yaml(value, indent + 2).rstrip("\n"))
        else:
            about = " ".join((field.description or "").split())
            lines += [f"{pad}# {line}" for line in textwrap.wrap(about, WIDTH - indent - 2)]
            lines.append(f"{pad}{key}: {_scalar(value)}")
    return "\n".join(line for line in lines if line is not None) + "\n"


def merge_into(text: str, over: Mapping[str, Any]) -> str:
    """The YAML `text` updated with `over`; comments and order are kept."""
    yaml = YAML()
    yaml.width = 4096
    yaml.preserve_quotes = True
    tree = yaml.load(text) or {}
    _update(tree, over)
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue()


def _update(tree: Any, over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(tree.get(key), Mapping):
            _update(tree[key], value)
        else:
            tree[key] = value


def _scalar(value: Any) -> str:
    """A value as JSON, which is YAML; plain words without quotes, except `no` and the like, for readers of YAML 1.1."""
    plain = isinstance(value, str) and PLAIN.fullmatch(value) and value not in {"no", "yes", "on", "off"}
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Print `params.yaml` with all defaults."""
    print("# All settings of mapgan. An unknown key or a wrong value stops a run at once, with a line that says why.\n")
    print(to_yaml(Params()), end="")


if __name__ == "__main__":
    main()
