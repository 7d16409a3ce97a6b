"""Names, from a trigger to the report: observe, decide, perform, verify, tell, report.

An event about a load balancer, a peering that was just approved and the sweep all come through ``settle_names``. A batch that
somebody else's change spoils is planned again from what is true then; where that does not help, each name goes by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.alerts import kinds
from chalicelib.alerts.name_alerts import NamesTold, names_alerts
from chalicelib.alerts.name_notices import over
from chalicelib.decide.approval import unmatched_tag
from chalicelib.decide.name_verdicts import NameVerdict, Standing
from chalicelib.decide.names import NamesDecision, plan_names, with_rivals
from chalicelib.flows.ports import World
from chalicelib.model.actions import Action
from chalicelib.model.alert import AlertStatus
from chalicelib.model.errors import RetryLater
from chalicelib.model.facts import PeeringFacts
from chalicelib.model.names import ChangeInfo, NamesFacts, Reach, place_of
from chalicelib.model.plan import Decision, Plan
from chalicelib.model.policy import LoadBalancerChoice, Name, Rule
from chalicelib.model.report import Report
from chalicelib.model.triggers import (
    Ignored,
    LoadBalancerCreated,
    LoadBalancerDeleted,
    LoadBalancerTrigger,
    SweepDue,
    Trigger,
)
from chalicelib.perform.executor import Outcome

LOG = logging.getLogger(__name__)
ENOUGH_SECONDS = 15.0  # what the names may take at worst, with the retries of their calls
_ROUNDS = 3  # plans of one run: two for a record that changes under our hands, one with a batch for each name


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesSettled:
    """What became of names: ``final`` is how they stand now, ``planned`` all that was planned on the way."""

    final: NamesDecision = field(default_factory=NamesDecision)
    planned: tuple[Action, ...] = ()
    outcome: Outcome = field(default_factory=Outcome)
    alerts: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Each name in a sentence: where it leads, or why it does not."""
        return tuple(map(str, self.final.verdicts))

    @property
    def proof(self) -> tuple[str, ...]:
        """How the names were found after all was done, and how far Route 53 has spread the changes."""
        changes = (
            f"change {told.change_id} in {action.place.account}: {told.status}" for action, told in self.outcome.answers
        )
        return (*self.lines, *changes)

    @property
    def unfinished(self) -> str:
        """Why the same has to be run again, empty where it has not."""
        passing = [one.obstacle.reason for one in self.final.verdicts if one.obstacle and one.obstacle.passing]
        put_off = [one.error for one in self.outcome.failed if self.outcome.retry]
        return next(iter((*put_off, *passing)), "")


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
    """Every name of the policy, whether or not a peering uses it; None where the policy has none.

    ``complete`` where the reaches are all that there are: then an open alert about another one is over.
    """
    if not world.policy.names:
        return None
    if seconds_left() < ENOUGH_SECONDS:
        note = "out of time: the names are left to the next sweep"
        return Report(trigger=SweepDue(), decision=Decision.OBSERVED, reasons=(note,))
    open_names = {alert.fingerprint: alert for alert in world.road.open_alerts(kinds.NAME)}
    settled = settle_names(world.policy.names, reaches, world, open_alerts=open_names)
    for alert in over(open_names.values(), settled.final, complete=complete, now=world.now()):
        world.road.tell(alert)
    lead = [one.standing is Standing.LEADS for one in settled.final.verdicts]
    problems = [str(one) for one in settled.final.verdicts if one.standing is not Standing.LEADS]
    report = names_report(SweepDue(), settled)
    first = f"{len(lead)} names: {sum(lead)} lead where they should"
    return replace(report, reasons=(first, *problems, *settled.final.foreign))


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


