"""Head-room: would the peering and its routes still fit? Quotas of the VPC guide ("Amazon VPC quotas", "VPC peering").

A quota's real value is asked from AWS only where the smallest value it can have might not suffice. Routes count for IPv4
and IPv6 apart, and propagated ones not at all. A prefix list counts with the most entries that it may have, however few it
has (VPC guide, "Managed prefix lists"), and the one of a gateway endpoint counts as one. The documented default for routes is 500 since 2025; accounts that are older
may still have 50, so more than 50 is already a reason to ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.decide.routes import SidePlan
from chalicelib.model.actions import AcceptPeering, CreateRoute
from chalicelib.model.facts import PeeringStatus, Quota, SideFacts
from chalicelib.model.plan import Refusal, RefusalKind

ACTIVE_PEERINGS = "L-7E9ECCDB"
ROUTES_PER_TABLE = "L-93826ACB"


@dataclass(frozen=True, slots=True)
class KnownQuota:
    """``floor`` always suffices without asking; ``default`` holds where Service Quotas does not answer."""

    code: str
    name: str
    floor: int
    default: int


KNOWN = {
    ACTIVE_PEERINGS: KnownQuota(ACTIVE_PEERINGS, "active VPC peering connections per VPC", 50, 50),
    ROUTES_PER_TABLE: KnownQuota(ROUTES_PER_TABLE, "routes per route table", 50, 500),
}


def asks_prefix_lists(side: SideFacts, plan: SidePlan) -> bool:
    """Must the sizes of prefix lists be known to say whether the new routes fit?"""
    growing = {create.table_id for create in _new_routes(plan)}
    named = any(table.prefix_lists for table in side.tables if table.table_id in growing)
    return named and side.prefix_lists is None


def quotas_to_ask(side: SideFacts, plan: SidePlan, *, accepting: bool) -> frozenset[str]:
    """The codes of the quotas whose real value decides."""
    needs = [(ROUTES_PER_TABLE, need) for _, _, need in _table_needs(side, plan)]
    if accepting:
        needs.append((ACTIVE_PEERINGS, _peerings_after(side)))
    return frozenset(code for code, need in needs if need > KNOWN[code].floor and side.quota(code) is None)


def quota_refusals(side: SideFacts, plan: SidePlan, accept: AcceptPeering | None) -> Iterator[Refusal]:
    """What would not fit, with the remedy."""
    if accept is not None:
        quota = _quota(side, ACTIVE_PEERINGS)
        after = _peerings_after(side)
        if after > quota.value:
            yield Refusal(
                kind=RefusalKind.QUOTA,
                action=accept,
                reason=f"{side.ref.vpc_id} would have {after} active peerings, {quota.value} are allowed ({quota.source})",
                remedy=f"delete unused peerings of {side.ref.vpc_id}, or ask to raise {quota.code} (at most 125)",
            )
    quota = _quota(side, ROUTES_PER_TABLE)
    for table_id, family, need in _table_needs(side, plan):
        if need > quota.value:
            first = next(
                new for new in _new_routes(plan) if (new.table_id, new.destination.version) == (table_id, family)
            )
            counted = _weighed(side, table_id, family)
            yield Refusal(
                kind=RefusalKind.QUOTA,
                action=first,
                reason=(
                    f"{table_id} would hold {need} IPv{family} routes{counted}, "
                    f"{quota.value} are allowed ({quota.source})"
                ),
                remedy=(
                    f"spread the destinations: several subnets, each with a custom route table of its own; "
                    f"or route fewer portions of the peer; or ask to raise {quota.code} (at most 1000)"
                ),
            )


def quota_notes(side: SideFacts) -> tuple[str, ...]:
    """Where the quotas that decided come from, for the report."""
    values = (f"{KNOWN[quota.code].name} in {side.ref.place}: {quota.value} ({quota.source})" for quota in side.quotas)
    guessed = [] if side.prefix_lists is None else sorted(_named(side) - _sizes(side).keys())
    sizes = (
        f"how many entries {one} may have is not known (ec2:DescribeManagedPrefixLists did not tell); those that it has were counted"
        for one in guessed
    )
    return (*values, *sizes)


def _quota(side: SideFacts, code: str) -> Quota:
    asked = side.quota(code)
    if asked is not None:
        return asked
    known = KNOWN[code]
    return Quota(code=code, value=known.floor, source="at least that many everywhere")


def _peerings_after(side: SideFacts) -> int:
    return 1 + sum(1 for other in side.others if other.status in {PeeringStatus.ACTIVE, PeeringStatus.PROVISIONING})


def _table_needs(side: SideFacts, plan: SidePlan) -> Iterator[tuple[str, int, int]]:
    """(table, IP version, routes after the plan) for every table and version that gets a new route."""
    new = Counter((create.table_id, create.destination.version) for create in _new_routes(plan))
    held = _held(side)
    for (table_id, version), count in sorted(new.items()):
        yield table_id, version, held[table_id, version] + count


def _new_routes(plan: SidePlan) -> Iterator[CreateRoute]:
    """The routes that take up room; a replaced one takes the room of its predecessor."""
    return (action for action in plan.actions if isinstance(action, CreateRoute))


def _held(side: SideFacts) -> Counter[tuple[str, int]]:
    """The room that is taken in each table, for IPv4 and IPv6 apart."""
    sizes, held = _sizes(side), Counter[tuple[str, int]]()
    for table in {table.table_id: table for table in side.tables}.values():
        held[table.table_id, 4] += table.endpoints
        for route in table.routes:
            held[table.table_id, route.destination.version] += not route.propagated and route.prefix_list not in sizes
        for version, entries in (sizes[one] for one in table.prefix_lists if one in sizes):
            held[table.table_id, version] += entries
    return held


def _weighed(side: SideFacts, table_id: str, version: int) -> str:
    """How much of a table's room its prefix lists take up, in words: people see one route for each."""
    sizes = _sizes(side)
    named = [one for table in side.tables if table.table_id == table_id for one in table.prefix_lists]
    taken = [f"{one} as {sizes[one][1]}" for one in named if one in sizes and sizes[one][0] == version]
    return f" (prefix lists count with their max entries: {', '.join(taken)})" if taken else ""


def _sizes(side: SideFacts) -> dict[str, tuple[int, int]]:
    """The IP version and the size of each prefix list whose size AWS tells."""
    known = side.prefix_lists or ()
    return {one.list_id: (one.version, one.max_entries) for one in known if one.max_entries is not None}


def _named(side: SideFacts) -> set[str]:
    return {one for table in side.tables for one in table.prefix_lists}
