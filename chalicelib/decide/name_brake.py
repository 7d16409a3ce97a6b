"""The brake: many load balancers gone at once is more likely an error somewhere than the truth, so people look first. Pure.

========================================  ======================================================
records that would go                     what is done
========================================  ======================================================
in an event's run: one                    it goes
in an event's run: more                   none goes; the sweep, which knows all records, decides
more than 5                               none goes, one alert
at most 5, and at most a fifth            they go
more than a fifth of 10 or more owned     none goes, one alert
more than a fifth of fewer than 10        they go where one load balancer's end takes them along;
owned                                     else none goes, one alert
========================================  ======================================================

Below ten owned records a fifth is less than two, and would say no more than that the installation is small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.decide.name_choice import Obstacle
from chalicelib.decide.name_marks import own_marks
from chalicelib.decide.name_records import RecordsByName
from chalicelib.decide.name_verdicts import NameVerdict, Standing
from chalicelib.model.plan import RefusalKind

MOST_REMOVALS, MOST_REMOVED, FEW = 5, 0.20, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Braked:
    """The verdicts after the brake; ``records`` are those that it kept, and ``why`` says so."""

    verdicts: tuple[NameVerdict, ...]
    records: tuple[str, ...] = ()
    why: str = ""


def brake(verdicts: Sequence[NameVerdict], by_zone: Mapping[str, RecordsByName], owner: str, *, whole: bool) -> Braked:
    """``whole`` where every name of the policy is judged over whole zones; an event's run sees a few names only."""
    going = [one for one in verdicts if one.standing is Standing.REMOVED]
    if not whole:
        if len(going) <= 1:
            return Braked(verdicts=tuple(verdicts))
        why = f"{len(going)} records would go at once; that is left to the next sweep, which knows all of them"
        return Braked(verdicts=_kept(verdicts, Obstacle(kind=RefusalKind.BRAKE, reason=why)))
    targets = {
        (zone_id, name): mark.target
        for zone_id, records in by_zone.items()
        for name, mark in own_marks((record for found in records.values() for record in found), owner)
    }
    gone = {targets.get((one.zone.zone_id, one.record), "") for one in going if one.zone}
    one_end = len(targets) < FEW and len(gone) == 1
    if len(going) <= MOST_REMOVALS and (one_end or len(going) <= MOST_REMOVED * len(targets)):
        return Braked(verdicts=tuple(verdicts))
    most = f"{MOST_REMOVALS} or {MOST_REMOVED:.0%} are the most"
    why = f"{len(going)} of {len(targets)} records of netreflex would go at once, where {most}"
    remedy = "If the load balancers are really gone, take the names out of the policy and delete the records by hand."
    stopped = Obstacle(kind=RefusalKind.BRAKE, reason=why, remedy=remedy)
    return Braked(verdicts=_kept(verdicts, stopped), records=tuple(one.record for one in going), why=why)


def _kept(verdicts: Sequence[NameVerdict], stopped: Obstacle) -> tuple[NameVerdict, ...]:
    return tuple(
        replace(one, standing=Standing.REFUSED, changes=(), obstacle=stopped)
        if one.standing is Standing.REMOVED
        else one
        for one in verdicts
    )
