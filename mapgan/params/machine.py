"""Settings of the computer that training runs on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mapgan.params.section import Section


class Machine(Section):
    """The computer. Changes the speed, never the result; neither tracked by DVC nor fingerprinted."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto (a GPU if there is one), cpu, cuda, mps"""

    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """CPU threads (0: one per core); floating-point sums depend on it in the last bits"""

    memory_gib: Annotated[float, Field(ge=0, le=4096)] = 0.0
    """memory of the card, GiB; 24 for a 24 GB card (0: what the device has)"""

    workers: Annotated[int, Field(ge=0, le=1024)] = 0
    """processes that decode images, and threads that read batches (0: one per core)"""

    backend: Literal["processes", "threads", "dask", "ray"] = "processes"
    """what decodes images in prune and resize: processes (one that an image crashes is replaced), threads (start
    faster), or a cluster that sees the same folders: dask, ray"""

    address: str = ""
    """of the cluster: tcp://HOST:8786 for dask, ray://HOST:10001 for ray (empty: one is started on this machine)"""

    micro_batch: Annotated[int, Field(ge=0)] = 0
    """maximum number of images in memory at a time, per process (0: as many as fit)"""

    checkpointing: Literal["auto", "none", "high", "all"] = "auto"
    """gradient checkpointing: auto (as little as fits), none, high (the blocks at high resolution), all"""

    compile: bool = False
    """compile the networks (torch.compile): takes minutes at the start, and makes steps faster"""

    save_minutes: Annotated[float, Field(ge=0)] = 1.0
    """minutes between two checkpoints (0: after each step)"""

    save_every: Annotated[int, Field(ge=0)] = 0
    """steps between two checkpoints, in addition to those by the clock (0: none)"""

    keep_checkpoints: Annotated[int, Field(ge=1, le=1000)] = 2
    """number of checkpoints to keep"""

    trackers: list[Literal["tensorboard", "wandb", "mlflow"]] = []
    """experiment trackers that also get the metrics, through Accelerate: tensorboard, wandb, mlflow (must be
    installed)"""

    deterministic: bool = False
    """bitwise reproducible on a GPU too, at some cost in speed"""
