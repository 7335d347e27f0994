"""The benchmark cases: one per row of a table, the most important ones first."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Literal

from mapgan.params import Params, load

Kind = Literal["plan", "grid", "data", "prediction"]


@dataclass(frozen=True)
class Case:
    """A configuration of the training step to measure.

    Args:
        kind: table that the row belongs to.
        size: width and height of the images, pixels.
        batch: batch size.
        precision: no, bf16 or fp16.
        checkpointing: auto, none, high or all; with auto, the memory plan also chooses the micro-batch.
        compile: use torch.compile.
        memory: memory that the plan assumes, GiB (0: that of the device).
        settings: further settings, as for `--set`.
    """

    kind: Kind
    size: int
    batch: int
    precision: str = "bf16"
    checkpointing: str = "none"
    compile: bool = False
    memory: float = 0.0
    settings: tuple[str, ...] = field(default=())

    def params(self, preset: str, device: str) -> Params:
        """The settings of `preset`, overridden by this case."""
        return load(
            preset=preset,
            settings=[
                f"train.batch_size={self.batch}",
                f'train.precision="{self.precision}"',
                f"machine.device={device}",
                f"machine.memory_gib={self.memory}",
                f"machine.checkpointing={self.checkpointing}",
                f"machine.micro_batch={0 if self.checkpointing == 'auto' else self.batch}",
                f"machine.compile={str(self.compile).lower()}",
                *self.settings,
            ],
        )


def cases(device: str, quick: bool, memory: float) -> list[Case]:
    """The cases of the speed tables: the plan for large maps, the cost of data loading, a grid of configurations."""
    if device == "cuda":
        sizes, batch, large = ([256] if quick else [768, 512, 256]), 8, ([] if quick else [2048, 1024, 768])
    else:
        sizes, batch, large = ([64, 128] if quick else [64, 128, 256]), 8, ([128] if quick else [256])
    precisions = ["bf16", "no"]
    uncompiled = [Case("plan", size, 16, "bf16", "auto", memory=memory) for size in large]
    uncompiled += [Case("data", size, batch, "bf16" if device == "cuda" else "no") for size in sizes]
    uncompiled += [
        Case("grid", size, batch, precision, mode)
        for size, precision, mode in itertools.product(sizes, precisions, ["none", "high", "all"])
        if not (quick and mode == "high")
    ]
    # last, because compilation takes minutes
    to_compile: list[tuple[int, str, str]] = [
        (sizes[-1], "bf16" if device == "cuda" else "no", "none"),
        (sizes[0], "bf16", "all"),
    ]
    return uncompiled + [
        Case("grid", size, batch, precision, mode, compile=True)
        for size, precision, mode in to_compile[: 1 if quick else 2]
    ]


def prediction_cases(device: str, quick: bool) -> list[Case]:
    """The cases for the table of predicted and measured memory: every parameter varies."""
    small, middle, large = (256, 512, 1024) if device == "cuda" and not quick else (32, 64, 128)
    no_penalty = ("train.penalty=0",)
    return [
        Case("prediction", size, batch, precision, mode, settings=(f"train.loss={loss}", *more))
        for size, batch, precision, mode, loss, more in [
            (small, 8, "bf16", "none", "relativistic", ()),
            (small, 32, "bf16", "all", "relativistic", ()),
            (small, 16, "no", "none", "non-saturating", ()),
            (small, 32, "no", "high", "hinge", no_penalty),
            (middle, 4, "bf16", "none", "relativistic", ()),
            (middle, 16, "bf16", "none", "least-squares", ()),
            (middle, 16, "bf16", "high", "relativistic", ()),
            (middle, 16, "no", "all", "relativistic", ()),
            (middle, 8, "no", "none", "hinge", no_penalty),
            (large, 4, "bf16", "none", "relativistic", ()),
            (large, 8, "bf16", "all", "non-saturating", ()),
            (large, 8, "bf16", "high", "relativistic", no_penalty),
            (large, 2, "no", "none", "relativistic", ()),
            (large, 4, "no", "all", "least-squares", ()),
            (large, 16, "bf16", "none", "relativistic", ()),
            (2 * large, 2, "bf16", "none", "relativistic", ()),
            (2 * large, 8, "bf16", "all", "relativistic", ()),
        ]
    ]
