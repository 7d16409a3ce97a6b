"""The alert about one VPC peering: one problem, one message, whatever becomes of it. Pure.

A request that waits, is approved, meets an obstacle and is repaired stays one alert: its fingerprint is the peering's. Of
several things that are true at once the worst leads; the rest is in its cause.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.alerts.peering_ends import abandoned, removed
from chalicelib.alerts.peering_frame import (
    Told,
    alert_of,
    for_the_other_owner,
    once_in_force,
    sentences,
    sides,
    traffic,
)
from chalicelib.alerts.peering_requests import failed_by_aws, held, rejected, waits_for_its_owner
from chalicelib.decide.cidr import listed
from chalicelib.model.alert import Alert, AlertStatus, Severity
from chalicelib.model.facts import PeeringStatus
from chalicelib.model.plan import Decision, RefusalKind
from chalicelib.model.policy import Policy

_AIMS = {  # what was wanted and failed, by the decision; only these three lead to a write
    Decision.APPROVED: ("finished", "The policy approves it"),
    Decision.REJECTED: ("turned down", "The policy turns this request down"),
    Decision.OBSERVED: ("cleared away", "The peering has ended, and routes of ours that led to it are left"),
}
_UNSEEN = "Traffic that needs it does not arrive."


def peering_alert(told: Told, policy: Policy, now: datetime) -> Alert:
    """The one alert that says how this peering stands."""
    if told.failed:
        return _failed(told, policy, now)
    if told.facts.peering.status is PeeringStatus.FAILED:
        return failed_by_aws(told, policy, now)
    obstacle = _obstacle(told, policy, now)
    if obstacle is not None:
        return obstacle
    tellings = {Decision.HELD: held, Decision.REJECTED: rejected, Decision.APPROVED: _approved}
    return tellings.get(told.decision.decision, _observed)(told, policy, now)


def _obstacle(told: Told, policy: Policy, now: datetime) -> Alert | None:
    """What stands in the way of a peering that the policy approves, the worst first."""
    if told.decision.plan.refusals:
        return _refused(told, policy, now)
    if any(path.obstacle for path in told.paths):
        return _not_reachable(told, policy, now)
    return _grown(told, policy, now) if told.decision.grown else None


def is_news(alert: Alert, told: Told) -> bool:
    """Does this need telling without looking at what was told before?

    What fires is told every time, and the road drops what it knows. An approval is told in the run that finishes it: the
    tag on the peering, which is set after telling, says that somebody was told.
    """
    if alert.status is AlertStatus.FIRING:
        return True
    if told.decision.decision is Decision.APPROVED:
        return bool(told.performed) or not told.decision.marked
    return alert.status is AlertStatus.NOTICE


def _approved(told: Told, policy: Policy, now: datetime) -> Alert:
    rule = told.decision.rule.name if told.decision.rule else ""
    fresh = told.accepted or not told.decision.marked
    what = "approved" if fresh else "repaired"
    summary = (
        f"Rule {rule} approves it. By their routes, packets arrive in both directions from every selected route table."
    )
    if told.for_the_other_owner:
        summary = (
            f"Rule {rule} approves it. Our side is finished; the owner of account {told.other_account} has to run what is "
            "listed before packets arrive in both directions."
        )
    if not told.enforce:
        what = "would be " + what
        summary = f"Rule {rule} approves it. Nothing was changed: netreflex runs in observe mode."
    actions = told.performed if told.enforce else told.decision.plan.actions
    decided, *others = told.decision.reasons
    if told.performed and not fresh:
        # The moment makes it news: whoever undoes the same route every night must be heard of every time.
        others = [f"repaired at {now:%Y-%m-%d %H:%MZ}", *others, *(one.describe() for one in actions)]
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        title=f"VPC peering {what}: {sides(told, policy)}",
        summary=summary,
        cause=sentences((decided, *others)),
        remedy=tuple(for_the_other_owner(told)),
        evidence="\n".join([*told.names, *map(str, told.paths), *(action.describe() for action in actions)]),
    )


def _refused(told: Told, policy: Policy, now: datetime) -> Alert:
    refusals = told.decision.plan.refusals
    pending = told.facts.peering.status is PeeringStatus.PENDING
    conflict = all(refusal.kind is RefusalKind.CONFLICT for refusal in refusals)
    what = "refused" if pending else "has a route conflict" if conflict else "is incomplete"
    summary = "Some routes cannot be added safely and were left out: part of the traffic does not arrive."
    if told.decision.decision is Decision.HELD:
        flows = "no traffic flows" if pending else "traffic that needs its routes does not arrive"
        summary = f"The policy approves it, but it cannot be done safely: nothing was changed and {flows}."
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.ERROR,
        title=f"VPC peering {what}: {sides(told, policy)}",
        summary=summary,
        cause=sentences(dict.fromkeys(refusal.reason for refusal in refusals)),
        remedy=tuple(dict.fromkeys(refusal.remedy for refusal in refusals if refusal.remedy)),
    )


def _not_reachable(told: Told, policy: Policy, now: datetime) -> Alert:
    blocked = [path for path in told.paths if path.obstacle]
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.ERROR,
        title=f"VPC peering does not carry all traffic: {sides(told, policy)}",
        summary="The peering is active, but a route keeps packets from arriving.",
        cause=sentences(map(str, blocked)),
        remedy=("Remove or narrow that route; netreflex does not touch routes that it does not own.",),
        evidence="\n".join(map(str, told.paths)),
    )


def _grown(told: Told, policy: Policy, now: datetime) -> Alert:
    new = listed(told.decision.grown)
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.WARNING,
        title=f"CIDR added after approval, not routed: {sides(told, policy)}",
        summary=f"{new} was added to a VPC of this peering after it was approved. Traffic to and from it does not flow.",
        cause=sentences(told.decision.reasons),
        remedy=(
            once_in_force(
                f"if it is meant: let the rule's cidrs_within (or `to`) name {new}", "the next sweep routes it."
            ),
            "If it is not: remove the CIDR from the VPC.",
        ),
    )


def _failed(told: Told, policy: Policy, now: datetime) -> Alert:
    """It says what is left to do, which is the same at every try, and not what this run did before it failed."""
    first = told.failed[0]
    left = "; ".join(one.action.describe() for one in told.failed)
    done = [f"done before: {action.describe()}" for action in told.performed]
    what, verdict = _AIMS[told.decision.decision]
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.ERROR,
        title=f"VPC peering could not be {what}: {sides(told, policy)}",
        summary=f"{verdict}, but a step failed. Still to be done: {left}. {traffic(told) or _UNSEEN}",
        cause=f"{first.error.rstrip('.')}. It was to: {first.action.describe()}.",
        remedy=("Remove that cause.", "Nothing else is needed: every sweep (5 minutes) tries again by itself."),
        evidence="\n".join(
            [*done, *(f"not done: {one.action.describe()}: {one.error}" for one in told.failed[1:])],
        ),
    )


def _observed(told: Told, policy: Policy, now: datetime) -> Alert:
    """The end of whatever was told before: the request was decided elsewhere, or the peering is gone."""
    if told.decision.foreign:
        return waits_for_its_owner(told, policy, now)
    if told.decision.abandoned:
        return abandoned(told, policy, now)
    status = told.facts.peering.status
    if told.performed:
        return removed(told, policy, now)
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.RESOLVED,
        severity=Severity.INFO,
        title=f"VPC peering is {status}: {sides(told, policy)}",
        summary="Nothing waits for anybody any more.",
        cause=sentences(told.decision.reasons[:1]),
    )
