"""How far Route 53 has spread what was written: asked once after the write, and once by each sweep until it is INSYNC.

Nothing waits for it. The records are written and proved by then, so nothing that fails here is a reason to fail.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.flows.ports import World
from chalicelib.model.actions import Action, ChangeRecordSets
from chalicelib.model.errors import NetreflexError
from chalicelib.model.names import PENDING, ChangeInfo, PendingChange, Zone

LOG = logging.getLogger(__name__)
_MOST_ASKED = 10  # in one run, which makes one change for each zone unless somebody else disturbs it
Answers = tuple[tuple[Action, ChangeInfo], ...]


def follow_answers(answers: Answers, world: World) -> Answers:
    """The same answers with the status of now; what is not spread is noted for the sweep."""
    followed = tuple((action, _after(action, told, world)) for action, told in answers[:_MOST_ASKED])
    pending = [
        PendingChange(change_id=told.change_id, zone=_zone_of(action), since=world.now())
        for action, told in followed
        if isinstance(action, ChangeRecordSets) and not told.spread
    ]
    if pending:
        try:
            world.name_memory().await_changes(pending)
        except NetreflexError as error:
            LOG.warning("names.changes_not_noted", extra={"error": str(error)})
    return (*followed, *answers[_MOST_ASKED:])


def _after(action: Action, told: ChangeInfo, world: World) -> ChangeInfo:
    if told.spread:
        return told
    return _asked(action.place.account, told, world) or told


def _zone_of(action: ChangeRecordSets) -> Zone:
    return Zone(zone_id=action.zone_id, account=action.place.account, name=action.zone, private=True)


def follow_pending(changes: Sequence[PendingChange], world: World) -> tuple[tuple[PendingChange, ...], ...]:
    """Ask about what earlier runs left: (what is spread, or unknown to Route 53, and over; what is not)."""
    over: list[PendingChange] = []
    left: list[PendingChange] = []
    oldest = sorted(changes, key=lambda one: one.since)
    for change in oldest[:_MOST_ASKED]:
        told = _asked(change.zone.account, ChangeInfo(change.change_id, PENDING), world)
        if told is None or told.spread:
            over.append(change)
        else:
            left.append(replace(change, unread=told.unread))
    return tuple(over), (*left, *oldest[_MOST_ASKED:])


def _asked(account: str, told: ChangeInfo, world: World) -> ChangeInfo | None:
    """The status of now; the known one, and why, where it cannot be read; None where Route 53 does not know the change."""
    try:
        return world.names().change(account, told.change_id)
    except NetreflexError as error:
        LOG.warning("names.change_not_followed", extra={"change_id": told.change_id, "error": str(error)})
        return told._replace(unread=f"not followed: {error}")
