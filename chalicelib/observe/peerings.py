"""Facts of VPC peerings: both sides, in their own accounts and Regions, read side by side.

EC2 is eventually consistent (EC2 developer guide, "Eventual consistency"): a peering may not be visible right after its
event, and may still be pending right after its accept. Such answers are read again, within a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from chalicelib.decide.approved_cidrs import marked_side
from chalicelib.decide.case import Questions
from chalicelib.model.actions import RouteAction
from chalicelib.model.errors import AccessRefused, RetryLater
from chalicelib.model.facts import (
    Ledger,
    Peering,
    PeeringFacts,
    PeeringStatus,
    PrefixList,
    Quota,
    Route,
    RouteTable,
    Side,
    SideFacts,
    Subnet,
    Vpc,
)
from chalicelib.model.network import Place, VpcRef
from chalicelib.observe import ec2
from chalicelib.observe.ledger import read_approvals, read_ledger
from chalicelib.observe.quotas import get_quota
from chalicelib.observe.snapshots import Snapshot, facts_of

T = TypeVar("T")
# Seconds between looks at something that EC2 has not made visible yet; their sum is the bound.
PATIENCE: tuple[float, ...] = (1, 2, 4, 8)
_PASSING = frozenset({PeeringStatus.INITIATING, PeeringStatus.PROVISIONING})
_READERS = 8


class Clients(Protocol):
    """Where clients come from."""

    def client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        """A client of a service in a managed place."""

    def home(self, service: str) -> Any:  # noqa: ANN401
        """A client in netreflex's own place."""


