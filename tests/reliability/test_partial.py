"""One account shuts netreflex out, or half of its permissions are missing: what can be done is done, the rest is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any, cast

import pytest

from chalicelib.flows.ports import PeeringReader
from chalicelib.flows.sweep import _turned, sweep_peerings
from chalicelib.model.errors import AccessRefused
from chalicelib.model.facts import PeeringFacts
from chalicelib.model.network import Place
from chalicelib.observe.snapshots import Snapshot
from demo.world import DATA, DEV, Aws
from tests.aws.faults import Fault
from tests.lab import Lab
from tests.reliability.worlds import NARROW, Pair, add_route, faulty, gateway, request, targets

OPS = "222233334444"
TRIO = NARROW.replace('  "444455556666"', f'  "{OPS}": {{name: ops}}\n  "444455556666"').replace(
    'accounts: ["111122223333"]', f'accounts: ["111122223333", "{OPS}"]'
)


class Trio(Pair):
    """The pair, and an account of operations that wants to reach the same VPC."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.ops = self.vpc("ops", OPS, ("10.18.0.0/16",), {})


@pytest.fixture
def trio() -> Iterator[Lab]:
    with Lab(TRIO, world=Trio) as lab:
        lab.first = request(lab)["VpcPeeringConnectionId"]  # type: ignore[attr-defined]
        lab.second = lab.world.request(lab.world.ops, lab.world.tidb)["VpcPeeringConnectionId"]  # type: ignore[attr-defined]
        yield lab


