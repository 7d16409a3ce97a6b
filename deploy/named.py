"""What the settings of a stage name in AWS, and by which permission a function reaches it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.model.policy_place import policy_place
from deploy.faults import DeploymentFault, doing
from deploy.place import Place

if TYPE_CHECKING:  # which asks for what is named
    from deploy.configuration import Configuration

_SUFFIX = "-??????"  # Secrets Manager adds a hyphen and six characters to a name (its user guide, IAM examples)


@dataclass(frozen=True)
class Named:
    """One permission that a function needs because of a setting; ``arn`` may have wildcards in it."""

    setting: str
    function: str
    action: str
    arn: str


def named_things(configuration: Configuration, place: Place, *, ask: bool) -> Iterator[Named]:
    """All that is named by name; a file of the bundle needs no permission.

    AppConfig is reached by ids, which only AWS knows: without ``ask`` any id will do.
    """
    settings = configuration.settings
    policy = tuple(_of_policy(settings.get("NETREFLEX_POLICY", ""), place, ask=ask))
    role = settings.get("NETREFLEX_MEMBER_ROLE", "")
    for function in configuration.functions:
        yield from (Named("NETREFLEX_POLICY", function, action, arn) for action, arn in policy)
        if role:
            there = f"arn:{place.partition}:iam::*:role/{role}"  # which accounts, the policy says, and it may change
            yield Named("NETREFLEX_MEMBER_ROLE", function, "sts:AssumeRole", there)
    yield from _of_slack(settings.get("NETREFLEX_SLACK_SECRET", ""), place)


def _of_policy(source: str, place: Place, *, ask: bool) -> Iterator[tuple[str, str]]:
    named = policy_place(source)
    match named.where.partition(":"):
        case ("ssm", _, name):
            yield "ssm:GetParameter", _parameter(place, name)
        case ("s3", _, path):
            action = "s3:GetObjectVersion" if named.version else "s3:GetObject"
            yield action, f"arn:{place.partition}:s3:::{path.removeprefix('//')}"
        case ("appconfig", _, path):
            ids = _ids(place, path) if ask else ("*", "*", "*")
            arn = place.arn("appconfig", "application/{}/environment/{}/configuration/{}".format(*ids))
            yield "appconfig:StartConfigurationSession", arn
            yield "appconfig:GetLatestConfiguration", arn
        case _:
            return  # a file of the bundle


def _of_slack(secret: str, place: Place) -> Iterator[Named]:
    if secret.startswith("arn:"):
        action, arn = "sns:Publish", secret
    elif secret.startswith(("ssm:", "/")):
        action, arn = "ssm:GetParameter", _parameter(place, secret.removeprefix("ssm:").partition(":")[0])
    else:
        action, arn = "secretsmanager:GetSecretValue", place.arn("secretsmanager", f"secret:{secret}{_SUFFIX}")
    if secret:
        yield Named("NETREFLEX_SLACK_SECRET", "notify", action, arn)


def _parameter(place: Place, name: str) -> str:
    return place.arn("ssm", f"parameter/{name.removeprefix('/')}")


def _ids(place: Place, path: str) -> tuple[str, str, str]:
    """The ids of an application, an environment and a profile, each named by its name or its id (AppConfig takes either)."""
    application, environment, profile = path.split("/")
    client = place.client("appconfig")

    def listed(operation: str, **where: str) -> Iterable[Mapping[str, Any]]:
        pages = client.get_paginator(operation).paginate(**where)
        return [one for page in pages for one in page["Items"]]

    with doing("looking for the policy in AppConfig"):
        app = _id("application", application, listed("list_applications"))
        env = _id("environment", environment, listed("list_environments", ApplicationId=app))
        return app, env, _id("profile", profile, listed("list_configuration_profiles", ApplicationId=app))


def _id(kind: str, wanted: str, there: Iterable[Mapping[str, Any]]) -> str:
    ids = [str(one["Id"]) for one in there if wanted in {one["Id"], one["Name"]}]
    if len(ids) != 1:
        found = f"{len(ids)} that are called so; give its id" if ids else "none"
        raise DeploymentFault(f"NETREFLEX_POLICY names the {kind} {wanted} of AppConfig, and there is {found}")
    return ids[0]
