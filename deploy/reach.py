"""Whether the functions' roles reach what the settings name. The person who deploys usually reaches more."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deploy.permissions import Statement, read_policies
from deploy.place import Place

if TYPE_CHECKING:  # which asks for these faults
    from deploy.configuration import Configuration


def reach_faults(configuration: Configuration, place: Place) -> list[str]:
    """One sentence for each setting that names something which a function could not read or tell."""
    policies = read_policies(configuration.project / ".chalice")
    short: dict[tuple[str, str, str], list[str]] = {}
    for setting, function, action, arn in _needs(configuration, place):
        statements = policies.get(configuration.role_policy(function).stem.removeprefix("policy-"), ())
        if not _allowed(statements, action, arn):
            short.setdefault((setting, action, arn), []).append(function)
    return [
        f"{setting}: {action} on {arn} is not allowed to {', '.join(functions)}; take a name that docs/permissions.md "
        "shows, or allow it in .chalice/policy-*.json"
        for (setting, action, arn), functions in short.items()
    ]


def _needs(configuration: Configuration, place: Place) -> Iterator[tuple[str, str, str, str]]:
    """(setting, function, action, ARN) for what is named by name; a path of the bundle and AppConfig's names need none."""
    policy = configuration.settings.get("NETREFLEX_POLICY", "")
    for function in configuration.functions:
        if policy.startswith("ssm:"):
            yield "NETREFLEX_POLICY", function, "ssm:GetParameter", _parameter(place, policy)
        if policy.startswith("s3://"):
            key, _, version = policy.removeprefix("s3://").partition("?versionId=")
            action = "s3:GetObjectVersion" if version else "s3:GetObject"
            yield "NETREFLEX_POLICY", function, action, f"arn:{place.partition}:s3:::{key}"
    secret = configuration.settings.get("NETREFLEX_SLACK_SECRET", "")
    if secret.startswith("arn:"):
        yield "NETREFLEX_SLACK_SECRET", "notify", "sns:Publish", secret
    elif secret.startswith(("ssm:", "/")):
        yield "NETREFLEX_SLACK_SECRET", "notify", "ssm:GetParameter", _parameter(place, secret)
    elif secret:
        arn = place.arn("secretsmanager", f"secret:{secret}-AbCdEf")  # AWS adds six characters to the name
        yield "NETREFLEX_SLACK_SECRET", "notify", "secretsmanager:GetSecretValue", arn


def _parameter(place: Place, name: str) -> str:
    bare = name.removeprefix("ssm:").partition(":")[0]  # without its version
    return place.arn("ssm", f"parameter/{bare.removeprefix('/')}")


def _allowed(statements: tuple[Statement, ...], action: str, arn: str) -> bool:
    return any(
        action in one.actions and any(fnmatchcase(arn, resource) for resource in one.resources) for one in statements
    )