class PeeringObserver:
    """Reads peerings. ``manages`` is the policy's word on where it may look; ``sleep`` waits a number of seconds."""

    def __init__(
        self,
        clients: Clients,
        *,
        manages: Callable[[Place], bool],
        state_table: str | None,
        sleep: Callable[[float], None],
        patience: Sequence[float] = PATIENCE,
    ) -> None:
        self._clients = clients
        self._manages = manages
        self._state_table = state_table
        self._sleep = sleep
        self._patience = patience

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

        seen = self._patiently(look) if patient else look()
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
        return dict(
            zip(
                wanted,
                self._side_by_side([partial(self._try, place, subnets=subnets) for place in wanted]),
                strict=True,
            )
        )

    def facts_from(self, peering_id: str, snapshots: Mapping[Place, Snapshot]) -> PeeringFacts | None:
        """The facts of a peering out of snapshots; None where a managed side was not read or does not show it yet."""
        views = [view for one in snapshots.values() if (view := one.peering(peering_id))]
        if not views:
            return None
        sides = {view_side.vpc.place for view_side in (views[0].requester, views[0].accepter)}
        if any(self._manages(place) and _unseen(snapshots.get(place), peering_id) for place in sides):
            return None
        return facts_of(peering_id, snapshots, self._manages)

    def answer(self, facts: PeeringFacts, questions: Questions) -> PeeringFacts:
        """The same facts with what a decision asked for."""
        if questions.ledger:
            return replace(facts, ledger=self._ledger(facts.peering.peering_id))
        if questions.tags:
            return self._with_own_tags(facts)
        for which in sorted(questions.prefix_lists):
            facts = _with_side(facts, replace(facts.side(which), prefix_lists=self._prefix_lists(facts.side(which))))

        def ask(side: Side, code: str | None) -> tuple[Side, tuple[Subnet, ...] | Quota]:
            ref = facts.side(side).ref
            return side, self._subnets(ref) if code is None else self._quota(ref.place, code)

        asked = [(side, None) for side in sorted(questions.subnets)] + sorted(questions.quotas)
        for side, found in self._side_by_side([partial(ask, side, code) for side, code in asked]):
            old = facts.side(side)
            new = replace(old, quotas=(*old.quotas, found)) if isinstance(found, Quota) else replace(old, subnets=found)
            facts = _with_side(facts, new)
        return facts

    def remembered(self, peering_ids: Sequence[str]) -> Mapping[str, Ledger]:
        """What was approved of many peerings at once; empty where nothing is remembered."""
        if self._state_table is None or not peering_ids:
            return {}
        return read_approvals(self._clients.home("dynamodb"), self._state_table, peering_ids)

    def reread(self, facts: PeeringFacts, caught_up: Callable[[PeeringFacts], bool]) -> PeeringFacts:
        """The same peering with its route tables read again, for the proof; within the bound, until they have caught up."""
        found = self._reread(facts)
        for seconds in self._patience:
            if caught_up(found):
                break
            self._sleep(seconds)
            found = self._reread(facts)
        return found

    def _reread(self, facts: PeeringFacts) -> PeeringFacts:
        by_place = _vpcs_by_place(side.ref for side in facts.sides if side.managed)
        reads = [partial(self._tables, place, ids) for place, ids in by_place.items()]
        tables = dict(zip(by_place, self._side_by_side(reads), strict=True))

        def fresh(side: SideFacts) -> SideFacts:
            read = tables.get(side.ref.place, ())
            mine = tuple(table for table in read if table.vpc_id == side.ref.vpc_id)
            return replace(side, tables=mine) if side.managed else side

        return replace(facts, requester=fresh(facts.requester), accepter=fresh(facts.accepter))

    def wait_until_active(self, place: Place, peering_id: str, status: PeeringStatus) -> None:
        """Return once the peering is active, by the accept's own answer or by reading again.

        Raises RetryLater where it is not active within the bound.
        """
        if status is PeeringStatus.ACTIVE:
            return

        def look() -> bool | None:
            found = self.peering(place, peering_id)
            return True if found and found.status is PeeringStatus.ACTIVE else None

        if self._patiently(look) is None:
            raise RetryLater(f"{peering_id} was accepted and is not active yet; run again to add its routes")

    def peering(self, place: Place, peering_id: str) -> Peering | None:
        """One peering as a place sees it now."""
        return self._peerings(place).peering(peering_id)

    def route(self, action: RouteAction) -> Route | None:
        """The static route that a table holds now for the destination of an action."""
        client = self._clients.client("ec2", action.place)
        tables = ec2.describe_route_table(client, action.place, action.table_id)
        held = [route for table in tables for route in table.routes if route.destination == action.destination]
        return next((route for route in held if not route.propagated and route.prefix_list is None), None)

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
        answers = self._side_by_side([read for _, _, read in reads])
        for (place, part, _), answer in zip(reads, answers, strict=True):
            snapshots[place] = replace(snapshots[place], **{part: answer})
        return facts_of(peering.peering_id, {first.place: first, **snapshots}, self._manages)

    def _until_seen(self, place: Place, peering_id: str) -> tuple[Peering, ...]:
        def look() -> tuple[Peering, ...] | None:
            snapshot = self._peerings(place)
            return snapshot.peerings if snapshot.peering(peering_id) else None

        seen = self._patiently(look)
        if seen is None:
            raise RetryLater(f"{peering_id} is not to be seen yet in {place}; run again")
        return seen

    def _patiently(self, look: Callable[[], T | None]) -> T | None:
        found = look()
        for seconds in self._patience:
            if found is not None:
                return found
            self._sleep(seconds)
            found = look()
        return found

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

    def _subnets(self, ref: VpcRef) -> tuple[Subnet, ...]:
        return ec2.describe_subnets(self._clients.client("ec2", ref.place), ref.place, {ref.vpc_id})

    def _quota(self, place: Place, code: str) -> Quota:
        return get_quota(self._clients.client("service-quotas", place), place.account, code)

    def _prefix_lists(self, side: SideFacts) -> tuple[PrefixList, ...]:
        """The prefix lists that the tables of a side name. As with a quota a refusal is no obstacle: nothing is known then."""
        place, ids = side.ref.place, {one for table in side.tables for one in table.prefix_lists}
        try:
            return ec2.describe_prefix_lists(self._clients.client("ec2", place), place, ids)
        except AccessRefused:
            return ()

    def _with_own_tags(self, facts: PeeringFacts) -> PeeringFacts:
        """The same facts with the tags that our side's account has set, asked for by themselves."""
        side, peering_id = marked_side(facts), facts.peering.peering_id
        own = ec2.describe_tags(self._clients.client("ec2", side.ref.place), side.ref.place, peering_id)
        view = replace(side.view, tags={**side.view.tags, **own}) if side.view else None
        return replace(_with_side(facts, replace(side, view=view)), tags_read=True)

    def _ledger(self, peering_id: str) -> Ledger:
        if self._state_table is None:
            return Ledger()
        return read_ledger(self._clients.home("dynamodb"), self._state_table, peering_id)

    @staticmethod
    def _side_by_side(jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Independent reads at the same time; the first error is raised once all have ended."""
        if len(jobs) <= 1:
            return [job() for job in jobs]
        with ThreadPoolExecutor(max_workers=_READERS) as readers:
            return [future.result() for future in [readers.submit(job) for job in jobs]]


def _with_side(facts: PeeringFacts, new: SideFacts) -> PeeringFacts:
    return replace(facts, requester=new) if new.side is Side.REQUESTER else replace(facts, accepter=new)


def _listed(places: Iterable[Place]) -> str:
    return ", ".join(map(str, places))


def _unseen(snapshot: Snapshot | None, peering_id: str) -> bool:
    return snapshot is None or snapshot.peering(peering_id) is None


def _vpcs_by_place(refs: Iterable[VpcRef]) -> dict[Place, frozenset[str]]:
    by_place: dict[Place, frozenset[str]] = {}
    for ref in refs:
        by_place[ref.place] = by_place.get(ref.place, frozenset()) | {ref.vpc_id}
    return by_place
