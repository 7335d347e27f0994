"""A CUDA device on a machine without one, as strict as the real one about how it is asked.

torch's own Python functions run as they are, with their signatures and refusals; only the driver calls below them are
replaced. Tensors that are put on `cuda:0` stay on the CPU but say that they are there, and mixing devices is refused,
in backward passes too. So a whole run can be done. What this cannot see: which kernels run and what they cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

from tests.training.device.device_ledger import DeviceLedger, tensors

CARD = SimpleNamespace(name="Stand-in", total_memory=24 * 2**30, major=8, minor=0, multi_processor_count=1)


class Card:
    """What the driver was asked for, by the name of the call, and operations for which the host waits."""

    def __init__(self) -> None:
        self.initialized = False
        self.asked: dict[str, list[Any]] = {}
        self.waits: list[str] = []

    def driver_call(self, name: str, value: Any = None) -> Callable[..., Any]:
        """A driver call that remembers its arguments; before CUDA is initialized it fails as the real one does."""

        def call(*args: Any) -> Any:
            if not self.initialized:
                raise RuntimeError(f"{name}: CUDA error: initialization error")
            self.asked.setdefault(name, []).append(args)
            return value

        return call


READS = {torch.Tensor.item, torch.Tensor.tolist, torch.Tensor.cpu, torch.Tensor.nonzero}
READS |= {torch.Tensor.__bool__, torch.Tensor.__int__, torch.Tensor.__float__, torch.Tensor.__index__}


class OnTheCpu(TorchFunctionMode):
    """Keeps what is meant for `cuda:0` on the CPU and enters it in the ledger, which says where a tensor would be.

    Also notes what a real card would make the host wait for: tensors that are read, copies from memory that is not
    pinned, and indexing by lists and masks.
    """

    def __init__(self, card: Card, ledger: DeviceLedger) -> None:
        super().__init__()
        self.card, self.ledger = card, ledger

    def _waits(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        if func in READS:
            return True
        if func in (torch.Tensor.__getitem__, torch.Tensor.__setitem__):
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            return any(isinstance(i, list) or (isinstance(i, torch.Tensor) and i.dtype == torch.bool) for i in index)
        moves = any(_moved(value) is not value for value in (*args, *kwargs.values()))
        return moves and func in (torch.Tensor.to, torch.tensor) and not kwargs.get("non_blocking")

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in (torch.device, torch._C._nn._parse_to):  # a name is not yet a tensor
            return func(*args, **kwargs)
        if func == torch.Tensor.device.__get__ and self.ledger.on_card(args[0]):
            return torch.device("cuda", 0)
        if func == torch.Tensor.is_cuda.__get__:
            return self.ledger.on_card(args[0])
        if func in (torch.Tensor.numpy, torch.Tensor.__array__) and self.ledger.on_card(args[0]):
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")
        if func is torch.Tensor.pin_memory:
            if self.ledger.on_card(args[0]):
                raise RuntimeError("cannot pin 'torch.cuda.FloatTensor' only dense CPU tensors can be pinned")
            return args[0]
        if self._waits(func, args, kwargs):
            self.card.waits.append(getattr(func, "__name__", str(func)))
        there = self._target(func, args, kwargs)
        kwargs = {name: _moved(value) for name, value in kwargs.items()}
        if kwargs.get("pin_memory"):
            kwargs["pin_memory"] = False
        result = func(*map(_moved, args), **kwargs)
        if there is not None and isinstance(result, torch.Tensor):
            return self._placed(result, there, list(tensors((args, kwargs))))
        return result

    def _target(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool | None:
        """Whether the result is to lie on the card; None where no device is named."""
        if func is torch.Tensor.cpu:
            return False
        if func is torch.Tensor.to and len(args) > 1 and isinstance(args[1], torch.Tensor):
            return self.ledger.on_card(args[1])
        names = [str(value) for value in (*args, *kwargs.values()) if isinstance(value, torch.device | str)]
        if any(name.startswith("cuda") for name in names):
            return True
        return False if "cpu" in names else None

    def _placed(self, result: torch.Tensor, on_card: bool, inputs: list[torch.Tensor]) -> torch.Tensor:
        if self.ledger.on_card(result) != on_card:
            if any(result is tensor for tensor in inputs):  # no move was needed on the CPU
                result = result.clone()
            self.ledger.put(result, on_card)
        return result


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
        patch.setattr(torch.cuda, "_get_device_properties", card.driver_call("properties", CARD), raising=False)
        stream = SimpleNamespace(is_capturing=lambda: False)
        patch.setattr(torch.accelerator, "current_stream", lambda: stream)  # Adam asks whether a graph is captured
        for name in ("_exchange_device", "_maybe_exchange_device"):
            patch.setattr(torch.cuda, name, card.driver_call(name, 0))
        statistics = {"allocated_bytes": {"all": {"peak": 3 * 2**30, "current": 2**30}}}
        for name, value in [
            ("_cuda_getDevice", 0),
            ("_cuda_setMemoryFraction", None),
            ("_cuda_memoryStats", statistics),
            ("_cuda_resetPeakMemoryStats", None),
            ("_cuda_synchronize", None),
            ("_cuda_emptyCache", None),
        ]:
            patch.setattr(torch._C, name, card.driver_call(name, value), raising=False)
        with DeviceLedger() as ledger, OnTheCpu(card, ledger):
            yield card
