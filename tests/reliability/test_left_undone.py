"""What a sweep meets and cannot finish is told to people, as one alert, and so is its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.model.errors import NetreflexError
from demo.world import DATA
from tests.aws.faults import Fault
from tests.aws.local import HUB
from tests.lab import Lab
from tests.reliability.worlds import faulty, request

OVER = "netreflex finishes everything it sees again"


def told(lab: Lab) -> list[tuple[str, str]]:
    return [(one["status"], one["title"]) for one in lab.alerts() if one["kind"] == "automation"]


def swept(lab: Lab) -> None:
    try:
        lab.sweep()
    except NetreflexError as error:
        raise AssertionError(f"the sweep did not go on: {error}") from error


def test_a_request_that_cannot_be_remembered_is_told_until_it_can(lab: Lab) -> None:
    peering_id = request(lab)["VpcPeeringConnectionId"]
    lab.denied.add(("dynamodb:BatchWriteItem", HUB))
    swept(lab)
    swept(lab)
    (alert,) = [one for one in lab.alerts() if one["kind"] == "automation"]
    assert (alert["severity"], alert["title"]) == ("error", f"netreflex cannot finish {peering_id}")
    assert "dynamodb:BatchWriteItem was refused" in alert["cause"]
    lab.denied.clear()
    swept(lab)
    assert told(lab) == [("resolved", OVER)]
    assert lab.world.status(peering_id, DATA) == "active"


def _put_off(_index: int, _service: str, operation: str, _params: dict[str, Any]) -> Fault | None:
    return Fault("throttle") if operation == "AcceptVpcPeeringConnection" else None


@pytest.mark.parametrize(("minutes", "tells"), [(0, False), (29, False), (45, True)])
def test_what_aws_puts_off_is_told_once_a_request_has_waited_long(lab: Lab, minutes: int, *, tells: bool) -> None:
    peering_id = request(lab)["VpcPeeringConnectionId"]
    lab.now = lambda: datetime.now(UTC) + timedelta(minutes=minutes)
    lab.fresh_runtime()
    with faulty(lab) as faults:
        faults.plan = _put_off
        swept(lab)
        faults.plan = None
    assert told(lab) == ([("firing", f"netreflex cannot finish {peering_id}")] if tells else [])
