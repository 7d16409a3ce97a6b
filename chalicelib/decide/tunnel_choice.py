"""Which of the questions about single tunnels are asked in one pass over a place, given what is remembered. Pure.

A pass asks a fixed number of questions, however many connections there are, and over some passes every tunnel gets its answers.
An answer is used as long as the tunnel has not changed since; after an hour it is asked for again, and used until then, so that
no text changes to and fro. What may keep a young loss quiet is asked at each pass while it may. Of what AWS left unanswered one of each sort is asked again at each pass, so that neither the rest
waits for it nor the note of it comes and goes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from chalicelib.decide.vpn_case import SKEW
from chalicelib.model.tunnel_details import TunnelDetails, TunnelKey
from chalicelib.model.tunnel_memory import (
    Remembered,
    Told,
    TunnelMemory,
    TunnelQuestion,
    TunnelSort,
    TunnelState,
)
from chalicelib.model.vpn import TunnelStatus, VpnSnapshot

MOST_QUESTIONS = 8  # of one pass over one place, all sorts together
MOST_AT_ONCE = 220  # tunnels whose past one GetMetricData tells (CloudWatch API reference: 100,800 points, 455 days)
ASK_AGAIN = timedelta(hours=1)
ASK_SOON = timedelta(minutes=4)  # less than lies between two sweeps
FORGET = timedelta(hours=24)


class _Turn(IntEnum):
    """The order of asking."""

    FAILED = 0
    QUIETS = 1
    TROUBLE = 2
    NEW = 3
    OLD = 4


_FIRST = frozenset({_Turn.QUIETS, _Turn.TROUBLE, _Turn.NEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """``questions`` are asked now. ``unasked`` are the connections of which something was never asked, nor is now."""

    questions: tuple[TunnelQuestion, ...] = ()
    unasked: frozenset[str] = frozenset()


def choose(
    wanted: Sequence[TunnelQuestion],
    snapshot: VpnSnapshot,
    memory: TunnelMemory,
    now: datetime,
    *,
    young: timedelta,
    anew: bool,
) -> Choice:
    """What to ask now of what is ``wanted``.

    ``young`` is how old a loss may be that AWS's maintenance keeps quiet. ``anew``: an event told of these tunnels, so that no
    answer is too fresh to be asked for again.
    """
    states = states_of(snapshot)
    quiets = _quieting(wanted, states, now - young)
    turns: dict[TunnelQuestion, tuple[_Turn, datetime]] = {}
    for question in wanted:
        held = _held(memory.get(question), states[question.key], now)
        if held is None:
            up = states[question.key].status is TunnelStatus.UP
            turns[question] = (_Turn.QUIETS if question in quiets else _Turn.NEW if up else _Turn.TROUBLE, now)
        elif anew:
            turns[question] = (_Turn.OLD, held.asked)
        elif held.failed:
            turns[question] = (_Turn.FAILED, held.asked)
        elif now - held.asked >= (ASK_SOON if _passes(question, held, quiets, now - young) else ASK_AGAIN):
            turns[question] = (_Turn.OLD, held.asked)
    chosen = _within_bounds(sorted(turns, key=lambda one: (*turns[one], *one)), turns)
    new = {one for one, (turn, _) in turns.items() if turn in _FIRST}
    return Choice(questions=chosen, unasked=frozenset(one.key.connection_id for one in new.difference(chosen)))


def _passes(question: TunnelQuestion, held: Remembered, quiets: Collection[TunnelQuestion], since: datetime) -> bool:
    """Will the answer soon be another one? The metric of a new connection has no point yet, and is about to have some."""
    empty = question.sort is TunnelSort.EVER_UP and held.told is None
    return question in quiets or (empty and held.about.changed_at is not None and held.about.changed_at >= since)


def _quieting(
    wanted: Sequence[TunnelQuestion], states: Mapping[TunnelKey, TunnelState], since: datetime
) -> frozenset[TunnelQuestion]:
    """The questions whose answer may keep a loss quiet: of a tunnel that went down a while ago and not the other one with it.

    AWS notes its maintenance when it is done, so once asked is not enough.
    """
    half = {key.connection_id for key, state in states.items() if state.status is TunnelStatus.UP}
    lost = {
        key
        for key, state in states.items()
        if state.status is TunnelStatus.DOWN and (state.changed_at is None or state.changed_at >= since)
    }
    return frozenset(
        one
        for one in wanted
        if one.sort is TunnelSort.MAINTENANCE and one.key in lost and one.key.connection_id in half
    )


def _within_bounds(
    ordered: Sequence[TunnelQuestion], turns: Mapping[TunnelQuestion, tuple[_Turn, datetime]]
) -> tuple[TunnelQuestion, ...]:
    """As many as fit, of those that failed one of each sort before all others and the rest behind them.

    What one call answers for many tunnels counts once.
    """
    failed = [one for one in ordered if turns[one][0] is _Turn.FAILED]
    first = {one.sort: one for one in reversed(failed)}
    ranked = sorted(ordered, key=lambda one: one in failed and first[one.sort] != one)
    together = [one for one in ranked if one.sort is TunnelSort.EVER_UP][:MOST_AT_ONCE]
    single = [one for one in ranked if one.sort is not TunnelSort.EVER_UP]
    return (*together, *single[: MOST_QUESTIONS - bool(together)])


def states_of(snapshot: VpnSnapshot) -> dict[TunnelKey, TunnelState]:
    """How each tunnel of a place stands: what an answer about it is about."""
    return {
        TunnelKey(one.connection_id, tunnel.address): TunnelState(tunnel.status, tunnel.changed_at)
        for one in snapshot.connections
        for tunnel in one.tunnels
    }


def _held(held: Remembered | None, state: TunnelState, now: datetime) -> Remembered | None:
    """What is remembered, where it is about the tunnel as it stands now and neither too old nor of the future."""
    if held is None or held.about != state or not -SKEW <= now - held.asked < FORGET:
        return None
    return held


# ---- after the answers --------------------------------------------------------------------------------------------
def learned(
    memory: TunnelMemory,
    wanted: Collection[TunnelQuestion],
    choice: Choice,
    told: Mapping[TunnelQuestion, Told],
    snapshot: VpnSnapshot,
    *,
    now: datetime,
) -> TunnelMemory | None:
    """The memory with what AWS told, without what nobody of the place wants to know any more; None where that is no news.

    ``wanted`` is all that is asked of the place, not only what this pass is about.
    """
    states, still = states_of(snapshot), set(wanted)
    kept = {
        question: held
        for question, held in memory.items()
        if question in still and _held(held, states[question.key], now) is not None
    }
    news = False
    for question in choice.questions:
        held = kept.get(question)
        if question not in told:
            answered, said = (held.answered, held.told) if held else (None, None)
        elif held and not held.failed and held.told == told[question] and now - held.asked < ASK_AGAIN:
            continue  # asked again so soon, and it is as it was
        else:
            answered, said = now, told[question]
        kept[question] = Remembered(about=states[question.key], asked=now, answered=answered, told=said)
        news = True
    return kept if news else None


def recalled(
    snapshot: VpnSnapshot, wanted: Collection[TunnelQuestion], memory: TunnelMemory, now: datetime
) -> VpnSnapshot:
    """The snapshot with every answer to what is wanted that still counts, whichever pass got it."""
    states, details = states_of(snapshot), dict(snapshot.details)
    for question in wanted:
        held = _held(memory.get(question), states[question.key], now)
        if held is not None and held.answered is not None and now - held.answered < FORGET:
            silent = question.sort is TunnelSort.EVER_UP and held.told is None
            known: dict[str, Told] = {"silent": True} if silent else {question.sort.value: held.told}
            details[question.key] = replace(details.get(question.key, TunnelDetails()), **known)  # type: ignore[arg-type]
    return replace(snapshot, details=details)
