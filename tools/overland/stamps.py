"""The stamps of an overland map: trees, hills, mountains, houses and small marks, inked with a light and a shaded side.

All measures are in squares, with the y axis down; light comes from the left and from above.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw

Point = tuple[float, float]

INK = "#3c2c2c"
SHADOW = "#6c8c4c"
LEAF, LEAF_LIGHT = "#4c8444", "#7cac54"
FIR, FIR_LIGHT = "#2c5c4c", "#4c8464"
TRUNK = "#6c4c2c"
HILL, HILL_LIGHT = "#9c8c4c", "#ccbc74"
ROCK, ROCK_LIGHT = "#7c7474", "#ccbcac"
SNOW = "#f4f4ec"
ROOF, ROOF_LIGHT, WALL = "#ac442c", "#cc6444", "#f4e4c4"
REED = "#4c6c34"


@dataclass(frozen=True)
class Pen:
    """Draws in squares on a large canvas.

    Attributes:
        canvas: what is drawn on.
        scale: pixels per square.
        line: width of an ink line, squares.
    """

    canvas: Image.Image
    scale: int
    line: float = 0.09

    def polygon(self, points: list[Point], fill: str) -> None:
        """A filled polygon without an outline."""
        ImageDraw.Draw(self.canvas).polygon([(x * self.scale, y * self.scale) for x, y in points], fill=fill)

    def stroke(self, points: list[Point], fill: str, width: float) -> None:
        """A line with round joints and ends."""
        pixels = [(x * self.scale, y * self.scale) for x, y in points]
        ImageDraw.Draw(self.canvas).line(pixels, fill=fill, width=max(1, round(width * self.scale)))
        for x, y in points:  # Pillow's own joints leave gaps
            self.ellipse(x, y, width / 2, width / 2, fill)

    def ellipse(self, x: float, y: float, across: float, down: float, fill: str) -> None:
        """A filled ellipse around (x, y)."""
        box = [(x - across) * self.scale, (y - down) * self.scale, (x + across) * self.scale, (y + down) * self.scale]
        ImageDraw.Draw(self.canvas).ellipse(box, fill=fill)

    def inked(self, points: list[Point], fill: str) -> None:
        """A filled polygon with an outline of ink."""
        self.polygon(points, fill)
        self.stroke([*points, points[0]], INK, self.line)


def placed(points: list[Point], x: float, y: float, wide: float, tall: float) -> list[Point]:
    """A shape of unit size, moved and stretched."""
    return [(x + across * wide, y + down * tall) for across, down in points]


def tree(pen: Pen, x: float, y: float, size: float) -> None:
    """A broad-leaved tree; (x, y) is the middle of its square."""
    blobs = [(-0.24, 0.02), (0.24, 0.02), (0.0, -0.24), (0.0, 0.12)]
    pen.ellipse(x + 0.14 * size, y + 0.36 * size, 0.5 * size, 0.2 * size, SHADOW)
    pen.stroke([(x, y + 0.2 * size), (x, y + 0.42 * size)], INK, 0.2 * size)
    for radius, fill in ((0.32 * size + pen.line, INK), (0.32 * size, LEAF)):
        for across, down in blobs:
            pen.ellipse(x + across * size, y + down * size, radius, radius, fill)
    pen.ellipse(x - 0.2 * size, y - 0.06 * size, 0.2 * size, 0.17 * size, LEAF_LIGHT)
    pen.ellipse(x + 0.0 * size, y - 0.27 * size, 0.2 * size, 0.17 * size, LEAF_LIGHT)


def fir(pen: Pen, x: float, y: float, size: float) -> None:
    """A fir of two storeys."""
    pen.ellipse(x + 0.16 * size, y + 0.38 * size, 0.46 * size, 0.17 * size, SHADOW)
    pen.stroke([(x, y + 0.3 * size), (x, y + 0.45 * size)], INK, 0.18 * size)
    for top, bottom, half in ((-0.3, 0.34, 0.46), (-0.68, 0.02, 0.36)):
        outline = [(0.0, top), (half, bottom), (-half, bottom)]
        pen.inked(placed(outline, x, y, size, size), FIR)
        lit = [(0.0, top + 0.06), (-0.06, bottom - 0.05), (-half + 0.08, bottom - 0.05)]
        pen.polygon(placed(lit, x, y, size, size), FIR_LIGHT)


def mountain(pen: Pen, x: float, y: float, wide: float, tall: float) -> None:
    """A peak with snow; (x, y) is the middle of its foot."""
    slope = [(-0.5, 0.0), (-0.3, -0.42), (-0.2, -0.5), (0.0, -1.0), (0.16, -0.66), (0.26, -0.52), (0.5, 0.0)]
    shade = [
        (0.0, -1.0),
        (0.16, -0.66),
        (0.26, -0.52),
        (0.5, 0.0),
        (0.1, 0.0),
        (0.17, -0.2),
        (0.03, -0.42),
        (0.08, -0.7),
    ]
    snow = [(0.0, -1.0), (0.2, -0.6), (0.11, -0.52), (0.05, -0.66), (-0.03, -0.46), (-0.1, -0.6), (-0.19, -0.52)]
    pen.inked(placed(slope, x, y, wide, tall), ROCK_LIGHT)
    pen.polygon(placed(shade, x, y, wide, tall), ROCK)
    pen.polygon(placed(snow, x, y, wide, tall), SNOW)
    pen.stroke(placed(slope, x, y, wide, tall), INK, pen.line * 1.3)
    pen.stroke(placed([(-0.24, 0.0), (-0.14, -0.26)], x, y, wide, tall), ROCK, pen.line)


def hill(pen: Pen, x: float, y: float, wide: float, tall: float) -> None:
    """A round hill; (x, y) is the middle of its foot."""
    back = [
        (-0.5, 0.0),
        (-0.42, -0.4),
        (-0.27, -0.78),
        (-0.08, -0.98),
        (0.1, -0.96),
        (0.28, -0.76),
        (0.42, -0.4),
        (0.5, 0.0),
    ]
    shade = [(0.1, -0.96), (0.28, -0.76), (0.42, -0.4), (0.5, 0.0), (0.14, 0.0), (0.22, -0.4), (0.19, -0.7)]
    pen.polygon(placed(back, x, y, wide, tall), HILL_LIGHT)
    pen.polygon(placed(shade, x, y, wide, tall), HILL)
    pen.stroke(placed(back, x, y, wide, tall), INK, pen.line)


def house(pen: Pen, x: float, y: float) -> None:
    """A house with a red roof, as large as a square; (x, y) is its middle."""
    pen.polygon([(x - 0.3, y + 0.42), (x + 0.56, y + 0.42), (x + 0.56, y + 0.1), (x + 0.3, y)], SHADOW)
    pen.inked([(x - 0.34, y - 0.06), (x + 0.34, y - 0.06), (x + 0.34, y + 0.38), (x - 0.34, y + 0.38)], WALL)
    pen.polygon([(x - 0.1, y + 0.14), (x + 0.1, y + 0.14), (x + 0.1, y + 0.38), (x - 0.1, y + 0.38)], INK)
    roof = [(x - 0.46, y + 0.04), (x - 0.24, y - 0.42), (x + 0.24, y - 0.42), (x + 0.46, y + 0.04)]
    pen.polygon(roof, ROOF_LIGHT)
    pen.polygon([(x, y - 0.42), (x + 0.24, y - 0.42), (x + 0.46, y + 0.04), (x, y + 0.04)], ROOF)
    pen.stroke([*roof, roof[0]], INK, pen.line)


def reeds(pen: Pen, x: float, y: float, water: str) -> None:
    """A pool with three reeds."""
    pen.ellipse(x, y + 0.2, 0.42, 0.2, REED)
    pen.ellipse(x, y + 0.22, 0.36, 0.15, water)
    for across, tilt in ((-0.2, -0.1), (0.0, 0.0), (0.2, 0.1)):
        pen.stroke([(x + across, y + 0.18), (x + across + tilt, y - 0.3)], REED, 0.1)


def tuft(pen: Pen, x: float, y: float, fill: str) -> None:
    """Three blades of grass."""
    for across in (-0.2, 0.0, 0.2):
        pen.stroke([(x + across * 0.6, y + 0.15), (x + across * 1.2, y - 0.15)], fill, 0.09)


def wave(pen: Pen, x: float, y: float, fill: str) -> None:
    """A wave of the open sea."""
    pen.stroke(
        [(x - 0.5, y + 0.08), (x - 0.25, y - 0.08), (x, y + 0.08), (x + 0.25, y - 0.08), (x + 0.5, y + 0.08)], fill, 0.1
    )
