"""What Chalice cannot set: where an event goes that a function or a rule has given up, and how long they try.

``chalice deploy`` also resets the targets of its rules, so this runs after every one of them. What CloudFormation set is looked
at as well: it does not notice when somebody changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from deploy.alarms import alarm_differences
from deploy.boundary import boundary_differences
from deploy.declared import Function, WokenBy
from deploy.difference import Difference
from deploy.faults import doing
from deploy.messages import message_differences
from deploy.place import Place
from deploy.resources import resources_template
from deploy.tracing import tracing_differences
from deploy.waking import sleeping

Settings = dict[str, Any]

# A sweep comes again by itself within minutes, so an old one is not worth keeping; an event comes once.
INVOCATION: dict[WokenBy, Settings] = {
    WokenBy.EVENT: {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21_600},
    WokenBy.SCHEDULE: {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 300},
    WokenBy.QUEUE: {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21_600},  # only where people invoke it
}
DELIVERY: dict[WokenBy, Settings] = {
    WokenBy.EVENT: {"MaximumRetryAttempts": 24, "MaximumEventAgeInSeconds": 3_600},
    WokenBy.SCHEDULE: {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 300},
}


def differences(
    place: Place, functions: Sequence[Function], *, tracing: bool, boundary: str = ""
) -> Iterator[Difference]:
    """Everything to be written; nothing where all is as it should be."""
    yield from boundary_differences(place, functions, boundary)
    yield from _table(place)
    template = resources_template([function.name for function in functions])
    yield from message_differences(place, template)
    yield from alarm_differences(place, template)
    for function in functions:
        yield from sleeping(place, function)
        yield from _invocation(place, function)
        yield from _delivery(place, function)
    # At the end: a function is busy for some seconds after a change of its configuration.
    yield from tracing_differences(place, functions, on=tracing)


def apply_safeguards(place: Place, functions: Sequence[Function], say: Callable[[str], None], *, tracing: bool) -> int:
    """Write what differs; how many things did."""
    return mend("setting where failed events go", differences(place, functions, tracing=tracing), say)


def mend(what: str, found: Iterable[Difference], say: Callable[[str], None]) -> int:
    """Write all of it, and say each thing once it is written."""
    count = 0
    with doing(what):
        for difference in found:
            difference.mend()
            say(f"  set: {difference.what}")
            count += 1
    return count


def wanted_invocation(place: Place, function: Function) -> Settings:
    failed = {"OnFailure": {"Destination": place.queue_arn("dead-letters")}}
    return {**INVOCATION[function.woken_by], "DestinationConfig": failed}


def wanted_delivery(place: Place, function: Function) -> Settings:
    return {
        "DeadLetterConfig": {"Arn": place.queue_arn("dead-letters")},
        "RetryPolicy": DELIVERY[function.woken_by],
    }


def _invocation(place: Place, function: Function) -> Iterator[Difference]:
    client, name = place.client("lambda"), place.name(function.name)
    wanted = wanted_invocation(place, function)
    try:
        found = client.get_function_event_invoke_config(FunctionName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        found = {}
    has = {key: found.get(key) for key in wanted}
    has["DestinationConfig"] = {"OnFailure": (has["DestinationConfig"] or {}).get("OnFailure")}
    if has != wanted:
        yield Difference(
            f"function {name}: retries, age of events, on-failure destination",
            lambda: client.put_function_event_invoke_config(FunctionName=name, **wanted),
        )


def _delivery(place: Place, function: Function) -> Iterator[Difference]:
    if not function.rule:
        return
    client, rule = place.client("events"), place.name(function.rule)
    wanted = wanted_delivery(place, function)
    try:
        targets = client.list_targets_by_rule(Rule=rule)["Targets"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return  # the check tells that the rule is missing
    short = [target for target in targets if {key: target.get(key) for key in wanted} != wanted]
    if short:
        yield Difference(f"rule {rule}: dead-letter queue, retries", lambda: _put(client, rule, short, wanted))


def _put(client: Any, rule: str, targets: Sequence[Settings], wanted: Settings) -> None:  # noqa: ANN401
    answer = client.put_targets(Rule=rule, Targets=[{**target, **wanted} for target in targets])
    if answer.get("FailedEntryCount"):
        first = answer["FailedEntries"][0]
        error = {"Error": {"Code": first.get("ErrorCode", ""), "Message": first.get("ErrorMessage", "")}}
        raise ClientError(error, "PutTargets")  # type: ignore[arg-type]


def _table(place: Place) -> Iterator[Difference]:
    """The table outlives its stack, so what protects it is looked at by itself."""
    client, table = place.client("dynamodb"), place.name("state")
    try:
        ttl = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return  # the check tells that the table is missing
    if ttl.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
        wanted = {"Enabled": True, "AttributeName": "expires"}
        yield Difference(
            f"table {table}: items expire",
            lambda: client.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted),
        )
    backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    if backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") != "ENABLED":
        on = {"PointInTimeRecoveryEnabled": True}
        yield Difference(
            f"table {table}: point-in-time recovery",
            lambda: client.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=on),
        )
