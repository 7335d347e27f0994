"""`--seeds @picked.txt`: seeds from a file, as `mapgan pick` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from mapgan.errors import MapganError


def seeds_from(text: str) -> str:
    """Seeds as settings take them, `3,7`: those of the file if `text` is `@FILE`, else `text` itself.

    A line of the file starts with a seed; what follows it, empty lines, and those that start with `#` do not count.

    Raises:
        MapganError: there is no such file, a line starts with something else, or there are no seeds.
    """
    if not text.startswith("@"):
        return text
    path = Path(text[1:])
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise MapganError(f"{path}: not a list of seeds", "write one on each line") from None
    seeds: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.match(r"\s*(\d{1,16})(?:\s|$)", line, re.ASCII)
        if not match:
            raise MapganError(f"{path}: line {number} does not start with a seed", "write one on each line")
        seeds.append(match[1])
    if not seeds:
        raise MapganError(f"{path}: no seeds", "write one on each line")
    return ",".join(seeds)
