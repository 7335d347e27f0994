"""Device, threads, memory limit and precision."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import psutil
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState
from accelerate.tracking import get_available_trackers
from accelerate.utils import GradientAccumulationPlugin

from mapgan.errors import MapganError
from mapgan.memory.budget import GIB, allocator_limit, device_memory
from mapgan.params import Machine, Params

PLAIN_PARALLEL = {"NO", "MULTI_CPU", "MULTI_GPU"}


def make_accelerator(params: Params, logs: Path | None = None) -> Accelerator:
    """The accelerator for the device and precision of the settings, whose trackers write to `logs`.

    Raises:
        MapganError: this machine lacks the device or a tracker, or the device does not support the precision.
    """
    machine, precision = params.machine, params.train.precision
    device = check_device(machine)
    if precision == "fp16" and device == "cpu":
        raise MapganError("train.precision: fp16 needs a GPU and this run is on the CPU", "set it to bf16 or no")
    if precision == "tf32" and device != "cuda":
        raise MapganError(f"train.precision: tf32 needs an NVIDIA GPU and this run is on {device}", "set it to no")
    if precision == "bf16" and not supports_dtype(device, torch.bfloat16):
        raise MapganError(f"train.precision: {device} cannot compute in bf16 here", "set it to fp16 or no")
    set_threads(machine.threads)
    if device == "cpu":
        keep_freed_memory()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    torch.use_deterministic_algorithms(machine.deterministic)
    set_float32_kernels(precision, machine.deterministic)
    AcceleratorState._reset_state()  # a singleton, which would refuse a second run with another precision
    # passed on even when it is "no": with None, Accelerate would read the user's own config
    mixed_precision = "no" if precision == "tf32" else precision
    accelerator = Accelerator(
        mixed_precision=mixed_precision,
        cpu=device == "cpu",
        log_with=_trackers(machine, logs) or None,
        project_dir=logs,
        # explicit, or an environment variable could make Accelerate divide the losses
        gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=1),
    )
    index_device(accelerator)
    if (requested := os.environ.get("ACCELERATE_MIXED_PRECISION", mixed_precision)) != mixed_precision:
        accelerator.print(
            f"mapgan: train: precision {precision}, as train.precision says; Accelerate was set to {requested}"
        )
    if accelerator.distributed_type.value not in PLAIN_PARALLEL:
        raise MapganError(
            f"accelerate is set to {accelerator.distributed_type.value}, which mapgan does not train with",
            "choose plain multi-GPU in `accelerate config`, or use torchrun",
        )
    return accelerator


def index_device(accelerator: Accelerator) -> None:
    """Give the run's CUDA device its index, `cuda:0` in place of `cuda`.

    With a single process Accelerate names the device without one, which `torch.cuda.set_per_process_memory_fraction`
    refuses. Both of Accelerate's state objects hold a copy.
    """
    if accelerator.device.type == "cuda" and accelerator.device.index is None:
        device = cuda_device()
        PartialState().device = device
        AcceleratorState().device = device


def set_float32_kernels(precision: str, deterministic: bool) -> None:
    """Choose how CUDA computes in float32, and whether cuDNN searches for its fastest kernels.

    `no` is IEEE float32 everywhere; by default, PyTorch's convolutions use TF32. In float32 the search takes several
    times the memory of the step itself (5.5 GiB where the step needs 2.0, on an H200), so there cuDNN's heuristics
    choose. In bf16 and fp16 the measured peak is that of the step.
    """
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != "no"
    torch.backends.cudnn.benchmark = precision in ("bf16", "fp16") and not deterministic


def _trackers(machine: Machine, logs: Path | None) -> list[str]:
    if logs is None:
        return []
    installed = {str(getattr(tracker, "value", tracker)) for tracker in get_available_trackers()}
    for name in machine.trackers:
        if name not in installed:
            raise MapganError(f"machine.trackers: {name} is not installed", f"pip install {name}")
    return list(machine.trackers)


def check_device(machine: Machine) -> str:
    """The kind of device that `machine.device` selects: cuda, mps or cpu.

    Raises:
        MapganError: the device is not available.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if machine.device == "auto":
        return next(kind for kind, is_available in available.items() if is_available)
    if not available[machine.device]:
        others = ", ".join(kind for kind, is_available in available.items() if is_available)
        raise MapganError(
            f"machine.device: {machine.device} was not found on this machine",
            f"available: {others}; `mapgan doctor` says more",
        )
    return machine.device


def find_device(machine: Machine) -> torch.device:
    """The device that `machine.device` selects, with its index if it is a CUDA device.

    Raises:
        MapganError: the device is not available.
    """
    kind = check_device(machine)
    return cuda_device() if kind == "cuda" else torch.device(kind)


def cuda_device() -> torch.device:
    """This process's CUDA device, with its index: the one Accelerate chose, or the first."""
    return torch.device("cuda", torch.cuda.current_device())


def supports_dtype(device: str, dtype: torch.dtype) -> bool:
    """Whether `device` can multiply matrices of `dtype`, found by doing so."""
    if device.startswith("cuda") and dtype == torch.bfloat16 and not torch.cuda.is_bf16_supported():
        return False  # older cards emulate it, slower than float32
    try:
        ones = torch.ones(8, 8, dtype=dtype, device=device)
        return float((ones @ ones).sum()) == 512
    except (RuntimeError, TypeError):
        return False


def set_threads(threads: int) -> None:
    """Set the number of CPU threads of torch; 0: one per core, unless a launcher has set OMP_NUM_THREADS."""
    if threads:
        torch.set_num_threads(threads)
    elif "OMP_NUM_THREADS" not in os.environ:
        cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
        if hasattr(os, "sched_getaffinity"):  # a container may be limited to some of them
            cores = min(cores, len(os.sched_getaffinity(0)))
        torch.set_num_threads(cores)


def keep_freed_memory() -> None:
    """Make glibc keep freed memory for the next step instead of returning it to the system.

    By default it maps and unmaps each large block, and page faults took half the time of a training step on the CPU
    (measured: leaky ReLU 39 -> 15 ms, 3x3 convolution 153 -> 92 ms).
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return
    trim_threshold, top_pad, mmap_max = -1, -2, -4  # from malloc.h
    libc.mallopt(mmap_max, 0)
    libc.mallopt(trim_threshold, 2**31 - 1)
    libc.mallopt(top_pad, 64 * 2**20)


def limit_memory(machine: Machine, device: torch.device) -> None:
    """Limit the CUDA allocator to what a card of `machine.memory_gib` would give."""
    if device.type == "cuda":
        fraction = allocator_limit(machine, device) / device_memory(device)
        torch.cuda.set_per_process_memory_fraction(min(1.0, fraction), device)


def memory_gib(device: torch.device) -> float:
    """Memory in use, GiB: the allocator's peak on a CUDA device, resident memory of the process elsewhere."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / GIB
    return float(psutil.Process().memory_info().rss) / GIB


def start_trackers(accelerator: Accelerator, params: Params) -> None:
    """Start the trackers of `machine.trackers` with the settings of this run."""
    settings = {"seed": params.seed, **{f"train.{name}": value for name, value in params.train if name != "networks"}}
    plain = {name: value for name, value in settings.items() if isinstance(value, (int, float, str, bool))}
    accelerator.init_trackers("mapgan", config=plain)
