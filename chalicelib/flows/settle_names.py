"""Bring names to where the policy wants them: observe, decide, perform, verify, tell.

An event about a load balancer, a peering that was just approved and the sweep all come through ``settle_names``. A batch that
somebody else's change spoils is planned again from what is true then; where that does not help, each name goes by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.alerts.name_alerts import NamesTold, names_alerts
from chalicelib.decide.name_verdicts import NameVerdict, Standing
from chalicelib.decide.names import NamesDecision, plan_names
from chalicelib.flows.name_changes import follow_answers
from chalicelib.flows.ports import World
from chalicelib.model.actions import Action
from chalicelib.model.alert import AlertStatus
from chalicelib.model.names import ChangeInfo, NamesFacts, Reach, Zone, change_line
from chalicelib.model.plan import Decision, Plan
from chalicelib.model.policy import Name
from chalicelib.model.report import Report
from chalicelib.model.triggers import Trigger
from chalicelib.perform.executor import Outcome

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
        changes = (change_line(action.place.account, told) for action, told in self.outcome.answers)
        return (*self.lines, *changes)

    @property
    def unfinished(self) -> str:
        """Why the same has to be run again, empty where it has not."""
        passing = [one.obstacle.reason for one in self.final.verdicts if one.obstacle and one.obstacle.passing]
        put_off = [one.error for one in self.outcome.failed if self.outcome.retry]
        return next(iter((*put_off, *passing)), "")


def settle_names(
    names: Sequence[Name],
    reaches: Sequence[Reach],
    world: World,
    *,
    open_alerts: Collection[str] | None = None,
    more: Sequence[Zone] | None = None,
    notices: bool = True,
) -> NamesSettled:
    """Bring names to where the policy wants them, and tell how they stand.

    The sweep gives all names, the fingerprints that fire now (``open_alerts``) and the zones to which netreflex once wrote
    (``more``). Without ``notices`` what was done is left to the caller to tell; problems are told here in any case.
    """
    facts = world.names().look(names, reaches, more=more)
    settled = _carried_out(facts, names, reaches, world, more)
    if settled.outcome.performed:
        seen = world.names().again(facts, names, reaches, more=more)
        final = plan_names(seen, names, reaches, world.owner(), whole=more is not None)
        answers = follow_answers(settled.outcome.answers, world)
        settled = replace(settled, final=final, outcome=replace(settled.outcome, answers=answers))
    return replace(settled, alerts=_tell(settled, world, open_alerts, notices=notices))


def _carried_out(
    facts: NamesFacts, names: Sequence[Name], reaches: Sequence[Reach], world: World, more: Sequence[Zone] | None
) -> NamesSettled:
    decision = NamesDecision()
    planned: list[Action] = []
    performed: list[Action] = []
    answers: list[tuple[Action, ChangeInfo]] = []
    outcome = Outcome()
    for left in reversed(range(_ROUNDS)):
        decision = plan_names(facts, names, reaches, world.owner(), together=left > 0, whole=more is not None)
        planned += [action for action in decision.plan.actions if action not in planned]
        if world.enforce:
            _remember(decision.verdicts, world)
        outcome = _performed(decision, world)
        performed += outcome.performed
        answers += outcome.answers
        if not (outcome.overtaken and left):
            break
        facts = world.names().again(facts, names, reaches, more=more)
    return NamesSettled(
        final=decision,
        planned=tuple(planned),
        outcome=replace(outcome, performed=tuple(performed), answers=tuple(answers)),
    )


def _remember(verdicts: Iterable[NameVerdict], world: World) -> None:
    changing = [one for one in verdicts if one.standing is Standing.CHANGES]
    led = [(one.target.arn, one.name.id) for one in changing if one.target]
    if led:
        world.name_memory().remember(led, [one.zone for one in changing if one.zone])


def _performed(decision: NamesDecision, world: World) -> Outcome:
    """Every step by itself: what keeps one zone or one VPC does not keep the next."""
    return sum((world.executor.perform(step) for step in decision.steps), Outcome())


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
