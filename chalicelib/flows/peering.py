"""One VPC peering, from a trigger to its report: observe, decide, perform, verify, tell, mark.

The event path, the sweep and a replay from a dead-letter queue all come through ``settle``. The tags on the peering are set
last: they say that everything was done, proved and told, so a run that dies anywhere before is repeated in full.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta

from chalicelib.alerts.peering_alerts import Told, is_news, peering_alert
from chalicelib.alerts.place_alerts import place_alert
from chalicelib.decide.case import open_questions
from chalicelib.decide.peering import PeeringDecision, plan_peering
from chalicelib.decide.reach import Path, judge_reach
from chalicelib.flows.ports import World
from chalicelib.model.actions import Action, CreateRoute, ReplaceRoute, RouteAction, TagPeering
from chalicelib.model.alert import Alert, AlertStatus
from chalicelib.model.errors import AccessRefused, RetryLater
from chalicelib.model.facts import PeeringFacts
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision
from chalicelib.model.report import Report
from chalicelib.model.triggers import Ignored, PeeringTrigger, Trigger
from chalicelib.perform.executor import Outcome

LOG = logging.getLogger(__name__)
# An event older than this is a replay: what it names may be gone for good, so it is not waited for.
FRESH = timedelta(minutes=15)
_ROUNDS = 4  # rounds of questions that a decision may ask; it needs three at most


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
    except AccessRefused as error:
        return _unreadable(trigger, error, places[0], world)
    if facts is None:
        reason = f"{trigger.peering_id} is not to be seen in any place the event names, and the event is old"
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(reason,))
    return settle(trigger, facts, world)


def _unreadable(trigger: PeeringTrigger, error: AccessRefused, seen_from: Place, world: World) -> Report:
    """One side cannot be read, so nothing is done on the other either. The sweep tries again and tells when it can."""
    place = Place(account=error.account, region=seen_from.region)
    account = world.policy.accounts.get(place.account)
    alert = place_alert(place, str(error), account.name if account else place.account, world.now())
    world.road.tell(alert)
    reasons = (f"nothing was done, because one side cannot be read: {error}",)
    return Report(trigger=trigger, decision=Decision.HELD, reasons=reasons, alerts=(alert.fingerprint,))


def settle(trigger: Trigger, facts: PeeringFacts, world: World, open_alerts: Collection[str] | None = None) -> Report:
    """Bring one peering to where the policy wants it, and tell how it stands.

    ``open_alerts`` are the fingerprints that fire now, where the caller knows them; an event does not, and asks the road.
    Raises RetryLater where AWS put a call off: nothing is lost, and the same trigger goes on from there.
    """
    facts = _answered(facts, world)
    decision = plan_peering(facts, world.policy, world.now())
    mark = tuple(action for action in decision.plan.actions if isinstance(action, TagPeering))
    work = tuple(action for action in decision.plan.actions if not isinstance(action, TagPeering))
    if world.enforce:
        _remember(facts, decision, world)
    outcome = world.executor.perform(work)
    if outcome.retry:
        raise RetryLater(outcome.failed[0].error)
    paths = _proof(facts, decision, outcome.performed, world)
    told = Told(
        facts=facts,
        decision=decision,
        performed=outcome.performed,
        failed=outcome.failed,
        paths=paths,
        enforce=world.enforce,
    )
    alert = peering_alert(told, world.policy, world.now())
    alerts = _tell(alert, told, world, open_alerts)
    if not outcome.failed and not any(path.obstacle for path in paths):
        outcome = _joined(outcome, world.executor.perform(mark))
    if outcome.retry:
        raise RetryLater(outcome.failed[0].error)
    report = _report(trigger, decision, outcome, paths, alerts)
    LOG.info("peering.settled", extra={"peering_id": facts.peering.peering_id, "report": report.as_json()})
    return report


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
    changed = any(isinstance(action, RouteAction) for action in performed)
    return judge_reach(world.reader.reread(facts) if changed else facts, decision.wanted)


def _tell(alert: Alert, told: Told, world: World, open_alerts: Collection[str] | None) -> tuple[str, ...]:
    """Tell what is news; what merely ended is told only where something was open."""
    news = is_news(alert, told)
    if not news and open_alerts is None and told.decision.decision is Decision.OBSERVED:
        news = True  # the road drops the end of something that never began
    if not news and (open_alerts is None or alert.fingerprint not in open_alerts):
        return ()
    unfinished = world.enforce and told.decision.decision is Decision.APPROVED and not told.decision.marked
    world.road.tell(alert, surely=unfinished and alert.status is AlertStatus.NOTICE)
    return (alert.fingerprint,)


def _joined(first: Outcome, second: Outcome) -> Outcome:
    return Outcome(
        performed=(*first.performed, *second.performed),
        unchanged=first.unchanged + second.unchanged,
        failed=(*first.failed, *second.failed),
        retry=first.retry or second.retry,
    )


def _report(
    trigger: Trigger, decision: PeeringDecision, outcome: Outcome, paths: tuple[Path, ...], alerts: tuple[str, ...]
) -> Report:
    return Report(
        trigger=trigger,
        decision=decision.decision,
        rule=decision.rule.name if decision.rule else None,
        reasons=(*decision.reasons, *decision.foreign),
        planned=decision.plan.actions,
        performed=outcome.performed,
        unchanged=decision.plan.unchanged + outcome.unchanged,
        refused=decision.plan.refusals,
        failed=outcome.failed,
        alerts=alerts,
        proof=tuple(map(str, paths)),
    )
