"""A CUDA device on a machine without one, as strict as the real one about how it is asked.

torch's own Python functions run as they are, with their signatures and refusals; only the driver calls below them are
replaced. Tensors that are put on `cuda:0` stay on the CPU, so a whole run can be done. What this cannot see: which
kernels run, what they cost, and operations between tensors on two devices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

CARD = SimpleNamespace(name="Stand-in", total_memory=24 * 2**30, major=8, minor=0, multi_processor_count=1)


class Card:
    """What the driver was asked for, by the name of the call."""

    def __init__(self) -> None:
        self.initialized = False
        self.asked: dict[str, list[Any]] = {}

    def answer(self, name: str, value: Any = None) -> Callable[..., Any]:
        """A driver call that remembers its arguments; before CUDA is initialized it fails as the real one does."""

        def call(*args: Any) -> Any:
            if not self.initialized:
                raise RuntimeError(f"{name}: CUDA error: initialization error")
            self.asked.setdefault(name, []).append(args)
            return value

        return call


class OnTheCpu(TorchFunctionMode):
    """Puts what is meant for `cuda:0` on the CPU."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.device:  # a name is not yet a tensor
            return func(*args, **(kwargs or {}))
        kwargs = {name: _moved(value) for name, value in (kwargs or {}).items()}
        if kwargs.get("pin_memory"):
            kwargs["pin_memory"] = False
        return func(*map(_moved, args), **kwargs)


def _moved(value: Any) -> Any:
    if isinstance(value, torch.device) and value.type == "cuda":
        return torch.device("cpu")
    return "cpu" if isinstance(value, str) and value.startswith("cuda") else value


@contextmanager
def cuda_stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    """A machine with one CUDA card of 24 GiB for the length of the block."""
    card = Card()

    def initialize() -> None:
        card.initialized = True

    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "device_count", lambda: 1)
        patch.setattr(torch.cuda, "_lazy_init", initialize)
        patch.setattr(torch.cuda.memory, "_lazy_init", initialize)
        patch.setattr(torch.cuda, "is_initialized", lambda: card.initialized)
        patch.setattr(torch.cuda.memory, "is_initialized", lambda: card.initialized)
        patch.setattr(torch.cuda, "_get_device_properties", card.answer("properties", CARD), raising=False)
        stream = SimpleNamespace(is_capturing=lambda: False)
        patch.setattr(torch.accelerator, "current_stream", lambda: stream)  # Adam asks whether a graph is captured
        stream = SimpleNamespace(is_capturing=lambda: False)
        patch.setattr(torch.accelerator, "current_stream", lambda: stream)  # Adam asks whether a graph is captured
        for name in ("_exchange_device", "_maybe_exchange_device"):
            patch.setattr(torch.cuda, name, card.answer(name, 0))
        statistics = {"allocated_bytes": {"all": {"peak": 3 * 2**30, "current": 2**30}}}
        for name, value in [
            ("_cuda_getDevice", 0),
            ("_cuda_setMemoryFraction", None),
            ("_cuda_memoryStats", statistics),
            ("_cuda_resetPeakMemoryStats", None),
            ("_cuda_synchronize", None),
            ("_cuda_emptyCache", None),
        ]:
            patch.setattr(torch._C, name, card.answer(name, value), raising=False)
        with OnTheCpu():
            yield card
