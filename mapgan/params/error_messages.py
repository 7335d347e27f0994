"""Error messages for wrong settings: one line with the path, what is wrong, and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from mapgan.params.root import Params

# Old names of settings, and the new ones that the message points to; there are no aliases.
RENAMED = {
    "evaluate.pictures": "evaluate.images",
    "machine.keep_states": "machine.keep_checkpoints",
    "prune.double_bits": "prune.duplicate_bits",
    "prune.double_turns": "prune.duplicate_rotations",
    "resize.fit": "resize.mode",
    "resize.pad_colour": "resize.pad_color",
    "resize.tiles_per_picture": "resize.tiles_per_image",
    "sample.tile": "sample.seamless",
    "scrape.demo.looks": "scrape.demo.styles",
    "scrape.gallery.max_pictures": "scrape.gallery.max_images",
    "scrape.gallery.pictures": "scrape.gallery.images",
    **{
        f"scrape.{source}.{name}": f"scrape.download.{name}"
        for source in ("gallery", "urls")
        for name in (
            *("delay", "timeout", "max_seconds", "retries", "max_retry_after", "max_mib", "max_megapixels"),
            *("max_failed", "allow_fewer", "allow_private", "opt_outs", "contact"),
        )
    },
    "train.augment_pictures": "train.augment_images",
    "train.evaluate_pictures": "train.evaluate_images",
    "train.label_smoothing": "train.real_label",
    "train.norm_batch": "train.ghost_batch",
    "train.snapshot_pictures": "train.snapshot_images",
    "train.turn": "train.rot90",
    "train.watch.roll_back_rate": "train.watch.roll_back_lr_factor",
    **{
        f"train.networks.{path}_maps": f"train.networks.{path}_channels"
        for path in (
            *("dcgan.generator", "dcgan.discriminator", "dcgan.max"),
            *("mapmaker.generator", "mapmaker.discriminator"),
            *("dcgan-modern.generator", "dcgan-modern.discriminator", "dcgan-modern.max", "dcgan-modern.last"),
        )
    },
}
RENAMED_VALUES = {
    "train.penalty_kind": {"difference": "finite-difference", "exact": "autograd", "interpolates": "wgan-gp"},
    "train.discriminator_passes": {"together": "joint", "apart": "separate"},
    "train.augment": {"colour": "color", "cut-out": "cutout", "turn": "rot90"},
}

KINDS = {
    "integer": "an integer",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table of settings",
}


def explain(error: ErrorDetails) -> str:
    """The message for an error of pydantic, without the name of the file."""
    path = ".".join(str(part) for part in error["loc"])
    if path in RENAMED:
        return f"{path}: renamed, it is {RENAMED[path]} now"
    if error["type"] == "extra_forbidden":
        return f"{path}: no such setting; nearest: {nearest(path, isinstance(error['input'], dict))}"
    if error["type"] == "invalid_key":
        return f"{path}: no such setting; names of settings are text"
    setting = ".".join(part for part in error["loc"] if isinstance(part, str))  # without the index in a list
    values = RENAMED_VALUES.get(setting, {})
    if isinstance(error["input"], str) and error["input"] in values:
        return f"{path}: {error['input']} was renamed, it is {values[error['input']]} now"
    if not path:
        return error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{path}: {error['input']!r} is {error['msg'].removeprefix('Value error, ')}"
    return f"{path}: {error['input']!r} is not allowed; allowed: {allowed(error)}"


def keys(section: type[BaseModel] = Params, prefix: str = "", sections: bool = False) -> Iterator[str]:
    """The paths of all settings, such as `train.batch_size`, or of all sections, such as `train.networks`."""
    for name, field in section.model_fields.items():
        path = prefix + (field.alias or name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from [path] * sections
            yield from keys(field.annotation, f"{path}.", sections)
        elif not sections:
            yield path


def nearest(path: str, section: bool = False) -> str:
    """The existing setting (or section) most similar to `path`; similarity of the last part counts twice."""
    candidates = list(keys(sections=section))
    last = path.rsplit(".", 1)[-1]

    def similarity(key: str) -> float:
        ratio = difflib.SequenceMatcher(None, key, path).ratio()
        return ratio + difflib.SequenceMatcher(None, key.rsplit(".", 1)[-1], last).ratio()

    return max(candidates, key=similarity)


def allowed(error: ErrorDetails) -> str:
    """The allowed values of a setting, from its JSON schema."""
    return describe(_schema_at([part for part in error["loc"] if isinstance(part, str)]))


def describe(schema: dict[str, Any]) -> str:
    """A JSON schema as text: 'an integer from 16 to 2048'."""
    if "enum" in schema or "const" in schema:
        return "one of " + ", ".join(map(str, schema.get("enum", [schema.get("const")])))
    if schema.get("auto"):
        return f"{describe({**schema, 'auto': False})}, or auto"
    words = KINDS.get(schema.get("type", ""), "a value of another type")
    if schema.get("type") == "array":
        return f"{words}, each {describe(schema['items'])}"
    if "minimum" in schema and "maximum" in schema:
        return f"{words} from {schema['minimum']:g} to {schema['maximum']:g}"
    limits = [
        f"{limit} {schema[key]:g}"
        for key, limit in [
            ("minimum", "of at least"),
            ("exclusiveMinimum", "above"),
            ("maximum", "of at most"),
            ("exclusiveMaximum", "below"),
        ]
        if key in schema
    ]
    if "pattern" in schema:
        limits.append(f"that matches {schema['pattern']}")
    if schema.get("minLength"):
        limits.append("that is not empty")
    return " ".join([words, " and ".join(limits)]).rstrip()


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
