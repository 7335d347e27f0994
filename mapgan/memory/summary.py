"""Summary of the networks, layer by layer, for one image, on fake tensors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from mapgan.memory.fake import build_on_meta, materialize, mix_precision
from mapgan.memory.meter import Meter
from mapgan.params import Params

MIB = 2**20


@dataclass
class Layer:
    """A module, without the modules inside it.

    Args:
        name: its path in the network.
        kind: its class.
        output: shape of the output for one image: channels, height, width.
        parameters: number of parameters.
        multiply_adds: of the forward pass.
        kept: bytes saved for the backward pass, without weights (but with bf16 copies of them).
        backward: bytes allocated in the backward pass: gradients of inputs and weights, and casts.
    """

    name: str
    kind: str
    output: tuple[int, ...] = ()
    parameters: int = 0
    multiply_adds: int = 0
    kept: int = 0
    backward: int = 0


@dataclass(frozen=True)
class Summary:
    """The layers of a network, in the order of execution.

    Args:
        name: generator or discriminator.
        layers: those with any parameters, arithmetic or memory.
        peak: maximum of bytes in a forward and backward pass, weights included.
    """

    name: str
    layers: list[Layer]
    peak: int


def summarize(params: Params, width: int, height: int, labels: int = 0, label_square: int = 0) -> list[Summary]:
    """The layers of generator and discriminator, for one image of `width` x `height` pixels and its labels."""
    pair = build_on_meta(params, width, height, labels, label_square)
    grid = (height // label_square, width // label_square) if label_square else ()
    precision, label_shapes = params.train.precision, [(1, *grid)] if labels else []
    rebuild = {"rebuild": True} if params.train.reconstruction else {}
    return [
        _summarize("generator", pair.generator, (1, pair.latent), label_shapes, precision),
        _summarize("discriminator", pair.discriminator, (1, 3, height, width), label_shapes, precision, **rebuild),
    ]


def report(params: Params, width: int, height: int, labels: int = 0, label_square: int = 0) -> str:
    """A table for each network."""
    head = f"{params.train.network}, {width} x {height} pixels, precision {params.train.precision}, one image"
    return "\n\n".join([head, *(_table(summary) for summary in summarize(params, width, height, labels, label_square))])


def _summarize(
    name: str,
    network: nn.Module,
    shape: tuple[int, ...],
    label_shapes: list[tuple[int, ...]],
    precision: str,
    **kwargs: bool,
) -> Summary:
    """Run a forward and a backward pass of a network on an input of shape `shape` and the keyword arguments."""
    with FakeTensorMode(), Ledger() as ledger:
        materialize(network)
        mix_precision(network, precision)
        ledger.watch(name, network)
        labels = [torch.empty(label_shape, dtype=torch.int64) for label_shape in label_shapes]
        with torch.autograd.graph.saved_tensors_hooks(ledger.keep, lambda kept: kept):
            result = network(torch.empty(shape), *labels, **kwargs)
        loss = sum(output.sum() for output in (result if isinstance(result, tuple) else (result,)))
        assert isinstance(loss, Tensor)
        loss.backward()  # type: ignore[no-untyped-call]
        used = [layer for layer in ledger.layers.values() if _is_used(layer)]
        return Summary(name, used, ledger.peak)


def _is_used(layer: Layer) -> bool:
    return any((layer.parameters, layer.multiply_adds, layer.kept, layer.backward))


class Ledger(Meter):  # type: ignore[no-untyped-call]
    """A meter that attributes everything to the layer in which it happens."""

    def __init__(self) -> None:
        super().__init__()
        self.layers: dict[str, Layer] = {}  # in the order of their first call
        self._call_stack = [Layer("", "")]  # for what belongs to no layer
        self._layer_of_node: dict[int, Layer] = {}
        self._counted: set[int] = set()

    def watch(self, name: str, network: nn.Module) -> None:
        """Follow the calls of all modules in `network`, which is called `name`."""
        for path, module in network.named_modules():
            layer = Layer(path or name, type(module).__name__)
            layer.parameters = sum(weight.numel() for weight in module.parameters(recurse=False))
            module.register_forward_pre_hook(lambda _, __, layer=layer: self._enter(layer))
            module.register_forward_hook(lambda _, __, output, layer=layer: self._leave(layer, output))
        self._counted = {weight.untyped_storage()._cdata for weight in (*network.parameters(), *network.buffers())}

    def _enter(self, layer: Layer) -> None:
        self._call_stack.append(self.layers.setdefault(layer.name, layer))

    def _leave(self, layer: Layer, output: Tensor | tuple[Tensor, ...]) -> None:
        first = output[0] if isinstance(output, tuple) else output
        layer.output = tuple(first.shape[1:])
        self._call_stack.pop()

    def keep(self, tensor: Tensor) -> Tensor:
        """Count a tensor saved for the backward pass, unless it is a weight or already counted."""
        storage = tensor.untyped_storage()
        if storage._cdata not in self._counted:
            self._counted.add(storage._cdata)
            self._call_stack[-1].kept += storage.nbytes()
        return tensor

    def __torch_dispatch__(self, func: Any, types: Iterable[type], args: Any = (), kwargs: Any = None) -> Any:
        node = torch._C._current_autograd_node()
        if node is None:  # forward: the node of this operation in the graph, if it has one, has just been numbered
            layer = self._call_stack[-1]
            self._layer_of_node.setdefault(torch.autograd._get_sequence_nr() - 1, layer)
        else:
            layer = self._layer_of_node.get(node._sequence_nr(), self._call_stack[0])
        flops, changes = self.flops, len(self.changes)
        result = super().__torch_dispatch__(func, types, args, kwargs)
        if node is None:
            layer.multiply_adds += (self.flops - flops) // 2
        else:
            layer.backward += sum(change for change in self.changes[changes:] if change > 0)
        return result


def _table(summary: Summary) -> str:
    """The layers and their sum as lines of text."""
    total = Layer("total", "")
    for name in ("parameters", "multiply_adds", "kept", "backward"):
        setattr(total, name, sum(getattr(layer, name) for layer in summary.layers))
    heads = [summary.name, "kind", "output", "parameters", "mult-adds M", "kept MiB", "backward MiB"]
    end = f"forward and backward pass take {summary.peak / MIB:.2f} MiB at most, weights and gradients included"
    return "\n".join([*align_columns([heads, *map(_cells, [*summary.layers, total])], left=3), end])


def _cells(layer: Layer) -> list[str]:
    return [
        layer.name,
        layer.kind,
        " x ".join(map(str, layer.output)),
        f"{layer.parameters:,}",
        f"{layer.multiply_adds / 1e6:.2f}",
        f"{layer.kept / MIB:.2f}",
        f"{layer.backward / MIB:.2f}",
    ]


def align_columns(rows: list[list[str]], left: int) -> list[str]:
    """Rows of cells as align_columns lines of text: the first `left` columns flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = ["<" if index < left else ">" for index in range(len(widths))]
    lines = [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)) for row in rows
    ]
    return [line.rstrip() for line in lines]
