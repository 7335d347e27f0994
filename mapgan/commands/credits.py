"""`mapgan credits`: the list of titles, authors and licences that CC BY asks for."""

from __future__ import annotations

from pathlib import Path

from mapgan import files
from mapgan.collect.credits import read_credits, to_csv, to_markdown


def write_credits(manifest: Path, out: Path) -> str:
    """Write `credits.md` and `credits.csv` to `out`.

    Args:
        manifest: `manifest.csv` of a scrape, `kept.csv` of prune, or a folder with one of them.
        out: folder.

    Raises:
        MapganError: there is no such file, or no image in it.
    """
    if manifest.is_dir():
        kept = manifest / "kept.csv"
        manifest = kept if kept.is_file() else manifest / "manifest.csv"
    entries = read_credits(manifest)
    files.write_text(out / "credits.md", to_markdown(entries))
    files.write_text(out / "credits.csv", to_csv(entries))
    unknown = {
        "author": sum(not entry.author for entry in entries),
        "licence": sum(not entry.licence for entry in entries),
    }
    missing = "".join(f", {number} without {name}" for name, number in unknown.items() if number)
    return f"credits for {len(entries)} images in {out}: credits.md, credits.csv{missing}"
