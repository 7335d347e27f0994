"""Latents that are no function of seeds, in recipes; and images of mapgan's as operands of expressions."""

from __future__ import annotations

import ast
import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mapgan import files
from mapgan.errors import MapganError
from mapgan.sampling.expression import parse, unparse
from mapgan.sampling.recipe import Recipe, read_recipe


def encoded(z: Tensor) -> tuple[str, str]:
    """The name of a latent, `[latent]` float32, in expressions, and its numbers as text for `Recipe.latents`."""
    content = z.numpy().astype("<f4").tobytes()
    return files.sha256_bytes(content)[:12], base64.b64encode(content).decode()


def decoded(latents: Mapping[str, str], size: int) -> dict[str, Tensor]:
    """The latents of a recipe, `[latent]` float64 each, by name.

    Raises:
        MapganError: one is damaged, or of another size.
    """
    found = {}
    for name, text in latents.items():
        try:
            numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f4")
        except (binascii.Error, ValueError):
            raise MapganError(f"the latent {name!r} of the recipe is damaged") from None
        if len(numbers) != size:
            raise MapganError(f"the latent {name!r} of the recipe has {len(numbers)} numbers, and not {size}")
        found[name] = torch.from_numpy(numbers.astype(np.float64))
    return found


def with_images(text: str, recipe: Recipe) -> tuple[str, dict[str, str]]:
    """An expression in which each `image("map.png")` is replaced by what drew that image, and the latents it needs.

    Args:
        text: the expression, of the user, as it names files.
        recipe: of what is to be drawn; the images must be of its generator and size.

    Raises:
        MapganError: it is not an expression, or an image is not a single one of that generator and size.
    """
    if "image" not in text:
        return text, {}
    replacer = _Images(recipe)
    return unparse(replacer.visit(parse(text))), replacer.latents


class _Images(ast.NodeTransformer):
    """Replaces images by their expressions, and collects their latents."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.latents = recipe, dict[str, str]()

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(func=ast.Name(id="image"), args=[ast.Constant(value=str(name))], keywords=[]):
                return self._drawn_by(Path(name))
        return self.generic_visit(node)

    def _drawn_by(self, path: Path) -> ast.expr:
        found, wanted = read_recipe(path), self.recipe
        if found.columns or found.reroll or found.plan or found.themes != "1x1":
            raise MapganError(
                f"{path}: not a single map of a latent", "name one without plan, reroll or several themes"
            )
        if found.generator != wanted.generator:
            raise MapganError(f"{path}: drawn by another generator")
        if (found.width, found.height) != (wanted.width, wanted.height):
            raise MapganError(
                f"{path}: {found.width} x {found.height} pixels, and the walk {wanted.width} x {wanted.height}",
                f"walk with --size {found.width}x{found.height}",
            )
        if (found.truncation, found.seamless) != (wanted.truncation, wanted.seamless):
            seamless = " --seamless" if found.seamless else ""
            raise MapganError(
                f"{path}: drawn with another truncation, or only one of both is seamless",
                f"walk with --truncation {found.truncation:g}{seamless}",
            )
        self.latents |= found.latents
        return parse(found.cells[0].latent)
