"""Asking an API that answers in JSON. What comes back is a stranger's: of any size, kind and nesting."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mapgan.collect.addresses import UnavailableError
from mapgan.collect.client import Client

Parameters = Mapping[str, str | int | list[str]]
ANSWER_BYTES = 8 << 20  # the largest real ones are lists of 100 posts with their text, below 2 MiB


@dataclass(frozen=True)
class Answer:
    """What an API answered.

    Attributes:
        data: as `json` reads it: None, a number, a text, a list or a table.
        headers: those of the response, by their names in any case.
        words: what the response says to crawlers (see `opt_outs`).
    """

    data: Any
    headers: Mapping[str, str]
    words: frozenset[str]


def ask(client: Client, url: str) -> Answer:
    """The answer to a request.

    Raises:
        UnavailableError: there is none, it is larger than 8 MiB, or it is not JSON.
    """
    body = io.BytesIO()
    fetched = client.fetch(url, body, "data", ANSWER_BYTES)
    try:
        return Answer(json.loads(body.getvalue()), fetched.headers, fetched.words)
    except (ValueError, RecursionError):
        raise UnavailableError("not JSON", 200) from None


def with_query(url: str, parameters: Parameters) -> str:
    """`url` with these parameters in its query; those that it has under the same names are replaced."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, True) if name not in parameters]
    return urlunsplit(
        parts._replace(query=urlencode([*kept, *parameters.items()], doseq=True, errors="replace"), fragment="")
    )


def table(value: Any) -> dict[str, Any]:
    """`value` if it is a table, else an empty one: PHP writes an empty table as a list."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """A text or number as text; empty for anything else."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
