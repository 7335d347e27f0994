"""What has become of the images so far: a progress bar for each host, and a table at the end."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Mapping

from mapgan.collect.manifest import ManifestRow
from mapgan.progress import Bars

MOST = 3  # reasons behind a bar
MIB = 2**20


class Tally:
    """Counts images; threads may share it.

    Args:
        totals: number of images by host.
    """

    def __init__(self, totals: Mapping[str, int]) -> None:
        self.totals = totals
        self.bars = Bars("images", totals)
        self.bytes: Counter[str] = Counter()
        self.reasons: dict[str, Counter[str]] = {host: Counter() for host in totals}
        self.new = self.there = 0
        self.lock = threading.Lock()

    def count(self, host: str, row: ManifestRow, new: bool) -> None:
        """Count one image: its row, and whether it was downloaded in this run."""
        with self.lock:
            if row.status != "ok":
                self.reasons[host][row.reason] += 1
            elif new:
                self.new += 1
                self.bytes[host] += row.bytes
            else:
                self.there += 1
            self.bars.advance(host, lambda: self._note(host))

    def _note(self, host: str) -> str:
        reasons = [f"{number} {reason}" for reason, number in self.reasons[host].most_common(MOST)]
        return ", ".join([f"{self.bytes[host] / MIB:.1f} MiB", *reasons])

    def table(self) -> str:
        """The counts as lines of text; nothing if there are no images."""
        found = sum(self.totals.values())
        if not found:
            return ""
        reasons = sum(self.reasons.values(), Counter[str]())
        size = sum(self.bytes.values()) / MIB
        rows = [
            (found, "found" if len(self.totals) == 1 else f"found, on {len(self.totals)} hosts"),
            (self.new, f"fetched, {size:.1f} MiB"),
            (self.there, "already there"),
            (reasons.total(), "put aside"),
        ]
        lines = [f"{number:>8} {what}" for number, what in rows]
        lines += [f"{number:>12} {reason}" for reason, number in reasons.most_common()]
        return "\n".join(lines)

    def print(self) -> None:
        """Print the table to stderr."""
        if table := self.table():
            print(table, file=sys.stderr)
