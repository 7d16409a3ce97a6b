"""VPN connections, from a trigger to the report: observe, judge, tell, keep the alarms, report.

Whatever woke us, the connections are read again and judged by one function; the event decides only which of them. The sweep
does the same for all of a place.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.alerts.vpn_alerts import parts_alert, setup_notice
from chalicelib.decide.tunnel_alarms import alarm_connection, plan_alarms
from chalicelib.decide.tunnel_remedy import device_type
from chalicelib.decide.tunnels import Verdict
from chalicelib.decide.vpn_case import Case, when
from chalicelib.decide.vpn_questions import VpnQuestions
from chalicelib.decide.vpn_sheet import lacks, setup_sheet
from chalicelib.flows.ports import World
from chalicelib.flows.vpn_answers import answered, remember
from chalicelib.flows.vpn_telling import alerts_of, judged
from chalicelib.model.actions import Action, PutTunnelAlarm
from chalicelib.model.errors import AccessRefused, RetryLater
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision, Plan
from chalicelib.model.report import Report
from chalicelib.model.triggers import Ignored, Trigger, VpnCreated, VpnTrigger
from chalicelib.model.vpn import VpnSnapshot
from chalicelib.perform.executor import Outcome

LOG = logging.getLogger(__name__)
# An event older than this is a replay: what it names may be gone for good, so it is not waited for.
FRESH = timedelta(minutes=15)
MOST_ALARMS = 20  # changes of alarms in one pass over a place: CloudWatch takes three a second


def react_to_vpn(trigger: VpnTrigger | Ignored, world: World) -> Report:
    """What one event about VPN connections leads to."""
    if isinstance(trigger, Ignored):
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(trigger.reason,))
    places = [place for place in trigger.places if world.policy.manages(place)]
    if not places:
        named = ", ".join(map(str, trigger.places))
        reason = f"none of the places that the event names is in the policy: {named}"
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(reason,))
    reports = [_react_in(place, trigger, world) for place in places]
    report = joined(trigger, reports)
    LOG.info("vpn.settled", extra={"report": report.as_json()})
    return report


def _react_in(place: Place, trigger: VpnTrigger, world: World) -> Report:
    try:
        snapshot = world.vpn().look(place)
    except AccessRefused as error:
        alert = parts_alert(place, (str(error),), world.policy, world.now(), blind=True)
        world.road.tell(alert)
        reasons = (f"{place} cannot be read: {error}",)
        return Report(trigger=trigger, decision=Decision.HELD, reasons=reasons, alerts=(alert.fingerprint,))
    _wait_for(trigger, snapshot, world)
    named = bool(trigger.connections or trigger.addresses)
    report = settle_connections(trigger, snapshot, meant(trigger, snapshot), world, anew=named).report
    if isinstance(trigger, VpnCreated):
        return joined(trigger, (report, *_introduced(trigger, snapshot, world)))
    return report


def meant(trigger: VpnTrigger, snapshot: VpnSnapshot) -> tuple[str, ...]:
    """The connections that an event is about: by id, else by an outside address, else all of the place."""
    if trigger.connections:
        return trigger.connections
    wanted = frozenset(trigger.addresses)
    return tuple(
        one.connection_id
        for one in snapshot.connections
        if not wanted or any(tunnel.address in wanted for tunnel in one.tunnels)
    )


def _wait_for(trigger: VpnTrigger, snapshot: VpnSnapshot, world: World) -> None:
    """EC2 may not show yet what was just made (EC2 developer guide, "Eventual consistency")."""
    if not isinstance(trigger, VpnCreated) or trigger.at is None or world.now() - trigger.at > FRESH:
        return
    unseen = [one for one in trigger.connections if snapshot.connection(one) is None]
    if unseen:
        raise RetryLater(f"{', '.join(unseen)} is not to be seen yet in {snapshot.place}; run again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The report on some connections of a place, and why parts of them could not be read."""

    report: Report
    unread: tuple[str, ...] = ()


