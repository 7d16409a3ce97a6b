"""Exactly one zone and exactly one load balancer, or a refusal that says which there are; what was not read is not absent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.decide.name_choice import show_balancers
from chalicelib.decide.name_verdicts import Standing
from chalicelib.model.names import BalancerState, LoadBalancer, NamesFacts, Scheme, Unread, Zone, ZoneVpc, classic_arn
from chalicelib.model.network import Place
from tests.decide.names_build import (
    HERE,
    NAME,
    ZONE,
    arn,
    balancer,
    facts,
    led,
    mark,
    name,
    obstacles,
    plan,
    said,
    zone,
)

PUBLIC = zone("Z2", private=False)
DENIED = Unread(reason="route53:ListHostedZonesByName was refused in account 111122223333 (AccessDenied)")
LATER = Unread(reason="put off by AWS", passing=True)


@pytest.mark.parametrize(
    ("zones", "more", "why"),
    [
        ((), {}, f"there is no hosted zone {ZONE} in account 111122223333"),
        ((PUBLIC,), {}, "is public (Z2), and the policy allows private ones only"),
        (
            (zone("Z3"), zone("Z1"), PUBLIC),
            {},
            f"2 hosted zones {ZONE} in account 111122223333: Z1 (private); Z3 (private)",
        ),
        ((zone(), PUBLIC), {"public": True}, "Z1 (private); Z2 (public)"),
        ((zone(vpcs=(ZoneVpc("vpc-1", "eu-west-1"),)),), {"zone_vpc": "vpc-2"}, "associated with vpc-2"),
        (
            (zone(vpcs=(ZoneVpc("vpc-1", "eu-west-1"),)), zone("Z3", vpcs=(ZoneVpc("vpc-1", "eu-west-1"),))),
            {"zone_vpc": "vpc-1"},
            "Z1 (private, with vpc-1); Z3 (private, with vpc-1)",
        ),
        ((), {"zone": "Z9", "zone_account": None}, "there is no hosted zone Z9"),
        (DENIED, {}, "could not be read, so nothing is concluded: route53:ListHostedZonesByName was refused"),
    ],
)
def test_a_zone_is_never_guessed(zones: tuple[Zone, ...] | Unread, more: dict[str, Any], why: str) -> None:
    asked = name(**more)
    decision = plan(facts(names=[asked], zones=zones), asked)
    [reason] = obstacles(decision)
    assert why in reason
    assert decision.plan.actions == ()


@pytest.mark.parametrize(
    ("zones", "more"),
    [
        ((zone(), PUBLIC), {}),
        ((PUBLIC,), {"public": True}),
        ((zone(vpcs=(ZoneVpc("vpc-1", "eu-west-1"),)), zone("Z3", vpcs=())), {"zone_vpc": "vpc-1"}),
        ((zone(),), {"zone": "Z1", "zone_account": None}),
    ],
    ids=["the private one", "public by policy", "by VPC", "by id"],
)
def test_the_one_zone_that_fits_is_taken(zones: tuple[Zone, ...], more: dict[str, Any]) -> None:
    asked = name(**more)
    [verdict] = plan(facts(names=[asked], zones=zones), asked).verdicts
    assert verdict.standing is Standing.CHANGES


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (ZONE, "the zone's own name, where DNS allows no CNAME"),
        ("tidb.other.internal", "does not lie in the hosted zone"),
        (f"evil{ZONE}", "does not lie in the hosted zone"),
        (f"{'a' * 64}.{ZONE}", "63 are allowed"),
        (".".join(["a" * 44] * 5) + f".{ZONE}", "242 are allowed"),
        (f"_netreflex.tidb.{ZONE}", "kept for the owner's marks"),
    ],
)
def test_a_name_that_cannot_stand_in_the_zone_is_refused(record: str, why: str) -> None:
    asked = name(record=record)
    decision = plan(facts(names=[asked]), asked)
    assert why in obstacles(decision)[0]
    assert decision.plan.actions == ()


def test_the_zones_own_name_is_refused_with_the_alias_as_remedy() -> None:
    asked = name(record=ZONE.upper())
    [refusal] = plan(facts(names=[asked]), asked).plan.refusals
    assert "alias record" in refusal.remedy


PROVISIONING, FAILED = (
    replace(balancer(number=number), state=state)
    for number, state in ((7, BalancerState.PROVISIONING), (8, BalancerState.FAILED))
)
CLASSIC = replace(balancer(), arn=classic_arn(HERE, "tidb"), dns_name="internal-tidb-1.eu-west-1.elb.amazonaws.com")
OPEN = replace(balancer(number=9), scheme=Scheme.INTERNET_FACING)
TAGGED = replace(balancer("blue", 3), tags={"service": "tidb", "colour": "blue"})
GREEN = replace(balancer("green", 4), tags={"service": "tidb", "colour": "green"})


@pytest.mark.parametrize(
    ("balancers", "choice", "taken"),
    [
        ((balancer(), balancer("other", 2)), {"name": "tidb"}, balancer()),
        ((balancer(), balancer("other", 2)), {"arn": arn("other", 2)}, balancer("other", 2)),
        ((TAGGED, balancer(), replace(balancer("x", 5), tags={})), {"tags": {"service": "ti*"}}, TAGGED),
        ((TAGGED, GREEN), {"tags": {"service": "tidb", "colour": "green"}}, GREEN),
        ((CLASSIC,), {"name": "tidb"}, CLASSIC),
        ((CLASSIC,), {"arn": classic_arn(HERE, "tidb")}, CLASSIC),
        ((balancer(), OPEN), {"name": "tidb"}, balancer()),
        ((balancer(), PROVISIONING, FAILED), {"name": "tidb"}, balancer()),
        ((PROVISIONING, FAILED), {"name": "tidb"}, PROVISIONING),
    ],
)
def test_the_one_load_balancer_that_fits_is_taken(
    balancers: tuple[LoadBalancer, ...], choice: dict[str, Any], taken: LoadBalancer
) -> None:
    asked = name(choice=choice)
    [verdict] = plan(facts(names=[asked], balancers=balancers), asked).verdicts
    assert verdict.target == taken
    assert verdict.changes[0].record.values == (taken.dns_name,)


@pytest.mark.parametrize(
    ("balancers", "choice", "why"),
    [
        ((), {"name": "tidb"}, "no load balancer named tidb in 444455556666/eu-west-1"),
        ((), {"arn": arn()}, f"no load balancer with the ARN {arn()}"),
        ((balancer(),), {"tags": {"service": "tidb", "env": "dev"}}, "no load balancer tagged env=dev, service=tidb"),
        ((OPEN,), {"name": "tidb"}, f"{OPEN.arn} is internet-facing; only scheme internal"),
        (
            (TAGGED, GREEN),
            {"tags": {"service": "tidb"}},
            f"2 load balancers are tagged service=tidb: {TAGGED.arn}, {GREEN.arn}",
        ),
        ((balancer(), CLASSIC), {"name": "tidb"}, "2 load balancers are named tidb"),
        ((FAILED,), {"name": "tidb"}, "is failed; only active and provisioning"),
        ((replace(balancer(), state=BalancerState.UNKNOWN),), {"name": "tidb"}, "is unknown"),
        ((replace(balancer(), scheme=Scheme.UNKNOWN),), {"name": "tidb"}, "is unknown; only scheme internal"),
        (
            Unread(reason="AccessDenied"),
            {"name": "tidb"},
            "the load balancers of 444455556666/eu-west-1 could not be read",
        ),
    ],
)
@pytest.mark.parametrize("there", [(), led()], ids=["no record", "our record"])
def test_none_or_several_are_refused_and_the_record_stays(
    there: tuple[Any, ...], balancers: tuple[LoadBalancer, ...] | Unread, choice: dict[str, Any], why: str
) -> None:
    """The one thing that is done: our record goes where its load balancer is known to be gone."""
    asked = name(choice=choice)
    decision = plan(facts(*there, names=[asked], balancers=balancers), asked)
    assert not any("CREATE" in change for change in said(decision))
    assert bool(decision.plan.actions) is (bool(there) and balancers == ())
    [verdict] = decision.verdicts
    assert verdict.obstacle is not None
    assert why in verdict.obstacle.reason


@pytest.mark.parametrize(
    ("classic", "command"),
    [
        (False, "`aws elbv2 remove-tags --region eu-west-1 --tag-keys service --resource-arns ARN`"),
        (True, "`aws elb remove-tags --region eu-west-1 --tags Key=service --load-balancer-names NAME`"),
    ],
)
def test_of_several_a_tag_is_taken_away_by_the_command_of_their_generation(classic: bool, command: str) -> None:  # noqa: FBT001 - a table
    several: tuple[LoadBalancer, ...] = (TAGGED, GREEN)
    if classic:
        several = tuple(replace(one, arn=classic_arn(one.place, one.name)) for one in several)
    asked = name(choice={"tags": {"service": "tidb"}})
    [refusal] = plan(facts(names=[asked], balancers=several), asked).plan.refusals
    assert command in refusal.remedy


def test_our_record_goes_with_its_mark_when_its_load_balancer_is_gone() -> None:
    decision = plan(facts(*led(), balancers=(balancer("other", 2),)))
    assert said(decision) == [f"DELETE CNAME {NAME}", f"DELETE TXT _netreflex.{NAME}"]
    assert decision.verdicts[0].standing is Standing.REMOVED
    assert said(plan(facts(mark(), balancers=()))) == [f"DELETE TXT _netreflex.{NAME}"]


@pytest.mark.parametrize(
    ("there", "balancers"),
    [
        (led(TAGGED), (TAGGED,)),
        ((led()[0], mark(balancer("gone", 5))), (balancer("tidb2", 2, dns_name=balancer().dns_name),)),
        (led(balancer("far", 6, arn=arn("far", 6, Place(account="444455556666", region="us-east-1")))), ()),
        (led(balancer("odd", 6, arn="arn:aws:something:else")), ()),
    ],
    ids=["by ARN", "by DNS name", "another Region", "unreadable mark"],
)
def test_a_record_stays_that_may_still_lead_somewhere(
    there: tuple[Any, ...], balancers: tuple[LoadBalancer, ...]
) -> None:
    asked = name(choice={"name": "nothing"})
    decision = plan(facts(*there, names=[asked], balancers=balancers), asked)
    assert decision.plan.actions == ()
    assert "the record stays" in obstacles(decision)[0]


@pytest.mark.parametrize("part", ["zones", "records", "balancers"])
@pytest.mark.parametrize(("unread", "wanted"), [(DENIED, Standing.REFUSED), (LATER, Standing.WAITS)])
def test_what_could_not_be_read_changes_nothing(part: str, unread: Unread, wanted: Standing) -> None:
    seen = {
        "zones": facts(zones=unread),
        "records": facts(read=unread),
        "balancers": facts(*led(), balancers=unread),
    }[part]
    decision = plan(seen)
    assert decision.plan.actions == ()
    assert decision.verdicts[0].standing is wanted
    assert unread.reason in obstacles(decision)[0]


def test_what_was_never_asked_changes_nothing() -> None:
    assert "it was not asked" in obstacles(plan(NamesFacts()))[0]
    assert "it was not asked" in obstacles(plan(replace(facts(), records={})))[0]
    assert "it was not asked" in obstacles(plan(replace(facts(), balancers={})))[0]


def test_the_arn_of_a_classic_load_balancer_is_made_of_its_place_and_name() -> None:
    china = Place(account="444455556666", region="cn-north-1")
    assert classic_arn(HERE, "tidb") == "arn:aws:elasticloadbalancing:eu-west-1:444455556666:loadbalancer/tidb"
    assert classic_arn(china, "tidb").startswith("arn:aws-cn:elasticloadbalancing:cn-north-1:")


IMPAIRED = replace(balancer(), state=BalancerState.IMPAIRED)


@pytest.mark.parametrize(
    ("there", "balancers", "choice", "kind", "still"),
    [
        (led(TAGGED), (TAGGED, GREEN), {"tags": {"service": "tidb"}}, "several-load-balancers", TAGGED),
        (led(balancer("gone", 5)), (TAGGED, GREEN), {"tags": {"service": "tidb"}}, "several-load-balancers", None),
        ((), (TAGGED, GREEN), {"tags": {"service": "tidb"}}, "several-load-balancers", None),
        (led(), (IMPAIRED,), {"name": "tidb"}, "load-balancer-state", IMPAIRED),
        (led(FAILED), (FAILED,), {"name": "tidb"}, "load-balancer-state", None),
        (led(TAGGED), (TAGGED, OPEN), {"name": "tidb"}, "scheme", TAGGED),
        (led(TAGGED), (TAGGED,), {"name": "nothing"}, "load-balancer", TAGGED),
        ((), (), {"name": "nothing"}, "load-balancer", None),
    ],
    ids=["two", "two others", "two, no record", "impaired", "failed", "scheme", "not chosen", "none"],
)
def test_what_keeps_a_name_is_told_apart_and_where_its_record_leads_as_before(
    there: tuple[Any, ...],
    balancers: tuple[LoadBalancer, ...],
    choice: dict[str, Any],
    kind: str,
    still: LoadBalancer | None,
) -> None:
    asked = name(choice=choice)
    decision = plan(facts(*there, names=[asked], balancers=balancers), asked)
    [verdict] = decision.verdicts
    assert verdict.obstacle is not None
    assert (verdict.obstacle.kind, verdict.still) == (kind, still)
    assert decision.plan.actions == ()
    assert verdict.obstacle.look.startswith("aws elbv2 describe-load-balancers --region eu-west-1")


def test_another_owners_record_leads_nowhere_as_far_as_we_know() -> None:
    foreign = (led()[0], mark(owner="somebody/else"))
    [verdict] = plan(facts(*foreign, balancers=(IMPAIRED,))).verdicts
    assert verdict.still is None


def test_each_kind_of_load_balancer_is_shown_by_its_own_command() -> None:
    assert show_balancers([CLASSIC]) == "aws elb describe-load-balancers --region eu-west-1 --load-balancer-names tidb"
    other = replace(CLASSIC, name="other", arn=classic_arn(HERE, "other"))
    assert show_balancers([CLASSIC, other]).endswith(" --load-balancer-names other tidb")
    command = show_balancers([GREEN, TAGGED, replace(CLASSIC, arn=CLASSIC.arn.replace("tidb", "zzz"))])
    assert (
        command == f"aws elbv2 describe-load-balancers --region eu-west-1 --load-balancer-arns {TAGGED.arn} {GREEN.arn}"
    )
    several = name(choice={"arn": arn()})
    [refusal] = plan(facts(names=[several], balancers=(balancer(), balancer())), several).plan.refusals
    assert refusal.remedy == "Let the policy choose one by its ARN."
