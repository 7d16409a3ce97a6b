"""Templates with policies of event buses, which neither emulator's CloudFormation makes.

The template is filled in here as CloudFormation would do it (parameters, conditions, Ref and Fn::Sub, and its Rules), and its
statements are put on the bus with PutPermission, whose policies moto keeps whole and ministack does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

BUS_POLICY = "AWS::Events::EventBusPolicy"


class NotDeployable(Exception):
    """CloudFormation would refuse the template with these parameters."""


def has_bus_policies(template: Mapping[str, Any]) -> bool:
    return all(one["Type"] == BUS_POLICY for one in template["Resources"].values())


def bus_policy(template: Mapping[str, Any], given: Mapping[str, str], account: str, region: str) -> dict[str, Any]:
    """The policy document of the bus that the template names."""
    known: dict[str, Any] = {"AWS::Partition": "aws", "AWS::Region": region, "AWS::AccountId": account}
    for name, parameter in template["Parameters"].items():
        text = given.get(name, parameter.get("Default", ""))
        known[name] = text.split(",") if parameter["Type"] == "CommaDelimitedList" else text
    for rule in template.get("Rules", {}).values():
        for one in rule["Assertions"]:
            if not _filled(one["Assert"], known):
                raise NotDeployable(one["AssertDescription"])
    conditions = {name: _filled(one, known) for name, one in template.get("Conditions", {}).items()}
    made = [one for one in template["Resources"].values() if conditions.get(one.get("Condition"), True)]
    statements = [
        {"Sid": _filled(one["Properties"]["StatementId"], known), **_filled(one["Properties"]["Statement"], known)}
        for one in made
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _filled(value: Any, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    if not isinstance(value, dict):
        return value
    (name, given), *more = value.items()
    if more or name not in _FUNCTIONS:
        return {key: _filled(one, known) for key, one in value.items()}
    return _FUNCTIONS[name](given if name in {"Ref", "Fn::Sub"} else _filled(given, known), known)


def _substituted(text: str, known: Mapping[str, Any]) -> str:
    for name, one in known.items():
        text = text.replace(f"${{{name}}}", str(one))
    return text


_FUNCTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "Ref": lambda name, known: known[name],
    "Fn::Sub": _substituted,
    "Fn::Equals": lambda pair, _: pair[0] == pair[1],
    "Fn::Not": lambda one, _: not one[0],
    "Fn::And": lambda several, _: all(several),
    "Fn::Contains": lambda pair, _: pair[1] in pair[0],
}
