"""Policy files for tests: the documented example, with one thing changed."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import yaml

from chalicelib.intake.policy_file import Fault, PolicyFaults, parse_policy

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "docs" / "policy.example.yaml").read_text(encoding="utf-8")
GONE = object()  # stands for a key that is taken out


def example() -> dict[str, Any]:
    """The example as plain values, free to change."""
    document: dict[str, Any] = yaml.safe_load(EXAMPLE)
    return document


def changed(*changes: tuple[str, object]) -> dict[str, Any]:
    """The example with values set at dotted paths, such as ``peering.rules.0.name``."""
    document = example()
    for path, value in changes:
        [*above, last] = path.split(".")
        place: Any = document
        for part in above:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if value is GONE:
            del place[last]
        elif isinstance(place, list):
            place[int(last) :] = [copy.deepcopy(value)]
        else:
            place[last] = copy.deepcopy(value)
    return document


def faults_of(policy: str | dict[str, Any]) -> tuple[Fault, ...]:
    """All faults of a policy, given as text or as plain values; none where it is valid."""
    try:
        parse_policy(policy if isinstance(policy, str) else json.dumps(policy))
    except PolicyFaults as error:
        return error.faults
    return ()


def told(faults: tuple[Fault, ...], path: str) -> str:
    """Everything that is said of one path."""
    return "\n".join(sentence(fault) for fault in faults if fault.path == path)


def sentence(fault: Fault) -> str:
    """What a fault says, without the name of the rule or entry that it is in."""
    wrong = re.sub(r" \((rule|name) '[^']*'\)$", "", fault.wrong)
    return f"{wrong}; {fault.right}"
