"""The JSON Schema of the policy file: pydantic's, with the meaning, the written form and the default of every key.

Editors use it while a policy is written. It says what types, words and patterns can; ``parse_policy`` has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from chalicelib.intake.policy_faults import Findings
from chalicelib.intake.policy_keys import KEYS
from chalicelib.intake.policy_shape import adapter
from chalicelib.intake.policy_text import read_document
from chalicelib.intake.policy_values import in_file
from chalicelib.model import policy

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def build_schema() -> dict[str, Any]:
    definitions = adapter().json_schema()["$defs"]
    for name, definition in definitions.items():
        if "description" in definition:
            definition["description"] = definition["description"].replace("``", "`")
        if "properties" in definition:
            definition["properties"] = {
                key: _property(name, key, found) for key, found in definition["properties"].items()
            }
    root = definitions.pop("Policy")
    return {
        "$schema": DIALECT,
        "$id": "urn:netreflex:policy:1",
        **root,
        "title": "netreflex policy",
        "description": "What people allow netreflex to do. The reference is docs/policy.md.",
        "required": ["version"],
        "$defs": definitions,
    }


def _property(owner: str, key: str, found: Mapping[str, Any]) -> dict[str, Any]:
    known = KEYS[f"{owner}.{key}"]
    kept = {word: what for word, what in found.items() if word not in {"title", "default", "format"}}
    if "anyOf" in known.schema:
        kept.pop("anyOf")
    [default_of] = [f for f in fields(getattr(policy, owner)) if f.name == key]
    example = read_document(f"example: {known.like}", Findings())["example"]
    return {"description": known.says, **kept, **known.schema, **_default(default_of), "examples": [example]}


def _default(of: Field[Any]) -> dict[str, Any]:
    """What a key that is left out means; a section that is left out means the defaults of its own keys."""
    value = of.default_factory() if of.default_factory is not MISSING else of.default
    if value is MISSING or value is None or is_dataclass(value) or of.name == "version":
        return {}
    return {"default": _as_written(value)}


def _as_written(value: object) -> object:
    match value:
        case timedelta():
            return in_file(value)
        case StrEnum():
            return value.value
        case tuple():
            return [_as_written(item) for item in value]
        case _:
            return value
