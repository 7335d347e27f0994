"""The measured peak performance of a device: arithmetic and memory bandwidth."""

from __future__ import annotations

import functools
import platform
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

SECONDS = 0.5  # per measurement; the fastest repetition counts
DTYPES = {"no": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Limits:
    """Peak performance of a device.

    Args:
        flops: FLOP/s of a large matrix product or a large convolution, whichever is faster (libraries differ in how
            well they are optimized for a CPU), by precision.
        bytes: bytes per second that a large copy reads and writes.
    """

    flops: dict[str, float]
    bytes: float


def measure_limits(device: torch.device, precisions: set[str]) -> Limits:
    """Time large matrix products, convolutions and a copy on `device`."""
    size, copy_bytes = (8192, 2**30) if device.type == "cuda" else (1536, 2**27)
    flops = {}
    for precision in sorted(precisions):
        left, right = (torch.randn(size, size, device=device).to(DTYPES[precision]) for _ in range(2))
        product = 2 * size**3 / _best(functools.partial(torch.mm, left, right), device)
        flops[precision] = max(product, _convolution(DTYPES[precision], device))
    source = torch.ones(copy_bytes, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return Limits(flops, 2 * copy_bytes / _best(lambda: target.copy_(source), device))


def _convolution(dtype: torch.dtype, device: torch.device) -> float:
    """FLOP/s of a 3x3 convolution."""
    batch, channels, side = (32, 512, 64) if device.type == "cuda" else (4, 256, 32)
    images = torch.randn(batch, channels, side, side, device=device).to(dtype, memory_format=torch.channels_last)
    weights = torch.randn(channels, channels, 3, 3, device=device).to(dtype, memory_format=torch.channels_last)
    work = functools.partial(torch.conv2d, images, weights, padding=1)
    return 2 * batch * side**2 * 9 * channels**2 / _best(work, device)


def _best(work: Callable[[], Any], device: torch.device) -> float:
    """Seconds of the fastest call of `work`."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32  # as for convolutions
    work()
    best, begin = float("inf"), time.perf_counter()
    while time.perf_counter() - begin < SECONDS or best == float("inf"):
        wait_for(device)
        start = time.perf_counter()
        work()
        wait_for(device)
        best = min(best, time.perf_counter() - start)
    torch.backends.cuda.matmul.allow_tf32 = before
    return best


def wait_for(device: torch.device) -> None:
    """Wait until all work on `device` has finished."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


class Traffic(TorchDispatchMode):
    """Counts the FLOPs of all operations while it is active, and the bytes of the tensors that they read and write.

    The bytes are an estimate: caches reduce the traffic, and a kernel's own buffers add to it. Views move nothing.

    Attributes:
        flops: FLOPs of convolutions and matrix products.
        bytes: bytes of tensors read and written.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0
        self.bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if (formula := flop_registry.get(func._overloadpacket)) is not None:
            self.flops += formula(*args, **kwargs, out_val=result)
        if not func.is_view and "empty" not in str(func):
            read = _tensors([*args, *kwargs.values()])
            inputs = {id(tensor) for tensor in read}
            written = [tensor for tensor in _tensors(result) if id(tensor) not in inputs]
            self.bytes += sum(map(_bytes, read)) + sum(map(_bytes, written)) + _bytes_mutated(func, args, kwargs)
        return result


def _bytes_mutated(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """Bytes of the arguments that `func` writes to in place."""
    mutated = 0
    for index, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[index] if index < len(args) else kwargs.get(argument.name)
            mutated += sum(map(_bytes, _tensors(value)))
    return mutated


def _tensors(tree: Any) -> list[Tensor]:
    if isinstance(tree, Tensor):
        return [tree]
    return [tensor for branch in tree for tensor in _tensors(branch)] if isinstance(tree, (list, tuple)) else []


def _bytes(tensor: Tensor) -> int:
    """Bytes of `tensor` in memory; an expanded tensor counts once."""
    return min(tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes())


class OtherLoad:
    """The CPU load of other processes since it was created, to be reported with results that they may have affected."""

    def __init__(self) -> None:
        self.busy, self.own, self.since = self._busy(), self._own(), time.perf_counter()

    def fraction(self) -> float:
        """CPU time of other processes, as a fraction of that of all cores."""
        total = (time.perf_counter() - self.since) * (psutil.cpu_count() or 1)
        return max(0.0, (self._busy() - self.busy - self._own() + self.own) / total)

    def _busy(self) -> float:
        times = psutil.cpu_times()
        return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))

    def _own(self) -> float:
        times = psutil.Process().cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)


def device_name(device: torch.device) -> str:
    """The model name of `device`; for a CPU also the number of threads that torch uses."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.is_file() else ""
    match = re.search(r"model name\s*: (.+)", text)
    name = match.group(1).strip() if match else platform.processor() or platform.machine()
    threads = torch.get_num_threads()
    return f"{name}, {threads} thread{'s' if threads > 1 else ''}"


def slug(name: str) -> str:
    """`name` as part of a file name, such as `nvidia-h100-80gb-hbm3`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
