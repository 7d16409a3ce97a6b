"""Names, by what triggers a look at them: an event about a load balancer, a peering that was just approved, the sweep."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from chalicelib.alerts import kinds
from chalicelib.alerts.name_notices import over
from chalicelib.alerts.name_zone_alerts import late_changes
from chalicelib.decide.approval import unmatched_tag
from chalicelib.decide.name_verdicts import Standing
from chalicelib.decide.names import with_rivals
from chalicelib.flows.name_changes import follow_pending
from chalicelib.flows.ports import World
from chalicelib.flows.settle_names import NamesSettled, names_report, settle_names
from chalicelib.model.alert import Alert
from chalicelib.model.errors import NetreflexError, RetryLater
from chalicelib.model.facts import PeeringFacts
from chalicelib.model.names import NamesRemembered, PendingChange, Reach, Zone, place_of
from chalicelib.model.plan import Decision
from chalicelib.model.policy import LoadBalancerChoice, Name, Rule
from chalicelib.model.report import Report
from chalicelib.model.triggers import (
    Ignored,
    LoadBalancerCreated,
    LoadBalancerDeleted,
    LoadBalancerTrigger,
    SweepDue,
)

LOG = logging.getLogger(__name__)
ENOUGH_SECONDS = 15.0  # what the names may take at worst, with the retries of their calls


def react_to_load_balancer(trigger: LoadBalancerTrigger | Ignored, world: World) -> Report:
    """What the birth or the end of a load balancer leads to. Raises RetryLater where AWS put something off."""
    if isinstance(trigger, Ignored):
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(trigger.reason,))
    if not world.policy.manages(trigger.place):
        reason = f"{trigger.place}, where the load balancer is, is not in the policy"
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(reason,))
    chosen = _selected(trigger, world)
    if not chosen:
        reason = f"no name of the policy leads to {trigger.arn}"
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(reason,))
    settled = settle_names(with_rivals(chosen, world.policy.names), (), world)
    report = names_report(trigger, settled)
    LOG.info("names.settled", extra={"report": report.as_json()})
    if settled.unfinished:
        raise RetryLater(settled.unfinished)
    return report


def sweep_names(
    world: World, reaches: Sequence[Reach], seconds_left: Callable[[], float], *, complete: bool
) -> Report | None:
    """Every name of the policy, whether or not a peering uses it, and what names that left it have left behind.

    None where there is neither. ``complete`` where the reaches are all that there are: then an open alert about another one is
    over.
    """
    if seconds_left() < ENOUGH_SECONDS:
        note = "out of time: the names are left to the next sweep"
        return Report(trigger=SweepDue(), decision=Decision.OBSERVED, reasons=(note,)) if world.policy.names else None
    remembered = world.names().remembered()
    open_names = {alert.fingerprint: alert for alert in world.road.open_alerts(kinds.NAME)}
    if not (world.policy.names or remembered.zones or remembered.changes or open_names):
        return None
    zones = [zone for zone in remembered.zones if zone.account in world.policy.accounts]
    settled = settle_names(world.policy.names, reaches, world, open_alerts=open_names, more=zones)
    spread, pending = follow_pending(remembered.changes, world)
    late = tuple(late_changes(pending, world.now()))
    ended = over(open_names.values(), settled.final, zones, late, complete=complete, now=world.now())
    for alert in (*late, *ended):
        world.road.tell(alert)
    if world.enforce:
        _forget(remembered, spread, settled, world)
    return _swept(settled, pending, late)


def _forget(remembered: NamesRemembered, spread: Sequence[PendingChange], settled: NamesSettled, world: World) -> None:
    """Drop what the memory is not needed for any more: changes that are spread, zones that hold nothing of ours."""
    used = {one.zone.zone_id for one in settled.final.verdicts if one.zone}
    empty = {left.zone.zone_id for left in settled.final.leftovers if not left.records}
    unused: list[Zone] = [zone for zone in remembered.zones if zone.zone_id in empty - used]
    if not (spread or unused):
        return
    try:
        world.name_memory().forget(spread, unused)
    except NetreflexError as error:
        LOG.warning("names.memory_not_tidied", extra={"error": str(error)})


def _swept(settled: NamesSettled, pending: Sequence[PendingChange], late: Sequence[Alert]) -> Report:
    final = settled.final
    lead = [one for one in final.verdicts if one.standing is Standing.LEADS]
    problems = [
        *(str(one) for one in final.verdicts if one.standing is not Standing.LEADS),
        *(one.obstacle.reason for one in final.reaches if one.obstacle),
        *(str(one) for one in final.leftovers if one.records),
        *(alert.cause for alert in late),
    ]
    report = names_report(SweepDue(), settled)
    count = (f"{len(final.verdicts)} names: {len(lead)} lead where they should",) if final.verdicts else ()
    reasons = (*count, *problems, *final.foreign)
    alerts = (*report.alerts, *(alert.fingerprint for alert in late))
    return replace(report, reasons=reasons, alerts=alerts, proof=(*report.proof, *map(str, pending)))


def reaches_of(facts: PeeringFacts, rule: Rule) -> tuple[Reach, ...]:
    """From where the names of a rule have to resolve once the peering is there: the requester's VPC, ours or not."""
    requester = facts.requester
    return tuple(Reach(name_id=name_id, vpc=requester.ref, managed=requester.managed) for name_id in rule.names)


def settle_names_of(facts: PeeringFacts, rule: Rule, world: World) -> NamesSettled:
    """The names of a rule, for the peering that it approved; the peering's own message tells what was done."""
    chosen = [name for name in world.policy.names if name.id in rule.names]
    settled = settle_names(with_rivals(chosen, world.policy.names), reaches_of(facts, rule), world, notices=False)
    if settled.unfinished:
        raise RetryLater(settled.unfinished)
    return settled


def _selected(trigger: LoadBalancerTrigger, world: World) -> tuple[Name, ...]:
    """The names that the event may concern: for those that choose by tags that takes one read, for all others none."""
    here = [name for name in world.policy.names if place_of(name.load_balancer) == trigger.place]
    by_word = [name for name in here if _is_meant(name.load_balancer, trigger)]
    by_tags = [name for name in here if name.load_balancer.tags]
    return (*by_word, *(_tagged(by_tags, trigger, world) if by_tags else ()))


def _is_meant(choice: LoadBalancerChoice, trigger: LoadBalancerTrigger) -> bool:
    return trigger.arn == choice.arn if choice.arn else trigger.name == choice.name


def _tagged(names: Sequence[Name], trigger: LoadBalancerTrigger, world: World) -> Iterable[Name]:
    """A load balancer that is there tells its tags; of one that is gone it is remembered which names led there."""
    match trigger:
        case LoadBalancerCreated():
            tags = world.names().tags(trigger.place, trigger.arn)
            return [one for one in names if tags is not None and unmatched_tag(tags, one.load_balancer.tags) is None]
        case LoadBalancerDeleted():
            led = world.names().led_to(trigger.arn)
            return [one for one in names if led is None or one.id in led]
