"""Takes a stage out of AWS. The state table stays, unless that is asked for: it is the memory of what is whose."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import ClientError

from deploy.application import run_chalice
from deploy.configuration import Configuration
from deploy.faults import doing
from deploy.place import Place
from deploy.record import restore_record
from deploy.resources import table_template
from deploy.stack import Stack

Say = Callable[[str], None]


def remove(configuration: Configuration, place: Place, say: Say, *, keep_table: bool) -> None:
    """Functions, rules and roles, then the rest. What is gone already is no fault."""
    groups = _log_groups(place)
    restore_record(configuration.project, place, configuration.functions)
    if (configuration.project / ".chalice" / "deployed" / f"{place.stage}.json").exists():
        say("1/3 application: chalice delete")
        run_chalice(configuration, "delete")
    else:
        say("1/3 application: nothing there")
    _remove_log_groups(place, groups)
    stack = Stack(place, place.stack)
    if keep_table and stack.stands:
        say(f"2/3 stack: only the table {place.name('state')} is kept in {place.stack}")
        stack.ensure(table_template(), {"Stage": place.stage}, say)
        say("3/3 table: kept, with point-in-time recovery (KEEP_TABLE=no removes it)")
        return
    say(f"2/3 stack: {'removed' if stack.delete() else 'nothing there'}")
    say(f"3/3 table: {_remove_table(place) if not keep_table else 'kept'}")


def _log_groups(place: Place) -> list[str]:
    with doing("looking for log groups"):
        pages = (
            place.client("logs")
            .get_paginator("describe_log_groups")
            .paginate(logGroupNamePrefix=f"/aws/lambda/{place.prefix}")
        )
        return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def _remove_log_groups(place: Place, groups: list[str]) -> None:
    """Chalice leaves them, and takes their retention away: they would be kept, and paid for, for ever."""
    with doing("removing log groups"):
        for group in groups:
            try:
                place.client("logs").delete_log_group(logGroupName=group)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise


def _remove_table(place: Place) -> str:
    with doing("removing the state table"):
        try:
            place.client("dynamodb").delete_table(TableName=place.name("state"))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return "nothing there"
    return "removed"