def _titles(alerts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((alert["status"], alert["title"]) for alert in alerts)


APPROVED_FIRST = ("notice", "VPC peering approved: apps (dev) -> tidb (data)")
APPROVED_SECOND = ("notice", "VPC peering approved: ops (ops) -> tidb (data)")
BLIND = ("firing", "netreflex cannot look into ops eu-west-1")


@pytest.mark.parametrize(
    "call", ["sts:AssumeRole", "ec2:DescribeVpcPeeringConnections", "ec2:DescribeVpcs", "ec2:DescribeRouteTables"]
)
def test_one_account_that_cannot_be_read_keeps_no_other_from_being_swept(trio: Lab, call: str) -> None:
    trio.denied.add((call, OPS))
    report = trio.sweep()
    assert trio.world.status(trio.first, DATA) == "active"  # type: ignore[attr-defined]
    assert trio.world.status(trio.second, DATA) == "pending-acceptance"  # type: ignore[attr-defined]
    assert _titles(trio.alerts()) == [BLIND, APPROVED_FIRST]
    assert any(f"{OPS}/eu-west-1 was not read" in reason and call in reason for reason in report.reasons)


def test_what_is_told_once_is_not_told_at_every_sweep_and_ends_with_the_repair(trio: Lab) -> None:
    trio.denied.add(("sts:AssumeRole", OPS))
    for _ in range(3):
        trio.sweep()
    assert _titles(trio.alerts()) == [BLIND, APPROVED_FIRST]
    trio.denied.clear()
    trio.sweep()
    assert trio.world.status(trio.second, DATA) == "active"  # type: ignore[attr-defined]
    assert _titles(trio.alerts()) == [APPROVED_SECOND, ("resolved", "netreflex looks into ops eu-west-1 again")]
    assert trio.sweep().planned == ()
    assert not trio.writes
    assert trio.alerts() == []


def test_an_account_that_does_not_answer_keeps_no_other_from_being_swept(trio: Lab) -> None:
    def silent(_index: int, _service: str, operation: str, params: dict[str, str]) -> Fault | None:
        return Fault("timeout") if operation == "AssumeRole" and OPS in params["RoleArn"] else None

    with faulty(trio) as faults:
        faults.plan = silent
        trio.sweep()
    assert _titles(trio.alerts()) == [BLIND, APPROVED_FIRST]


class _Poisoned:
    """A reader that breaks on one peering, as a fault in our own code would."""

    def __init__(self, reader: PeeringReader, poison: str) -> None:
        self._reader, self._poison = reader, poison

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all but one method is the reader's own
        return getattr(self._reader, name)

    def facts_from(self, peering_id: str, snapshots: Mapping[Place, Snapshot]) -> PeeringFacts | None:
        if peering_id == self._poison:
            raise ZeroDivisionError
        return self._reader.facts_from(peering_id, snapshots)


def test_a_peering_that_breaks_our_code_keeps_no_other_from_being_swept(trio: Lab) -> None:
    for poison, healthy in ((trio.first, trio.second), (trio.second, trio.first)):  # type: ignore[attr-defined]
        world = trio.flow_world()
        broken = replace(world, reader=cast("PeeringReader", _Poisoned(world.reader, poison)))
        with pytest.raises(ZeroDivisionError):
            sweep_peerings(broken)
        assert trio.world.status(healthy, DATA) == "active"


def test_a_sweep_that_is_out_of_time_leaves_the_rest_to_the_next_one(trio: Lab) -> None:
    left = chain([60.0], repeat(10.0))
    report = sweep_peerings(trio.flow_world(), lambda: next(left))
    assert any("out of time: 1 of 2 peerings are left" in reason for reason in report.reasons)
    statuses = {trio.world.status(one, DATA) for one in (trio.first, trio.second)}  # type: ignore[attr-defined]
    assert statuses == {"active", "pending-acceptance"}
    trio.sweep()
    assert {trio.world.status(one, DATA) for one in (trio.first, trio.second)} == {"active"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_every_peering_comes_first_in_some_sweep_of_a_day(count: int) -> None:
    peerings = [f"pcx-{number}" for number in range(count)]
    start = datetime(2026, 11, 23, tzinfo=UTC)
    orders = [_turned(peerings, start + timedelta(minutes=5 * sweep)) for sweep in range(288)]
    assert {order[0] for order in orders} == set(peerings)
    assert all(sorted(order) == sorted(peerings) for order in orders)
    assert _turned([], start) == []


@pytest.mark.parametrize("account", [DEV, DATA])
def test_a_request_is_not_accepted_while_one_side_cannot_be_read(lab: Lab, account: str) -> None:
    lab.denied.add(("sts:AssumeRole", account))
    peering = request(lab)
    report = lab.request_arrives(peering)
    assert (report.decision, report.planned) == ("held", ())
    assert "sts:AssumeRole was refused" in report.reasons[0]
    assert account in report.reasons[0]
    assert not {call for call in lab.writes if call.startswith("ec2:")}
    name = {DEV: "dev", DATA: "data"}[account]
    assert _titles(lab.alerts()) == [("firing", f"netreflex cannot look into {name} eu-west-1")]

    lab.denied.clear()
    lab.sweep()
    assert lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "active"
    assert len(lab.alerts()) == 2


@pytest.mark.parametrize("account", [DEV, DATA])
def test_a_route_that_is_denied_after_the_accept_is_told_and_finished_later(lab: Lab, account: str) -> None:
    lab.revoked.add(("ec2:CreateRoute", account))
    peering = request(lab)
    report = lab.request_arrives(peering)
    assert type(report.failed[0].action).__name__ == "CreateRoute"
    assert f"ec2:CreateRoute was refused in account {account}" in report.failed[0].error
    assert lab.writes["ec2:CreateTags"] == 0
    (alert,) = lab.alerts()
    assert (alert["status"], alert["severity"]) == ("firing", "error")
    assert f"ec2:CreateRoute was refused in account {account}" in alert["cause"]

    assert "add route" in alert["summary"]
    assert alert["summary"].endswith("so no connection works." if account == DATA else "No traffic flows.")
    assert "accept pcx-" not in alert["summary"]
    assert "done before: accept" in alert["evidence"]
    for _ in range(2):
        lab.sweep()
        assert lab.alerts() == []  # the same is left to do as before, so there is nothing to say
        assert not {call for call in lab.writes if call.startswith(("dynamodb:Put", "sns:"))}
    lab.revoked.clear()
    healed = lab.sweep()
    assert healed.failed == ()
    assert len({*targets(lab, lab.world.apps), *targets(lab, lab.world.tidb)}) == 2
    (alert,) = lab.alerts()
    assert alert["status"] == "notice"
    assert lab.sweep().planned == ()


def test_an_accept_that_is_denied_changes_nothing_and_is_told(lab: Lab) -> None:
    lab.denied.add(("ec2:AcceptVpcPeeringConnection", DATA))
    peering = request(lab)
    report = lab.request_arrives(peering)
    assert report.performed == ()
    assert lab.writes["ec2:CreateRoute"] == lab.writes["ec2:CreateTags"] == 0
    (alert,) = lab.alerts()
    assert "ec2:AcceptVpcPeeringConnection was refused" in alert["cause"]
    lab.denied.clear()
    assert lab.request_arrives(peering).failed == ()


def test_a_mark_that_is_denied_is_told_once_and_no_traffic_suffers(lab: Lab) -> None:
    lab.denied.add(("ec2:CreateTags", DATA))
    peering = request(lab)
    report = lab.request_arrives(peering)
    assert "ec2:CreateTags was refused" in report.failed[0].error
    assert len({*targets(lab, lab.world.apps), *targets(lab, lab.world.tidb)}) == 2
    told = lab.alerts()
    assert any("ec2:CreateTags was refused" in alert["cause"] for alert in told)
    for _ in range(3):
        lab.sweep()
        assert lab.alerts() == []
        assert not {call for call in lab.writes if call.startswith("ec2:")} - {"ec2:CreateTags"}
    lab.denied.clear()
    lab.sweep()
    (alert,) = lab.alerts()
    assert alert["status"] in {"notice", "resolved"}


def test_a_quota_that_may_not_be_read_is_no_obstacle(lab: Lab) -> None:
    internet = gateway(lab, lab.world.apps)
    for number in range(60):
        add_route(lab, lab.world.apps, f"192.168.{number}.0/24", GatewayId=internet)
    lab.denied.add(("service-quotas:GetServiceQuota", DEV))
    report = lab.request_arrives(request(lab))
    assert (report.decision, report.failed) == ("approved", ())
    assert any("servicequotas:GetServiceQuota answered AccessDenied" in reason for reason in report.reasons)


ACROSS_REGIONS = NARROW.replace("regions: [eu-west-1]", "regions: [eu-west-1, us-east-1]")


@pytest.mark.parametrize("call", ["sts:AssumeRole", "ec2:DescribeVpcPeeringConnections", "ec2:DescribeVpcs"])
@pytest.mark.parametrize(
    ("account", "blind"), [(DEV, "dev eu-west-1"), (DATA, "data us-east-1")], ids=["requester", "accepter"]
)
def test_the_alert_names_the_region_that_could_not_be_read(call: str, account: str, blind: str) -> None:
    """The event comes from the requester's Region, which need not be the one where the reading failed."""
    with Lab(ACROSS_REGIONS, world=Pair) as lab:
        far = lab.client("ec2", DATA, "us-east-1")
        vpc = far.create_vpc(CidrBlock="10.48.0.0/16")["Vpc"]["VpcId"]
        answer = lab.client("ec2", DEV).create_vpc_peering_connection(
            VpcId=lab.world.apps.vpc_id, PeerVpcId=vpc, PeerOwnerId=DATA, PeerRegion="us-east-1"
        )
        lab.denied.add((call, account))
        report = lab.request_arrives(answer["VpcPeeringConnection"])
        assert report.decision == "held"
        assert _titles(lab.alerts()) == [("firing", f"netreflex cannot look into {blind}")]


@pytest.mark.parametrize(("call", "swept"), [("dynamodb:PutItem", True), ("dynamodb:Query", False)])
def test_a_sweep_whose_alerts_cannot_be_kept_does_what_it_can_and_does_not_end_well(
    trio: Lab, call: str, *, swept: bool
) -> None:
    """Nobody can be told through a table that refuses; the function's error is what tells it."""
    trio.denied.add((call, "123456789012"))
    with pytest.raises(AccessRefused, match=f"{call} was refused"):
        trio.sweep()
    trio.denied.clear()
    statuses = {trio.world.status(one, DATA) for one in (trio.first, trio.second)}  # type: ignore[attr-defined]
    assert statuses == {"active" if swept else "pending-acceptance"}
    trio.sweep()
    assert _titles(trio.alerts()) == [APPROVED_FIRST, APPROVED_SECOND]
