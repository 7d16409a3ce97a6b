"""What to do about names: the same function for an event, a peering, a sweep and a repair. Pure.

Each name is judged by itself, so that one in the way of another keeps nothing else from being done. What is to be written is
put into as few change batches as Route 53 takes, the changes of one name always into one batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.decide.dns_name import MAX_NAME, lies_in, name_fault, normalised
from chalicelib.decide.name_batches import change_batches
from chalicelib.decide.name_brake import brake
from chalicelib.decide.name_choice import GRANT, Nothing, Obstacle, choose_balancer, chosen_zone
from chalicelib.decide.name_leftovers import Leftovers, judge_leftovers
from chalicelib.decide.name_marks import MARK_LABEL, Mark
from chalicelib.decide.name_reach import ReachVerdict, association, judge_reach_of
from chalicelib.decide.name_records import (
    Holding,
    RecordsByName,
    changes_to,
    conflict,
    covered_by,
    judge_holding,
    leads_to,
    live_target,
    removal_of,
    still_leads,
)
from chalicelib.decide.name_verdicts import NameVerdict, Standing, one_for_each_record
from chalicelib.model.actions import ChangeRecordSets, NameAction, RecordChange, Verb
from chalicelib.model.names import (
    ROUTE53_REGION,
    BalancerState,
    LoadBalancer,
    NamesFacts,
    Reach,
    RecordSet,
    Unread,
    Zone,
    place_of,
)
from chalicelib.model.network import Place, VpcRef
from chalicelib.model.plan import Plan, Refusal, RefusalKind
from chalicelib.model.policy import Name

_LONGEST = MAX_NAME - len(MARK_LABEL) - 1


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
        zone_id: by_name(records) for zone_id, records in facts.records.items() if not isinstance(records, Unread)
    }
    judged = [_judge(name, facts, by_zone, owner) for name in sorted(names, key=lambda one: one.id)]
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


def by_name(records: Iterable[RecordSet]) -> RecordsByName:
    found: dict[str, list[RecordSet]] = {}
    for record in records:
        found.setdefault(record.name, []).append(record)
    return found


def with_rivals(chosen: Iterable[Name], names: Iterable[Name]) -> tuple[Name, ...]:
    """The chosen names and all others that may claim one of their records: who keeps it is decided over all of them."""
    records = {normalised(one.name) for one in chosen}
    return tuple(one for one in names if normalised(one.name) in records)


# ---- one name --------------------------------------------------------------------------------------------------------
def _judge(name: Name, facts: NamesFacts, by_zone: Mapping[str, RecordsByName], owner: str) -> NameVerdict:
    zone = chosen_zone(name, facts)
    if isinstance(zone, Obstacle):
        return NameVerdict(name=name, standing=_held_up(zone), obstacle=zone)
    refused = NameVerdict(name=name, standing=Standing.REFUSED, zone=zone)
    misfit = _misfit(refused.record, normalised(zone.name))
    if misfit is not None:
        return replace(refused, obstacle=misfit)
    looked = facts.records.get(zone.zone_id, Unread(reason="it was not asked"))
    if isinstance(looked, Unread):
        reason = f"the record sets of hosted zone {zone} could not be read: {looked.reason}"
        obstacle = Obstacle(kind=RefusalKind.ACCESS, reason=reason, remedy=GRANT, passing=looked.passing)
        return replace(refused, standing=_held_up(obstacle), obstacle=obstacle)
    records = by_zone[zone.zone_id]
    holding = judge_holding(refused.record, records, owner)
    if holding.conflict:
        return replace(refused, obstacle=conflict(holding.conflict, zone.zone_id, refused.record))
    target = choose_balancer(name, facts)
    if isinstance(target, Nothing):
        return _without_target(refused, holding, target)
    if isinstance(target, Obstacle):
        still = live_target(holding, _there(name, facts))
        return replace(refused, standing=_held_up(target), obstacle=target, still=still)
    shade = None if holding.cname else covered_by(refused.record, normalised(zone.name), records)
    if shade:
        reason = f"{refused.record} would put others in the shade: {shade}"
        return replace(refused, obstacle=conflict(reason, zone.zone_id, refused.record))
    return _towards(replace(refused, target=target), target, holding, owner)


def _towards(verdict: NameVerdict, target: LoadBalancer, holding: Holding, owner: str) -> NameVerdict:
    mark = Mark(owner=owner, name_id=verdict.name.id, target=target.arn)
    changes = changes_to(verdict.record, verdict.name.ttl, target, mark, holding)
    if not changes:
        return replace(verdict, standing=Standing.LEADS)
    moves = holding.cname is not None and not leads_to(holding.cname, target)
    if moves and target.state is BalancerState.PROVISIONING:
        return replace(verdict, standing=Standing.WAITS)
    return replace(verdict, standing=Standing.CHANGES, changes=changes)


def _there(name: Name, facts: NamesFacts) -> tuple[LoadBalancer, ...]:
    looked = facts.balancers.get(place_of(name.load_balancer), ())
    return () if isinstance(looked, Unread) else looked


def _without_target(verdict: NameVerdict, holding: Holding, nothing: Nothing) -> NameVerdict:
    """Nothing is there that the name could lead to. Our record goes, where what it led to is known to be gone."""
    obstacle = nothing.obstacle
    if not holding.ours:
        return replace(verdict, obstacle=obstacle)
    kept = still_leads(holding, place_of(verdict.name.load_balancer), nothing.there)
    if kept:
        told = replace(obstacle, reason=f"{obstacle.reason}; the record stays: {kept}")
        return replace(verdict, obstacle=told, still=live_target(holding, nothing.there))
    return replace(verdict, standing=Standing.REMOVED, changes=removal_of(holding), obstacle=obstacle)


def _misfit(record: str, zone: str) -> Obstacle | None:
    """Why no CNAME of that name can stand in the zone."""
    fault = name_fault(record, _LONGEST)
    remedy = "Correct the policy's name."
    if fault is None and record.partition(".")[0] == MARK_LABEL:
        fault = f"{record} begins with {MARK_LABEL}, which is kept for the owner's marks"
    if fault is None and record == zone:
        fault = f"{record} is the zone's own name, where DNS allows no CNAME"
        remedy = "Write a name below the zone; or make an alias record there by hand, which DNS does allow."
    if fault is None and not lies_in(record, zone):
        fault = f"{record} does not lie in the hosted zone {zone}"
    return Obstacle(kind=RefusalKind.ZONE, reason=fault, remedy=remedy) if fault else None


def _held_up(obstacle: Obstacle) -> Standing:
    return Standing.WAITS if obstacle.passing else Standing.REFUSED


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


# ---- refusals --------------------------------------------------------------------------------------------------------
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
