"""A place with many VPN connections in memory, for what takes many passes: no emulator, the same flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.alerts.glance import Glance
from chalicelib.decide.vpn_questions import VpnQuestions
from chalicelib.flows.ports import SweptRoad, World
from chalicelib.flows.sweep_vpn import sweep_connections
from chalicelib.flows.vpn import react_to_vpn
from chalicelib.model.actions import Action
from chalicelib.model.alert import Alert
from chalicelib.model.network import Place
from chalicelib.model.policy import Policy
from chalicelib.model.report import Report
from chalicelib.model.state import vpn_key
from chalicelib.model.triggers import TunnelAlarmChanged
from chalicelib.model.tunnel_details import ActiveTunnel, LogLine, Maintenance, TunnelKey
from chalicelib.model.tunnel_memory import (
    Told,
    TunnelMemory,
    TunnelQuestion,
    TunnelSort,
    memory_of,
    memory_text,
)
from chalicelib.model.vpn import VpnSnapshot
from chalicelib.observe.tunnel_answers import Answers
from chalicelib.perform.executor import DryRunExecutor, Outcome
from tests.vpn_answers import CGW, CGW2, FIRST, NOW, PLACE, SECOND, answer, down, policy, snapshot, up

WEAK = {"LogOptions": {}, "IkeVersions": [{"Value": "ikev1"}]}
STRONG = ActiveTunnel(provisioning="available", ike_version="ikev2", algorithms=("AES256-GCM-16",), dh_groups=(20,))


def connection_id(number: int) -> str:
    return f"vpn-{number:017x}"


@dataclass
class MemoryRoad:
    """Alerts as they were last told; ``news`` are those that read differently from the one before, by fingerprint."""

    last: dict[str, Alert] = field(default_factory=dict)
    news: dict[str, list[Alert]] = field(default_factory=dict)

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:  # noqa: ARG002 - no write is saved
        former = self.last.get(alert.fingerprint)
        self.last[alert.fingerprint] = alert
        if former is not None and not surely and former.content_hash == alert.content_hash:
            return False
        self.news.setdefault(alert.fingerprint, []).append(alert)
        return True

    def fires(self, fingerprint: str) -> bool:
        return self.firing(fingerprint) is not None

    def firing(self, fingerprint: str) -> Alert | None:
        told = self.last.get(fingerprint)
        return told if told is not None and told.status == "firing" else None

    def open_alerts(self, kind: str) -> Iterable[Alert]:
        return tuple(one for one in self.last.values() if one.kind == kind and self.fires(one.fingerprint))

    def open_fingerprints(self, kind: str) -> Iterable[str]:
        return tuple(one.fingerprint for one in self.open_alerts(kind))

    def at_a_glance(self) -> Glance:
        return Glance(self, lambda: [one for one in self.last.values() if self.fires(one.fingerprint)])


class Many:
    """``count`` connections, the first ``lost`` of which have lost both tunnels a moment ago."""

    def __init__(self, count: int, lost: int = 0) -> None:
        self.now = NOW
        self.rows: dict[str, list[Mapping[str, Any]]] = {}
        self.tunnel: dict[str, Mapping[str, Any]] = {}
        for number in range(count):
            row = down if number < lost else up
            self.rows[connection_id(number)] = [row(FIRST, since=NOW), row(SECOND, since=NOW)]
        self.pending: set[str] = set()  # connections of which AWS says that maintenance is pending
        self.refused: set[TunnelSort] = set()
        self.asked: Counter[TunnelSort] = Counter()
        self.known: set[TunnelKey] = set()
        self.written: dict[str, str] = {}
        self.writes = 0
        self.road = MemoryRoad()

    # ---- the reader ----------------------------------------------------------------------------------------------
    def look(self, place: Place) -> VpnSnapshot:
        told = [
            answer(
                *rows,
                tunnel=self.tunnel.get(one, WEAK),
                VpnConnectionId=one,
                CustomerGatewayId=(CGW, CGW2)[number % 2],
                tags={"Name": one},
            )
            for number, (one, rows) in enumerate(self.rows.items())
        ]
        return replace(snapshot(*told, alone=True), place=place)

    def answer(self, snapshot: VpnSnapshot, _: VpnQuestions) -> VpnSnapshot:
        return snapshot

    def ask(self, place: Place, questions: Sequence[TunnelQuestion]) -> Answers:
        assert place == PLACE
        self.asked.clear()
        self.asked.update(one.sort for one in questions if one.sort is not TunnelSort.EVER_UP)
        told = {one: self._told(one) for one in questions if one.sort not in self.refused}
        self.known |= {one.key for one in told if one.sort is TunnelSort.ACTIVE}
        sorts = sorted({one.sort for one in questions} & self.refused)
        return Answers(told=told, notes=tuple(f"{sort} was refused" for sort in sorts))

    def _told(self, question: TunnelQuestion) -> Told:
        match question.sort:
            case TunnelSort.ACTIVE:
                return STRONG
            case TunnelSort.MAINTENANCE:
                return Maintenance(pending=question.key.connection_id in self.pending)
            case TunnelSort.LOG:
                return LogLine(at=self.now, detail=f"No proposal chosen at {self.now:%H:%M}")
            case TunnelSort.EVER_UP:
                return True

    def recall(self, place: Place) -> TunnelMemory:
        return memory_of(self.written.get(vpn_key(place), "[]"))

    def remember(self, place: Place, memory: TunnelMemory) -> None:
        self.writes += 1
        self.written[vpn_key(place)] = memory_text(memory)

    # ---- passes --------------------------------------------------------------------------------------------------
    def world(self, road: SweptRoad | None = None) -> World:
        return _world(self, policy(alarms=False), road or self.road)

    def sweep(self, minutes: float = 1) -> Report:
        """The sweep that comes next."""
        self.now += timedelta(minutes=minutes)
        return self.sweep_of(self.world())

    def sweep_of(self, world: World) -> Report:
        self.asked.clear()
        return sweep_connections(world)

    def alarm(self, number: int) -> Report:
        """An alarm on a tunnel of one connection."""
        self.now += timedelta(seconds=1)
        self.asked.clear()
        return react_to_vpn(TunnelAlarmChanged(connections=(connection_id(number),), places=(PLACE,)), self.world())

    @property
    def asks(self) -> int:
        """How many questions the last pass asked of single tunnels."""
        return self.asked.total()


class _Nothing(DryRunExecutor):
    def perform(self, actions: Sequence[Action], *, apart: bool = False) -> Outcome:
        assert not actions
        assert not apart
        return Outcome()


def _world(many: Many, chosen: Policy, road: SweptRoad) -> World:
    def now() -> datetime:
        return many.now

    def none() -> Any:  # noqa: ANN401 - nothing of peerings or names is touched here
        raise AssertionError

    return World(
        policy=chosen,
        reader=_Unused(),
        vpn=lambda: many,
        vpn_memory=lambda: many,
        executor=_Nothing(),
        memory=_Unused(),
        road=road,
        now=now,
        names=none,
        name_memory=none,
        owner=str,
    )


class _Unused:
    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        raise AssertionError(name)
