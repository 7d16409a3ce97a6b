"""What is asked of single tunnels, and what is remembered of the answers: an item of the state table for each place.

The text of an item is bounded and holds nothing but what is in these values, none of which can hold a secret. A text that this
version cannot read is forgotten as a whole: then the questions are asked again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from chalicelib.model.tunnel_details import ActiveTunnel, LogLine, Maintenance, TunnelKey
from chalicelib.model.vpn import TunnelStatus

VERSION = 1  # of the text; another one is not read
MOST_BYTES = 300_000  # of the text: DynamoDB takes an item of 400 KB (DynamoDB guide, "Quotas")


class TunnelSort(StrEnum):
    """Sorts of questions; each is the name of the field of ``TunnelDetails`` that its answer fills.

    ``ever_up`` is answered for many tunnels by one call, the others cost a call for each.
    """

    MAINTENANCE = "maintenance"
    LOG = "log"
    ACTIVE = "active"
    EVER_UP = "ever_up"


class TunnelQuestion(NamedTuple):
    """A question about one tunnel; ``group`` is the log group where it is about the log."""

    key: TunnelKey
    sort: TunnelSort
    group: str = ""


class TunnelState(NamedTuple):
    """What an answer is about: once the tunnel has changed, it says nothing any more."""

    status: TunnelStatus
    changed_at: datetime | None


# What AWS answered. None is an answer too: the log has no line, the metric has no point.
Told = Maintenance | ActiveTunnel | LogLine | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A question that was asked, last at ``asked``; AWS answered last at ``answered``, or never (None)."""

    about: TunnelState
    asked: datetime
    answered: datetime | None = None
    told: Told = None

    @property
    def failed(self) -> bool:
        """Did AWS leave it unanswered when it was asked last?"""
        return self.answered is None or self.answered < self.asked


TunnelMemory = Mapping[TunnelQuestion, Remembered]


# ---- as text ------------------------------------------------------------------------------------------------------
def memory_text(memory: TunnelMemory) -> str:
    """The memory as one line of JSON. Where it would be too long, what was asked last is kept."""
    newest = sorted(memory.items(), key=lambda one: one[1].asked, reverse=True)
    lines: list[str] = []
    left = MOST_BYTES
    for question, held in newest:
        line = json.dumps(_row(question, held), separators=(",", ":"))  # ASCII, so a character is a byte
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
    return f"[{','.join(lines)}]"


def memory_of(text: str) -> TunnelMemory:
    """The memory that was written as this text; empty where it is not such a text."""
    try:
        return dict(_remembered(row) for row in json.loads(text))
    except (ValueError, TypeError, KeyError):
        return {}


def _row(question: TunnelQuestion, held: Remembered) -> list[Any]:
    about = [held.about.status.value, _moment(held.about.changed_at)]
    times = [_moment(held.asked), _moment(held.answered)]
    return [*question.key, question.sort.value, question.group, *about, *times, _told_row(held.told)]


def _told_row(told: Told) -> Any:  # noqa: ANN401 - JSON
    match told:
        case Maintenance():
            return [told.pending, _moment(told.applied_after), _moment(told.last_applied)]
        case ActiveTunnel():
            return [told.provisioning, told.reason, told.ike_version, list(told.algorithms), list(told.dh_groups)]
        case LogLine():
            return [_moment(told.at), told.detail]
        case _:
            return told


def _remembered(row: Any) -> tuple[TunnelQuestion, Remembered]:  # noqa: ANN401 - JSON
    connection_id, address, sort, group, status, changed, asked, answered, told = row
    question = TunnelQuestion(TunnelKey(connection_id, address), TunnelSort(sort), group)
    held = Remembered(
        about=TunnelState(TunnelStatus(status), changed and _time(changed)),
        asked=_time(asked),
        answered=answered and _time(answered),
        told=None if told is None else _TOLD[question.sort](told),
    )
    return question, held


def _maintenance(row: Any) -> Maintenance:  # noqa: ANN401 - JSON
    pending, applied_after, last_applied = row
    return Maintenance(
        pending=pending,
        applied_after=applied_after and _time(applied_after),
        last_applied=last_applied and _time(last_applied),
    )


def _active(row: Any) -> ActiveTunnel:  # noqa: ANN401 - JSON
    provisioning, reason, ike_version, algorithms, dh_groups = row
    return ActiveTunnel(
        provisioning=provisioning,
        reason=reason,
        ike_version=ike_version,
        algorithms=tuple(algorithms),
        dh_groups=tuple(dh_groups),
    )


def _log(row: Any) -> LogLine:  # noqa: ANN401 - JSON
    at, detail = row
    return LogLine(at=_time(at), detail=detail)


_TOLD: Mapping[TunnelSort, Callable[[Any], Told]] = {
    TunnelSort.MAINTENANCE: _maintenance,
    TunnelSort.ACTIVE: _active,
    TunnelSort.LOG: _log,
    TunnelSort.EVER_UP: bool,
}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:  # it could not be compared with any other
        raise ValueError(text)
    return at
