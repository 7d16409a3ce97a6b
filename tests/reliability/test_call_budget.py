"""What each job costs in calls to AWS, pinned: a change of these tables is a change of the bill and of the speed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from moto.ec2.models import EC2Backend, ec2_backends

from chalicelib.decide.approved_cidrs import CIDRS_TAG, RULE_TAG, VERSION_TAG, cidrs_hash
from demo.world import DATA, DEV, REGION, Vpc, World
from tests.lab import HUB, Lab
from tests.reliability.worlds import NARROW, Pair, figure, request

# Three accounts: the requester's, the accepter's, and the hub in which netreflex runs. One route table a side.
APPROVED = {
    "sts:AssumeRole": 2,
    "ec2:DescribeVpcPeeringConnections": 2,  # each side's own view, and the other peerings of both VPCs
    "ec2:DescribeVpcs": 2,
    "ec2:DescribeRouteTables": 4,  # before, and once more for the proof
    "dynamodb:BatchWriteItem": 1,  # the ledger
    "ec2:AcceptVpcPeeringConnection": 1,
    "ec2:CreateRoute (dry run)": 2,  # may we route in both accounts?
    "ec2:CreateRoute": 2,
    "dynamodb:PutItem": 1,  # the alert, written without a look unless something was told before
    "sns:Publish": 1,
    "ec2:CreateTags": 1,
}
REPEATED_WARM = {
    "ec2:DescribeVpcPeeringConnections": 2,
    "ec2:DescribeVpcs": 2,
    "ec2:DescribeRouteTables": 2,
}
REPEATED_COLD = {"sts:AssumeRole": 2, **REPEATED_WARM}
HELD = {**REPEATED_COLD, "dynamodb:GetItem": 1, "dynamodb:PutItem": 1, "sns:Publish": 1}
HELD_AGAIN = {**REPEATED_WARM, "dynamodb:GetItem": 1}
IGNORED: dict[str, int] = {}

PEERINGS = 500
VPCS_PER_PEER = 25
SWEPT = {
    "sts:AssumeRole": 2,
    "dynamodb:Query": 2,  # which alerts fire now; what is remembered of names
    "ec2:DescribeVpcPeeringConnections": 2,  # 1000 a page
    "ec2:DescribeVpcs": 2,  # 1000 a page
    "ec2:DescribeRouteTables": 7,  # 100 a page: 502 tables of dev (its default VPC's among them), 21 of data
}


def _told(name: str, calls: Counter[str]) -> None:
    figure(f"{name}: {sum(calls.values())} calls, {dict(sorted(calls.items()))}")


def test_an_approval_across_three_accounts_costs_19_calls(lab: Lab) -> None:
    report = lab.request_arrives(request(lab))
    _told("approved request", lab.calls)
    assert report.decision == "approved"
    assert dict(lab.calls) == APPROVED
    assert sum(APPROVED.values()) == 19


class AtHome(Pair):
    """The pair, with one of its VPCs in the account in which netreflex itself runs."""

    home = ""

    def vpc(self, name: str, account: str, cidrs: tuple[str, ...], tags: Mapping[str, str]) -> Vpc:
        return super().vpc(name, HUB if account == self.home else account, cidrs, tags)


@pytest.mark.parametrize(("home", "of"), [(DATA, "accepter"), (DEV, "requester")])
def test_an_approval_across_two_accounts_costs_18_calls(home: str, of: str) -> None:
    """One of the two is netreflex's own, so one role less is assumed."""
    with Lab(NARROW.replace(home, HUB), world=type("World", (AtHome,), {"home": home})) as lab:
        report = lab.request_arrives(request(lab))
        _told(f"approved request, netreflex in the {of}'s account", lab.calls)
        assert report.decision == "approved"
        assert dict(lab.calls) == {**APPROVED, "sts:AssumeRole": 1}
        assert lab.calls.total() == 18


def test_a_repeat_costs_8_calls_in_a_cold_container_and_none_writes(lab: Lab) -> None:
    peering = request(lab)
    lab.request_arrives(peering)
    lab.fresh_runtime()
    lab.request_arrives(peering)
    _told("repeat, cold", lab.calls)
    assert dict(lab.calls) == REPEATED_COLD
    assert sum(REPEATED_COLD.values()) <= 9
    assert not lab.writes


def test_a_repeat_costs_6_calls_in_a_warm_container_and_none_writes(lab: Lab) -> None:
    peering = request(lab)
    lab.request_arrives(peering)
    lab.request_arrives(peering)
    _told("repeat, warm", lab.calls)
    assert dict(lab.calls) == REPEATED_WARM
    assert sum(REPEATED_WARM.values()) <= 6


def test_a_held_request_costs_its_reads_and_one_alert() -> None:
    with Lab(NARROW.replace("service: tidb", "service: other"), world=Pair) as lab:
        peering = request(lab)
        report = lab.request_arrives(peering)
        _told("held request", lab.calls)
        assert report.decision == "held"
        assert dict(lab.calls) == HELD
        lab.request_arrives(peering)
        _told("held request again", lab.calls)
        assert dict(lab.calls) == HELD_AGAIN
        assert not lab.writes


