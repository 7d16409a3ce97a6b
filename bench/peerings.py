"""Finished peerings in any number, as a sweep would read them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_network

from chalicelib.decide.approved_cidrs import CIDRS_TAG, RULE_TAG, VERSION_TAG, cidrs_hash
from chalicelib.model.facts import (
    Peering,
    PeeringEnd,
    PeeringFacts,
    PeeringStatus,
    Route,
    RouteTable,
    Side,
    SideFacts,
    Vpc,
)
from chalicelib.model.network import Network, Place, VpcRef
from chalicelib.model.policy import Account, Match, PeeringPolicy, Policy, Rule, RuleDecision

DEV, DATA, REGION = "111122223333", "444455556666", "eu-west-1"


@cache
def finished_peerings(count: int) -> tuple[Policy, datetime, tuple[PeeringFacts, ...]]:
    """A policy, a time, and peerings under it that need nothing."""
    rule = Rule(
        name="all",
        decision=RuleDecision.APPROVE,
        requester=Match(accounts=(DEV,)),
        accepter=Match(accounts=(DATA,)),
    )
    policy = Policy(
        accounts={DEV: Account(name="dev"), DATA: Account(name="data")},
        regions=(REGION,),
        peering=PeeringPolicy(rules=(rule,)),
    )
    return policy, datetime(2026, 11, 23, tzinfo=UTC), tuple(_finished(number) for number in range(count))


def _finished(number: int) -> PeeringFacts:
    mine, theirs = ip_network(f"10.{number % 200}.{number // 200}.0/24"), ip_network("172.16.0.0/16")
    peering_id = f"pcx-{number:017x}"
    requester = VpcRef(place=Place(account=DEV, region=REGION), vpc_id=f"vpc-{number:017x}")
    accepter = VpcRef(place=Place(account=DATA, region=REGION), vpc_id="vpc-0ffffffffffffffff")
    tags = {RULE_TAG: "all", VERSION_TAG: "0", CIDRS_TAG: cidrs_hash((mine, theirs))}
    peering = Peering(
        peering_id=peering_id,
        status=PeeringStatus.ACTIVE,
        requester=PeeringEnd(vpc=requester, cidrs=(mine,)),
        accepter=PeeringEnd(vpc=accepter, cidrs=(theirs,)),
        tags=tags,
    )
    return PeeringFacts(
        peering=peering,
        requester=_side(Side.REQUESTER, requester, peering, mine, theirs),
        accepter=_side(Side.ACCEPTER, accepter, peering, theirs, mine),
    )


def _side(side: Side, ref: VpcRef, peering: Peering, own: Network, peer: Network) -> SideFacts:
    table = RouteTable(
        table_id=f"rtb-{ref.vpc_id[4:]}",
        vpc_id=ref.vpc_id,
        main=True,
        routes=(
            Route(destination=own, target="local"),
            Route(destination=peer, target=peering.peering_id),
        ),
    )
    return SideFacts(side=side, ref=ref, managed=True, view=peering, vpc=Vpc(ref=ref, cidrs=(own,)), tables=(table,))
