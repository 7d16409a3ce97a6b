"""One outage told by all sources, in every order there is: one message, and one for its end. The road is the real one."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.alerts.publish import Publisher
from chalicelib.alerts.road import Road
from chalicelib.alerts.store import AlertStore
from chalicelib.flows.vpn import react_to_vpn
from chalicelib.intake.parse_vpn import parse_vpn_event
from tests.alerts.fake_dynamodb import FakeDynamoDB
from tests.flows.test_vpn import alarm, health, network_manager
from tests.flows.vpn_world import Many, connection_id
from tests.vpn_answers import FIRST, SECOND, down, up

ID = connection_id(0)
SOURCES: dict[str, dict[str, Any] | None] = {
    "alarm": alarm(ID, FIRST),
    "alarm by address": alarm("", SECOND),
    "health": health(ID),
    "network manager": network_manager(ID),
    "sweep": None,
}


class Topic:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    def publish(self, **request: Any) -> dict[str, str]:  # noqa: ANN401 - the request of SNS
        alert = json.loads(request["Message"])
        self.told.append((alert["status"], alert["severity"], alert["title"]))
        return {"MessageId": str(len(self.told))}


class Storm:
    """Two connections on two devices, of which the first one may be lost."""

    def __init__(self) -> None:
        self.many, self.topic = Many(2), Topic()
        road = Road(AlertStore(FakeDynamoDB(), "state"), Publisher(self.topic, "arn:topic"), lambda: self.many.now)
        self.world = self.many.world(road)

    def tunnels(self, *rows: Any) -> None:  # noqa: ANN401 - rows of telemetry
        self.many.rows[ID] = list(rows)

    def tell(self, source: str, seconds: float) -> None:
        self.many.now += timedelta(seconds=seconds)
        event = SOURCES[source]
        if event is None:
            self.many.sweep_of(self.world)
        else:
            react_to_vpn(parse_vpn_event(event), self.world)


@pytest.mark.parametrize("apart", [1, 400])
def test_the_same_outage_told_by_all_in_every_order_is_one_message(apart: float) -> None:
    for order in itertools.permutations(SOURCES):
        storm = Storm()
        lost = storm.many.now
        storm.tunnels(down(FIRST, since=lost), down(SECOND, since=lost))
        for source in order:
            storm.tell(source, apart)
        assert storm.topic.told == [("firing", "critical", f"VPN {ID}: all tunnels down")], order
        back = storm.many.now
        storm.tunnels(up(FIRST, since=back), up(SECOND, since=back))
        for source in order:
            storm.tell(source, apart)
        assert storm.topic.told[1:] == [("resolved", "critical", f"VPN {ID}: both tunnels up")], order


@pytest.mark.parametrize("apart", [70])
def test_one_lost_tunnel_then_both_told_in_every_order_is_one_alert_that_rises(apart: float) -> None:
    for order in itertools.permutations(SOURCES):
        storm = Storm()
        lost = storm.many.now - timedelta(minutes=6)
        storm.tunnels(up(FIRST), down(SECOND, since=lost))
        for source in order[:2]:
            storm.tell(source, apart)
        now = storm.many.now
        storm.tunnels(down(FIRST, since=now), down(SECOND, since=lost))
        for source in order[2:]:
            storm.tell(source, apart)
        assert storm.topic.told == [
            ("firing", "error", f"VPN {ID}: 1 of 2 tunnels down"),
            ("firing", "critical", f"VPN {ID}: all tunnels down"),
        ], order
