"""The published JSON Schema agrees with the values of the model, with the reference, and with what is accepted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from chalicelib.intake.policy_file import json_schema
from chalicelib.intake.policy_keys import KEYS
from chalicelib.intake.policy_schema import DIALECT
from chalicelib.intake.policy_values import as_duration, in_file
from chalicelib.model import policy
from tests.intake.policies import GONE, ROOT, changed, example, faults_of
from tools.policy_schema import SCHEMA_FILE, main

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_itself_valid() -> None:
    assert SCHEMA["$schema"] == DIALECT
    assert {"$id", "title", "description"} <= set(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_committed_schema_is_current() -> None:
    assert main(["--check"]) == 0


def test_a_schema_that_is_not_current_is_told_and_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "policy.schema.json"
    assert main(["--check"], file) == 1
    assert main([], file) == 0
    assert main(["--check"], file) == 0
    assert file.read_bytes() == SCHEMA_FILE.read_bytes()
    assert main(["--force"], file) == 2


def test_the_example_is_valid_by_the_schema_too() -> None:
    VALIDATOR.validate(example())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("version", GONE),
        ("version", 2),
        ("colour", "red"),
        ("accounts", {"1": {"name": "x"}}),
        ("accounts.111122223333", {"name": ""}),
        ("regions", ["europe"]),
        ("peering.default", "approve"),
        ("peering.rules.0.decision", GONE),
        ("peering.rules.0.requester.account", "111122223333"),
        ("peering.rules.0.requester.accounts", ["dev"]),
        ("peering.rules.0.requester.cidrs_within", ["dev"]),
        ("peering.rules.0.routes.requester.tables", {"tags": {}}),
        ("peering.rules.0.routes.requester.tables", "some"),
        ("names.0.ttl", 0),
        ("names.0.zone_account", "dev"),
        ("vpn.grace", "5 minutes"),
        ("vpn.grace", 300),
        ("certificates.warn_fraction", 1),
        ("alerts.reminders.error", ["1w"]),
        ("alerts.mention", {"fatal": "<!here>"}),
        ("alerts.mention", {"error": "@here"}),
    ],
)
def test_what_the_schema_refuses_is_refused(place: str, value: object) -> None:
    document = changed((place, value))
    assert not VALIDATOR.is_valid(document)
    assert faults_of(document)


def _objects() -> list[tuple[str, dict[str, Any]]]:
    return [
        ("Policy", SCHEMA),
        *((name, found) for name, found in SCHEMA["$defs"].items() if found["type"] == "object"),
    ]


def test_no_mapping_of_fixed_keys_takes_others() -> None:
    assert all(found["additionalProperties"] is False for _, found in _objects())


def test_every_key_of_the_model_is_described_with_an_example_that_fits() -> None:
    described = {f"{owner}.{key}": found for owner, each in _objects() for key, found in each["properties"].items()}
    models = [model for model in vars(policy).values() if isinstance(model, type) and is_dataclass(model)]
    assert set(described) == set(KEYS) == {
        f"{model.__name__}.{key.name}"
        for model in models
        if model.__module__ == policy.__name__
        for key in fields(model)
    }  # fmt: skip
    for found in described.values():
        assert found["description"]
        [sample] = found["examples"]
        jsonschema.Draft202012Validator({**found, "$defs": SCHEMA["$defs"]}).validate(sample)
        if "default" in found:
            jsonschema.Draft202012Validator({**found, "$defs": SCHEMA["$defs"]}).validate(found["default"])


def test_defaults_are_written_as_the_file_writes_them() -> None:
    assert SCHEMA["$defs"]["VpnPolicy"]["properties"]["grace"]["default"] == "5m"
    assert SCHEMA["$defs"]["Reminders"]["properties"]["critical"]["default"] == ["1h", "4h", "1d"]
    assert SCHEMA["$defs"]["PeeringPolicy"]["properties"]["default"]["default"] == "hold"


@pytest.mark.parametrize("text", ["1s", "90s", "5m", "90m", "1h", "36h", "2d"])
def test_a_duration_is_written_in_its_largest_whole_unit(text: str) -> None:
    duration = as_duration(text)
    assert duration is not None
    assert in_file(duration) == text


def test_the_reference_has_a_row_for_every_key_with_its_default() -> None:
    reference = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in line.split("|")[1:4]) for line in reference.splitlines() if "|" in line]
    written = Counter((key, default) for key, _, default in rows if key.startswith("`"))
    assert written == Counter(
        (f"`{key}`", "required" if key in found.get("required", ()) else _in_reference(each.get("default")))
        for _, found in _objects()
        for key, each in found["properties"].items()
    )


def _in_reference(default: object) -> str:
    if default is None:
        return ""
    text = json.dumps(default).replace('"', "")
    return f"`{text}`"
