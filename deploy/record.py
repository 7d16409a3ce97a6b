"""Chalice's record of what it deployed, made anew from AWS.

Chalice writes ``.chalice/deployed/<stage>.json`` only after a full success, and without it makes some things a second time
and deletes nothing. As every name is known, what stands in AWS can be read back: a deployment that broke off, a fresh clone
and a pipeline without a disk all go on from what is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.faults import doing
from deploy.place import Place

Resource = dict[str, str]


def restore_record(project: Path, place: Place, functions: Iterable[str]) -> int:
    """Add to the record what is in AWS and not in it; how many entries were added. ``functions`` may have roles only."""
    path = project / ".chalice" / "deployed" / f"{place.stage}.json"
    known: list[dict[str, Any]] = json.loads(path.read_text())["resources"] if path.exists() else []
    names = {one["name"] for one in known}
    with doing("reading back what is deployed"):
        missing = [one for one in _standing(place, functions) if one["name"] not in names]
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        record = {"resources": [*known, *missing], "schema_version": "2.0", "backend": "api"}
        path.write_text(json.dumps(record, indent=2) + "\n")
    return len(missing)


def _standing(place: Place, functions: Iterable[str]) -> Iterator[Resource]:
    there = function_names(place)
    yield from _log_groups(place)
    yield from _roles(place, sorted({*there, *functions}))
    yield from _functions(place, there)
    yield from _rules(place)


def _log_groups(place: Place) -> Iterator[Resource]:
    pages = (
        place.client("logs")
        .get_paginator("describe_log_groups")
        .paginate(logGroupNamePrefix=f"/aws/lambda/{place.prefix}")
    )
    for group in (one["logGroupName"] for page in pages for one in page["logGroups"]):
        name = group.rpartition("/")[2].removeprefix(place.prefix)
        yield {"name": f"{name}-log-group", "resource_type": "log_group", "log_group_name": group}


def _roles(place: Place, functions: Iterable[str]) -> Iterator[Resource]:
    """Roles are asked for by name: listing an account's roles would need a permission for all of them."""
    iam = place.client("iam")
    for name in functions:
        try:
            role = iam.get_role(RoleName=place.name(name))["Role"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                raise
        else:
            yield {
                "name": f"{name}_role",
                "resource_type": "iam_role",
                "role_arn": role["Arn"],
                "role_name": role["RoleName"],
            }


def _functions(place: Place, functions: Iterable[str]) -> Iterator[Resource]:
    for name in functions:
        arn = place.arn("lambda", f"function:{place.name(name)}")
        yield {"name": name, "resource_type": "lambda_function", "lambda_arn": arn}
        for mapping in place.client("lambda").list_event_source_mappings(FunctionName=arn)["EventSourceMappings"]:
            yield {
                "name": f"{name}-sqs-event-source",
                "resource_type": "sqs_event",
                "queue_arn": mapping["EventSourceArn"],
                "event_uuid": mapping["UUID"],
                "queue": mapping["EventSourceArn"].rpartition(":")[2],
                "lambda_arn": arn,
            }


def _rules(place: Place) -> Iterator[Resource]:
    for rule in rule_names(place):
        yield {"name": rule.removeprefix(place.prefix), "resource_type": "cloudwatch_event", "rule_name": rule}


def function_names(place: Place) -> list[str]:
    """The short names of the functions that are deployed."""
    pages = place.client("lambda").get_paginator("list_functions").paginate()
    found = [one["FunctionName"] for page in pages for one in page["Functions"]]
    return sorted(name.removeprefix(place.prefix) for name in found if name.startswith(place.prefix))


def rule_names(place: Place) -> list[str]:
    """The full names of the rules that are there."""
    pages = place.client("events").get_paginator("list_rules").paginate(NamePrefix=place.prefix)
    return sorted(rule["Name"] for page in pages for rule in page["Rules"])
