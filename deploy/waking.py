"""What wakes a function: its rule or its queue, as app.py declares it, and that it is let in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from deploy.declared import Function, WokenBy
from deploy.difference import Difference
from deploy.place import Place

_ABSENT = "ResourceNotFoundException"


def waking_faults(place: Place, function: Function) -> Iterator[str]:
    """What is not as declared. ``chalice deploy`` mends it."""
    if function.woken_by is WokenBy.QUEUE:
        if not _mappings(place, function):
            yield f"function {place.name(function.name)} does not take from {_queue_arn(place, function)}"
        return
    rule, events = place.name(function.rule), place.client("events")
    found = _or_none(lambda: events.describe_rule(Name=rule))
    if found is None:
        yield f"rule {rule} is missing"
        return
    if not events.list_targets_by_rule(Rule=rule)["Targets"]:
        yield f"rule {rule} has no target"
    if not _says(found, function):
        yield f"rule {rule} has another pattern or schedule than app.py declares"
    if not _lets_in(place, function):
        yield f"function {place.name(function.name)} does not let rule {rule} invoke it"


def sleeping(place: Place, function: Function) -> Iterator[Difference]:
    """What wakes the function and is switched off."""
    if function.woken_by is WokenBy.QUEUE:
        client = place.client("lambda")
        for mapping in _mappings(place, function):
            if mapping["State"] in {"Disabled", "Disabling"}:
                enable = partial(client.update_event_source_mapping, UUID=mapping["UUID"], Enabled=True)
                yield Difference(f"function {place.name(function.name)}: takes from its queue", enable)
        return
    events, rule = place.client("events"), place.name(function.rule)
    found = _or_none(lambda: events.describe_rule(Name=rule))
    if found is not None and found.get("State") == "DISABLED":
        yield Difference(f"rule {rule}: enabled", partial(events.enable_rule, Name=rule))


def _queue_arn(place: Place, function: Function) -> str:
    return place.queue_arn(function.queue.removeprefix(place.prefix))


def _mappings(place: Place, function: Function) -> list[dict[str, Any]]:
    arn, name = _queue_arn(place, function), place.name(function.name)
    answer = _or_none(lambda: place.client("lambda").list_event_source_mappings(FunctionName=name)) or {}
    return [one for one in answer.get("EventSourceMappings", ()) if one["EventSourceArn"] == arn]


def _says(found: dict[str, Any], function: Function) -> bool:
    if function.woken_by is WokenBy.SCHEDULE:
        return bool(found.get("ScheduleExpression") == function.when)
    return bool(json.loads(found.get("EventPattern") or "{}") == json.loads(function.when))


def _lets_in(place: Place, function: Function) -> bool:
    """Whether the function's own policy has a statement for the rule. EventBridge has no other way in."""
    name, rule = place.name(function.name), place.arn("events", f"rule/{place.name(function.rule)}")
    answer = _or_none(lambda: place.client("lambda").get_policy(FunctionName=name))
    return answer is not None and any(rule in json.dumps(one) for one in json.loads(answer["Policy"])["Statement"])


def _or_none(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - an AWS answer
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] != _ABSENT:
            raise
        return None
