"""How long an outage of a VPN connection lasted, and for how much of it traffic was cut, by AWS's own clock. Pure.

AWS tells of each tunnel its last change alone. So an alert carries on, in its fields, what the one before it knew: that one
tunnel came back is no reason to forget when the other one went.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.alerts.texts import duration
from chalicelib.decide.vpn_case import when
from chalicelib.model.alert import Alert, Field
from chalicelib.model.vpn import TUNNELS, Connection, TunnelStatus

SINCE = "Down since"  # of the tunnels that are down now
UP, NONE = "Up", "none"
_BEGAN, _ENDED, _CUT = "Outage began", "Outage ended", "Traffic cut"
_MOST_CUTS = 3
_WORTH_A_SENTENCE = 60.0  # seconds by which one tunnel was down for longer than both
Span = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """From the first tunnel's loss until both were up. ``cuts`` are the times in which no tunnel was; one may still be open."""

    began: datetime | None = None
    ended: datetime | None = None
    cuts: tuple[Span, ...] = ()


def outage_of(former: Alert | None, connection: Connection | None) -> Outage:
    """What is known of an outage now, from how it was last told and from what AWS says of the tunnels."""
    known = _told(former)
    down = _changes(connection, TunnelStatus.DOWN)
    up = [at for at in _changes(connection, TunnelStatus.UP) if at is not None]
    cuts = _cuts(known.cuts, down, up)
    lost = [at for at in (known.began, *down) if at is not None]
    if down:
        return Outage(began=min(lost, default=None), cuts=cuts)
    if known.began is None:
        return Outage()
    ended = known.ended or max((at for at in up if at > known.began), default=None)
    return Outage(began=known.began, ended=ended, cuts=cuts)


def _changes(connection: Connection | None, status: TunnelStatus) -> list[datetime | None]:
    return [one.changed_at for one in connection.tunnels if one.status is status] if connection else []


def _cuts(known: tuple[Span, ...], down: list[datetime | None], up: list[datetime]) -> tuple[Span, ...]:
    """Traffic is cut from the loss of the last tunnel to the return of the first one. What AWS gives no time of is left out."""
    began = known[-1][0] if known and known[-1][1] is None else None
    if len(down) >= TUNNELS and not up:
        changes = [at for at in down if at is not None]
        if began is not None or len(changes) < len(down):
            return known
        return (*known, (max(changes), None))[-_MOST_CUTS:]
    if began is None or not up:
        return known
    ended = min((at for at in up if at > began), default=None)
    return (*known[:-1], (began, ended)) if ended else known[:-1]


# ---- as fields of an alert, and back ------------------------------------------------------------------------------
def outage_fields(outage: Outage, since: datetime | None) -> list[Field]:
    """``since`` is when the tunnels that are down now went down, which is told beside this."""
    cuts = "; ".join(f"{when(begin)} to {when(end) if end else 'now'}" for begin, end in outage.cuts)
    earlier = outage.began is not None and outage.began != since
    told = ((_BEGAN, when(outage.began) if earlier else ""), (_CUT, cuts))
    ended = (_ENDED, when(outage.ended) if outage.ended else "")
    return [Field(name=name, value=value) for name, value in (*told, ended) if value]


def knows_outage(former: Alert | None) -> bool:
    """Was a loss told, which may be over by now?"""
    return former is not None and _told(former).began is not None


def _told(former: Alert | None) -> Outage:
    fields = {field.name: field.value for field in former.fields} if former else {}
    since = _time(fields.get(SINCE, ""))
    cuts: list[Span] = []
    for text in filter(None, fields.get(_CUT, "").split("; ")):
        begin, end = (_time(part) for part in text.partition(" to ")[::2])
        if begin is not None:
            cuts.append((begin, end))
    if _CUT not in fields and since is not None and fields.get(UP) == NONE:
        cuts = [(since, None)]
    return Outage(began=_time(fields.get(_BEGAN, "")) or since, ended=_time(fields.get(_ENDED, "")), cuts=tuple(cuts))


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


# ---- in words -----------------------------------------------------------------------------------------------------
def length_of(outage: Outage) -> str:
    """How long it lasted, in sentences; empty where AWS's times do not tell."""
    cuts = [(begin, end) for begin, end in outage.cuts if end is not None]
    said = [f"Traffic was cut for {_span(begin, end)}." for begin, end in cuts]
    if outage.began is None or outage.ended is None:
        return " ".join(said)
    cut = sum((end - begin).total_seconds() for begin, end in cuts)
    if not cuts:
        said.append(f"One of two tunnels was down for {_span(outage.began, outage.ended)}.")
    elif (outage.ended - outage.began).total_seconds() - cut >= _WORTH_A_SENTENCE:
        said.append(f"In all, one tunnel or both were down for {_span(outage.began, outage.ended)}.")
    return " ".join(said)


def _span(begin: datetime, end: datetime) -> str:
    return f"{duration(end - begin)} ({when(begin)} to {when(end)})"
