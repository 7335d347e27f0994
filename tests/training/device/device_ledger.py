"""Which tensors would lie on a CUDA device, on a machine without one; operations that mix devices are refused."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten
COPIES = {aten.copy_, aten._foreach_copy_, aten._to_copy}  # these may go from one device to another
# a list on the CPU may index CUDA; so does the decomposition of nearest upsampling, by which the meter counts it
INDEXING = {aten.index, aten._unsafe_index, aten.index_put, aten.index_put_, aten._index_put_impl_}
MIXED = "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"


class DeviceLedger(TorchDispatchMode):
    """Every operation, backward passes included: its results lie where its inputs do.

    Storages are told apart, not tensors: views and saved tensors share them.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._on_card: dict[int, weakref.ref[torch.UntypedStorage]] = {}

    def on_card(self, tensor: Tensor) -> bool:
        """Whether `tensor` would lie on the CUDA device."""
        return _key(tensor) in self._on_card

    def put(self, tensor: Tensor, on_card: bool) -> None:
        """Have `tensor` lie on the CUDA device, or on the CPU."""
        key = _key(tensor)
        if on_card and key and key not in self._on_card:
            forget = self._on_card.pop
            self._on_card[key] = weakref.ref(tensor.untyped_storage(), lambda _: forget(key, None))
        elif not on_card:
            self._on_card.pop(key, None)

    def check(self, operation: Any, inputs: Iterable[Tensor]) -> None:
        """Refuse `operation` where CUDA would; a number on the CPU (no dimensions) may stand beside CUDA tensors.

        Raises:
            RuntimeError: its `inputs` lie on two devices.
        """
        first, *others = inputs
        if operation in COPIES or (operation in INDEXING and self.on_card(first)):
            return
        if any(tensor.ndim and not self.on_card(tensor) for tensor in (first, *others)):
            raise RuntimeError(f"{operation}: {MIXED}")

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        inputs = list(tensors((args, kwargs)))
        card = any(map(self.on_card, inputs))
        if card:
            self.check(func._overloadpacket, inputs)
        elif not inputs and func._overloadpacket is aten.zeros and torch._C._current_graph_task_id() != -1:
            card = True  # autograd's own, on the device of the gradient that is missing
        result = func(*args, **(kwargs or {}))
        if card and func._overloadpacket not in (aten.copy_, aten._foreach_copy_):
            for made in tensors(result):
                self.put(made, on_card=True)
        return result


def tensors(values: Any) -> Iterator[Tensor]:
    """All tensors in `values`, however nested."""
    return (value for value in tree_leaves(values) if isinstance(value, Tensor))


def _key(tensor: Tensor) -> int:
    """What names the memory of `tensor`; 0 for one without, such as a fake one."""
    return 0 if tensor.is_meta or type(tensor) not in (Tensor, torch.nn.Parameter) else tensor.untyped_storage()._cdata
