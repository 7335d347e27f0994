"""A small ONNX file, written byte by byte, so that the tests need no package that writes them."""

from __future__ import annotations

from pathlib import Path


def varint(number: int) -> bytes:
    return bytes([number | 128]) + varint(number >> 7) if number > 127 else bytes([number])


def number(key: int, value: int) -> bytes:
    return varint(key << 3) + varint(value)


def block(key: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return varint(key << 3 | 2) + varint(len(content)) + content


def tensor(name: str, shape: list[int | str]) -> bytes:
    dims = b"".join(block(1, number(1, side) if isinstance(side, int) else block(2, side)) for side in shape)
    return block(1, name) + block(2, block(1, number(1, 1) + block(2, dims)))


def ints(name: str, values: list[int]) -> bytes:
    return block(5, block(1, name) + b"".join(number(8, value) for value in values) + number(20, 7))


def node(kind: str, source: str, target: str, attributes: bytes = b"") -> bytes:
    return block(1, block(1, source) + block(2, target) + block(4, kind) + attributes)


def write_onnx(path: Path, shape: list[int | str], cell: int) -> Path:
    """A network that takes `shape` and gives the means of its 3 channels over cells of `cell` x `cell` pixels."""
    nodes = [node("AveragePool", "x", "means", ints("kernel_shape", [cell] * 2) + ints("strides", [cell] * 2))]
    if shape[3] == 3:
        nodes = [node("Transpose", "nhwc", "x", ints("perm", [0, 3, 1, 2])), *nodes]
    given = block(11, tensor("nhwc" if shape[3] == 3 else "x", shape))
    graph = b"".join(nodes) + node("Flatten", "means", "y") + block(2, "means") + given
    graph += block(12, tensor("y", ["N", "D"]))
    path.write_bytes(number(1, 8) + block(7, graph) + block(8, number(2, 13)))
    return path
