"""Seconds to group perceptual hashes into near duplicates: 10,000, 100,000 and 1,000,000 of them.

    python benchmarks/duplicates.py             within 12 bits, as given and in all eight orientations
    python benchmarks/duplicates.py --bits 44   with another radius (up to 100,000 hashes, as all pairs are compared)

One in ten is a copy of another, with up to 12 bits changed. Writes `benchmarks/results/<cpu>-duplicates-<bits>.md`.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import torch
from device_limits import device_name, slug

from mapgan.curate.hashes import Hashes
from mapgan.curate.near import MAX_INDEXED_BITS, nearest_kept

COUNTS = (10_000, 100_000, 1_000_000)
FLIPS = 12  # bits that a copy differs in, at most


def main() -> None:
    """Time each number of hashes, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bits", type=int, default=12)
    bits = parser.parse_args().bits
    rows = []
    for count in COUNTS if bits <= MAX_INDEXED_BITS else COUNTS[:2]:
        for orientations in (1, 8):
            hashes, copies = random_hashes(count, orientations)
            start = time.perf_counter()
            found = sum(match is not None for match in nearest_kept(hashes, bits))
            seconds = time.perf_counter() - start
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            rows.append(f"| {count:,} | {orientations} | {found:,} of {copies:,} | {seconds:.2f} | {memory:.2f} |")
            print(rows[-1], flush=True)
    name = device_name(torch.device("cpu"))
    head = f"# Near duplicates within {bits} of 256 bits\n\n{name}, numpy {np.__version__}, one process\n"
    columns = "| hashes | orientations | copies found | seconds | peak GiB |\n|---|---|---|---|---|"
    path = Path(__file__).parent / "results" / f"{slug(name)}-duplicates-{bits}.md"
    path.write_text("\n".join([head, columns, *rows, ""]), encoding="utf-8")


def random_hashes(count: int, orientations: int) -> tuple[Hashes, int]:
    """Random hashes `[count, orientations, 4]`, the last tenth of which are copies of others, and their number."""
    generator = np.random.default_rng(count)
    hashes = generator.integers(0, 2**64, (count, orientations, 4), dtype=np.uint64)
    copies = count // 10
    originals = generator.integers(0, count - copies, copies)
    flips = np.zeros((copies, 4), dtype=np.uint64)
    for _ in range(FLIPS):
        flips[np.arange(copies), generator.integers(0, 4, copies)] |= np.uint64(1) << generator.integers(
            0, 64, copies, dtype=np.uint64
        )
    turned = generator.integers(0, orientations, copies)
    hashes[np.arange(count - copies, count), turned] = hashes[originals, 0] ^ flips
    return hashes, copies


if __name__ == "__main__":
    main()
