"""Reads a stage back from AWS and says what is missing or is not as it should be. It writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from deploy.configuration import Configuration
from deploy.declared import Function
from deploy.faults import doing
from deploy.hub_account import hub_account_faults
from deploy.inventory import absent
from deploy.place import Place
from deploy.resources import resources_template
from deploy.roles import inline_policy
from deploy.safeguards import differences
from deploy.stack import Stack
from deploy.stage_roles import pattern_faults, stage_roles, stale_roles
from deploy.waking import waking_faults

_UNCONFIRMED = "PendingConfirmation"  # SNS API reference, Subscription
_ABSENT = ("NotFound", "NoSuchEntity", "NonExistent", "ResourceNotFound")


def missing(place: Place, configuration: Configuration, functions: Sequence[Function]) -> list[str]:
    """One sentence for everything that is missing; empty where the stage is whole."""
    with doing("reading back what was deployed"):
        found = [*_resources(place, functions), *application_differences(place, configuration, functions)]
        unset = differences(place, functions, tracing=configuration.tracing, boundary=configuration.boundary)
        found += [f"not set: {one.what}" for one in unset]
        return [*found, *_subscription(place), *_role_files(place, configuration)]


def _resources(place: Place, functions: Sequence[Function]) -> Iterator[str]:
    """The stack, and that nothing in it was deleted by hand."""
    status = Stack(place, place.stack).status()
    if not status.endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")):
        yield f"stack {place.stack} is {status or 'not there'}"
        return
    template = resources_template([one.name for one in functions])
    yield from (f"{one.kind} {one.name} is missing" for one in absent(place, template))


def application_differences(place: Place, configuration: Configuration, functions: Sequence[Function]) -> list[str]:
    """What of Chalice's part is not as configured. What is told here, ``chalice deploy`` mends."""
    groups = _log_groups(place)
    return [
        line
        for function in functions
        for line in (*_function(place, configuration, function), *_logs(place, configuration, function, groups))
    ]


def _log_groups(place: Place) -> dict[str, int | None]:
    """The retention in days of the functions' log groups; None where they are kept for ever."""
    pages = place.client("logs").get_paginator("describe_log_groups")
    found = pages.paginate(logGroupNamePrefix=f"/aws/lambda/{place.prefix}")
    return {one["logGroupName"]: one.get("retentionInDays") for page in found for one in page["logGroups"]}


def _logs(
    place: Place, configuration: Configuration, function: Function, groups: Mapping[str, int | None]
) -> Iterator[str]:
    name = f"/aws/lambda/{place.name(function.name)}"
    wanted = configuration.of_function(function.name, "log_retention_in_days")
    if name not in groups:
        yield f"log group {name} is missing, and the function may not make it"
    elif wanted is not None and groups[name] != wanted:
        yield f"log group {name} is kept for {groups[name] or 'ever'} instead of {wanted} days"


def _function(place: Place, configuration: Configuration, function: Function) -> Iterator[str]:
    name, client = place.name(function.name), place.client("lambda")
    found = _or_none(lambda: client.get_function_configuration(FunctionName=name))
    if found is None:
        yield f"function {name} is missing"
        return
    wanted = {
        "Timeout": configuration.of_function(function.name, "lambda_timeout"),
        "MemorySize": configuration.of_function(function.name, "lambda_memory_size"),
    }
    for key, value in wanted.items():
        if value is not None and found[key] != value:
            yield f"function {name}: {key} is {found[key]}, and {value} is configured"
    if not configuration.settings.items() <= found.get("Environment", {}).get("Variables", {}).items():
        yield f"function {name} has other settings than are configured"
    yield from _concurrency(client, configuration, function, name)
    yield from _role(place, configuration, function)
    yield from waking_faults(place, function)


def _concurrency(client: Any, configuration: Configuration, function: Function, name: str) -> Iterator[str]:  # noqa: ANN401
    wanted = configuration.of_function(function.name, "reserved_concurrency")
    has = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    if wanted is not None and has != wanted:
        yield f"function {name}: reserved concurrency is {has}, and {wanted} is configured"


def _role(place: Place, configuration: Configuration, function: Function) -> Iterator[str]:
    name, file = place.name(function.name), configuration.role_policy(function.name)
    has = inline_policy(place, name, name)
    if has is None:
        yield f"role {name} or its policy is missing"
    elif file.exists() and has != json.loads(file.read_text()):  # where it is missing, that is told once
        yield f"role {name} does not have the permissions of {file.relative_to(configuration.project)}"


def _role_files(place: Place, configuration: Configuration) -> Iterator[str]:
    """Whether the files say what the patterns and the settings say by now."""
    faults = [*pattern_faults(configuration), *hub_account_faults(configuration.hub_account)]
    yield from faults or stale_roles(configuration, stage_roles(configuration, place))


def _subscription(place: Place) -> Iterator[str]:
    topic, queue = place.topic_arn("alerts"), place.queue_arn("notify")
    found = _or_none(lambda: place.client("sns").list_subscriptions_by_topic(TopicArn=topic))
    if found is not None and queue not in {one["Endpoint"] for one in found["Subscriptions"]}:
        yield f"queue {place.name('notify')} is not subscribed to topic {place.name('alerts')}"


def notes(place: Place, configuration: Configuration) -> Iterator[str]:
    """What people have to do themselves, and what they have not finished."""
    secret = configuration.settings.get("NETREFLEX_SLACK_SECRET", "")
    if secret and not secret.startswith(("ssm:", "/", "arn:")):
        there = _or_none(lambda: place.client("secretsmanager").describe_secret(SecretId=secret))
        if there is None:
            yield f"yours to do: make the secret {secret}; until then alerts wait in the queue (docs/alerts.md, `Setting up Slack`)"
    topic = place.topic_arn("fallback")
    found = _or_none(lambda: place.client("sns").list_subscriptions_by_topic(TopicArn=topic))
    if found is None:
        return
    arns = {one["SubscriptionArn"] for one in found["Subscriptions"]}
    if not arns:
        yield f"yours to do: subscribe a mailbox to {topic}: it hears when the road to Slack is broken, and the alarms"
    elif arns == {_UNCONFIRMED}:
        yield f"nobody hears {topic} yet: AWS has sent a mail that has to be confirmed"


def _or_none(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - an AWS answer
    """The answer, or None where what was asked for is not there."""
    try:
        return call()
    except ClientError as error:
        if any(word in error.response["Error"]["Code"] for word in _ABSENT):
            return None
        raise
