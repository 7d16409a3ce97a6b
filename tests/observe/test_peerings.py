"""Both sides of a peering, read where each is at home, and put together from views that may differ in age."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from chalicelib.decide.case import Questions
from chalicelib.decide.quotas import ACTIVE_PEERINGS, ROUTES_PER_TABLE
from chalicelib.model.errors import AccessRefused, RetryLater
from chalicelib.model.facts import Ledger, PeeringFacts, PeeringStatus, Side
from chalicelib.model.network import Place
from chalicelib.observe.patience import PATIENCE
from chalicelib.observe.peerings import PeeringObserver
from chalicelib.observe.snapshots import Snapshot
from demo.world import DATA, DEV, REGION
from tests.aws import strict_moto
from tests.aws.strict.quotas import set_quota
from tests.lab import TABLE, Lab
from tests.reliability.worlds import WIDE, WidePair, request

HERE, THERE = Place(account=DEV, region=REGION), Place(account=DATA, region=REGION)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(WIDE, world=WidePair) as lab:
        yield lab


def _observer(lab: Lab, *managed: Place, state_table: str | None = TABLE) -> PeeringObserver:
    places = managed or (HERE, THERE)
    return PeeringObserver(
        lab.runtime.sessions,
        manages=lambda place: place in places,
        state_table=state_table,
        sleep=lab.slept.append,
    )


def _found(lab: Lab, peering_id: str, *managed: Place) -> PeeringFacts:
    facts = _observer(lab, *managed).find(peering_id, managed or (HERE, THERE), patient=True)
    assert facts is not None
    return facts


def test_both_sides_are_read_by_the_accounts_that_own_them(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    with lab.counting():
        facts = _found(lab, peering_id)
    assert facts.peering.status is PeeringStatus.PENDING
    assert facts.peering.expires_at is not None
    requester, accepter = facts.sides
    assert requester.vpc is not None
    assert accepter.vpc is not None
    assert requester.vpc.cidrs == (ip_network("10.16.0.0/16"), ip_network("100.64.0.0/20"))
    assert {table.table_id for table in requester.tables} == set(lab.world.apps.tables.values())
    assert {table.table_id for table in accepter.tables} == set(lab.world.tidb.tables.values())
    assert accepter.vpc.tags["service"] == "tidb"
    assert lab.calls == {
        "sts:AssumeRole": 2,
        "ec2:DescribeVpcPeeringConnections": 2,
        "ec2:DescribeVpcs": 2,
        "ec2:DescribeRouteTables": 2,
    }


@pytest.mark.parametrize(("managed", "side"), [(HERE, Side.REQUESTER), (THERE, Side.ACCEPTER)])
def test_a_side_that_is_not_ours_is_not_read(lab: Lab, managed: Place, side: Side) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    with lab.counting():
        facts = _found(lab, peering_id, managed)
    assert facts.side(side).managed
    other = facts.side(side.other)
    assert (other.managed, other.vpc, other.tables, other.view) == (False, None, (), None)
    assert lab.calls["sts:AssumeRole"] == 1


def test_tags_belong_to_the_view_of_one_side(lab: Lab) -> None:
    """A tag that the requester set on its side is not seen on the accepter's, where approval is marked."""
    peering = lab.world.request(lab.world.apps, lab.world.tidb, {"netreflex:rule": "forged"})
    facts = _found(lab, peering["VpcPeeringConnectionId"])
    assert facts.requester.view is not None
    assert facts.accepter.view is not None
    assert facts.requester.view.tags == {"netreflex:rule": "forged"}
    assert facts.accepter.view.tags == {}


