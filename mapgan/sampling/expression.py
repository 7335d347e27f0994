"""Latents as expressions: `12 - 7 + 31`, `mean(1, 2, 3) - mean(4, 5)`, `slerp(3, 7, 0.25)`, `7 + 2.0 * sefa(0)`.

An integer is the latent of that seed; left of `*`, right of `/` and as a fraction it is a number. Python's parser makes
the syntax tree, of which only what is listed here is evaluated.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from mapgan.errors import MapganError
from mapgan.params.parsing import MAX_SEED
from mapgan.sampling.directions import pca, sefa
from mapgan.sampling.interpolation import lerp, slerp
from mapgan.sampling.latent_shape import LatentShape
from mapgan.sampling.latents import latent

MAX_LENGTH = 2000  # characters; deep nesting cannot exhaust the stack
SHOWN = 60  # characters of an expression in an error
FORMS = (
    "write seeds with + - * /, mean(1, 2, 3), lerp(3, 7, 0.5), slerp(3, 7, 0.5), axis(0), sefa(0), pca(0), ones or "
    "zero, such as 12 - 7 + 31"
)


class _Misread(ValueError):
    """A part of an expression that has no meaning; the text says which."""


@dataclass(frozen=True)
class Term:
    """A term of a sum.

    Args:
        text: without its sign.
        sign: `+` or `-`.
        members: the arguments, if it is a mean.
    """

    text: str
    sign: str
    members: tuple[str, ...] = ()


def terms(text: str) -> list[Term]:
    """The terms that an expression adds and subtracts: `12 - mean(7, 31)` has `12`, and `- mean(7, 31)`.

    Raises:
        MapganError: it is not an expression, or too deeply nested.
    """
    found: list[Term] = []
    node, sign = parse(text), "+"
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):  # they group from the left
        found.append(_term(node.right, "+" if isinstance(node.op, ast.Add) else "-"))
        node = node.left
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, "-"
    return [_term(node, sign), *reversed(found)]


def _term(node: ast.expr, sign: str) -> Term:
    is_mean = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "mean"
    members = tuple(map(unparse, node.args)) if isinstance(node, ast.Call) and is_mean else ()
    return Term(unparse(node), sign, members)


def parse(text: str) -> ast.expr:
    """The syntax tree of an expression, nothing of which is checked yet.

    Raises:
        MapganError: it is too long, or not an expression in Python.
    """
    if len(text) > MAX_LENGTH:
        raise MapganError(f"an expression of {len(text)} characters", f"{MAX_LENGTH} can be read")
    try:
        with warnings.catch_warnings(action="ignore"):  # of Python's, about odd literals
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise MapganError(f"{shorten(text)}: not an expression", FORMS) from None


def unparse(node: ast.AST) -> str:
    """The expression of a syntax tree.

    Raises:
        MapganError: it is too deeply nested.
    """
    try:
        return ast.unparse(node)
    except RecursionError:
        raise MapganError("an expression is nested too deeply", "write a shorter one") from None


def shorten(text: str) -> str:
    """`text` in quotes, with at most `SHOWN` characters."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


