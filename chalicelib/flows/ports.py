"""What a flow needs from the world, as protocols that the real adapters and the fakes of the tests both satisfy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.decide.case import Questions
from chalicelib.model.actions import CreateRoute, ReplaceRoute
from chalicelib.model.alert import Alert
from chalicelib.model.facts import PeeringFacts
from chalicelib.model.network import Network, Place
from chalicelib.model.policy import Policy
from chalicelib.observe.peerings import Snapshot
from chalicelib.perform.executor import Executor


class AlertRoad(Protocol):
    """The road on which observations of problems leave; it drops what was told before and loses nothing."""

    def tell(self, alert: Alert, *, surely: bool = False) -> bool:
        """Take one observation. True where it was news, False where the same was told before.

        ``surely`` sends what is known but not yet delivered once more, because the run that noted it may have died.
        """

    def fires(self, fingerprint: str) -> bool:
        """Does this alert fire now, as far as it was told?"""

    def open_fingerprints(self, kind: str) -> Iterable[str]:
        """The fingerprints of the alerts of a kind that fire now."""


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

    def reread(self, facts: PeeringFacts, caught_up: Callable[[PeeringFacts], bool]) -> PeeringFacts:
        """The same peering with fresh route tables, read again within a bound until they have caught up."""


class Memory(Protocol):
    """Remembers what is about to be done, because routes carry no tags."""

    def remember(
        self, peering_id: str, routes: Sequence[CreateRoute | ReplaceRoute], approved: Sequence[Network]
    ) -> None:
        """Note routes and approved CIDRs of a peering before anything is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that a flow may use, put together by ``wiring`` once per container.

    ``policy_health`` says how the newest version of the policy stands. ``enforce`` is False in observe mode: everything but the writes.
    """

    policy: Policy
    reader: PeeringReader
    executor: Executor
    memory: Memory
    road: AlertRoad
    now: Callable[[], datetime]
    policy_health: Alert | None = None
    enforce: bool = True