def settle_connections(
    trigger: Trigger,
    snapshot: VpnSnapshot,
    ids: Sequence[str],
    world: World,
    open_alerts: Collection[str] | None = None,
    *,
    anew: bool = False,
) -> Settled:
    """Judge these connections of a place, tell how they stand, and see to their alarms.

    ``open_alerts`` are the fingerprints that fire now, where the caller knows them; an event asks the road. ``anew``: an
    event names these connections, so AWS is asked about them whatever is remembered.
    Raises RetryLater where AWS put off a call: nothing is lost, and the same trigger goes on from there.
    """
    known = answered(snapshot, ids, world, anew=anew)
    alerts: list[str] = []
    reasons: list[str] = []
    for connection_id in ids:
        verdict = judged(known.snapshot, connection_id, world)
        reasons.append(_reason(verdict))
        for alert in alerts_of(verdict, known, world, open_alerts):
            world.road.tell(alert)
            alerts.append(alert.fingerprint)
    snapshot = remember(known, world)
    plan = _plan_for(ids, snapshot, world)
    outcome = _perform(plan.actions[:MOST_ALARMS], world)
    if outcome.retry:
        raise RetryLater(outcome.failed[-1].error)
    if len(plan.actions) > MOST_ALARMS:
        reasons.append(f"{len(plan.actions) - MOST_ALARMS} alarms of {snapshot.place} are left to the next run")
    report = Report(
        trigger=trigger,
        decision=Decision.OBSERVED,
        reasons=(*reasons, *snapshot.notes),
        planned=plan.actions,
        performed=outcome.performed,
        unchanged=plan.unchanged + outcome.unchanged,
        refused=plan.refusals,
        failed=outcome.failed,
        alerts=tuple(alerts),
    )
    return Settled(report=report, unread=snapshot.notes)


def _reason(verdict: Verdict) -> str:
    kinds = ", ".join(
        f"{one.kind} ({one.severity}{f'; {one.hold.says}' if one.hold else ''})" for one in verdict.findings
    )
    again = f"; looked at again after {when(verdict.look_again)}" if verdict.look_again else ""
    return f"{verdict.connection_id} is {verdict.health}" + (f": {kinds}" if kinds else "") + again


def _introduced(trigger: VpnTrigger, snapshot: VpnSnapshot, world: World) -> Iterable[Report]:
    """A new connection: its set-up sheet, and what it lacks."""
    for connection in filter(None, map(snapshot.connection, trigger.connections)):
        case = _with_device_type(
            Case(snapshot=snapshot, connection=connection, policy=world.policy, now=world.now()), world
        )
        sheet, lacking = setup_sheet(case), lacks(case)
        notice = setup_notice(connection, sheet, lacking, world.policy, world.now())
        world.road.tell(notice)
        yield Report(trigger=trigger, decision=Decision.OBSERVED, alerts=(notice.fingerprint,), proof=sheet)


def _with_device_type(case: Case, world: World) -> Case:
    """The sheet's command is whole only with the id that AWS gives the tagged device type; what cannot be read is left open."""
    if not any(device_type(case)):
        return case
    questions = VpnQuestions(flapping=world.policy.vpn.flapping.within, device_types=True)
    return replace(case, snapshot=world.vpn().answer(case.snapshot, questions))


def _plan_for(ids: Collection[str], snapshot: VpnSnapshot, world: World) -> Plan:
    """The part of the place's plan that is about these connections."""
    plan = plan_alarms(snapshot, world.policy.vpn)

    def about(action: object) -> bool:
        if isinstance(action, PutTunnelAlarm):
            return action.connection_id in ids
        return alarm_connection(getattr(action, "name", "")) in ids

    return Plan(
        actions=tuple(action for action in plan.actions if about(action)),
        unchanged=plan.unchanged,
        refusals=tuple(refusal for refusal in plan.refusals if about(refusal.action)),
    )


def _perform(actions: Iterable[Action], world: World) -> Outcome:
    """One by one, because an alarm that cannot be made must not keep the next from being made."""
    outcome = Outcome()
    for action in actions:
        one = world.executor.perform((action,))
        outcome += one
        if one.retry:
            break
    return outcome


def joined(trigger: Trigger, reports: Iterable[Report]) -> Report:
    """One report of several about the same trigger."""
    reports = tuple(reports)
    held = any(report.decision is Decision.HELD for report in reports)
    return Report(
        trigger=trigger,
        decision=Decision.HELD if held else Decision.OBSERVED,
        reasons=tuple(reason for report in reports for reason in report.reasons),
        planned=tuple(action for report in reports for action in report.planned),
        performed=tuple(action for report in reports for action in report.performed),
        unchanged=sum(report.unchanged for report in reports),
        refused=tuple(refusal for report in reports for refusal in report.refused),
        failed=tuple(failure for report in reports for failure in report.failed),
        alerts=tuple(dict.fromkeys(fp for report in reports for fp in report.alerts)),
        proof=tuple(line for report in reports for line in report.proof),
    )