class Latents:
    """Evaluates expressions for one generator.

    Args:
        generator: at the size that is drawn.
        shape: of its latents.
        given: latents by name, `[latent]` float64 each, for `given("name")`.
    """

    def __init__(self, generator: nn.Module, shape: LatentShape, given: Mapping[str, Tensor] = {}) -> None:
        self.generator, self.shape, self.given = generator, shape, given
        self.functions: dict[str, Callable[[list[ast.expr]], Tensor]] = {
            "mean": self._mean,
            "lerp": lambda arguments: lerp(*self._ends(arguments)),
            "slerp": lambda arguments: slerp(*self._ends(arguments), self.shape),
            "patch": self._patch,
            "given": self._given,
            "axis": lambda arguments: self._row(arguments, torch.eye(self.shape.dimensions, dtype=torch.float64)),
            "sefa": lambda arguments: self._row(arguments, self.directions),
            "pca": lambda arguments: self._row(arguments, self.components),
        }

    @cached_property
    def directions(self) -> Tensor:
        """Those of SeFa."""
        return sefa(self.generator, self.shape)

    @cached_property
    def components(self) -> Tensor:
        """The directions of the principal components of images."""
        return pca(self.generator, self.shape)

    def value(self, text: str) -> Tensor:
        """The latent `[latent]`, float32, that `text` stands for; that of a lone seed is exact.

        Raises:
            MapganError: it is not an expression, or has no finite value.
        """
        try:
            found = self._latent(parse(text)).float()
        except _Misread as error:
            raise MapganError(f"{shorten(text)}: {error}", FORMS) from None
        except RecursionError:
            raise MapganError(f"{shorten(text)}: nested too deeply") from None
        except OverflowError:  # of a number that no float holds
            raise MapganError(f"{shorten(text)}: not finite", "write smaller numbers") from None
        if not found.isfinite().all():
            raise MapganError(f"{shorten(text)}: not finite", "write smaller numbers")
        return found

    def _latent(self, node: ast.expr) -> Tensor:
        match node:
            case ast.Constant(value=int(seed)) if not isinstance(seed, bool):
                return self._seed(seed)
            case ast.Name(id="ones" | "zero" as name):
                return torch.full((self.shape.size,), float(name == "ones"), dtype=torch.float64)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._latent(operand)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._latent(left) + self._latent(right)
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return self._latent(left) - self._latent(right)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return _number(left) * self._latent(right)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._latent(left) / _number(right)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in self.functions:
                return self.functions[name](arguments)
        raise _Misread(f"{ast.unparse(node)} is not a latent")

    def _seed(self, seed: int) -> Tensor:
        if seed > MAX_SEED:
            raise _Misread(f"seeds go up to {MAX_SEED}")
        return latent(seed, self.shape.size).double()

    def _mean(self, arguments: list[ast.expr]) -> Tensor:
        if not arguments:
            raise _Misread("a mean needs latents")
        return torch.stack([self._latent(argument) for argument in arguments]).mean(dim=0)

    def _ends(self, arguments: list[ast.expr]) -> tuple[Tensor, Tensor, float]:
        if len(arguments) != 3:
            raise _Misread("lerp and slerp take two latents and a fraction")
        return self._latent(arguments[0]), self._latent(arguments[1]), _number(arguments[2])

    def _given(self, arguments: list[ast.expr]) -> Tensor:
        match arguments:
            case [ast.Constant(value=str(name))] if name in self.given:
                return self.given[name]
        raise _Misread("no such latent is given")

    def _patch(self, arguments: list[ast.expr]) -> Tensor:
        """The first latent, with the sites of the second in rows and columns from and up to (exclusive)."""
        match arguments:
            case [one, other, *ends] if len(ends) == 4:
                top, bottom, left, right = map(_index, ends)
                if not (top < bottom <= self.shape.rows and left < right <= self.shape.columns):
                    raise _Misread(f"the latent has {self.shape.rows} rows and {self.shape.columns} columns of sites")
                result = self._latent(one).clone()
                sites, others = (self.shape.grid(z) for z in (result, self._latent(other)))
                sites[:, top:bottom, left:right] = others[:, top:bottom, left:right]
                return result
        raise _Misread("patch takes two latents, and first and last row and column of sites")

    def _row(self, arguments: list[ast.expr], rows: Tensor) -> Tensor:
        if len(arguments) == 1 and (index := _index(arguments[0])) < len(rows):
            return self.shape.spread(rows[index])
        raise _Misread(f"axis, sefa and pca take a number from 0 to {len(rows) - 1}")


def _index(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
    raise _Misread(f"{ast.unparse(node)} is not a whole number from 0 on")


def _number(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int(value) | float(value)) if not isinstance(value, bool):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand)
    raise _Misread(f"{ast.unparse(node)} is not a number; one stands left of *, right of / and at the end of lerp")
