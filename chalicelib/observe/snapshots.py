"""What one place says at one time, and the facts of a peering put together from the views of several places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.model.facts import Peering, PeeringFacts, PeeringStatus, RouteTable, Side, SideFacts, Subnet, Vpc
from chalicelib.model.network import Place

# Of two views that differ, the one further along is the newer: a peering never goes back.
_PROGRESS = {
    PeeringStatus.UNKNOWN: 0,
    PeeringStatus.INITIATING: 1,
    PeeringStatus.PENDING: 2,
    PeeringStatus.PROVISIONING: 3,
    PeeringStatus.ACTIVE: 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What one place says at one time. Empty parts were not read."""

    place: Place
    peerings: tuple[Peering, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    tables: tuple[RouteTable, ...] = ()
    subnets: tuple[Subnet, ...] | None = None

    def peering(self, peering_id: str) -> Peering | None:
        return next((one for one in self.peerings if one.peering_id == peering_id), None)


def facts_of(peering_id: str, snapshots: Mapping[Place, Snapshot], manages: Callable[[Place], bool]) -> PeeringFacts:
    """The facts of a peering that at least one snapshot shows. ``manages`` is the policy's word on what is ours."""
    views = [view for one in snapshots.values() if (view := one.peering(peering_id))]
    newest = max(views, key=lambda view: _PROGRESS.get(view.status, len(_PROGRESS)))

    def side(which: Side) -> SideFacts:
        ref = newest.end(which).vpc
        snapshot = snapshots.get(ref.place)
        if snapshot is None or not manages(ref.place):
            return SideFacts(side=which, ref=ref, managed=False)
        others = (one for one in snapshot.peerings if one.peering_id != peering_id)
        return SideFacts(
            side=which,
            ref=ref,
            managed=True,
            view=snapshot.peering(peering_id),
            vpc=next((vpc for vpc in snapshot.vpcs if vpc.ref == ref), None),
            tables=tuple(table for table in snapshot.tables if table.vpc_id == ref.vpc_id),
            subnets=None if snapshot.subnets is None else tuple(s for s in snapshot.subnets if s.vpc_id == ref.vpc_id),
            others=tuple(one for one in others if ref in {one.requester.vpc, one.accepter.vpc}),
        )

    return PeeringFacts(peering=_merged(newest, views), requester=side(Side.REQUESTER), accepter=side(Side.ACCEPTER))


def _merged(newest: Peering, views: Sequence[Peering]) -> Peering:
    """The newest view, with what only the other end tells: CIDRs, and each side's own option."""
    merged = newest
    for which in Side:
        end = newest.end(which)
        own = [view.end(which) for view in views]
        cidrs = tuple(dict.fromkeys(cidr for one in own for cidr in one.cidrs))
        options = [one.dns_resolution for one in own if one.dns_resolution is not None]
        complete = replace(end, cidrs=cidrs, dns_resolution=any(options) if options else None)
        merged = replace(merged, requester=complete) if which is Side.REQUESTER else replace(merged, accepter=complete)
    expiries = [view.expires_at for view in views if view.expires_at]
    return replace(merged, expires_at=min(expiries, default=None))
