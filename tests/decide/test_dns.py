"""On which sides DNS resolution is switched on, and by whom."""

from __future__ import annotations

import pytest

from chalicelib.model.actions import EnableDnsResolution
from chalicelib.model.facts import PeeringFacts, Side
from chalicelib.model.network import Place
from chalicelib.model.policy import DnsResolution, Match
from tests.decide.build import DATA, DEV, PCX, active, apps, facts, foreign, moved, nets, plan, rule, tidb

REQUESTER, ACCEPTER = Side.REQUESTER, Side.ACCEPTER
SHARED = "100.64.0.0/20"
VIRGINIA = Place(account=DATA.account, region="us-east-1")


def switched_on(seen: PeeringFacts, choice: DnsResolution, *, ipv6: bool = False) -> list[Side]:
    decision = plan(seen, rule(dns_resolution=choice, ipv6=ipv6))
    assert decision.plan.refusals == ()
    return [action.side for action in decision.plan.actions if isinstance(action, EnableDnsResolution)]


@pytest.mark.parametrize(
    ("choice", "sides"),
    [
        (DnsResolution.BOTH, [REQUESTER, ACCEPTER]),
        (DnsResolution.REQUESTER, [REQUESTER]),
        (DnsResolution.ACCEPTER, [ACCEPTER]),
        (DnsResolution.NONE, []),
        (DnsResolution.AUTO, []),
    ],
)
def test_the_policy_chooses_the_sides(choice: DnsResolution, sides: list[Side]) -> None:
    assert switched_on(facts(), choice) == sides
    assert switched_on(active(), choice) == sides


@pytest.mark.parametrize(
    ("seen", "sides"),
    [
        pytest.param(facts(), [], id="off where both sides are inside RFC 1918, in one Region"),
        pytest.param(
            facts(apps("10.20.0.0/16", "192.168.7.0/24"), tidb("172.16.0.0/16")), [], id="off for all three ranges"
        ),
        pytest.param(
            facts(apps("10.20.0.0/16", "2001:db8:1::/56")),
            [],
            id="off for an IPv6 block: it says nothing about IPv4 names",
        ),
        pytest.param(
            facts(accepter=moved(tidb(), VIRGINIA)), [REQUESTER, ACCEPTER], id="on between Regions, whatever the CIDRs"
        ),
    ],
)
def test_auto_switches_on_where_names_would_else_not_resolve(seen: PeeringFacts, sides: list[Side]) -> None:
    assert switched_on(seen, DnsResolution.AUTO) == sides


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(facts(apps("10.20.0.0/16", SHARED)), id="the requester's"),
        pytest.param(facts(accepter=tidb("10.40.0.0/16", SHARED)), id="the accepter's"),
    ],
)
def test_auto_switches_both_sides_on_as_soon_as_one_cidr_lies_outside_rfc_1918(seen: PeeringFacts) -> None:
    named = nets("10.0.0.0/8", SHARED)
    known = rule(requester=Match(accounts=(DEV.account,), cidrs_within=named), accepter=Match(cidrs_within=named))

    decision = plan(seen, known)

    sides = [action.side for action in decision.plan.actions if isinstance(action, EnableDnsResolution)]
    assert sides == [REQUESTER, ACCEPTER]


@pytest.mark.parametrize(
    ("on", "left", "unchanged"),
    [
        ((None, None), [REQUESTER, ACCEPTER], 0),
        ((False, False), [REQUESTER, ACCEPTER], 0),
        ((True, False), [ACCEPTER], 1),
        ((True, True), [], 2),
    ],
)
def test_an_option_that_is_on_is_left_alone(
    on: tuple[bool | None, bool | None], left: list[Side], unchanged: int
) -> None:
    seen, without = active(dns=on), active()

    assert switched_on(seen, DnsResolution.BOTH) == left
    counted = plan(seen, rule(dns_resolution=DnsResolution.BOTH)).plan.unchanged
    assert counted - plan(without, rule(dns_resolution=DnsResolution.NONE)).plan.unchanged == unchanged


def test_each_side_sets_its_own_option_in_its_own_place() -> None:
    decision = plan(facts(accepter=moved(tidb(), VIRGINIA)))

    assert [action for action in decision.plan.actions if isinstance(action, EnableDnsResolution)] == [
        EnableDnsResolution(place=DEV, peering_id=PCX, side=REQUESTER),
        EnableDnsResolution(place=VIRGINIA, peering_id=PCX, side=ACCEPTER),
    ]


def test_an_option_is_never_switched_off() -> None:
    assert switched_on(active(dns=(True, True)), DnsResolution.NONE) == []


def test_the_option_of_a_side_that_is_not_ours_is_left_to_its_owner() -> None:
    assert switched_on(facts(foreign(apps())), DnsResolution.BOTH) == [ACCEPTER]
