"""Answers to what is asked of single tunnels: maintenance, what was negotiated, the log, whether it was ever up.

Each answer may fail by itself: then it is missing, why is noted, and the judgement says less.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby

from chalicelib.clients import Clients
from chalicelib.model.errors import AccessRefused, NetreflexError, RetryLater
from chalicelib.model.network import Place
from chalicelib.model.tunnel_details import ActiveTunnel, LogLine, Maintenance, TunnelKey
from chalicelib.model.tunnel_memory import Told, TunnelQuestion, TunnelSort
from chalicelib.observe.vpn_alarms import find_ever_up
from chalicelib.observe.workers import in_parallel
from chalicelib.sessions import translated

_LOG_SPAN = timedelta(hours=1)
_NO = frozenset({"", "false", "no", "none"})
_LINE = 200
_LOG_PAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What AWS told; a question that is missing was not answered, and ``notes`` say why."""

    told: dict[TunnelQuestion, Told] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class TunnelObserver:
    """Asks about single tunnels of one place."""

    def __init__(self, clients: Clients, place: Place, now: datetime) -> None:
        self._clients, self._place, self._now = clients, place, now

    def ask(self, questions: Sequence[TunnelQuestion]) -> Answers:
        """The answers, as far as AWS gives them. Never raises for what one of them meets."""
        told: dict[TunnelQuestion, Told] = {}
        failures: list[NetreflexError] = []
        for (sort, _), group in groupby(sorted(questions, key=_source), key=_source):
            self._ask_alike(sort, list(group), told, failures)
        return Answers(told=told, notes=tuple(dict.fromkeys(map(str, failures))))

    def _ask_alike(
        self,
        sort: TunnelSort,
        questions: list[TunnelQuestion],
        told: dict[TunnelQuestion, Told],
        failures: list[NetreflexError],
    ) -> None:
        """Questions that are refused alike. Where the first is refused or put off, the rest is spared."""

        def read(question: TunnelQuestion) -> NetreflexError | None:
            try:
                told[question] = self._read(question)
            except NetreflexError as error:
                return error
            return None

        if sort is TunnelSort.EVER_UP:
            failures += self._ask_together(questions, told)
            return
        met = [read(questions[0])]
        if not isinstance(met[0], AccessRefused | RetryLater):
            met += in_parallel([partial(read, one) for one in questions[1:]])
        failures += [error for error in met if error is not None]

    # ---- the reads --------------------------------------------------------------------------------------------------
    def _ask_together(
        self, questions: list[TunnelQuestion], told: dict[TunnelQuestion, Told]
    ) -> Iterable[NetreflexError]:
        client = self._clients.client("cloudwatch", self._place)
        try:
            found = find_ever_up(client, self._place, [one.key for one in questions], self._now)
        except NetreflexError as error:
            return (error,)
        told |= {one: found.get(one.key) for one in questions}
        return ()

    def _read(self, question: TunnelQuestion) -> Told:
        if question.sort is TunnelSort.LOG:
            return self._last_line(self._place, question.key, question.group)
        read = self._maintenance if question.sort is TunnelSort.MAINTENANCE else self._active
        return read(self._place, question.key)

    def _maintenance(self, place: Place, key: TunnelKey) -> Maintenance:
        with translated(place.account, "ec2:GetVpnTunnelReplacementStatus"):
            answer = self._clients.client("ec2", place).get_vpn_tunnel_replacement_status(
                VpnConnectionId=key.connection_id, VpnTunnelOutsideIpAddress=key.address
            )
        told = answer.get("MaintenanceDetails") or {}
        return Maintenance(
            pending=str(told.get("PendingMaintenance") or "").strip().lower() not in _NO,
            applied_after=told.get("MaintenanceAutoAppliedAfter"),
            last_applied=told.get("LastMaintenanceApplied"),
        )

    def _active(self, place: Place, key: TunnelKey) -> ActiveTunnel:
        with translated(place.account, "ec2:GetActiveVpnTunnelStatus"):
            answer = self._clients.client("ec2", place).get_active_vpn_tunnel_status(
                VpnConnectionId=key.connection_id, VpnTunnelOutsideIpAddress=key.address
            )
        told = answer.get("ActiveVpnTunnelStatus") or {}
        algorithms = [f"Phase{phase}{sort}Algorithm" for phase in (1, 2) for sort in ("Encryption", "Integrity")]
        return ActiveTunnel(
            provisioning=told.get("ProvisioningStatus") or "",
            reason=(told.get("ProvisioningStatusReason") or "")[:_LINE],
            ike_version=(told.get("IkeVersion") or "").lower(),
            algorithms=tuple(told[name] for name in algorithms if told.get(name)),
            dh_groups=tuple(told[name] for name in ("Phase1DHGroup", "Phase2DHGroup") if told.get(name)),
        )

    def _last_line(self, place: Place, key: TunnelKey, group: str) -> LogLine | None:
        """The newest line of a tunnel in the last hour. The streams are named after connection and outside address."""
        since = int((self._now - _LOG_SPAN).timestamp() * 1000)
        with translated(place.account, "logs:FilterLogEvents"):
            pages = (
                self._clients.client("logs", place)
                .get_paginator("filter_log_events")
                .paginate(logGroupName=group, logStreamNamePrefix=key.connection_id, startTime=since)
            )
            lines = [
                one
                for _, page in zip(range(_LOG_PAGES), pages, strict=False)
                for one in page.get("events", ())
                if key.address in f"{one.get('logStreamName', '')} {one.get('message', '')}"
            ]
        newest = max(lines, key=lambda one: int(one["timestamp"]), default=None)
        if newest is None:
            return None
        at = datetime.fromtimestamp(newest["timestamp"] / 1000, tz=UTC)
        return LogLine(at=at, detail=_detail(str(newest.get("message", ""))))


def _source(question: TunnelQuestion) -> tuple[TunnelSort, str]:
    """What may refuse a question: the operation and, of a log, its group."""
    return question.sort, question.group


def _detail(message: str) -> str:
    """What a log line says, of its JSON form only the sentence; anything else of it is not needed."""
    try:
        told = json.loads(message)
    except ValueError:
        return message[:_LINE]
    known = told if isinstance(told, dict) else {}
    return str(known.get("details") or known.get("VpnLogDetail") or "")[:_LINE]
