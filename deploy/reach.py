"""Whether the functions' roles reach what the settings name. The person who deploys usually reaches more."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deploy.named import named_things
from deploy.permissions import Statement, read_policy
from deploy.place import Place

if TYPE_CHECKING:  # which asks for these faults
    from deploy.configuration import Configuration


def reach_faults(configuration: Configuration, place: Place) -> list[str]:
    """One sentence for each setting that names something which a function could not read or tell."""
    policies = {one: read_policy(configuration.pattern(one), one) for one in configuration.functions}
    short: dict[tuple[str, str, str], list[str]] = {}
    for one in named_things(configuration, place, ask=False):
        entering_none = one.setting == "NETREFLEX_MEMBER_ROLE" and not _may(policies[one.function], one.action)
        if not entering_none and not _allowed(policies[one.function], one.action, one.arn):
            short.setdefault((one.setting, one.action, one.arn), []).append(one.function)
    return [
        f"{setting}: {action} on {arn} is not allowed to {', '.join(functions)}; take a name that docs/permissions.md "
        "shows, or allow it in .chalice/policy-*.json"
        for (setting, action, arn), functions in short.items()
    ]


def _may(statements: tuple[Statement, ...], action: str) -> bool:
    return any(action in one.actions for one in statements)


def _allowed(statements: tuple[Statement, ...], action: str, arn: str) -> bool:
    return any(
        action in one.actions and any(fnmatchcase(arn, resource) for resource in one.resources) for one in statements
    )