def test_of_two_views_the_one_further_along_counts(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    with strict_moto.lagging(accepted=1):
        lab.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
        lab.client("ec2", DATA).describe_vpc_peering_connections()  # this side has caught up, the other has not
        facts = _found(lab, peering_id)
    assert facts.requester.view is not None
    assert facts.requester.view.status is PeeringStatus.PENDING
    assert facts.peering.status is PeeringStatus.ACTIVE
    assert facts.peering.accepter.cidrs == (ip_network("10.40.0.0/16"),)


def test_each_side_tells_its_own_option(lab: Lab) -> None:
    peering = request(lab)
    lab.request_arrives(peering)
    facts = _found(lab, str(peering["VpcPeeringConnectionId"]))
    assert (facts.peering.requester.dns_resolution, facts.peering.accepter.dns_resolution) == (True, True)


def test_a_patient_search_ends_in_retry_later_and_another_in_none(lab: Lab) -> None:
    observer = _observer(lab)
    with pytest.raises(RetryLater, match=f"pcx-0aaaaaaaa .*{DEV}/{REGION}"):
        observer.find("pcx-0aaaaaaaa", [HERE], patient=True)
    assert lab.slept == list(PATIENCE)
    assert observer.find("pcx-0aaaaaaaa", [HERE, THERE], patient=False) is None
    assert lab.slept == list(PATIENCE)


def test_other_peerings_of_a_vpc_are_told_by_side(lab: Lab) -> None:
    other = lab.world.vpc("other", DEV, ("10.17.0.0/16",), {})
    with_tidb = lab.world.request(other, lab.world.tidb)["VpcPeeringConnectionId"]
    facts = _found(lab, str(request(lab)["VpcPeeringConnectionId"]))
    assert facts.requester.others == ()
    assert [one.peering_id for one in facts.accepter.others] == [with_tidb]


def test_everything_of_every_place_is_read_and_a_shut_one_is_an_error_of_its_own(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    lab.denied.add(("ec2:DescribeVpcs", DEV))
    with lab.counting():
        answers = _observer(lab).everything([HERE, THERE], subnets=True)
    assert isinstance(answers[HERE], AccessRefused)
    there = answers[THERE]
    assert isinstance(there, Snapshot)
    assert there.peering(peering_id) is not None
    assert there.subnets is not None
    assert _observer(lab).facts_from(peering_id, {THERE: there}) is None


def test_facts_from_snapshots_are_those_of_single_reads(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    observer = _observer(lab)
    snapshots = {
        place: answer
        for place, answer in observer.everything([HERE, THERE], subnets=False).items()
        if isinstance(answer, Snapshot)
    }
    assert observer.facts_from(peering_id, snapshots) == _found(lab, peering_id)
    assert observer.facts_from("pcx-0aaaaaaaa", snapshots) is None


def test_questions_are_answered_and_nothing_else_is_read(lab: Lab) -> None:
    set_quota(DEV, REGION, ROUTES_PER_TABLE, 77)
    facts = _found(lab, str(request(lab)["VpcPeeringConnectionId"]))
    asked = Questions(
        subnets=frozenset({Side.REQUESTER}),
        quotas=frozenset({(Side.REQUESTER, ROUTES_PER_TABLE), (Side.ACCEPTER, ACTIVE_PEERINGS)}),
    )
    with lab.counting():
        answered = _observer(lab).answer(facts, asked)
    assert answered.requester.subnets is not None
    assert [subnet.tags["Name"] for subnet in answered.requester.subnets] == ["a"]
    assert answered.accepter.subnets is None
    quota = answered.requester.quota(ROUTES_PER_TABLE)
    assert quota is not None
    assert (quota.value, quota.source) == (77, "Service Quotas")
    assert answered.accepter.quota(ACTIVE_PEERINGS) is not None
    assert lab.calls == {"ec2:DescribeSubnets": 1, "service-quotas:GetServiceQuota": 2}


def test_the_ledger_is_read_where_it_is_asked_and_empty_where_there_is_no_table(lab: Lab) -> None:
    peering = request(lab)
    lab.request_arrives(peering)
    facts = _found(lab, str(peering["VpcPeeringConnectionId"]))
    ledger = _observer(lab).answer(facts, Questions(ledger=True)).ledger
    assert ledger is not None
    assert len(ledger.routes) == 4
    assert _observer(lab, state_table=None).answer(facts, Questions(ledger=True)).ledger == Ledger()


def test_a_reread_brings_the_tables_of_now_and_keeps_the_rest(lab: Lab) -> None:
    peering = request(lab)
    before = _found(lab, str(peering["VpcPeeringConnectionId"]))
    lab.request_arrives(peering)
    after = _observer(lab).reread(before, lambda _facts: True)
    assert after.peering == before.peering
    assert len(after.requester.tables[0].routes) == len(before.requester.tables[0].routes) + 1


def test_a_reread_ends_within_the_bound_whatever_it_finds(lab: Lab) -> None:
    facts = _found(lab, str(request(lab)["VpcPeeringConnectionId"]))
    with lab.counting():
        _observer(lab).reread(facts, lambda _facts: False)
    assert lab.slept == list(PATIENCE)
    assert lab.calls["ec2:DescribeRouteTables"] == 2 * (len(PATIENCE) + 1)
