"""An image and the squares that it covers: the one place where pixels of a drawing become squares of the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mapgan.curate.decode import BadImage, open_upright
from mapgan.curate.grid import find_grid
from mapgan.curate.tiling import Lines
from mapgan.errors import MapganError

MAX_MEGAPIXELS = 100.0  # of an image that is read, and of one that is written
SLACK = 0.1  # of a square: what may lack at a border for a square to count as whole
MIN_SQUARE = 4.0  # pixels

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class SquareMap:
    """A map of `columns` x `rows` whole squares.

    Args:
        image: RGB.
        columns: squares from left to right.
        rows: squares from top to bottom.
        box: left, top, right and bottom of the squares on the image, pixels.
    """

    image: Image.Image
    columns: int
    rows: int
    box: Box

    @property
    def pixels_per_square(self) -> float:
        """Of the image as it was drawn."""
        return (self.box[2] - self.box[0]) / self.columns

    @property
    def cut(self) -> tuple[float, float, float, float]:
        """Pixels of partial squares left out at the left, top, right and bottom."""
        left, top, right, bottom = self.box
        return left, top, self.image.width - right, self.image.height - bottom

    def resized(self, square: int, part: tuple[float, float, float, float] | None = None) -> Image.Image:
        """The map with `square` pixels per square, by Lanczos resampling.

        Args:
            square: pixels per square of the result.
            part: left, top, right and bottom of the part that is wanted, squares; None for all.

        Raises:
            MapganError: the result would be too large.
        """
        left, top, right, bottom = part or (0.0, 0.0, float(self.columns), float(self.rows))
        size = max(1, round((right - left) * square)), max(1, round((bottom - top) * square))
        if size[0] * size[1] > MAX_MEGAPIXELS * 1e6:
            raise MapganError(
                f"{size[0]} x {size[1]} pixels are more than {MAX_MEGAPIXELS:g} megapixels",
                f"lower --resolution or --dpi; this has {square} pixels per square",
            )
        across = (self.box[2] - self.box[0]) / self.columns
        down = (self.box[3] - self.box[1]) / self.rows
        x, y = self.box[:2]
        box = (
            x + left * across,
            y + top * down,
            min(x + right * across, self.box[2]),
            min(y + bottom * down, self.box[3]),
        )
        return self.image.resize(size, Image.Resampling.LANCZOS, box=box)


def open_map(path: Path, pixels_per_square: float = 0.0) -> SquareMap:
    """Read an image and divide it into squares.

    Args:
        path: of any format that mapgan reads.
        pixels_per_square: of its battle grid, which then starts at the top left corner; 0 to find it.

    Raises:
        MapganError: it is no image, or shows no grid, or has less than one square.
    """
    if path.is_dir():
        raise MapganError(f"{path}: a folder", f"name its images, such as {path / '*.png'}")
    try:
        with open_upright(path, MAX_MEGAPIXELS) as upright:
            image = upright.image.copy()
    except BadImage as error:
        raise MapganError(f"{path}: {error}", "export takes images such as PNG, WebP or JPEG") from None
    if pixels_per_square:
        return into_squares(image, Lines(pixels_per_square), str(path))
    lines = find_grid(image)
    if lines is None:
        raise MapganError(f"{path}: shows no battle grid", "say --pixels-per-square, or --run with what drew it")
    return into_squares(image, lines, str(path))


def into_squares(image: Image.Image, lines: Lines, where: str) -> SquareMap:
    """Divide `image` at the `lines` of its grid; partial squares at its borders are left out.

    Raises:
        MapganError: not a single square fits, or a square is smaller than 4 pixels; `where` names the image.
    """
    left, columns, right = _whole_squares(image.width, lines.period, lines.x)
    top, rows, bottom = _whole_squares(image.height, lines.period, lines.y)
    if lines.period < MIN_SQUARE or not columns or not rows:
        size = f"{image.width} x {image.height} pixels"
        raise MapganError(
            f"{where}: {size} with {lines.period:g} pixels per square", "say --pixels-per-square, at least 4"
        )
    return SquareMap(image, columns, rows, (left, top, right, bottom))


def _whole_squares(length: int, period: float, line: float) -> tuple[float, int, float]:
    """Start, number and end of the whole squares along an axis of `length` pixels."""
    start = line % period
    if start > (1 - SLACK) * period:  # a line just outside of the image
        start -= period
    whole = round(length / period)
    if abs(start) <= SLACK * period and whole and abs(length - whole * period) <= SLACK * period:
        return 0.0, whole, float(length)  # the image is of whole squares, but for what the grid was measured wrong
    count = int((length - start) / period + SLACK)
    return max(start, 0.0), count, min(start + count * period, float(length))
