"""Measures the memory and the arithmetic of tensor operations.

The tensors may be fake (`FakeTensorMode`), which takes neither memory nor time. Workspaces that a kernel allocates
and frees are not measured.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class Meter(TorchDispatchMode):
    """Adds up the storages of all tensors that are created within its context, each storage once.

    Attributes:
        changes: of the memory in use, bytes, in order.
        flops: of convolutions and matrix products.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.changes: list[int] = []
        self.flops = 0
        self._alive: dict[int, weakref.ref[torch.UntypedStorage]] = {}

    @property
    def live(self) -> int:
        """Bytes in use now."""
        return sum(self.changes)

    @property
    def peak(self) -> int:
        """The maximum of bytes in use."""
        return peak(self.changes)

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for output in result if isinstance(result, tuple | list) else (result,):
            if isinstance(output, Tensor):
                self._count(output.untyped_storage())
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.flops += formula(*args, **(kwargs or {}), out_val=result)
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._alive:
            return

        def freed(_: object) -> None:
            del self._alive[key]
            self.changes.append(-size)

        self._alive[key] = weakref.ref(storage, freed)
        self.changes.append(size)


def peak(changes: Iterable[int]) -> int:
    """The maximum of bytes in use, from their changes."""
    return max(accumulate(changes), default=0)
