"""What to do about names: the same function for an event, a peering, a sweep and a repair. Pure.

Each name is judged by itself, so that one in the way of another keeps nothing else from being done. What is to be written is
put into as few change batches as Route 53 takes, the changes of one name always into one batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.decide.dns_name import normalised
from chalicelib.decide.name_batches import change_batches
from chalicelib.decide.name_brake import brake
from chalicelib.decide.name_choice import Obstacle
from chalicelib.decide.name_judgement import judge_name
from chalicelib.decide.name_leftovers import Leftovers, judge_leftovers
from chalicelib.decide.name_reach import ReachVerdict, association, judge_reach_of
from chalicelib.decide.name_records import RecordsByName
from chalicelib.decide.name_verdicts import NameVerdict, Standing, one_for_each_record
from chalicelib.model.actions import ChangeRecordSets, NameAction, RecordChange, Verb
from chalicelib.model.names import ROUTE53_REGION, NamesFacts, Reach, RecordSet, Unread, Zone
from chalicelib.model.network import Place, VpcRef
from chalicelib.model.plan import Plan, Refusal
from chalicelib.model.policy import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesDecision:
    """All verdicts, and the steps that carry them out: within a step in order, one step not waiting for another.

    ``braked`` are the names whose records would go, were there not too many of them at once.
    """

    verdicts: tuple[NameVerdict, ...] = ()
    reaches: tuple[ReachVerdict, ...] = ()
    steps: tuple[tuple[NameAction, ...], ...] = ()
    braked: tuple[str, ...] = ()
    brake: str = ""
    leftovers: tuple[Leftovers, ...] = ()

    @property
    def foreign(self) -> tuple[str, ...]:
        """The commands that the owners of VPCs that are not ours have to run."""
        return tuple(one.foreign for one in self.reaches if one.foreign)

    @property
    def plan(self) -> Plan:
        settled = sum(1 for one in self.verdicts if one.standing is Standing.LEADS)
        associated = sum(1 for one in self.reaches if not (one.steps or one.obstacle or one.foreign))
        return Plan(
            actions=tuple(action for step in self.steps for action in step),
            unchanged=settled + associated,
            refusals=(
                *(_refusal(*one) for one in _refused(self.verdicts)),
                *(_reach_refusal(*one) for one in _kept_out(self.reaches)),
            ),
        )


def plan_names(
    facts: NamesFacts,
    names: Sequence[Name],
    reaches: Iterable[Reach],
    owner: str,
    *,
    together: bool = True,
    whole: bool = True,
) -> NamesDecision:
    """Verdicts and steps. ``together`` False gives each name a batch of its own, where one spoils the others' batch.

    ``whole`` is False where not all names of the policy are given: then no more than one record is removed.
    """
    by_zone = {
        zone_id: _by_name(records) for zone_id, records in facts.records.items() if not isinstance(records, Unread)
    }
    judged = [judge_name(name, facts, by_zone, owner) for name in sorted(names, key=lambda one: one.id)]
    braked = brake(one_for_each_record(judged, by_zone, owner), by_zone, owner, whole=whole)
    served = {one.name.id: one for one in braked.verdicts if one.standing not in {Standing.REFUSED, Standing.REMOVED}}
    reached = tuple(_reached(served, reaches, facts))
    batches = tuple((batch,) for batch in change_batches(braked.verdicts, together=together))
    return NamesDecision(
        verdicts=braked.verdicts,
        reaches=reached,
        steps=(*batches, *(one.steps for one in reached if one.steps)),
        braked=braked.records,
        brake=braked.why,
        leftovers=judge_leftovers(facts.whole, by_zone, braked.verdicts, owner) if whole else (),
    )


def _by_name(records: Iterable[RecordSet]) -> RecordsByName:
    found: dict[str, list[RecordSet]] = {}
    for record in records:
        found.setdefault(record.name, []).append(record)
    return found


def with_rivals(chosen: Iterable[Name], names: Iterable[Name]) -> tuple[Name, ...]:
    """The chosen names and all others that may claim one of their records: who keeps it is decided over all of them."""
    records = {normalised(one.name) for one in chosen}
    return tuple(one for one in names if normalised(one.name) in records)


def _reached(served: Mapping[str, NameVerdict], reaches: Iterable[Reach], facts: NamesFacts) -> Iterator[ReachVerdict]:
    """The associations of the private zones of names that are served."""
    zones: dict[str, Zone] = {}
    wanted: dict[str, dict[VpcRef, bool]] = defaultdict(dict)
    records: dict[str, dict[str, None]] = defaultdict(dict)
    for reach in sorted(reaches, key=lambda one: (one.name_id, one.vpc)):
        verdict = served.get(reach.name_id)
        if verdict is None or verdict.zone is None or not verdict.zone.private:
            continue
        zones[verdict.zone.zone_id] = verdict.zone
        wanted[verdict.zone.zone_id][reach.vpc] = reach.managed
        records[verdict.zone.zone_id][verdict.record] = None
    for zone_id, zone in sorted(zones.items()):
        yield from judge_reach_of(zone, wanted[zone_id], tuple(records[zone_id]), facts.vpcs, facts.beneath)


def _refused(verdicts: Iterable[NameVerdict]) -> Iterator[tuple[NameVerdict, Obstacle]]:
    return (
        (one, one.obstacle) for one in verdicts if one.obstacle is not None and one.standing is not Standing.REMOVED
    )


def _kept_out(reaches: Iterable[ReachVerdict]) -> Iterator[tuple[ReachVerdict, Obstacle]]:
    return ((one, one.obstacle) for one in reaches if one.obstacle is not None)


def _refusal(verdict: NameVerdict, obstacle: Obstacle) -> Refusal:
    """The record that is not written stands for what would have been done."""
    zone = verdict.zone
    record = RecordSet(name=verdict.record, type="CNAME", ttl=verdict.name.ttl)
    wanted = ChangeRecordSets(
        place=zone.place if zone else Place(account=verdict.name.zone_account or "", region=ROUTE53_REGION),
        zone_id=zone.zone_id if zone else "",
        zone=zone.name if zone else verdict.name.zone,
        changes=(RecordChange(verb=Verb.CREATE, record=record),),
    )
    return Refusal(kind=obstacle.kind, action=wanted, reason=obstacle.reason, remedy=obstacle.remedy)


def _reach_refusal(verdict: ReachVerdict, obstacle: Obstacle) -> Refusal:
    return Refusal(
        kind=obstacle.kind,
        action=association(verdict.zone, verdict.vpc),
        reason=obstacle.reason,
        remedy=obstacle.remedy,
    )
