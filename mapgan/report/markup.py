"""The few pieces of HTML that sections are made of; texts are plain and escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def section(anchor: str, title: str, *parts: str) -> str:
    """A section with a heading; `parts` are HTML."""
    return f'<section id="{anchor}">\n<h2>{escape(title)}</h2>\n{"".join(parts)}</section>\n'


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph, which may have a class; empty for an empty text."""
    style = f' class="{kind}"' if kind else ""
    return f"<p{style}>{escape(text)}</p>\n" if text else ""


def heading(text: str) -> str:
    """A heading within a section."""
    return f"<h3>{escape(text)}</h3>\n"


def command(line: str, before: str = "Made by") -> str:
    """A command to copy, and a word before it."""
    return f'<div class="again"><span>{escape(before)}</span><pre>{escape(line)}</pre></div>\n'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table whose cells are HTML, and stack on a narrow screen; the columns `numbers` are aligned to the right."""
    kind = [' class="number"' if index in numbers else "" for index in range(len(heads))]
    head = "".join(f"<th{kind[index]}>{escape(text)}</th>" for index, text in enumerate(heads))
    lines = []
    for first, *others in rows:
        cells = "".join(
            f'<td{kind[index]} data-head="{escape(heads[index])}">{cell}</td>' if cell else "<td></td>"
            for index, cell in enumerate(others, 1)
        )
        lines.append(f"<tr><th>{first}</th>{cells}</tr>\n")
    return f'<table class="stacked"><thead><tr>{head}</tr></thead>\n{"".join(lines)}</table>\n'


def explained(name: str, about: str) -> str:
    """A name with a sentence under it."""
    return f"{escape(name)}<p>{escape(about)}</p>" if about else escape(name)


def count(number: int, what: str) -> str:
    """`1 map`, `3,120 maps`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
