"""The functions' policy files, read as statements: what is allowed, on what, to which functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy.faults import DeploymentFault

Json = dict[str, Any]

# Statements about netreflex's own table, topics, queues and logs: they mean nothing in another account.
AT_HOME = frozenset(
    {
        "WriteOwnLogs",
        "ReachMemberAccounts",
        "Remember",
        "FindOpenAlerts",
        "TellTheSecondTopic",
        "TellAmazonQ",
        "PublishAlerts",
        "LoseNothing",
        "ReadThePolicyFromParameterStore",
        "ReadThePolicyFromS3",
        "ReadThePolicyFromAppConfig",
        "FindQueues",
        "LookIntoDeadLetterQueues",
        "TakeAlerts",
        "ReadTheSlackSecret",
    }
)
_READ = re.compile(r"[a-z0-9-]+:(Describe|Get|List|Filter)[A-Za-z]*")
_OWN = re.compile(r"netreflex-\*-[a-z_]+:\*$")  # the function's own log group, which no two share


@dataclass(frozen=True)
class Statement:
    """One statement of policy files, and the functions in whose files it stands."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Any] | None
    functions: tuple[str, ...]

    def as_json(self) -> Json:
        statement: Json = {"Sid": self.sid, "Effect": "Allow", "Action": list(self.actions)}
        statement["Resource"] = self.resources[0] if len(self.resources) == 1 else list(self.resources)
        if self.condition:
            statement["Condition"] = dict(self.condition)
        return statement


def is_read(action: str) -> bool:
    return bool(_READ.fullmatch(action))


def read_policies(directory: Path) -> dict[str, tuple[Statement, ...]]:
    """The statements of each function's file."""
    named = ((path, path.stem.removeprefix("policy-")) for path in sorted(directory.glob("policy-*.json")))
    return {function: read_policy(path, function) for path, function in named}


def read_policy(path: Path, function: str) -> tuple[Statement, ...]:
    """The statements of one file."""
    return tuple(_statement(one, function) for one in json.loads(path.read_text())["Statement"])


def statements_by_sid(directory: Path) -> dict[str, Statement]:
    """Every statement once, by Sid. One Sid says where and on what condition alike everywhere; actions are joined."""
    joined: dict[str, Statement] = {}
    for statement in _all(directory):
        known = joined.get(statement.sid)
        if known is None:
            joined[statement.sid] = statement
            continue
        if (_scope(known), known.condition) != (_scope(statement), statement.condition):
            raise DeploymentFault(f"Sid {statement.sid} has another scope in {statement.functions[0]} than elsewhere")
        joined[statement.sid] = replace(
            known,
            actions=tuple(dict.fromkeys([*known.actions, *statement.actions])),
            functions=(*known.functions, *statement.functions),
        )
    return joined


def _all(directory: Path) -> Iterator[Statement]:
    for statements in read_policies(directory).values():
        yield from statements


def _scope(statement: Statement) -> tuple[str, ...]:
    return tuple(_OWN.sub("netreflex-*-<function>:*", resource) for resource in statement.resources)


def _statement(found: Json, function: str) -> Statement:
    actions, resources = tuple(listed(found["Action"])), tuple(listed(found["Resource"]))
    return Statement(found.get("Sid", ""), actions, resources, found.get("Condition"), (function,))


def listed(value: str | Sequence[str]) -> list[str]:
    """What a policy may say as one word or as a list of them."""
    return [value] if isinstance(value, str) else list(value)
