"""Who resolves a zone: requesters of approved peerings are associated with it, unless that would hide something."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.decide.name_reach import MOST_VPCS, NEARLY_FULL, nearly_full
from chalicelib.model.names import NamesFacts, Reach, RecordSet, Unread, VpcDns, Zone, ZoneChoice, ZoneOfVpc, ZoneVpc
from chalicelib.model.network import VpcRef
from tests.decide.names_build import APPS, NAME, REMOTE, ZONE, applied, facts, led, name, obstacles, plan, record, zone

FREE = VpcDns()
SWITCH = f"aws ec2 modify-vpc-attribute --region eu-west-1 --vpc-id {APPS.vpc_id}"


def seen(vpc: VpcRef = APPS, dns: VpcDns | Unread = FREE, **more: Any) -> NamesFacts:  # noqa: ANN401
    return facts(*led(), zones=(zone(**{"vpcs": (), **more}),), vpcs={vpc: dns})


def steps(found: NamesFacts, vpc: VpcRef = APPS) -> list[str]:
    return [type(action).__name__ for action in plan(found, reaches=[Reach(name_id="tidb", vpc=vpc)]).plan.actions]


def test_a_vpc_of_the_zones_account_is_associated_directly() -> None:
    decision = plan(seen(), reaches=[Reach(name_id="tidb", vpc=APPS)])
    [action] = decision.plan.actions
    assert action.describe() == f"associate {APPS} with hosted zone {ZONE} (Z1)"
    assert (action.place, decision.plan.unchanged) == (APPS.place, 1)


def test_across_accounts_each_side_does_its_part_and_the_authorization_goes() -> None:
    decision = plan(seen(REMOTE), reaches=[Reach(name_id="tidb", vpc=REMOTE)])
    assert [(type(action).__name__, action.place.account) for action in decision.plan.actions] == [
        ("AuthorizeVpcAssociation", "111122223333"),
        ("AssociateVpc", "444455556666"),
        ("RemoveVpcAuthorization", "111122223333"),
    ]
    assert len(decision.steps) == 1
    assert [action.describe().split()[0] for action in decision.plan.actions] == ["authorize", "associate", "remove"]


def test_what_is_associated_needs_nothing_but_the_removal_of_a_forgotten_authorization() -> None:
    there = (ZoneVpc.of(APPS),)
    assert steps(seen(vpcs=there)) == []
    assert steps(seen(vpcs=there, authorized=())) == []
    assert steps(seen(vpcs=there, authorized=there)) == ["RemoveVpcAuthorization"]
    assert steps(seen(vpcs=there, authorized=(ZoneVpc.of(REMOTE),))) == []


@pytest.mark.parametrize(
    ("zones", "hidden"),
    [
        ((ZoneOfVpc("Z2", ZONE),), f"{ZONE} (Z2)"),
        ((ZoneOfVpc("Z2", NAME),), f"{NAME} (Z2)"),
        ((ZoneOfVpc("Z2", r"TIDB.dev.example.internal."),), f"{NAME} (Z2)"),
        ((ZoneOfVpc("Z2", "example.internal"),), None),
        ((ZoneOfVpc("Z2", f"other.{ZONE}"),), None),
        ((ZoneOfVpc("Z1", ZONE),), None),
    ],
    ids=["same name", "longer", "spelling", "shorter", "beside", "itself"],
)
def test_a_zone_that_would_answer_instead_is_named(zones: tuple[ZoneOfVpc, ...], hidden: str | None) -> None:
    decision = plan(seen(dns=VpcDns(zones=zones)), reaches=[Reach(name_id="tidb", vpc=APPS)])
    if hidden is None:
        assert len(decision.plan.actions) == 1
    else:
        [reason] = obstacles(decision)
        assert f"{hidden} would answer for {NAME}" in reason
        assert decision.plan.refusals[0].kind == "shadow"
        assert decision.plan.actions == ()


@pytest.mark.parametrize(
    ("dns", "why", "remedy"),
    [
        (VpcDns(support=False), "enableDnsSupport of vpc", "--enable-dns-support"),
        (VpcDns(hostnames=False), "enableDnsHostnames of vpc", "--enable-dns-hostnames"),
        (
            VpcDns(support=False, hostnames=False),
            "enableDnsSupport and enableDnsHostnames of vpc",
            f"--enable-dns-support && {SWITCH} --enable-dns-hostnames",
        ),
        (Unread(reason="AccessDenied"), "could not be read: AccessDenied", "Grant"),
    ],
)
def test_a_vpc_in_which_no_private_zone_resolves_is_named(dns: VpcDns | Unread, why: str, remedy: str) -> None:
    decision = plan(seen(dns=dns), reaches=[Reach(name_id="tidb", vpc=APPS)])
    [refusal] = decision.plan.refusals
    assert why in refusal.reason
    assert remedy in refusal.remedy
    assert decision.plan.actions == ()


ABROAD = Reach(name_id="tidb", vpc=REMOTE, managed=False)
ASSOCIATE = (
    f"aws route53 associate-vpc-with-hosted-zone --hosted-zone-id Z1 --vpc VPCRegion=us-east-1,VPCId={REMOTE.vpc_id}"
)


@pytest.mark.parametrize(
    ("looked", "planned", "command"),
    [
        ({}, ["AuthorizeVpcAssociation"], ASSOCIATE),
        ({"authorized": (ZoneVpc.of(REMOTE),)}, [], ASSOCIATE),
        ({"vpcs": (ZoneVpc.of(REMOTE),), "authorized": (ZoneVpc.of(REMOTE),)}, ["RemoveVpcAuthorization"], ""),
        ({"vpcs": (ZoneVpc.of(REMOTE),), "authorized": ()}, [], ""),
        ({"account": REMOTE.account}, [], ASSOCIATE),
    ],
    ids=["asked for", "authorized", "associated", "finished", "a Region that is not ours, of the zone's own account"],
)
def test_a_vpc_that_is_not_ours_is_authorized_and_its_owner_told_the_rest(
    looked: dict[str, Any], planned: list[str], command: str
) -> None:
    decision = plan(facts(*led(), zones=(zone(**{"vpcs": (), **looked}),)), reaches=[ABROAD])
    assert [type(action).__name__ for action in decision.plan.actions] == planned
    assert decision.foreign == ((command,) if command else ())
    assert decision.plan.unchanged == (1 if planned or command else 2)  # the record, and the association where it is
    assert decision.plan.refusals == ()


def test_a_full_zone_has_no_room_for_a_vpc_that_is_not_ours() -> None:
    decision = plan(facts(*led(), zones=(zone(vpcs=crowd(MOST_VPCS)),)), reaches=[ABROAD])
    assert (decision.plan.actions, decision.foreign) == ((), ())
    assert "300 VPCs, 300 are allowed" in decision.plan.refusals[0].reason


WIDER = VpcDns(zones=(ZoneOfVpc("Z2", "example.internal", "444455556666"), ZoneOfVpc("Z3", "internal")))


@pytest.mark.parametrize(
    ("beneath", "why", "kind"),
    [
        ({}, None, None),
        ({("Z2", "Z1"): None}, None, None),
        ({("Z2", "Z9"): record("A", "10.0.0.1", f"db.{ZONE}")}, None, None),
        (
            {("Z2", "Z1"): record("A", "10.0.0.1", f"db.{ZONE}")},
            f"example.internal (Z2) answers for db.{ZONE}, which",
            "shadow",
        ),
        (
            {("Z3", "Z1"): record("A", "10.0.0.1", f"db.{ZONE}")},
            f"internal (Z3) answers for db.{ZONE}, which",
            "shadow",
        ),
        ({("Z2", "Z1"): Unread(reason="denied")}, "in example.internal (Z2) could not be read: denied", "access"),
    ],
)
def test_what_an_association_would_hide_is_named_and_stays(
    beneath: dict[tuple[str, str], RecordSet | Unread | None], why: str | None, kind: str | None
) -> None:
    reach = [Reach(name_id="tidb", vpc=APPS)]
    decision = plan(replace(seen(dns=WIDER), beneath=beneath), reaches=reach)
    assert [one.kind for one in decision.plan.refusals] == ([kind] if kind else [])
    assert all(why in one for one in obstacles(decision) if why)
    assert len(decision.plan.actions) == (0 if kind else 1)
    there = replace(seen(dns=WIDER, vpcs=(ZoneVpc.of(APPS),)), beneath=beneath)
    assert obstacles(plan(there, reaches=reach)) == []


def test_a_vpc_that_was_not_asked_is_not_associated() -> None:
    found = replace(seen(), vpcs={})
    assert "it was not asked" in obstacles(plan(found, reaches=[Reach(name_id="tidb", vpc=APPS)]))[0]


def crowd(number: int) -> tuple[ZoneVpc, ...]:
    return tuple(ZoneVpc(f"vpc-{one:08x}", "eu-west-1") for one in range(number))


def test_a_full_zone_takes_no_vpc_and_the_profile_is_the_remedy() -> None:
    assert steps(seen(vpcs=crowd(MOST_VPCS - 1))) == ["AssociateVpc"]
    [refusal] = plan(seen(vpcs=crowd(MOST_VPCS)), reaches=[Reach(name_id="tidb", vpc=APPS)]).plan.refusals
    assert "300 VPCs, 300 are allowed" in refusal.reason
    assert "Profile" in refusal.remedy


def test_the_last_room_of_a_zone_is_given_once() -> None:
    vpcs = [replace(APPS, vpc_id=f"vpc-{number:017x}") for number in (1, 2)]
    found = replace(seen(vpcs=crowd(MOST_VPCS - 1)), vpcs=dict.fromkeys(vpcs, FREE))
    decision = plan(found, reaches=[Reach(name_id="tidb", vpc=vpc) for vpc in vpcs])
    assert (len(decision.plan.actions), len(decision.plan.refusals)) == (1, 1)


def test_a_zone_that_is_nearly_full_is_told() -> None:
    assert nearly_full(zone(vpcs=crowd(NEARLY_FULL - 1))) is None
    assert "270 VPCs" in (nearly_full(zone(vpcs=crowd(NEARLY_FULL))) or "")
    assert nearly_full(zone()) is None


def test_the_quota_that_the_zone_tells_counts_and_the_default_where_it_could_not_be_read() -> None:
    assert steps(seen(vpcs=crowd(MOST_VPCS), most_vpcs=1000)) == ["AssociateVpc"]
    assert steps(seen(vpcs=crowd(1000), most_vpcs=1000)) == []
    assert nearly_full(zone(vpcs=crowd(899), most_vpcs=1000)) is None
    assert "900 VPCs, 1000 are allowed" in (nearly_full(zone(vpcs=crowd(900), most_vpcs=1000)) or "")
    unread = Unread(reason="denied")
    [why] = obstacles(plan(seen(vpcs=crowd(MOST_VPCS), most_vpcs=unread), reaches=[Reach(name_id="tidb", vpc=APPS)]))
    assert "300 are allowed by default; whether that was raised could not be read: denied" in why


def test_only_private_zones_of_names_that_are_served_get_vpcs() -> None:
    reach = [Reach(name_id="tidb", vpc=APPS)]
    public = name(public=True)
    refused = facts(record("A", "10.0.0.1"), zones=(zone(vpcs=()),), vpcs={APPS: FREE})
    unread = facts(zones=Unread(reason="later", passing=True))
    assert plan(facts(*led(), names=[public], zones=(zone(private=False),)), public, reaches=reach).reaches == ()
    assert plan(refused, reaches=reach).reaches == ()
    assert plan(unread, reaches=reach).reaches == ()
    assert plan(seen(), reaches=[Reach(name_id="unknown", vpc=APPS)]).reaches == ()
    gone = replace(seen(), balancers=dict.fromkeys(seen().balancers, ()))
    assert plan(gone, reaches=reach).reaches == ()


def test_two_names_of_one_zone_share_its_association_and_either_can_be_hidden() -> None:
    other = name("kv", f"kv.{ZONE}", choice={"name": "tidb"})
    both = [name(), other]
    looked: tuple[Zone, ...] = (zone(vpcs=()),)
    found = facts(names=both, zones=looked, vpcs={APPS: FREE})
    reaches = [Reach(name_id=one.id, vpc=APPS) for one in both]
    decision = plan(found, *both, reaches=reaches)
    assert len(decision.reaches) == 1
    hiding = replace(found, vpcs={APPS: VpcDns(zones=(ZoneOfVpc("Z2", f"kv.{ZONE}"),))})
    assert f"kv.{ZONE}" in obstacles(plan(hiding, *both, reaches=reaches))[0]
    after = applied(found, decision)
    assert after.zones[ZoneChoice.of(other)] == (zone(vpcs=(ZoneVpc.of(APPS),)),)
    assert plan(after, *both, reaches=reaches).plan.actions == ()


@pytest.mark.parametrize(
    ("dns", "kind", "why"),
    [
        (VpcDns(support=False), "vpc-dns", "enableDnsSupport of"),
        (VpcDns(zones=(ZoneOfVpc("Z2", NAME),)), "shadow", f"{NAME} (Z2) would answer for {NAME}"),
        (VpcDns(zones=(ZoneOfVpc("Z1", ZONE),)), None, ""),
        (Unread(reason="AccessDenied"), "access", "could not be read: AccessDenied"),
    ],
    ids=["DNS off", "another zone in front", "well", "closed"],
)
@pytest.mark.parametrize("authorized", [(), (ZoneVpc.of(APPS),)])
def test_a_vpc_that_is_associated_is_judged_all_the_same(
    authorized: tuple[ZoneVpc, ...], dns: VpcDns | Unread, kind: str | None, why: str
) -> None:
    found = seen(dns=dns, vpcs=(ZoneVpc.of(APPS),), authorized=authorized)
    decision = plan(found, reaches=[Reach(name_id="tidb", vpc=APPS)])
    assert [refusal.kind for refusal in decision.plan.refusals] == ([kind] if kind else [])
    assert all(why in reason for reason in obstacles(decision))
    assert len(decision.plan.actions) == len(authorized)


def test_a_full_zone_does_not_matter_to_who_is_in_it() -> None:
    found = seen(vpcs=(*crowd(MOST_VPCS - 1), ZoneVpc.of(APPS)))
    assert plan(found, reaches=[Reach(name_id="tidb", vpc=APPS)]).plan.refusals == ()
