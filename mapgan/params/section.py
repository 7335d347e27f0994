"""The base of all sections of `params.yaml`.

The sentence under each setting is its documentation; it becomes the comment in `params.yaml`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """Strict and frozen: no unknown keys, no implicit conversions, no changes."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


Side = Annotated[int, Field(ge=16, le=2048)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
