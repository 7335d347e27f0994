"""`mapgan collect`: the images of a website or of a list of addresses, in a folder."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mapgan import stages
from mapgan.collect import discover, settings_for
from mapgan.collect.found import to_csv
from mapgan.errors import MapganError
from mapgan.params import load


def collect(
    source: str,
    out: Path | None,
    dry_run: bool,
    params: Path | None,
    settings: Sequence[str],
    offline: bool = False,
) -> str:
    """Download the images of `source` to `out`; with `dry_run`, only list them.

    Args:
        source: URL of a page, `map-of-the-week`, or a text or CSV file of addresses.
        out: folder for the images and their manifest; downloads that later runs use are in its hidden `.mapgan`.
        dry_run: return the list as CSV, which `collect` takes as a source; nothing is written.
        params: settings file.
        settings: `KEY=VALUE` settings.
        offline: ask no host.

    Raises:
        MapganError: a setting is wrong, the source cannot be reached, or there is no folder to write to.
    """
    is_list = Path(source).is_file()
    options: dict[str, Any] = {"source": "urls", "urls": {"path": source}} if is_list else settings_for(source)
    if offline:
        options["download"] = {"offline": True}
    scrape = load(params, None, settings, {"scrape": options}).scrape
    if dry_run:
        found = discover(scrape)
        reasons = "".join(
            f", {count} {reason}" for reason, count in Counter(row.reason for row in found.left_out).items()
        )
        print(f"mapgan: {len(found.images)} images found{reasons}", file=sys.stderr)
        return to_csv(found.images).rstrip("\n")
    if out is None:
        raise MapganError("no folder for the images", "name one with --out, or list them with --dry-run")
    return stages.scrape(scrape, out, out / ".mapgan" / "cache")
