"""Pages: together they have the whole map, each fits its paper, and neighbours share what they should."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgan.export.page_plan import MARGIN, PAPERS, column_name, plan_pages


@given(st.floats(10, 3000), st.floats(10, 3000), st.sampled_from(sorted(PAPERS)), st.floats(0, 50))
def test_pages_cover_the_map(width: float, height: float, paper: str, overlap: float) -> None:
    plan = plan_pages(width, height, paper, overlap)
    assert sorted(plan.paper) == sorted(PAPERS[paper])
    assert len(plan.pages) == plan.columns * plan.rows
    for page in plan.pages:
        left, top, right, bottom = page.box
        assert 0 < right - left <= plan.paper[0] - 2 * MARGIN + 1e-6
        assert 0 < bottom - top <= plan.paper[1] - 2 * MARGIN + 1e-6
    first_row = plan.pages[: plan.columns]
    assert first_row[0].box[0] == 0
    assert first_row[-1].box[2] == width
    assert plan.pages[-1].box[3] == height
    for page, neighbour in itertools.pairwise(first_row):
        assert page.box[2] - neighbour.box[0] == pytest.approx(overlap, abs=1e-6)


def test_paper_lies_where_that_takes_fewer_pages() -> None:
    assert plan_pages(260, 180, "A4", 10).paper == (297.0, 210.0)
    assert plan_pages(180, 260, "A4", 10).paper == (210.0, 297.0)


def test_names_of_columns() -> None:
    assert [column_name(index) for index in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]
