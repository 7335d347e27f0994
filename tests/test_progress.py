"""Progress bars."""

from __future__ import annotations

import pytest

from mapgan.progress import Bar


def test_a_bar_within_another_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar("walk", total=1) as outer:
        with Bar("draw", total=2) as inner:
            inner.advance(2)
        outer.advance()
    assert capsys.readouterr().err == "walk: 1/1\n"
    with Bar("draw", total=2) as alone:
        alone.advance(2)
    assert capsys.readouterr().err == "draw: 2/2\n"