def settle_names(
    names: Sequence[Name],
    reaches: Sequence[Reach],
    world: World,
    *,
    open_alerts: Collection[str] | None = None,
    notices: bool = True,
) -> NamesSettled:
    """Bring names to where the policy wants them, and tell how they stand.

    ``open_alerts`` are the fingerprints that fire now, where the caller knows them. Without ``notices`` what was done is left to
    the caller to tell; problems are told here in any case.
    """
    facts = world.names().look(names, reaches)
    settled = _carried_out(facts, names, reaches, world)
    if settled.outcome.performed:
        seen = world.names().again(facts, names, reaches)
        settled = replace(settled, final=plan_names(seen, names, reaches, world.owner()))
    return replace(settled, alerts=_tell(settled, world, open_alerts, notices=notices))


def _carried_out(facts: NamesFacts, names: Sequence[Name], reaches: Sequence[Reach], world: World) -> NamesSettled:
    decision = NamesDecision()
    planned: list[Action] = []
    performed: list[Action] = []
    answers: list[tuple[Action, ChangeInfo]] = []
    outcome = Outcome()
    for left in reversed(range(_ROUNDS)):
        decision = plan_names(facts, names, reaches, world.owner(), together=left > 0)
        planned += [action for action in decision.plan.actions if action not in planned]
        if world.enforce:
            _remember(decision.verdicts, world)
        outcome = _performed(decision, world)
        performed += outcome.performed
        answers += outcome.answers
        if not (outcome.overtaken and left):
            break
        facts = world.names().again(facts, names, reaches)
    return NamesSettled(
        final=decision,
        planned=tuple(planned),
        outcome=replace(outcome, performed=tuple(performed), answers=tuple(answers)),
    )


def _remember(verdicts: Iterable[NameVerdict], world: World) -> None:
    led = [(one.target.arn, one.name.id) for one in verdicts if one.target and one.standing is Standing.CHANGES]
    if led:
        world.name_memory().remember(led)


def _performed(decision: NamesDecision, world: World) -> Outcome:
    """Every step by itself: what keeps one zone or one VPC does not keep the next."""
    outcomes = [world.executor.perform(step) for step in decision.steps]
    return Outcome(
        performed=tuple(action for one in outcomes for action in one.performed),
        unchanged=sum(one.unchanged for one in outcomes),
        failed=tuple(failure for one in outcomes for failure in one.failed),
        retry=any(one.retry for one in outcomes),
        overtaken=any(one.overtaken for one in outcomes),
        answers=tuple(answer for one in outcomes for answer in one.answers),
    )


def _tell(
    settled: NamesSettled, world: World, open_alerts: Collection[str] | None, *, notices: bool
) -> tuple[str, ...]:
    """What fires is told each time, and the road drops what it knows; an end is told only where something was open."""
    told = NamesTold(
        decision=settled.final,
        planned=settled.planned,
        answers=settled.outcome.answers,
        failed=settled.outcome.failed,
        retry=settled.outcome.retry,
        enforce=world.enforce,
        whole=open_alerts is not None,
        owner=world.owner(),
    )
    fingerprints = []
    for alert in names_alerts(told, world.policy, world.now()):
        if alert.status is AlertStatus.NOTICE and not notices:
            continue
        fires = alert.fingerprint in open_alerts if open_alerts is not None else None
        if alert.status is AlertStatus.RESOLVED and not (
            world.road.fires(alert.fingerprint) if fires is None else fires
        ):
            continue
        world.road.tell(alert)
        fingerprints.append(alert.fingerprint)
    return tuple(fingerprints)


def names_report(trigger: Trigger, settled: NamesSettled) -> Report:
    """The report of a run about names alone."""
    plan: Plan = settled.final.plan
    return Report(
        trigger=trigger,
        decision=Decision.OBSERVED,
        reasons=(*settled.lines, *settled.final.foreign),
        planned=settled.planned,
        performed=settled.outcome.performed,
        unchanged=plan.unchanged + settled.outcome.unchanged,
        refused=plan.refusals,
        failed=settled.outcome.failed,
        alerts=settled.alerts,
        proof=settled.proof,
    )
