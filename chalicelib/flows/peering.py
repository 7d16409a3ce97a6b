"""One VPC peering, from a trigger to its report: observe, decide, perform, verify, tell, mark.

The event path, the sweep and a replay from a dead-letter queue all come through ``settle``. The tags on the peering are set
last: they say that everything was done, proved and told, so a run that dies anywhere before is repeated in full.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.alerts.peering_frame import Told
from chalicelib.alerts.place_alerts import place_alert
from chalicelib.decide.case import open_questions
from chalicelib.decide.peering import PeeringDecision, plan_peering
from chalicelib.decide.reach import Path, judge_reach
from chalicelib.flows.peering_telling import tell_and_mark
from chalicelib.flows.ports import World
from chalicelib.model.actions import (
    Action,
    CreateRoute,
    DeleteRoute,
    ReplaceRoute,
    RouteAction,
    TagPeering,
)
from chalicelib.model.errors import AccessRefused, RetryLater
from chalicelib.model.facts import PeeringFacts, PeeringStatus
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision, Plan, Refusal, RefusalKind
from chalicelib.model.report import Failure, Report
from chalicelib.model.triggers import (
    Ignored,
    PeeringAccepted,
    PeeringDeleted,
    PeeringRejected,
    PeeringTrigger,
    Trigger,
)
from chalicelib.perform.executor import NOT_TRIED, Outcome

if TYPE_CHECKING:  # rules without names need not load what settles them
    from chalicelib.flows.settle_names import NamesSettled

LOG = logging.getLogger(__name__)
# An event older than this is a replay: what it names may be gone for good, so it is not waited for.
FRESH = timedelta(minutes=15)
# The calls that end a wait; an alert that is open is brought up to date at once and not by the next sweep.
ENDING = (PeeringAccepted, PeeringRejected, PeeringDeleted)
_ROUNDS = 6  # rounds of questions that a decision may ask; it needs five at most


def react_to_peering(trigger: PeeringTrigger | Ignored, world: World) -> Report:
    """What one event about a peering leads to."""
    if isinstance(trigger, Ignored):
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(trigger.reason,))
    places = [place for place in trigger.places if world.policy.manages(place)]
    if not places:
        named = ", ".join(map(str, trigger.places))
        reason = f"none of the places that the event names is in the policy: {named}"
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(reason,))
    patient = trigger.at is None or world.now() - trigger.at <= FRESH
    try:
        facts = world.reader.find(trigger.peering_id, places, patient=patient)
        if facts is not None:
            return settle(trigger, facts, world)
    except AccessRefused as error:
        if error.account not in world.policy.accounts:
            raise  # netreflex's own account refuses its own state: nobody can be told through it
        return _unreadable(trigger, error, places[0], world)
    reason = f"{trigger.peering_id} is not to be seen in any place the event names, and the event is old"
    return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(reason,))


def _unreadable(trigger: PeeringTrigger, error: AccessRefused, seen_from: Place, world: World) -> Report:
    """One side cannot be read, so nothing is done on the other either. The sweep tries again and tells when it can."""
    place = Place(account=error.account, region=error.region or seen_from.region)
    alert = place_alert(place, str(error), world.policy.accounts[place.account].name, world.now())
    world.road.tell(alert)
    reasons = (f"nothing was done, because one side cannot be read: {error}",)
    return Report(trigger=trigger, decision=Decision.HELD, reasons=reasons, alerts=(alert.fingerprint,))


def settle(trigger: Trigger, facts: PeeringFacts, world: World, open_alerts: Collection[str] | None = None) -> Report:
    """Bring one peering to where the policy wants it, and tell how it stands.

    ``open_alerts`` are the fingerprints that fire now, where the caller knows them; an event does not, and asks the road.
    Raises RetryLater where AWS put a call off: nothing is lost, and the same trigger goes on from there.
    """
    facts = _answered(facts, world)
    decision = _permitted(plan_peering(facts, world.policy, world.now()), world)
    mark = tuple(action for action in decision.plan.actions if isinstance(action, TagPeering))
    work = tuple(action for action in decision.plan.actions if not isinstance(action, TagPeering))
    if world.enforce:
        _remember(facts, decision, world)
    outcome = world.executor.perform(work, apart=decision.marked)
    if outcome.retry:
        raise RetryLater(next(one.error for one in outcome.failed if one.error != NOT_TRIED))
    if outcome.overtaken:
        return settle(trigger, _overtaken(facts, world), world, open_alerts)
    paths = _proof(facts, decision, outcome.performed, world)
    told = Told(
        facts=facts,
        decision=decision,
        performed=outcome.performed,
        failed=outcome.failed,
        paths=paths,
        enforce=world.enforce,
    )
    names = _names(told, world)
    if names is not None:
        outcome += names.outcome
        told = replace(
            told,
            performed=outcome.performed,
            failed=outcome.failed,
            names=names.lines,
            associations=names.final.foreign,
        )
    marked, alerts = tell_and_mark(told, mark, world, open_alerts, ends=isinstance(trigger, ENDING))
    report = _report(trigger, told, outcome + marked, alerts, names)
    LOG.info("peering.settled", extra={"peering_id": facts.peering.peering_id, "report": report.as_json()})
    return report


def _permitted(decision: PeeringDecision, world: World) -> PeeringDecision:
    """The same decision, unless we would be refused to do all of it: then nothing is done on either side.

    Asked until a peering is finished, whoever accepted it. A finished one is repaired place by place, and not asked about.
    """
    if not world.enforce or decision.decision is not Decision.APPROVED or decision.marked:
        return decision
    refusals = world.executor.not_permitted(decision.plan.actions)
    if not refusals:
        return decision
    rule = decision.rule.name if decision.rule else ""
    first = f"rule {rule} approves, but netreflex may not do all of it; nothing was changed"
    reasons = (first, *(refusal.reason for refusal in refusals))
    return PeeringDecision(decision=Decision.HELD, rule=decision.rule, reasons=reasons, plan=Plan(refusals=refusals))


def _not_permitted(refusals: Sequence[Refusal]) -> tuple[Failure, ...]:
    """What AWS said no to when it was asked is a failed call as well as a reason not to act."""
    return tuple(Failure(action=one.action, error=one.reason) for one in refusals if one.kind is RefusalKind.ACCESS)


def _overtaken(facts: PeeringFacts, world: World) -> PeeringFacts:
    """The facts of a request that ended while we wanted to accept or reject it."""
    peering_id = facts.peering.peering_id
    places = [side.ref.place for side in facts.sides if side.managed]
    newer = world.reader.find(peering_id, places, patient=False)
    if newer is None or newer.peering.status is PeeringStatus.PENDING:
        raise RetryLater(f"{peering_id} ended before it was answered, and that is not to be seen yet; run again")
    return newer


def _names(told: Told, world: World) -> NamesSettled | None:
    """The names of the rule, once packets arrive, in the run that finishes the peering; the sweep keeps them from then on."""
    decision = told.decision
    if decision.decision is not Decision.APPROVED or decision.marked or not told.finished:
        return None
    if decision.rule is None or not decision.rule.names:
        return None
    from chalicelib.flows.names import settle_names_of

    return settle_names_of(told.facts, decision.rule, world)


def _answered(facts: PeeringFacts, world: World) -> PeeringFacts:
    for _ in range(_ROUNDS):
        questions = open_questions(facts, world.policy)
        if not questions:
            break
        facts = world.reader.answer(facts, questions)
    return facts


def _remember(facts: PeeringFacts, decision: PeeringDecision, world: World) -> None:
    """Before anything is done, note what will be ours: the other order could leave a route that nobody owns."""
    routes = [action for action in decision.plan.actions if isinstance(action, CreateRoute | ReplaceRoute)]
    marks = any(isinstance(action, TagPeering) for action in decision.plan.actions)
    if routes or marks:
        world.memory.remember(facts.peering.peering_id, routes, decision.approved)


def _proof(
    facts: PeeringFacts, decision: PeeringDecision, performed: tuple[Action, ...], world: World
) -> tuple[Path, ...]:
    """Would packets arrive? Over tables read again where we changed some; in observe mode nothing was changed to prove."""
    if decision.decision is not Decision.APPROVED or not world.enforce:
        return ()
    changed = tuple(action for action in performed if isinstance(action, RouteAction))
    if changed:
        facts = world.reader.reread(facts, lambda now: all(_shows(now, action) for action in changed))
    return judge_reach(facts, decision.wanted)


def _shows(facts: PeeringFacts, action: RouteAction) -> bool:
    """Do these tables show what we did to them? EC2's reads may lag behind its writes."""
    routes = [
        route
        for side in facts.sides
        for table in side.tables
        if table.table_id == action.table_id
        for route in table.routes
    ]
    there = any(route.destination == action.destination and route.target == action.peering_id for route in routes)
    return there is not isinstance(action, DeleteRoute)


def _report(
    trigger: Trigger, told: Told, outcome: Outcome, alerts: tuple[str, ...], names: NamesSettled | None
) -> Report:
    decision = told.decision
    planned, refused, proof = decision.plan.actions, decision.plan.refusals, tuple(map(str, told.paths))
    unchanged = decision.plan.unchanged + outcome.unchanged
    if names is not None:
        planned, refused = (*planned, *names.planned), (*refused, *names.final.plan.refusals)
        proof, alerts = (*proof, *names.proof), (*alerts, *names.alerts)
        unchanged += names.final.plan.unchanged
    return Report(
        trigger=trigger,
        decision=decision.decision,
        rule=decision.rule.name if decision.rule else None,
        reasons=(*decision.reasons, *told.for_the_other_owner),
        planned=planned,
        performed=outcome.performed,
        unchanged=unchanged,
        refused=refused,
        failed=(*_not_permitted(decision.plan.refusals), *outcome.failed),
        alerts=alerts,
        proof=proof,
    )
