"""The alarms as the template has them: CloudFormation does not notice when somebody makes one of them silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from deploy.difference import Difference
from deploy.messages import resolved
from deploy.place import Place
from deploy.stack import Template

Settings = dict[str, Any]

_TOLD = ("AlarmActions", "OKActions")  # whom somebody added stays


def alarm_differences(place: Place, template: Template) -> Iterator[Difference]:
    """Every alarm that watches something else, or tells somebody else; one that is missing is told by the check."""
    pages = place.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=place.prefix)
    found = {one["AlarmName"]: one for page in pages for one in page["MetricAlarms"]}
    for resource in resolved(template["Resources"], place).values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            wanted = resource["Properties"]
            has = found.get(wanted["AlarmName"])
            if has is not None:
                yield from _alarm(place, wanted, has)


def _alarm(place: Place, wanted: Settings, has: Mapping[str, Any]) -> Iterator[Difference]:
    name, client = wanted["AlarmName"], place.client("cloudwatch")
    told = {key: sorted({*has.get(key, ()), *wanted[key]}) for key in _TOLD}
    if any(sorted(has.get(key, ())) != told[key] for key in _TOLD) or any(
        has.get(key) != value for key, value in wanted.items() if key not in {*_TOLD, "AlarmDescription"}
    ):
        whole = partial(client.put_metric_alarm, **{**wanted, **told}, ActionsEnabled=True)
        yield Difference(f"alarm {name}: what it watches and whom it tells", whole)
    elif not has["ActionsEnabled"]:
        yield Difference(f"alarm {name}: tells somebody", partial(client.enable_alarm_actions, AlarmNames=[name]))
