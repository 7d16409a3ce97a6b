"""What a flow needs from the world, as protocols that the real adapters and the fakes of the tests both satisfy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from chalicelib.decide.case import Questions
from chalicelib.model.actions import CreateRoute, ReplaceRoute
from chalicelib.model.alert import Alert
from chalicelib.model.facts import Ledger, PeeringFacts
from chalicelib.model.names import ChangeInfo, NamesFacts, NamesRemembered, PendingChange, Reach, Zone
from chalicelib.model.network import Network, Place, Tags
from chalicelib.model.policy import Name, Policy
from chalicelib.observe.snapshots import Snapshot
from chalicelib.perform.executor import Executor

if TYPE_CHECKING:  # a function that sees no VPN need not load what judges them
    from chalicelib.decide.vpn_questions import VpnQuestions
    from chalicelib.model.tunnel_memory import TunnelMemory, TunnelQuestion
    from chalicelib.model.vpn import VpnSnapshot
    from chalicelib.observe.tunnel_answers import Answers


class AlertRoad(Protocol):
    """The road on which observations of problems leave; it drops what was told before and loses nothing."""

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:
        """Take one observation. True where it was news, False where the same was told before.

        ``first``: most likely nothing was told of it yet, so the read before the write is saved; if it was, no harm is done.
        ``surely`` sends what is known but not yet delivered once more, because the run that noted it may have died.
        """

    def fires(self, fingerprint: str) -> bool:
        """Does this alert fire now, as far as it was told?"""

    def firing(self, fingerprint: str) -> Alert | None:
        """How an alert was last told, while it fires."""

    def open_alerts(self, kind: str) -> Iterable[Alert]:
        """The alerts of a kind that fire now, as they were last told."""

    def open_fingerprints(self, kind: str) -> Iterable[str]:
        """The fingerprints of the alerts of a kind that fire now."""


class SweptRoad(AlertRoad, Protocol):
    """A road of flows that look at everything, too."""

    def at_a_glance(self) -> Glance:
        """The same road for one pass over everything: it reads what is open once, and tells nothing that was told so."""


class Glance(SweptRoad, Protocol):
    """The road of one pass over everything."""

    @property
    def untold(self) -> Sequence[Exception]:
        """Why something could not be told: whoever passed on to the next thing raises the first of them at the end."""


class PeeringReader(Protocol):
    """Reads peerings (``observe.peerings`` says what each read promises)."""

    def find(self, peering_id: str, places: Iterable[Place], *, patient: bool) -> PeeringFacts | None:
        """One peering, looked for in these places; None where none of them shows it."""

    def everything(self, places: Iterable[Place], *, subnets: bool) -> Mapping[Place, Snapshot | Exception]:
        """All that each place has, or the error that kept it from being read."""

    def facts_from(self, peering_id: str, snapshots: Mapping[Place, Snapshot]) -> PeeringFacts | None:
        """One peering out of snapshots; None where a managed side of it was not read."""

    def answer(self, facts: PeeringFacts, questions: Questions) -> PeeringFacts:
        """The same facts with what a decision asked for."""

    def remembered(self, peering_ids: Sequence[str]) -> Mapping[str, Ledger]:
        """What was approved of many peerings, read at once; without those of which it is not known."""

    def reread(self, facts: PeeringFacts, caught_up: Callable[[PeeringFacts], bool]) -> PeeringFacts:
        """The same peering with fresh route tables, read again within a bound until they have caught up."""


class VpnReader(Protocol):
    """Reads VPN connections (``observe.vpn`` says what each read promises)."""

    def look(self, place: Place) -> VpnSnapshot:
        """All connections of a place. Raises where they cannot be read."""

    def answer(self, snapshot: VpnSnapshot, questions: VpnQuestions) -> VpnSnapshot:
        """The same snapshot with what a judgement asked for, as far as AWS answers."""

    def ask(self, place: Place, questions: Sequence[TunnelQuestion]) -> Answers:
        """What AWS answers of single tunnels. Never raises for what one of the questions meets."""

    def recall(self, place: Place) -> TunnelMemory:
        """What earlier passes over a place were told of its tunnels. Raises where it cannot be read."""


class VpnMemory(Protocol):
    """Keeps what AWS answered of single tunnels, for the passes to come."""

    def remember(self, place: Place, memory: TunnelMemory) -> None:
        """Put the memory of a place in the place of the former one."""


class NamesReader(Protocol):
    """Reads what names need (``observe.names`` says what each read promises)."""

    def look(
        self, names: Sequence[Name], reaches: Sequence[Reach] = (), *, more: Sequence[Zone] | None = None
    ) -> NamesFacts:
        """All facts of these names, and of the VPCs from which they have to resolve.

        Where ``more`` is given, all zones are read to their end, and so are these others.
        """

    def again(
        self,
        facts: NamesFacts,
        names: Sequence[Name],
        reaches: Sequence[Reach] = (),
        *,
        more: Sequence[Zone] | None = None,
    ) -> NamesFacts:
        """The same facts with the record sets and the zones' VPCs read again."""

    def tags(self, place: Place, arn: str) -> Tags | None:
        """The tags of one load balancer; None where it is gone."""

    def led_to(self, arn: str) -> frozenset[str] | None:
        """The ids of names that were led to a load balancer; None where nothing is remembered at all."""

    def remembered(self) -> NamesRemembered:
        """The zones that were written to, and the changes that Route 53 was still spreading."""

    def change(self, account: str, change_id: str) -> ChangeInfo | None:
        """How far Route 53 has spread a change; None where it does not know it any more."""


class NameMemory(Protocol):
    """Remembers which names are led to which load balancer, in which zones, and which changes are not spread yet."""

    def remember(self, led: Sequence[tuple[str, str]], zones: Iterable[Zone] = ()) -> None:
        """Note pairs of a load balancer's ARN and a name's id, and their zones, before the names are led there."""

    def await_changes(self, changes: Iterable[PendingChange]) -> None:
        """Note changes that Route 53 is still spreading."""

    def forget(self, changes: Iterable[PendingChange], zones: Iterable[Zone]) -> None:
        """Drop changes that are spread, and zones that hold nothing of ours any more."""


class Memory(Protocol):
    """Remembers what is about to be done, because routes carry no tags."""

    def remember(
        self, peering_id: str, routes: Sequence[CreateRoute | ReplaceRoute], approved: Sequence[Network]
    ) -> None:
        """Note routes and approved CIDRs of a peering before anything is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that a flow may use, put together by ``wiring`` once per container.

    ``policy_health`` says how the newest version of the policy stands, None where this function may not read it.
    ``owner`` names this installation in its marks. ``enforce`` is False in observe mode: everything but the writes.
    """

    policy: Policy
    reader: PeeringReader
    vpn: Callable[[], VpnReader]
    vpn_memory: Callable[[], VpnMemory]
    executor: Executor
    memory: Memory
    road: SweptRoad
    now: Callable[[], datetime]
    names: Callable[[], NamesReader]
    name_memory: Callable[[], NameMemory]
    owner: Callable[[], str]
    policy_health: Alert | None = None
    enforce: bool = True
