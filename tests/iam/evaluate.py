"""IAM's verdict on one action, resource and request context, as the IAM user guide describes the evaluation.

Strict on purpose: an operator that is not understood is an error of the test, never a guess. Not modelled: service control
policies, permission boundaries, session policies, NotPrincipal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


class NotUnderstood(Exception):
    """The policy uses something that this evaluator does not know."""


def like(pattern: str, text: str) -> bool:
    parts = ("." if one == "?" else ".*" if one == "*" else re.escape(one) for one in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _equals(wanted: str, has: str) -> bool:
    return wanted == has


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _equals,
    "StringNotEquals": _equals,
    "StringLike": like,
    "StringNotLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda wanted, has: wanted.lower() == has.lower(),
}


def listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def condition_holds(condition: Json | None, context: Json) -> bool:
    """Whether every key of every operator holds. ``context`` has lower-case keys."""
    return all(
        _one_holds(operator, key, listed(wanted), context.get(key.lower()))
        for operator, keys in (condition or {}).items()
        for key, wanted in keys.items()
    )


def _one_holds(operator: str, key: str, wanted: list[str], has: object) -> bool:
    qualifier, _, base = operator.rpartition(":")
    if base == "Null":
        return (has is None) == (wanted[0].lower() == "true")
    if base not in _COMPARE:
        raise NotUnderstood(f"condition operator {operator}")
    negated = "Not" in base
    if has is None:
        return negated or qualifier == "ForAllValues"
    hits = [any(_COMPARE[base](one, value) for one in wanted) for value in listed(has)]
    if qualifier == "ForAllValues":
        matched = all(hits)
    elif qualifier == "ForAnyValue":
        matched = any(hits)
    elif len(hits) == 1:
        matched = hits[0]
    else:
        raise NotUnderstood(f"{key} has several values: it needs ForAllValues or ForAnyValue")
    return matched != negated


def verdict(policy: Json, action: str, resource: str, context: Json) -> str:
    """What one identity policy says: ``allow``, ``deny``, or ``nothing``."""
    said = "nothing"
    for statement in policy["Statement"]:
        if not any(like(one.lower(), action.lower()) for one in listed(statement["Action"])):
            continue
        if not any(like(one, resource) for one in listed(statement["Resource"])):
            continue
        if condition_holds(statement.get("Condition"), context):
            if statement["Effect"] == "Deny":
                return "deny"
            said = "allow"
    return said


def grants(policy: Json, action: str, resource: str, context: Json) -> Iterator[tuple[str, str]]:
    """What in a policy allows it: the statement's Sid, and its own pattern for the resource."""
    for statement in policy["Statement"]:
        if action in listed(statement["Action"]) and condition_holds(statement.get("Condition"), context):
            yield from ((statement["Sid"], one) for one in listed(statement["Resource"]) if like(one, resource))


def lets_in(trust: Json, caller: str, context: Json) -> bool:
    """Whether a trust policy lets a role assume: named itself, or by its account, and every condition holds."""
    account = caller.split(":")[4]
    names = {caller, account, f"arn:aws:iam::{account}:root"}
    return any(
        statement["Effect"] == "Allow"
        and names & set(listed(statement["Principal"].get("AWS", [])))
        and condition_holds(statement.get("Condition"), context)
        for statement in trust["Statement"]
    )
