"""Builders of facts and policies, for two VPCs that every test here knows.

The dev account's ``apps`` VPC (10.20.0.0/16) asks for a peering with the data account's ``tidb`` VPC (10.40.0.0/16). What a
builder makes is the plain case, which is approved; a test names only what is different about its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from chalicelib import __version__
from chalicelib.decide.approved_cidrs import CIDRS_TAG, RULE_TAG, VERSION_TAG, all_cidrs, cidrs_hash
from chalicelib.decide.peering import PeeringDecision, plan_peering
from chalicelib.model.actions import CreateRoute
from chalicelib.model.facts import (
    Ledger,
    LedgerRoute,
    Peering,
    PeeringEnd,
    PeeringFacts,
    PeeringStatus,
    Route,
    RouteState,
    RouteTable,
    Side,
    SideFacts,
    Subnet,
    Vpc,
)
from chalicelib.model.network import Network, Place, VpcRef
from chalicelib.model.policy import (
    Account,
    Match,
    PeeringPolicy,
    Policy,
    Routes,
    Rule,
    RuleDecision,
    SideRoutes,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DEV = Place(account="111122223333", region="eu-west-1")
DATA = Place(account="444455556666", region="eu-west-1")
APPS = VpcRef(place=DEV, vpc_id="vpc-0a1b2c3d4e5f60718")
TIDB = VpcRef(place=DATA, vpc_id="vpc-01122334455667788")
PCX = "pcx-0bb22cc33dd44ee55"
OTHER_PCX = "pcx-0cc33dd44ee55ff66"
DEAD_PCX = "pcx-0dd44ee55ff660077"
APPS_CIDR, TIDB_CIDR = "10.20.0.0/16", "10.40.0.0/16"
APPS_MAIN, TIDB_MAIN = "rtb-0a00000000000000a", "rtb-0d00000000000000d"
RULE = "dev-to-tidb"


def net(text: str) -> Network:
    return ip_network(text)


def nets(*texts: str) -> tuple[Network, ...]:
    return tuple(map(net, texts))


def route(destination: str, target: str, *, blackhole: bool = False, **more: Any) -> Route:  # noqa: ANN401
    state = RouteState.BLACKHOLE if blackhole else RouteState.ACTIVE
    return Route(destination=net(destination), target=target, state=state, **more)


def table(table_id: str, *routes: Route, vpc: VpcRef = APPS, **more: Any) -> RouteTable:  # noqa: ANN401
    return RouteTable(table_id=table_id, vpc_id=vpc.vpc_id, routes=routes, **more)


def subnet(subnet_id: str, vpc: VpcRef = APPS, **tags: str) -> Subnet:
    return Subnet(subnet_id=subnet_id, vpc_id=vpc.vpc_id, tags=tags)


def vpc(ref: VpcRef, *cidrs: str, **tags: str) -> Vpc:
    return Vpc(ref=ref, cidrs=nets(*cidrs), tags=tags)


def apps(*cidrs: str, routes: Iterable[Route] = (), **more: Any) -> SideFacts:  # noqa: ANN401
    """The requester: one main route table with its local route, and ``routes`` beside it."""
    cidrs = cidrs or (APPS_CIDR,)
    plain = SideFacts(
        side=Side.REQUESTER,
        ref=APPS,
        managed=True,
        vpc=vpc(APPS, *cidrs, env="dev-blue"),
        tables=(table(APPS_MAIN, *(route(cidr, "local") for cidr in cidrs), *routes, main=True),),
    )
    return replace(plain, **more)


def tidb(*cidrs: str, routes: Iterable[Route] = (), **more: Any) -> SideFacts:  # noqa: ANN401
    """The accepter, likewise."""
    cidrs = cidrs or (TIDB_CIDR,)
    plain = SideFacts(
        side=Side.ACCEPTER,
        ref=TIDB,
        managed=True,
        vpc=vpc(TIDB, *cidrs, service="tidb"),
        tables=(table(TIDB_MAIN, *(route(cidr, "local") for cidr in cidrs), *routes, vpc=TIDB, main=True),),
    )
    return replace(plain, **more)


def foreign(side: SideFacts) -> SideFacts:
    """The same side in an account that the policy does not manage: nothing of it was read."""
    return SideFacts(side=side.side, ref=side.ref, managed=False)


def moved(side: SideFacts, place: Place) -> SideFacts:
    """The same side in another account or Region."""
    ref = replace(side.ref, place=place)
    return replace(side, ref=ref, vpc=replace(side.vpc, ref=ref) if side.vpc else None)


def other_peering(peering_id: str, status: PeeringStatus = PeeringStatus.ACTIVE, ref: VpcRef = APPS) -> Peering:
    """Another peering of one of the two VPCs."""
    elsewhere = VpcRef(place=DATA, vpc_id="vpc-0eeee1111ffff2222")
    return Peering(
        peering_id=peering_id, status=status, requester=PeeringEnd(vpc=ref), accepter=PeeringEnd(vpc=elsewhere)
    )


def facts(
    requester: SideFacts | None = None,
    accepter: SideFacts | None = None,
    *,
    status: PeeringStatus = PeeringStatus.PENDING,
    told: tuple[tuple[Network, ...], tuple[Network, ...]] | None = None,
    dns: tuple[bool | None, bool | None] = (None, None),
    ledger: Ledger | None = None,
    **more: Any,  # noqa: ANN401
) -> PeeringFacts:
    """A peering of the two VPCs. ``told`` are the CIDRs that the peering itself tells of its ends."""
    requester, accepter = requester or apps(), accepter or tidb()
    if told is None:
        told = (
            requester.vpc.cidrs if requester.vpc else nets(APPS_CIDR),
            accepter.vpc.cidrs if accepter.vpc else (),
        )
    peering = Peering(
        peering_id=PCX,
        status=status,
        requester=PeeringEnd(vpc=requester.ref, cidrs=told[0], dns_resolution=dns[0]),
        accepter=PeeringEnd(vpc=accepter.ref, cidrs=told[1], dns_resolution=dns[1]),
        **{"expires_at": NOW + timedelta(days=7) if status is PeeringStatus.PENDING else None, **more},
    )
    sides = [replace(side, view=side.view or peering) if side.managed else side for side in (requester, accepter)]
    return PeeringFacts(peering=peering, requester=sides[0], accepter=sides[1], ledger=ledger)


def active(requester: SideFacts | None = None, accepter: SideFacts | None = None, **more: Any) -> PeeringFacts:  # noqa: ANN401
    """An active peering that nobody remembers to have approved; ``ledger=None`` where that was not asked yet."""
    return facts(requester, accepter, status=PeeringStatus.ACTIVE, **{"ledger": Ledger(), **more})


def marked(seen: PeeringFacts, approved: Iterable[Network] | None = None, rule: str = RULE) -> PeeringFacts:
    """The same active peering after netreflex finished it, when the VPCs had the CIDRs ``approved``."""
    covered = all_cidrs(seen) if approved is None else tuple(approved)
    tags = {RULE_TAG: rule, CIDRS_TAG: cidrs_hash(covered), VERSION_TAG: __version__}
    view = replace(seen.peering, tags=tags)
    if seen.accepter.managed:
        return replace(seen, accepter=replace(seen.accepter, view=view))
    return replace(seen, requester=replace(seen.requester, view=view))


def remembered(*cidrs: str, routes: Iterable[LedgerRoute] = ()) -> Ledger:
    return Ledger(approved=nets(*cidrs), routes=tuple(routes))


def ledger_route(destination: str, table_id: str = APPS_MAIN, place: Place = DEV) -> LedgerRoute:
    return LedgerRoute(place=place, table_id=table_id, destination=net(destination), peering_id=PCX)


def create(destination: str, table_id: str = APPS_MAIN, place: Place = DEV) -> CreateRoute:
    return CreateRoute(place=place, table_id=table_id, destination=net(destination), peering_id=PCX)


def rule(
    name: str = RULE,
    decision: RuleDecision = RuleDecision.APPROVE,
    *,
    requester: Match | None = None,
    accepter: Match | None = None,
    to_tidb: SideRoutes | None = None,
    to_apps: SideRoutes | None = None,
    ipv6: bool = False,
    **more: Any,  # noqa: ANN401
) -> Rule:
    """A rule that approves the dev account; ``to_tidb`` and ``to_apps`` are the routes of each side to the other."""
    return Rule(
        name=name,
        decision=decision,
        requester=requester or Match(accounts=(DEV.account,)),
        accepter=accepter or Match(),
        routes=Routes(requester=to_tidb or SideRoutes(), accepter=to_apps or SideRoutes(), ipv6=ipv6),
        **more,
    )


def policy(*rules: Rule, **more: Any) -> Policy:  # noqa: ANN401
    """A policy over both accounts, with the plain approving rule where none is given."""
    return Policy(
        accounts={DEV.account: Account(name="dev"), DATA.account: Account(name="data")},
        regions=("eu-west-1", "us-east-1"),
        peering=PeeringPolicy(rules=rules or (rule(),), **more),
    )


def plan(seen: PeeringFacts, *rules: Rule, **more: Any) -> PeeringDecision:  # noqa: ANN401
    return plan_peering(seen, policy(*rules, **more), NOW)


def described(decision: PeeringDecision) -> list[str]:
    """The planned actions in words."""
    return [action.describe() for action in decision.plan.actions]
