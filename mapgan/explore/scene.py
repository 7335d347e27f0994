"""What is on the page: everything from which its map can be drawn again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mapgan.errors import MapganError
from mapgan.params.drawing import MAX_SQUARES
from mapgan.params.parsing import MAX_SEED
from mapgan.params.section import Fraction, Section
from mapgan.sampling.expression import MAX_LENGTH
from mapgan.sampling.latent_shape import LatentShape
from mapgan.sampling.recipe import Row
from mapgan.sampling.reroll import sites_above

DIRECTIONS = 4  # of SeFa that the page varies, the strongest
FARTHEST = 6.0  # in a direction

Side = Annotated[int, Field(ge=1, le=MAX_SQUARES)]
Index = Annotated[int, Field(ge=0, le=MAX_SQUARES)]
Step = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST)]


class Rectangle(Section):
    """Squares from `left` to `right` and from `top` to `bottom`, exclusive."""

    left: Index
    top: Index
    right: Index
    bottom: Index

    def holds(self, other: Rectangle) -> bool:
        """Whether all of `other` lies within."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


class Patch(Section):
    """Squares that were drawn anew, with the latent of another seed."""

    where: Rectangle
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]


class Scene(Section):
    """A map of a generator."""

    generator: Annotated[str, Field(max_length=1000)]
    """its name on the page"""

    latent: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)] = "8"
    """expression"""

    columns: Side = 24
    rows: Side = 16
    seamless: bool = False
    truncation: Fraction = 1.0
    label: str = ""
    directions: Annotated[list[Step], Field(max_length=DIRECTIONS)] = [0.0] * DIRECTIONS
    """how far to go in each; of the layout if a layout is drawn, else of the generator"""

    patches: Annotated[list[Patch], Field(max_length=200)] = []
    plan: Annotated[list[Row], Field(max_length=MAX_SQUARES)] = []
    """number of each square's label where it was painted; empty where the generator decides"""

    def changed(self, **changes: object) -> Scene:
        """A copy with other values, which are checked.

        Raises:
            pydantic.ValidationError: one is not allowed.
        """
        return Scene.model_validate(self.model_dump() | changes)

    def patched(self, where: list[Rectangle], seed: int) -> list[Patch]:
        """The patches after `where` is drawn anew; those that are now hidden are left out."""
        kept = [patch for patch in self.patches if not any(one.holds(patch.where) for one in where)]
        return [*kept, *(Patch(where=one, seed=seed + number) for number, one in enumerate(where))]

    def expression(self, shape: LatentShape, sites_per_square: float, directed: bool) -> str:
        """The latent as an expression for a generator.

        Args:
            shape: of its latents at the size of the map.
            sites_per_square: its sites along the side of a square.
            directed: whether it is the one that `directions` vary.

        Raises:
            MapganError: it has become too long.
        """
        text = self.latent
        for patch in self.patches:
            where = patch.where
            down = sites_above(where.top, where.bottom - 1, sites_per_square, shape.rows)
            across = sites_above(where.left, where.right - 1, sites_per_square, shape.columns)
            if down.start < down.stop and across.start < across.stop:
                ends = f"{down.start}, {down.stop}, {across.start}, {across.stop}"
                text = f"patch({text}, {patch.seed}, {ends})"
        if directed:
            for number, step in enumerate(self.directions):
                if step:
                    text += f" {'-' if step < 0 else '+'} {abs(step):g} * sefa({number})"
        if len(text) > MAX_LENGTH:
            raise MapganError("too many steps and squares drawn anew to write down", "go back, or take a new seed")
        return text


def rectangles(marks: set[tuple[int, int]]) -> list[Rectangle]:
    """Rectangles that cover `marks`, columns and rows of squares, and nothing else; each square once."""
    left, found = set(marks), list[Rectangle]()
    while left:
        column, row = min(left, key=lambda mark: (mark[1], mark[0]))
        right = column
        while (right, row) in left:
            right += 1
        bottom = row + 1
        while all((x, bottom) in left for x in range(column, right)):
            bottom += 1
        found.append(Rectangle(left=column, top=row, right=right, bottom=bottom))
        left -= {(x, y) for x in range(column, right) for y in range(row, bottom)}
    return found
