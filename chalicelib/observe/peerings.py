"""Facts of VPC peerings: both sides, in their own accounts and Regions, read side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib.clients import HomeClients
from chalicelib.decide.case import Questions
from chalicelib.model.errors import RetryLater
from chalicelib.model.facts import Ledger, Peering, PeeringFacts, PeeringStatus, RouteTable, SideFacts, Vpc
from chalicelib.model.network import Place, VpcRef
from chalicelib.observe import ec2
from chalicelib.observe.ledger import read_approvals
from chalicelib.observe.patience import patiently
from chalicelib.observe.peering_answers import PeeringAnswers
from chalicelib.observe.snapshots import Snapshot, facts_of
from chalicelib.observe.workers import in_parallel

_PASSING = frozenset({PeeringStatus.INITIATING, PeeringStatus.PROVISIONING})


class PeeringObserver:
    """Reads peerings. ``manages`` is the policy's word on where it may look; ``sleep`` waits a number of seconds."""

    def __init__(
        self,
        clients: HomeClients,
        *,
        manages: Callable[[Place], bool],
        state_table: str | None,
        sleep: Callable[[float], None],
    ) -> None:
        self._clients = clients
        self._manages = manages
        self._state_table = state_table
        self._sleep = sleep

    def find(self, peering_id: str, places: Iterable[Place], *, patient: bool) -> PeeringFacts | None:
        """The facts of one peering, looked for in managed places; None where none of them shows it.

        A patient search reads again within the bound, and raises RetryLater at its end.
        """
        managed = tuple(places)

        def look() -> tuple[Snapshot, Peering] | None:
            for place in managed:
                snapshot = self._peerings(place)
                found = snapshot.peering(peering_id)
                if found is not None and found.status not in _PASSING:
                    return snapshot, found
            return None

        seen = patiently(look, lambda seen: seen is not None, self._sleep) if patient else look()
        if seen is None and patient:
            raise RetryLater(f"{peering_id} is not to be seen or not settled yet in {_listed(managed)}; run again")
        if seen is None:
            return None
        first, peering = seen
        return self._both_sides(first, peering)

    def everything(self, places: Iterable[Place], *, subnets: bool) -> Mapping[Place, Snapshot | Exception]:
        """All peerings, VPCs and route tables (and subnets) of each place, or the error that kept it from being read.

        The reads grow with AWS's pages and not with the number of peerings.
        """
        wanted = tuple(places)
        reads = [partial(self._try, place, subnets=subnets) for place in wanted]
        return dict(zip(wanted, in_parallel(reads), strict=True))

    def facts_from(self, peering_id: str, snapshots: Mapping[Place, Snapshot]) -> PeeringFacts | None:
        """The facts of a peering out of snapshots; None where a managed side was not read or does not show it yet."""
        view = next((view for one in snapshots.values() if (view := one.peering(peering_id))), None)
        if view is None:
            return None
        places = {end.vpc.place for end in (view.requester, view.accepter)}
        if any(self._manages(place) and _unseen(snapshots.get(place), peering_id) for place in places):
            return None
        return facts_of(peering_id, snapshots, self._manages)

    def answer(self, facts: PeeringFacts, questions: Questions) -> PeeringFacts:
        """The same facts with what a decision asked for."""
        return PeeringAnswers(self._clients, self._state_table).answer(facts, questions)

    def remembered(self, peering_ids: Sequence[str]) -> Mapping[str, Ledger]:
        """What was approved of many peerings at once; empty where nothing is remembered."""
        if self._state_table is None or not peering_ids:
            return {}
        return read_approvals(self._clients.home("dynamodb"), self._state_table, peering_ids)

    def reread(self, facts: PeeringFacts, caught_up: Callable[[PeeringFacts], bool]) -> PeeringFacts:
        """The same peering with its route tables read again, for the proof; within the bound, until they have caught up."""
        return patiently(partial(self._reread, facts), caught_up, self._sleep)

    def _reread(self, facts: PeeringFacts) -> PeeringFacts:
        by_place = _vpcs_by_place(side.ref for side in facts.sides if side.managed)
        reads = [partial(self._tables, place, ids) for place, ids in by_place.items()]
        tables = dict(zip(by_place, in_parallel(reads), strict=True))

        def fresh(side: SideFacts) -> SideFacts:
            read = tables.get(side.ref.place, ())
            mine = tuple(table for table in read if table.vpc_id == side.ref.vpc_id)
            return replace(side, tables=mine) if side.managed else side

        return replace(facts, requester=fresh(facts.requester), accepter=fresh(facts.accepter))

    # ---- the reads --------------------------------------------------------------------------------------------------
    def _both_sides(self, first: Snapshot, peering: Peering) -> PeeringFacts:
        refs = [end.vpc for end in (peering.requester, peering.accepter) if self._manages(end.vpc.place)]
        by_place = _vpcs_by_place(refs)
        reads: list[tuple[Place, str, Callable[[], Any]]] = []
        for place, ids in by_place.items():
            reads.append((place, "vpcs", partial(self._vpcs, place, ids)))
            reads.append((place, "tables", partial(self._tables, place, ids)))
            if place != first.place:
                reads.append((place, "peerings", partial(self._until_seen, place, peering.peering_id)))
        snapshots = {place: first if place == first.place else Snapshot(place=place) for place in by_place}
        answers = in_parallel([read for _, _, read in reads])
        for (place, part, _), answer in zip(reads, answers, strict=True):
            snapshots[place] = replace(snapshots[place], **{part: answer})
        return facts_of(peering.peering_id, {first.place: first, **snapshots}, self._manages)

    def _until_seen(self, place: Place, peering_id: str) -> tuple[Peering, ...]:
        seen = patiently(partial(self._peerings, place), lambda seen: not _unseen(seen, peering_id), self._sleep)
        if _unseen(seen, peering_id):
            raise RetryLater(f"{peering_id} is not to be seen yet in {place}; run again")
        return seen.peerings

    def _try(self, place: Place, *, subnets: bool) -> Snapshot | Exception:
        """One place that cannot be read must not keep the others from being swept."""
        try:
            client = self._clients.client("ec2", place)
            return Snapshot(
                place=place,
                peerings=ec2.describe_peerings(client, place),
                vpcs=ec2.describe_vpcs(client, place),
                tables=ec2.describe_route_tables(client, place),
                subnets=ec2.describe_subnets(client, place) if subnets else None,
            )
        except Exception as error:  # noqa: BLE001 - it is told as a failure of this place
            return error

    def _peerings(self, place: Place) -> Snapshot:
        return Snapshot(place=place, peerings=ec2.describe_peerings(self._clients.client("ec2", place), place))

    def _vpcs(self, place: Place, ids: frozenset[str]) -> tuple[Vpc, ...]:
        return ec2.describe_vpcs(self._clients.client("ec2", place), place, ids)

    def _tables(self, place: Place, ids: frozenset[str]) -> tuple[RouteTable, ...]:
        return ec2.describe_route_tables(self._clients.client("ec2", place), place, ids)


def _listed(places: Iterable[Place]) -> str:
    return ", ".join(map(str, places))


def _unseen(snapshot: Snapshot | None, peering_id: str) -> bool:
    return snapshot is None or snapshot.peering(peering_id) is None


def _vpcs_by_place(refs: Iterable[VpcRef]) -> dict[Place, frozenset[str]]:
    by_place: dict[Place, frozenset[str]] = {}
    for ref in refs:
        by_place[ref.place] = by_place.get(ref.place, frozenset()) | {ref.vpc_id}
    return by_place
