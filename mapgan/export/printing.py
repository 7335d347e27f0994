"""Maps on paper, true to scale: a PDF of pages to glue together, or of one page of the map's own size."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mapgan.errors import MapganError
from mapgan.export.grid_lines import WIDTH, grid_lines
from mapgan.export.page_plan import MARGIN, Box, Page, PagePlan, plan_pages
from mapgan.export.pictures import encoded
from mapgan.export.square_map import SquareMap
from mapgan.params import Export
from mapgan.params.exporting import parse_color, parse_offset
from mapgan.progress import Bar

if TYPE_CHECKING:
    from fpdf import FPDF

INCH = 25.4  # mm
SQUARES = {"1in": INCH, "25mm": 25.0}  # side of a square, mm
LONGEST = 200 * INCH  # mm, the longest side of a page in a PDF
MARK, GAP = 6.0, 1.5  # mm: length of a crop mark, and its distance from the corner
HAIRLINE = 0.2  # mm
RULER = 100.0  # mm, to check the printer's scale
DATE = datetime(2000, 1, 1, tzinfo=UTC)  # a fixed one: equal maps give equal files


def pages_pdf(drawing: SquareMap, title: str, settings: Export) -> bytes:
    """A PDF of a page map and the pages, with overlap and crop marks.

    Raises:
        MapganError: fpdf2 is not installed.
    """
    side = SQUARES[settings.square]
    plan = plan_pages(drawing.columns * side, drawing.rows * side, settings.paper, settings.overlap)
    pdf = _new_pdf(title)
    _page_map(pdf, drawing, plan, title, settings)
    with Bar("pages", total=len(plan.pages)) as bar:
        for page in plan.pages:
            pdf.add_page(format=plan.paper)
            _part(pdf, drawing, page.box, (MARGIN, MARGIN), settings)
            _crop_marks(pdf, page)
            place = f"{_latin(title)}, page {page.name} of {plan.columns} x {plan.rows}; a square is {settings.square}"
            pdf.text(MARGIN + MARK + 2, MARGIN - 4, place)
            bar.advance(note=page.name)
    return bytes(pdf.output())


def poster_pdf(drawing: SquareMap, title: str, settings: Export) -> bytes:
    """A PDF of one page that is as large as the map.

    Raises:
        MapganError: fpdf2 is not installed, or the map is larger than a page of a PDF can be.
    """
    side = SQUARES[settings.square]
    width, height = drawing.columns * side, drawing.rows * side
    if max(width, height) > LONGEST:
        raise MapganError(
            f"poster: {width / INCH:.0f} x {height / INCH:.0f} inches, where a PDF's page has {LONGEST / INCH:.0f}",
            "export pdf, which is many pages",
        )
    pdf = _new_pdf(title)
    pdf.add_page(format=(width, height))
    _part(pdf, drawing, (0.0, 0.0, width, height), (0.0, 0.0), settings)
    return bytes(pdf.output())


def _new_pdf(title: str) -> FPDF:
    try:
        from fpdf import FPDF  # late: an extra
    except ImportError:
        raise MapganError("pdf: fpdf2 is not installed", 'pip install "mapgan[print]"') from None
    pdf = FPDF(unit="mm")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.set_creation_date(DATE)
    pdf.set_title(_latin(title))
    pdf.set_font("Helvetica", size=8)
    pdf.set_line_width(HAIRLINE)
    return pdf


def _part(pdf: FPDF, drawing: SquareMap, box: Box, place: tuple[float, float], settings: Export) -> None:
    """Draw the part of the map in `box` (mm) with its top left corner at `place`."""
    side = SQUARES[settings.square]
    left, top, right, bottom = box
    pixels = round(settings.dpi * side / INCH)
    picture = drawing.resized(pixels, (left / side, top / side, right / side, bottom / side))
    content = io.BytesIO(encoded(picture, "jpeg", settings.dpi))
    pdf.image(content, *place, right - left, bottom - top)
    if settings.grid == "none":
        return
    with (
        pdf.rect_clip(*place, right - left, bottom - top),
        pdf.local_context(stroke_opacity=settings.grid_opacity, line_width=WIDTH * side),
    ):
        pdf.set_draw_color(*parse_color(settings.grid_color))
        for line in grid_lines(settings.grid, drawing.columns, drawing.rows, parse_offset(settings.grid_offset)):
            pdf.polyline([(x * side - left + place[0], y * side - top + place[1]) for x, y in line])


def _crop_marks(pdf: FPDF, page: Page) -> None:
    """Two short lines outside of each corner, on which to lay the ruler."""
    left, top, right, bottom = page.box
    for x, outward in ((MARGIN, -1), (MARGIN + right - left, 1)):
        for y, up in ((MARGIN, -1), (MARGIN + bottom - top, 1)):
            pdf.line(x + outward * GAP, y, x + outward * (GAP + MARK), y)
            pdf.line(x, y + up * GAP, x, y + up * (GAP + MARK))


def _page_map(pdf: FPDF, drawing: SquareMap, plan: PagePlan, title: str, settings: Export) -> None:
    """The first page: how the others lie, and a ruler."""
    pdf.add_page(format=plan.paper)
    side = SQUARES[settings.square]
    width, height = drawing.columns * side, drawing.rows * side
    room = plan.paper[0] - 2 * MARGIN, plan.paper[1] - 2 * MARGIN - 40
    scale = min(room[0] / width, room[1] / height)
    pixels = max(1, round(settings.dpi / INCH * side * scale))
    content = io.BytesIO(encoded(drawing.resized(pixels), "jpeg", settings.dpi))
    top = MARGIN + 40
    pdf.image(content, MARGIN, top, width * scale, height * scale)
    pdf.set_font("Helvetica", size=14)
    pdf.text(MARGIN, MARGIN + 5, _latin(title))
    pdf.set_font("Helvetica", size=8)
    squares = f"{drawing.columns} x {drawing.rows} squares of {settings.square}"
    shared = f"neighbours share {settings.overlap:g} mm" if len(plan.pages) > 1 else "one page"
    pdf.text(MARGIN, MARGIN + 11, f"{squares} on {plan.columns} x {plan.rows} pages of {settings.paper}; {shared}.")
    pdf.text(MARGIN, MARGIN + 16, "Print at 100 %, not fitted to the page. Cut two sides at the crop marks, and glue.")
    _ruler(pdf, MARGIN, MARGIN + 22)
    pdf.set_draw_color(230, 30, 120)
    for page in plan.pages:
        left, upper, right, lower = (number * scale for number in page.box)
        pdf.rect(MARGIN + left, top + upper, right - left, lower - upper)
        _label(pdf, page.name, MARGIN + (left + right) / 2, top + (upper + lower) / 2)
    pdf.set_draw_color(0)


def _ruler(pdf: FPDF, x: float, y: float) -> None:
    pdf.line(x, y, x + RULER, y)
    for step in range(int(RULER // 10) + 1):
        pdf.line(x + 10 * step, y, x + 10 * step, y + (3 if step % 5 == 0 else 2))
    pdf.text(x, y + 7, f"This ruler is {RULER:g} mm long, if the scale is right.")


def _label(pdf: FPDF, text: str, x: float, y: float) -> None:
    """A page's name on white."""
    width = pdf.get_string_width(text) + 2
    pdf.set_fill_color(255)
    pdf.rect(x - width / 2, y - 2.5, width, 4, style="F")
    pdf.text(x - width / 2 + 1, y + 0.7, text)


def _latin(text: str) -> Any:
    """The text in the letters that a PDF's own fonts have."""
    return text.encode("latin-1", "replace").decode("latin-1")
