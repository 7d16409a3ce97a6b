"""What the judgement of connections wants to know beyond their telemetry: asked within a bound, and remembered between passes.

Whichever pass got an answer, every pass judges by it. That is how the sweep and every event tell the same, and how the number
of reads stays the same however many connections a place has.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace

from chalicelib.decide.tunnel_choice import choose, learned, recalled
from chalicelib.decide.vpn_questions import vpn_questions
from chalicelib.flows.ports import World
from chalicelib.model.errors import NetreflexError, RetryLater
from chalicelib.model.network import Place
from chalicelib.model.tunnel_memory import TunnelMemory
from chalicelib.model.vpn import VpnSnapshot

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """``snapshot`` has all the answers that count. ``news`` is the memory to keep, None where nothing is to be written.

    ``unasked`` are the connections of which some pass to come will ask something for the first time.
    """

    snapshot: VpnSnapshot
    unasked: frozenset[str]
    news: TunnelMemory | None


def answered(snapshot: VpnSnapshot, ids: Collection[str], world: World, *, anew: bool) -> Answered:
    """Ask what these connections' judgement needs, as far as one pass may, and recall the rest.

    ``anew``: an event told of them, so they are asked whatever is remembered. A memory that cannot be read is noted and the
    connections are judged without it. Raises RetryLater where the state table put off the read.
    """
    now, reader = world.now(), world.vpn()
    wanted = vpn_questions(snapshot, world.policy, now)
    mine = wanted.only(ids)
    snapshot = reader.answer(snapshot, mine)
    memory, fault = _recall(snapshot.place, world) if mine.tunnels else ({}, "")
    young = 2 * world.policy.vpn.maintenance
    choice = choose(mine.tunnels, snapshot, memory, now, young=young, anew=anew)
    answers = reader.ask(snapshot.place, choice.questions)
    news = learned(memory, wanted.tunnels, choice, answers.told, snapshot, now=now)
    notes = dict.fromkeys((*snapshot.notes, *answers.notes, *filter(None, [fault])))
    known = recalled(snapshot, mine.tunnels, memory if news is None else news, now)
    return Answered(snapshot=replace(known, notes=tuple(notes)), unasked=choice.unasked, news=None if fault else news)


def _recall(place: Place, world: World) -> tuple[TunnelMemory, str]:
    try:
        return world.vpn().recall(place), ""
    except RetryLater:
        raise
    except NetreflexError as error:
        LOG.warning("vpn.not_recalled", extra={"place": str(place), "error": str(error)})
        return {}, str(error)


def remember(asked: Answered, world: World) -> VpnSnapshot:
    """Keep what was learned. The snapshot comes back, with a note where it could not be kept.

    Raises RetryLater where the state table put off the write.
    """
    if asked.news is None:
        return asked.snapshot
    snapshot = asked.snapshot
    try:
        world.vpn_memory().remember(snapshot.place, asked.news)
    except RetryLater:
        raise
    except NetreflexError as error:
        LOG.warning("vpn.not_remembered", extra={"place": str(snapshot.place), "error": str(error)})
        return replace(snapshot, notes=(*snapshot.notes, str(error)))
    return snapshot
