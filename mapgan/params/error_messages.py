"""One line about a wrong setting: its path, what is wrong, what is allowed, and the nearest key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from mapgan.params.root import Params

KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table of settings",
}


def explain(error: ErrorDetails) -> str:
    """The line for one of pydantic's errors, without the file's name."""
    path = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{path}: no such setting; nearest: {nearest(path, isinstance(error['input'], dict))}"
    if error["type"] == "invalid_key":
        return f"{path}: no such setting; the names of settings are words"
    if not path:
        return error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{path}: {error['input']!r} is {error['msg'].removeprefix('Value error, ')}"
    return f"{path}: {error['input']!r} is not allowed; allowed: {allowed(error)}"


def keys(section: type[BaseModel] = Params, prefix: str = "", sections: bool = False) -> Iterator[str]:
    """The path of every setting, `train.batch_size` and the like; or of every section, `train.networks`."""
    for name, field in section.model_fields.items():
        path = prefix + (field.alias or name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from [path] * sections
            yield from keys(field.annotation, f"{path}.", sections)
        elif not sections:
            yield path


def nearest(path: str, section: bool = False) -> str:
    """The existing key (or section) most like `path`; one whose last part fits wins over one beside it."""
    everything = list(keys(sections=section))
    last = path.rsplit(".", 1)[-1]

    def likeness(key: str) -> float:
        ratio = difflib.SequenceMatcher(None, key, path).ratio()
        return ratio + difflib.SequenceMatcher(None, key.rsplit(".", 1)[-1], last).ratio()

    return max(everything, key=likeness)


def allowed(error: ErrorDetails) -> str:
    """What the setting may be, read off its own schema."""
    return describe(_schema_at([part for part in error["loc"] if isinstance(part, str)]))


def describe(schema: dict[str, Any]) -> str:
    """A JSON schema in words: 'a whole number from 16 to 2048'."""
    if "enum" in schema or "const" in schema:
        return "one of " + ", ".join(map(str, schema.get("enum", [schema.get("const")])))
    words = KINDS.get(schema.get("type", ""), "a value of another kind")
    if schema.get("type") == "array":
        return f"{words}, each {describe(schema['items'])}"
    limits = [
        f"{word} {schema[key]:g}"
        for key, word in [
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
            ("exclusiveMaximum", "below"),
        ]
        if key in schema
    ]
    if "pattern" in schema:
        limits.append(f"of the form {schema['pattern']}")
    if schema.get("minLength"):
        limits.append("that is not empty")
    return " ".join([words, *limits])


def _schema_at(path: list[str]) -> dict[str, Any]:
    whole = Params.model_json_schema(by_alias=True)
    schema: dict[str, Any] = whole
    for part in path:
        schema = schema["properties"][part]
        if "$ref" in schema:
            schema = whole["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if schema.get("type") == "array" and "$ref" in schema["items"]:
        schema = {**schema, "items": whole["$defs"][schema["items"]["$ref"].rsplit("/", 1)[-1]]}
    return schema
