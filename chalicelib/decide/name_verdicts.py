"""How each name stands, and which of two that claim one record keeps it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.decide.dns_name import normalised
from chalicelib.decide.name_choice import Obstacle
from chalicelib.decide.name_records import RecordsByName, judge_holding
from chalicelib.model.actions import RecordChange
from chalicelib.model.names import LoadBalancer, Zone
from chalicelib.model.plan import RefusalKind
from chalicelib.model.policy import Name


class Standing(StrEnum):
    """How a name stands before anything is done."""

    LEADS = "leads"
    CHANGES = "changes"
    REMOVED = "removed"
    WAITS = "waits"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameVerdict:
    """One name: where it leads or should lead, and what is done or why not. ``obstacle`` goes with REMOVED as well.

    ``still`` is the load balancer in service to which our record leads as before, although an obstacle keeps the name.
    """

    name: Name
    standing: Standing
    zone: Zone | None = None
    target: LoadBalancer | None = None
    still: LoadBalancer | None = None
    changes: tuple[RecordChange, ...] = ()
    obstacle: Obstacle | None = None

    @property
    def record(self) -> str:
        return normalised(self.name.name)

    def __str__(self) -> str:
        """Where the name leads, or why it does not."""
        if self.obstacle is not None:
            reason = self.obstacle.reason
            return reason if reason.startswith(self.record) else f"{self.record}: {reason}"
        if self.standing is Standing.WAITS:
            return f"{self.record} waits until {self.target} is active"
        if self.standing is Standing.CHANGES:
            return f"{self.record} is not yet led to {self.target}"
        return f"{self.record} -> {self.target}"


def one_for_each_record(
    verdicts: Sequence[NameVerdict], by_zone: Mapping[str, RecordsByName], owner: str
) -> list[NameVerdict]:
    """Of several names that claim one record one keeps it: whose mark is there, else the first by id."""
    claims: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in verdicts:
        claims[_claim(one)].append(one.name.id)
    return [_or_refused(one, _keeper(one, claims[_claim(one)], by_zone, owner)) for one in verdicts]


def _claim(verdict: NameVerdict) -> tuple[str, str]:
    """The record that a name claims; while its zone is not known, its id stands for it."""
    return (verdict.zone.zone_id, verdict.record) if verdict.zone else ("", verdict.name.id)


def _keeper(verdict: NameVerdict, ids: Sequence[str], by_zone: Mapping[str, RecordsByName], owner: str) -> str:
    records = by_zone.get(_claim(verdict)[0], {}) if len(ids) > 1 else {}
    mark = judge_holding(verdict.record, records, owner).mark
    return mark.name_id if mark and mark.name_id in ids else min(ids)


def _or_refused(verdict: NameVerdict, keeper: str) -> NameVerdict:
    if verdict.name.id == keeper:
        return verdict
    told = Obstacle(
        kind=RefusalKind.CONFLICT,
        reason=f"{verdict.record} is claimed by {keeper} already, and one record leads to one load balancer",
        remedy=f"Keep {keeper} or {verdict.name.id} in the policy, or give them different names.",
    )
    return NameVerdict(name=verdict.name, standing=Standing.REFUSED, zone=verdict.zone, obstacle=told)
