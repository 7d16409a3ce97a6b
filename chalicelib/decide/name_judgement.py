"""One name under judgement: what keeps it from leading where it should, or the changes that lead it there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.decide.dns_name import MAX_NAME, lies_in, name_fault, normalised
from chalicelib.decide.name_choice import GRANT, Nothing, Obstacle, choose_balancer, chosen_zone
from chalicelib.decide.name_marks import MARK_LABEL, Mark
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
from chalicelib.decide.name_verdicts import NameVerdict, Standing
from chalicelib.model.names import BalancerState, LoadBalancer, NamesFacts, Unread, place_of
from chalicelib.model.plan import RefusalKind
from chalicelib.model.policy import Name

_LONGEST = MAX_NAME - len(MARK_LABEL) - 1


def judge_name(name: Name, facts: NamesFacts, by_zone: Mapping[str, RecordsByName], owner: str) -> NameVerdict:
    """How one name stands, by its zone's record sets as they are now; other names are not looked at."""
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
