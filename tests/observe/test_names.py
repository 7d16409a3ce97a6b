"""Every page is read, no read grows with the number of names, and what cannot be read is told as such."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.route53.models import route53_backends

from chalicelib.model.errors import AccessRefused, AwsFailure, RetryLater
from chalicelib.model.names import (
    LOAD_BALANCER_ARN,
    BalancerState,
    ChangeInfo,
    NamesRemembered,
    Reach,
    Scheme,
    Unread,
    VpcDns,
    Zone,
    ZoneChoice,
    ZoneVpc,
)
from chalicelib.model.network import Place, VpcRef
from chalicelib.model.policy import LoadBalancerChoice, Name
from chalicelib.observe import load_balancers, route53
from chalicelib.observe.names import NamesObserver
from chalicelib.observe.vpc_dns import RecentVpcDns
from demo.world import DATA, DEV, REGION
from tests.flows.names_world import NAME, ZONE, lab_of
from tests.lab import Lab

HERE = Place(account=DATA, region=REGION)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with lab_of() as made:
        yield made


@pytest.fixture
def reader(lab: Lab) -> NamesObserver:
    lab.flow_world()
    return NamesObserver(lab.runtime.sessions, accounts=[DEV, DATA], state_table=None)


def asked(**more: Any) -> Name:  # noqa: ANN401
    choice = LoadBalancerChoice(account=DATA, region=REGION, **more.pop("choice", {"name": "tidb"}))
    return Name(**{"id": "tidb", "zone": ZONE, "zone_account": DEV, "name": NAME, "load_balancer": choice, **more})


def test_both_generations_are_read_and_gateway_load_balancers_are_not(lab: Lab, reader: NamesObserver) -> None:
    made, dns = lab.world.balancer("nlb"), lab.world.classic("old")
    facts = reader.look([asked()])
    found = facts.balancers[HERE]
    assert isinstance(found, tuple)
    assert [(one.name, one.dns_name, one.scheme, one.state) for one in found] == [
        ("nlb", made["DNSName"], Scheme.INTERNAL, BalancerState.ACTIVE),
        ("old", dns, Scheme.INTERNAL, BalancerState.ACTIVE),
    ]
    assert all(LOAD_BALANCER_ARN.fullmatch(one.arn) for one in found)
    answer = {"Type": "gateway", "LoadBalancerName": "gw", "LoadBalancerArn": "x"}
    assert load_balancers.describe_v2(_Pages([{"LoadBalancers": [answer]}]), HERE) == ()


class _Pages:
    """A client with one paginator, whose pages are given."""

    def __init__(self, pages: list[dict[str, Any]]) -> None:
        self.pages = pages

    def get_paginator(self, _operation: str) -> Any:  # noqa: ANN401
        return self

    def paginate(self, **_arguments: object) -> list[dict[str, Any]]:
        return self.pages


@pytest.mark.parametrize(
    ("choice", "calls"),
    [
        ({"arn": f"arn:aws:elasticloadbalancing:{REGION}:{DATA}:loadbalancer/net/tidb/{1:016x}"}, {"elbv2"}),
        ({"arn": f"arn:aws:elasticloadbalancing:{REGION}:{DATA}:loadbalancer/tidb"}, {"elb"}),
        ({"name": "tidb"}, {"elb", "elbv2"}),
    ],
)
def test_only_the_generation_that_an_arn_names_is_asked(
    lab: Lab, reader: NamesObserver, choice: dict[str, str], calls: set[str]
) -> None:
    with lab.counting():
        reader.look([asked(choice=choice)])
    assert {call.split(":")[0] for call in lab.calls if call.startswith("elb")} == calls


def test_tags_are_read_by_twenties_of_internal_ones_alone(lab: Lab, reader: NamesObserver) -> None:
    for number in range(45):
        lab.world.balancer(f"lb{number:02}", tags={"n": str(number)})
    lab.world.balancer("open", scheme="internet-facing", tags={"n": "x"}, kind="application")
    lab.world.classic("old", {"n": "old"})
    with lab.counting():
        found = reader.look([asked(choice={"tags": {"n": "7"}})]).balancers[HERE]
    assert isinstance(found, tuple)
    tags = {one.name: one.tags for one in found}
    assert (tags["lb07"], tags["lb44"], tags["old"], tags["open"]) == ({"n": "7"}, {"n": "44"}, {"n": "old"}, None)
    assert (lab.calls["elbv2:DescribeTags"], lab.calls["elb:DescribeTags"]) == (3, 1)


class _Gone:
    """DescribeTags of a load balancer that is not there any more."""

    def __init__(self, code: str) -> None:
        self.code = code

    def describe_tags(self, **_arguments: object) -> None:
        from botocore.exceptions import ClientError

        raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "DescribeTags")


@pytest.mark.parametrize(("code", "classic"), [("LoadBalancerNotFound", False), ("AccessPointNotFound", True)])
def test_a_load_balancer_that_is_gone_has_no_tags(code: str, *, classic: bool) -> None:
    assert load_balancers.tags_of(_Gone(code), HERE, "x", classic=classic) is None
    there = load_balancers.describe_v2(_Pages([{"LoadBalancers": [_answer()]}]), HERE)
    with pytest.raises(RetryLater):
        load_balancers.with_tags(_Gone(code), HERE, there, classic=classic)


def test_any_other_error_is_an_error() -> None:
    there = load_balancers.describe_v2(_Pages([{"LoadBalancers": [_answer()]}]), HERE)
    with pytest.raises(AwsFailure):
        load_balancers.with_tags(_Gone("ValidationError"), HERE, there, classic=False)
    with pytest.raises(AwsFailure):
        load_balancers.tags_of(_Gone("ValidationError"), HERE, "x", classic=False)


def _answer(**more: object) -> dict[str, object]:
    return {
        "Type": "network",
        "LoadBalancerName": "tidb",
        "LoadBalancerArn": "arn",
        "DNSName": "TiDB-1.elb.amazonaws.com",
        "Scheme": "internal",
        **more,
    }


def test_words_that_are_not_known_are_their_own_member_and_names_are_small() -> None:
    [one] = load_balancers.describe_v2(
        _Pages([{"LoadBalancers": [_answer(Scheme="odd", State={"Code": "thinking"})]}]), HERE
    )
    assert (one.scheme, one.state, one.dns_name) == (Scheme.UNKNOWN, BalancerState.UNKNOWN, "tidb-1.elb.amazonaws.com")


def test_every_page_of_both_generations_is_read(
    lab: Lab, reader: NamesObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_balancers, "_PAGE", 2)
    for number in range(5):
        lab.world.balancer(f"lb{number}")
        lab.world.classic(f"old{number}")
    with lab.counting():
        found = reader.look([asked()]).balancers[HERE]
    assert isinstance(found, tuple)
    assert len(found) == 10
    assert lab.calls["elbv2:DescribeLoadBalancers"] == lab.calls["elb:DescribeLoadBalancers"] == 3


# ---- zones and records -----------------------------------------------------------------------------------------------
def test_records_are_read_from_behind_the_zones_own_name_to_the_last_that_matters(
    lab: Lab, reader: NamesObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route53, "_RECORDS", "3")
    names = ["*", "a", "b", "c", "tidb", "_netreflex.tidb", "z1", "z2", "z3", "z4", "z5", "z6"]
    lab.world.write(*((f"{one}.{ZONE}", "TXT", '"x"') for one in names))
    with lab.counting():
        found = reader.look([asked()]).records[lab.world.zone_id]
    assert isinstance(found, tuple)
    read = [one.name.removesuffix(f".{ZONE}") for one in found]
    assert read == names[:9]
    assert lab.calls["route53:ListResourceRecordSets"] == 3
    assert {"SOA", "NS"}.isdisjoint(one.type for one in found)


def test_an_alias_and_a_weighted_record_are_not_simple(lab: Lab, reader: NamesObserver) -> None:
    zone = route53_backends[DEV]["aws"].zones[lab.world.zone_id]
    alias = {"HostedZoneId": "Z1", "DNSName": "x.example.com", "EvaluateTargetHealth": False}
    zone.upsert_rrset({"Name": f"{NAME}.", "Type": "A", "AliasTarget": alias})
    zone.upsert_rrset(
        {
            "Name": f"x.{NAME}.",
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": ["10.0.0.1"],
            "SetIdentifier": "a",
            "Weight": 1,
        }
    )
    found = reader.look([asked()]).records[lab.world.zone_id]
    assert isinstance(found, tuple)
    assert [(one.name, one.simple, one.values) for one in found] == [
        (NAME, False, ()),
        (f"x.{NAME}", False, ("10.0.0.1",)),
    ]


def test_zones_of_one_name_are_all_told_over_all_pages(lab: Lab, reader: NamesObserver) -> None:
    second = lab.world.make_zone(ZONE, lab.world.apps.vpc_id)
    choice = ZoneChoice.of(asked())
    both = reader.look([asked()]).zones[choice]
    assert isinstance(both, tuple)
    assert {one.zone_id for one in both} == {lab.world.zone_id, second}
    pages = iter(
        [
            {"HostedZones": [_zone("Z1")], "IsTruncated": True, "NextDNSName": ZONE, "NextHostedZoneId": "Z2"},
            {"HostedZones": [_zone("Z2"), _zone("Z3", "e.example.internal.")], "IsTruncated": False},
        ]
    )
    asked_for: list[dict[str, str]] = []

    class Client:
        def list_hosted_zones_by_name(self, **arguments: str) -> dict[str, Any]:
            asked_for.append(arguments)
            return next(pages)

    assert [one.zone_id for one in route53.zones_named(Client(), DEV, ZONE)] == ["Z1", "Z2"]
    assert asked_for[1] == {"DNSName": ZONE, "HostedZoneId": "Z2", "MaxItems": "100"}


def _zone(zone_id: str, name: str = f"{ZONE}.") -> dict[str, Any]:
    return {"Id": f"/hostedzone/{zone_id}", "Name": name, "Config": {"PrivateZone": True}}


def test_a_zone_by_vpc_tells_its_vpcs(lab: Lab, reader: NamesObserver) -> None:
    name = asked(zone_vpc=lab.world.ops.vpc_id)
    found = reader.look([name]).zones[ZoneChoice.of(name)]
    assert isinstance(found, tuple)
    assert [one.vpcs for one in found] == [(ZoneVpc(lab.world.ops.vpc_id, REGION),)]


def test_a_zone_that_was_read_whole_is_not_read_twice_but_for_the_proof(lab: Lab, reader: NamesObserver) -> None:
    name = asked(zone_vpc=lab.world.ops.vpc_id)
    reach = [Reach(name_id="tidb", vpc=VpcRef(place=Place(account=DEV, region=REGION), vpc_id=lab.world.ops.vpc_id))]
    with lab.counting():
        facts = reader.look([name], reach)
    assert lab.calls["route53:GetHostedZone"] == 1
    with lab.counting():
        reader.again(facts, [name], reach)
    assert dict(lab.calls) == {"route53:GetHostedZone": 1, "route53:ListResourceRecordSets": 1}


def test_a_zone_by_id_is_looked_for_in_every_account_of_the_policy(lab: Lab, reader: NamesObserver) -> None:
    backend = route53_backends[DEV]["aws"]
    backend.zones["Z0123"] = backend.zones.pop(lab.world.zone_id)
    backend.zones["Z0123"].resource_id = "Z0123"
    name = asked(zone="Z0123", zone_account=None)

    def look() -> tuple[Zone, ...] | Unread:
        return reader.look([name]).zones[ZoneChoice.of(name)]

    found = look()
    assert isinstance(found, tuple)
    assert [(one.zone_id, one.account) for one in found] == [("Z0123", DEV)]
    with lab.counting():
        lab.denied.add(("route53:GetHostedZone", DATA))
        assert look() == found
        lab.denied = {("route53:GetHostedZone", DEV)}
        assert isinstance(look(), Unread)
    del backend.zones["Z0123"]
    assert look() == ()


def test_a_vpc_that_has_to_reach_a_zone_is_asked_whether_or_not_it_is_associated(
    lab: Lab, reader: NamesObserver
) -> None:
    def reads(vpc_id: str, account: str = DEV, *, managed: bool = True) -> set[str]:
        vpc = VpcRef(place=Place(account=account, region=REGION), vpc_id=vpc_id)
        with lab.counting():
            reader.look([asked()], [Reach(name_id="tidb", vpc=vpc, managed=managed)])
        return {call for call in lab.calls if not call.startswith("elb")} - {
            "route53:ListHostedZonesByName",
            "route53:ListResourceRecordSets",
            "sts:AssumeRole",
        }

    reach = {"route53:GetHostedZone"}
    asked_of_vpc = {"route53:ListHostedZonesByVPC", "ec2:DescribeVpcAttribute"}
    assert reads(lab.world.ops.vpc_id) == reach | asked_of_vpc
    assert reads(lab.world.apps.vpc_id) == reach | asked_of_vpc
    across = reach | asked_of_vpc | {"route53:ListVPCAssociationAuthorizations"}
    assert reads(lab.world.tidb.vpc_id, DATA) == across
    assert reads(lab.world.tidb.vpc_id, DATA, managed=False) == across - asked_of_vpc


def test_a_zone_whose_vpcs_cannot_be_read_is_unread_for_its_names(lab: Lab, reader: NamesObserver) -> None:
    vpc = VpcRef(place=Place(account=DEV, region=REGION), vpc_id=lab.world.apps.vpc_id)
    lab.denied.add(("route53:GetHostedZone", DEV))
    with lab.counting():
        facts = reader.look([asked()], [Reach(name_id="tidb", vpc=vpc)])
    assert isinstance(facts.zones[ZoneChoice.of(asked())], Unread)
    assert facts.records == {}


def test_a_zone_that_goes_while_it_is_read_is_read_again_later(
    lab: Lab, reader: NamesObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    vpc = VpcRef(place=Place(account=DEV, region=REGION), vpc_id=lab.world.apps.vpc_id)
    monkeypatch.setattr(route53, "get_zone", lambda *_arguments: None)
    found = reader.look([asked()], [Reach(name_id="tidb", vpc=vpc)]).zones[ZoneChoice.of(asked())]
    assert isinstance(found, Unread)
    assert found.passing


def _summary(zone_id: str, name: str, **owner: str) -> dict[str, Any]:
    return {"HostedZoneId": zone_id, "Name": name, "Owner": owner}


def test_every_page_of_a_vpcs_zones_is_read() -> None:
    pages: Iterator[dict[str, Any]] = iter(
        [
            {"HostedZoneSummaries": [_summary("Z1", "a.", OwningAccount=DEV)], "NextToken": "more"},
            {"HostedZoneSummaries": [_summary("Z2", "B.c.", OwningService="efs.amazonaws.com")]},
        ]
    )

    class Client:
        def list_hosted_zones_by_vpc(self, **_arguments: str) -> dict[str, Any]:
            return next(pages)

    vpc = VpcRef(place=HERE, vpc_id="vpc-1")
    assert [tuple(one) for one in route53.zones_of_vpc(Client(), vpc)] == [("Z1", "a", DEV), ("Z2", "b.c", "")]


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ([("api.example.internal", "CNAME")], None),
        ([(f"db.{ZONE}", "CNAME")], f"db.{ZONE}"),
        ([(f"*.{ZONE}", "CNAME")], f"*.{ZONE}"),
        ([(ZONE, "TXT")], ZONE),
        ([(ZONE, "NS")], None),
        ([(ZONE, "NS"), (f"db.{ZONE}", "CNAME")], f"db.{ZONE}"),
        ([(f"x{ZONE}", "CNAME"), ("zz.example.internal", "CNAME")], None),
    ],
)
def test_what_a_wider_zone_holds_in_ours_is_seen_before_an_association(
    lab: Lab, reader: NamesObserver, records: list[tuple[str, str]], found: str | None
) -> None:
    lab.world.zone_id, own = lab.world.make_zone("example.internal", lab.world.apps.vpc_id, DEV), lab.world.zone_id
    for name, kind in (one for one in records if one[0].endswith(".example.internal")):
        lab.world.write((name, kind, '"x"' if kind == "TXT" else "there.example.com"))

    def beneath(vpc_id: str, reader: NamesObserver) -> tuple[int, dict[tuple[str, str], Any]]:
        vpc = VpcRef(place=Place(account=DEV, region=REGION), vpc_id=vpc_id)
        with lab.counting():
            facts = reader.look([asked()], [Reach(name_id="tidb", vpc=vpc)])
        return lab.calls["route53:ListResourceRecordSets"], dict(facts.beneath)

    reads, seen = beneath(lab.world.apps.vpc_id, reader)
    assert reads == 2
    assert [key for key, _ in seen.items()] == [(lab.world.zone_id, own)]
    assert [one.name if one else None for one in seen.values()] == [found]
    assert beneath(lab.world.ops.vpc_id, reader) == (1, {})  # it is associated already
    closed = NamesObserver(lab.runtime.sessions, accounts=[DATA], state_table=None)
    assert beneath(lab.world.apps.vpc_id, closed) == (1, {})  # a zone of an account that is not in the policy


def test_an_error_of_route_53_is_translated() -> None:
    from botocore.exceptions import ClientError

    class Client:
        def get_hosted_zone(self, **_arguments: str) -> None:
            raise ClientError({"Error": {"Code": "Throttling", "Message": "x"}}, "GetHostedZone")

    with pytest.raises(RetryLater):
        route53.get_zone(Client(), DEV, "Z1")


def test_without_a_state_table_nothing_is_remembered(reader: NamesObserver) -> None:
    assert reader.led_to("arn") is None
    assert reader.remembered() == NamesRemembered()


def test_a_change_is_asked_for_by_its_id_and_an_unknown_one_is_none() -> None:
    class Client:
        def __init__(self, code: str = "") -> None:
            self.code = code

        def get_change(self, **arguments: str) -> dict[str, Any]:
            if self.code:
                raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "GetChange")
            assert arguments == {"Id": "C1"}
            return {"ChangeInfo": {"Id": "/change/C1", "Status": "PENDING"}}

    assert route53.get_change(Client(), DEV, "C1") == ChangeInfo("C1", "PENDING")
    assert route53.get_change(Client("NoSuchChange"), DEV, "C1") is None
    with pytest.raises(AccessRefused):
        route53.get_change(Client("AccessDenied"), DEV, "C1")


def test_with_more_zones_all_are_read_to_their_end_and_one_that_is_gone_is_empty(
    lab: Lab, reader: NamesObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route53, "_RECORDS", "3")
    lab.world.write(*((f"{one}.{ZONE}", "TXT", '"x"') for one in ["tidb", "z1", "z2", "z3", "z4", "z5", "z6"]))
    gone = Zone(zone_id="ZGONE00000", account=DEV, name="gone.internal", private=True)
    closed = Zone(zone_id=lab.world.make_zone("closed.internal"), account=DATA, name="closed.internal", private=True)
    lab.denied.add(("route53:ListResourceRecordSets", DATA))
    with lab.counting():
        facts = reader.look([asked()], more=[gone, closed])
    found = facts.records[lab.world.zone_id]
    assert isinstance(found, tuple)
    assert [one.name for one in found][-1] == f"z6.{ZONE}"
    assert facts.records[gone.zone_id] == ()
    assert isinstance(facts.records[closed.zone_id], Unread)
    assert {zone.zone_id for zone in facts.whole} == {lab.world.zone_id, gone.zone_id}


def test_what_an_associated_vpc_resolves_is_remembered_for_an_hour_while_it_is_well(lab: Lab) -> None:
    lab.flow_world()
    clock = [datetime(2026, 11, 23, tzinfo=UTC)]
    recent = RecentVpcDns(lambda: clock[0])
    memorable = NamesObserver(lab.runtime.sessions, accounts=[DEV], state_table=None, recent=recent)
    vpc = VpcRef(place=Place(account=DEV, region=REGION), vpc_id=lab.world.ops.vpc_id)

    def looked() -> tuple[int, VpcDns]:
        with lab.counting():
            found = memorable.look([asked()], [Reach(name_id="tidb", vpc=vpc)]).vpcs[vpc]
        assert isinstance(found, VpcDns)
        return lab.calls["ec2:DescribeVpcAttribute"] + lab.calls["route53:ListHostedZonesByVPC"], found

    def switch(*, on: bool) -> None:
        lab.world.ec2(DEV).modify_vpc_attribute(VpcId=vpc.vpc_id, EnableDnsSupport={"Value": on})

    first, well = looked()
    assert (first, well.support) == (3, True)
    switch(on=False)
    clock[0] += timedelta(minutes=59)
    assert looked() == (0, well)
    clock[0] += timedelta(minutes=1)
    assert [looked()[0], looked()[0]] == [3, 3]
    switch(on=True)
    assert looked() == (3, well)
    assert looked() == (0, well)
