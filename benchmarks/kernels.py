"""How many kernels a training step launches, which is what a fast GPU waits for in small steps.

    python benchmarks/kernels.py        a minute on one CPU thread

Counts the operations of a step that do more than make a view: on a GPU, each is at least one kernel. Writes
`benchmarks/results/kernels.md`; the numbers do not depend on the machine.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from cases import Case
from measuring import images, plan_of, prepared
from torch.utils._python_dispatch import TorchDispatchMode

NOT_KERNELS = frozenset(
    [
        "alias",
        "as_strided",
        "detach",
        "empty",
        "empty_like",
        "empty_strided",
        "expand",
        "is_same_size",
        "lift_fresh",
        "new_empty",
        "permute",
        "promote_types",
        "select",
        "slice",
        "split",
        "split_with_sizes",
        "squeeze",
        "t",
        "transpose",
        "unbind",
        "unsqueeze",
        "view",
        "_unsafe_view",
    ]
)
PRESETS = {"maps-64-cpu": 64, "maps-256": 256, "maps-768-24gb": 768}


class KernelCounter(TorchDispatchMode):
    """Counts operations within its block."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.count += func.overloadpacket.__name__ not in NOT_KERNELS
        return func(*args, **(kwargs or {}))


def kernels(preset: str, size: int, folder: Path) -> dict[str, int]:
    """Operations per step without the penalty, and per step with it."""
    case = Case("grid", size, 2, precision="no")
    cpu = torch.device("cpu")
    params = case.params(preset, "cpu")
    counts = {}
    with prepared(params, plan_of(params, size, cpu), images(folder, case), cpu, {}) as step:
        step.collect_stats = False
        every = params.train.penalty_every
        for name, number in (("step", every), ("step with penalty", 2 * every - 1)):
            with KernelCounter() as counter:
                step(number)
            counts[name] = counter.count
    return counts


def main() -> None:
    """Count for three presets and write the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for preset, size in PRESETS.items():
            counts = kernels(preset, size, Path(folder))
            rows.append(f"| {preset} | {counts['step']} | {counts['step with penalty']} |")
    lines = [
        "# Kernels of a training step",
        "",
        f"torch {torch.__version__.split('+')[0]}, one micro-batch, no checkpointing",
        "",
        "| preset | without the penalty | with it |",
        "|---|---|---|",
        *rows,
    ]
    text = "\n".join(lines) + "\n"
    (Path(__file__).parent / "results" / "kernels.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