def test_an_event_about_other_accounts_costs_nothing(lab: Lab) -> None:
    peering = dict(request(lab))
    for end in ("RequesterVpcInfo", "AccepterVpcInfo"):
        peering[end] = {**peering[end], "OwnerId": "777788889999"}
    assert lab.request_arrives(peering).decision == "ignored"
    assert dict(lab.calls) == IGNORED


class ManyPeerings(World):
    """500 finished peerings, written straight into moto: 20 VPCs of data, each with 25 VPCs of dev."""

    peerings, settled = PEERINGS, True

    def __init__(self, _lab: Lab) -> None:
        self.data, self.dev = ec2_backends[DATA][REGION], ec2_backends[DEV][REGION]
        for number in range(self.peerings // VPCS_PER_PEER):
            accepter = self.data.create_vpc(f"10.{40 + number}.0.0/16", tags=[{"Key": "service", "Value": "tidb"}])
            for one in range(VPCS_PER_PEER):
                requester = self.dev.create_vpc(f"10.{16 + number // 10}.{number % 10 * VPCS_PER_PEER + one}.0/24")
                peering = self.dev.create_vpc_peering_connection(requester, accepter)
                if self.settled:
                    self._finished(peering, requester.id, requester.cidr_block, accepter.id, accepter.cidr_block)

    def _finished(self, peering: Any, requester: str, from_cidr: str, accepter: str, to_cidr: str) -> None:  # noqa: ANN401
        peering._status.accept()
        self._routed(self.dev, requester, to_cidr, peering.id)
        self._routed(self.data, accepter, from_cidr, peering.id)
        hashed = cidrs_hash((ip_network(from_cidr), ip_network(to_cidr)))
        self.data.tags[peering.id].update({RULE_TAG: "dev-to-data", VERSION_TAG: "0.1.0", CIDRS_TAG: hashed})

    @staticmethod
    def _routed(backend: EC2Backend, vpc_id: str, cidr: str, peering_id: str) -> None:
        main = next(one for one in backend.route_tables.values() if one.vpc_id == vpc_id)
        backend.create_route(main.id, cidr, vpc_peering_connection_id=peering_id)


@pytest.fixture
def crowd() -> Iterator[Lab]:
    with Lab(NARROW, world=ManyPeerings) as lab:
        yield lab


def test_a_sweep_over_500_peerings_reads_by_the_page_and_writes_nothing(crowd: Lab) -> None:
    crowd.fresh_runtime()
    report = crowd.sweep()
    _told(f"sweep over {PEERINGS} finished peerings", crowd.calls)
    assert report.reasons[0] == f"{PEERINGS} peerings: {PEERINGS} approved"
    assert (report.planned, report.refused, report.failed, report.alerts) == ((), (), (), ())
    assert dict(crowd.calls) == SWEPT
    assert not crowd.writes
    crowd.sweep()
    assert dict(crowd.calls) == {name: n for name, n in SWEPT.items() if name != "sts:AssumeRole"}


def test_a_route_lost_among_500_peerings_costs_its_repair_and_no_more(crowd: Lab) -> None:
    table = next(one for one in crowd.world.data.route_tables.values() if len(one.routes) > VPCS_PER_PEER)
    lost = next(route for route in table.routes if route.vpc_pcx)
    crowd.world.data.delete_route(table.id, lost.destination_cidr_block)
    report = crowd.sweep()
    _told(f"one repair among {PEERINGS} peerings", crowd.calls)
    assert [type(action).__name__ for action in report.performed] == ["CreateRoute"]
    assert dict(Counter(crowd.calls) - Counter(SWEPT)) == {
        "dynamodb:BatchWriteItem": 1,
        "ec2:CreateRoute": 1,
        "ec2:DescribeRouteTables": 2,  # the proof
        "dynamodb:GetItem": 1,
        "dynamodb:PutItem": 1,
        "sns:Publish": 1,
    }


class HeldRequests(ManyPeerings):
    """Requests that no rule approves, so that each has an alert that fires."""

    settled = False


class FewHeldRequests(HeldRequests):
    peerings = 50


@pytest.mark.parametrize(("world", "tables"), [(FewHeldRequests, 2), (HeldRequests, 7)], ids=["50", "500"])
def test_held_requests_are_swept_by_the_page_and_nothing_is_written_twice(
    world: type[HeldRequests], tables: int
) -> None:
    """What fires and says the same is neither read nor counted one by one; 1 MB of alerts is one page of a query."""
    requests = world.peerings
    clock = [datetime.now(UTC)]
    with Lab(NARROW.replace("service: tidb", "service: other"), world=world, now=lambda: clock[0]) as lab:
        lab.sweep()
        assert lab.calls["dynamodb:PutItem"] == lab.calls["sns:Publish"] == requests
        clock[0] += timedelta(minutes=5)
        report = lab.sweep()
        _told(f"sweep over {requests} held requests", lab.calls)
        assert report.reasons[0] == f"{requests} peerings: {requests} held"
        assert len(report.alerts) == requests
        assert dict(lab.calls) == {
            "dynamodb:Query": 2,  # which alerts fire now; what is remembered of names
            "ec2:DescribeVpcPeeringConnections": 2,
            "ec2:DescribeVpcs": 2,
            "ec2:DescribeRouteTables": tables,  # 100 a page
        }
        assert not lab.writes
