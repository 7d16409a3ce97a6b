"""The alert about one VPC peering: one problem, one message, whatever becomes of it. Pure.

A request that waits, is approved, meets an obstacle and is repaired stays one alert: its fingerprint is the peering's. Of
several things that are true at once the worst leads; the rest is in its cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.alerts.peering_ends import abandoned, removed
from chalicelib.alerts.peering_frame import Told, alert_of, by_hand, sentences, sides, traffic
from chalicelib.decide.cidr import listed
from chalicelib.model.actions import AcceptPeering
from chalicelib.model.alert import MOST_STEPS, Alert, AlertStatus, Severity
from chalicelib.model.facts import PeeringStatus
from chalicelib.model.plan import Decision, RefusalKind
from chalicelib.model.policy import Policy

EXPIRES_SOON = timedelta(hours=48)
_PER_TABLE = ", for each of their route tables (ROUTE_TABLE_ID)"
_UNSEEN = "Traffic that needs it does not arrive."


def peering_alert(told: Told, policy: Policy, now: datetime) -> Alert:
    """The one alert that says how this peering stands."""
    if told.failed:
        return _failed(told, policy, now)
    if told.facts.peering.status is PeeringStatus.FAILED:
        return _failed_by_aws(told, policy, now)
    obstacle = _obstacle(told, policy, now)
    if obstacle is not None:
        return obstacle
    tellings = {Decision.HELD: _held, Decision.REJECTED: _rejected, Decision.APPROVED: _approved}
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


def _held(told: Told, policy: Policy, now: datetime) -> Alert:
    return _waits(
        told,
        policy,
        now,
        summary="No policy approves it, so nothing was changed and no traffic flows.",
        remedy=(
            "To approve: add a rule to the policy; the next sweep does the rest.",
            f"To accept by hand, without routes, {by_hand('accept', told.facts)}",
            f"To turn it down, {by_hand('reject', told.facts)}",
        ),
    )


def _waits_for_its_owner(told: Told, policy: Policy, now: datetime) -> Alert:
    """The accepter is not ours: netreflex can do nothing until its owner did."""
    owner = told.facts.accepter.ref.account
    summary = f"The policy approves it, but the accepter is not ours: the owner of account {owner} has to accept it."
    return _waits(told, policy, now, summary=summary, remedy=tuple(_for_the_other_owner(told)))


def _waits(told: Told, policy: Policy, now: datetime, *, summary: str, remedy: tuple[str, ...]) -> Alert:
    """A request that waits for people, until it expires."""
    expires_at = told.facts.peering.expires_at
    soon = expires_at is not None and expires_at - now <= EXPIRES_SOON
    when = f" It expires {expires_at:%Y-%m-%d %H:%MZ}." if expires_at else ""
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.WARNING if soon else Severity.INFO,
        title=f"VPC peering request {'expires soon' if soon else 'waits'}: {sides(told, policy)}",
        summary=summary + when,
        cause=sentences(told.decision.reasons),
        remedy=remedy,
    )


def _rejected(told: Told, policy: Policy, now: datetime) -> Alert:
    done = "was rejected" if told.enforce else "would be rejected (observe mode)"
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        title=f"VPC peering {done}: {sides(told, policy)}",
        summary="The policy turns this request down. No traffic flows and no route was changed.",
        cause=sentences(told.decision.reasons),
        remedy=("If it should have been approved: add a rule to the policy, and let the requester ask again.",),
    )


def _approved(told: Told, policy: Policy, now: datetime) -> Alert:
    rule = told.decision.rule.name if told.decision.rule else ""
    fresh = any(isinstance(action, AcceptPeering) for action in told.performed) or not told.decision.marked
    what = "approved" if fresh else "repaired"
    if told.enforce:
        summary = f"Rule {rule} approves it. Packets arrive in both directions from every selected route table."
    else:
        what = "would be " + what
        summary = f"Rule {rule} approves it. Nothing was changed: netreflex runs in observe mode."
    if told.for_the_other_owner:
        summary = (
            f"Rule {rule} approves it. Our side is finished; the owner of the other side has to run what is listed."
        )
    actions = told.performed if told.enforce else told.decision.plan.actions
    repairs = () if fresh or not told.performed else (f"at {now:%Y-%m-%d %H:%MZ}", *(one.describe() for one in actions))
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        title=f"VPC peering {what}: {sides(told, policy)}",
        summary=summary,
        # The moment makes it news: whoever undoes the same route every night must be heard of every time.
        cause=sentences((*told.decision.reasons, *([", ".join(repairs)] if repairs else []))),
        remedy=tuple(_for_the_other_owner(told)),
        evidence="\n".join([*told.names, *map(str, told.paths), *(action.describe() for action in actions)]),
    )


def _failed_by_aws(told: Told, policy: Policy, now: datetime) -> Alert:
    """AWS's text is the same for a wrong VPC, a wrong account and an overlap; what we see of it is added."""
    found = tuple(refusal.reason for refusal in told.decision.plan.refusals)
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.NOTICE,
        severity=Severity.WARNING,
        title=f"VPC peering failed: {sides(told, policy)}",
        summary="AWS failed the request and does not say why"
        + ("; the reason is below." if found else ".")
        + " No traffic flows.",
        cause=sentences(found or told.decision.reasons),
        remedy=tuple(dict.fromkeys(refusal.remedy for refusal in told.decision.plan.refusals))
        or ("Check the VPC id, the account and the Region that were asked for, then ask again.",),
    )


def _refused(told: Told, policy: Policy, now: datetime) -> Alert:
    refusals = told.decision.plan.refusals
    pending = told.facts.peering.status is PeeringStatus.PENDING
    conflict = all(refusal.kind is RefusalKind.CONFLICT for refusal in refusals)
    what = "refused" if pending else "has a route conflict" if conflict else "is incomplete"
    summary = "Some routes cannot be added safely and were left out: part of the traffic does not arrive."
    if pending:
        summary = "The policy approves it, but it cannot be done safely: nothing was changed and no traffic flows."
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
            f"If it is meant: let the rule's cidrs_within (or `to`) name {new}; the next sweep routes it.",
            "If it is not: remove the CIDR from the VPC.",
        ),
    )


def _failed(told: Told, policy: Policy, now: datetime) -> Alert:
    """It says what is left to do, which is the same at every try, and not what this run did before it failed."""
    first = told.failed[0]
    left = "; ".join(one.action.describe() for one in told.failed)
    done = [f"done before: {action.describe()}" for action in told.performed]
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.ERROR,
        title=f"VPC peering could not be finished: {sides(told, policy)}",
        summary=f"The policy approves it, but a step failed. Still to be done: {left}. {traffic(told) or _UNSEEN}",
        cause=f"{first.error.rstrip('.')}. It was to: {first.action.describe()}.",
        remedy=("Remove that cause.", "Nothing else is needed: every sweep (5 minutes) tries again by itself."),
        evidence="\n".join(
            [*done, *(f"not done: {one.action.describe()}: {one.error}" for one in told.failed[1:])],
        ),
    )


def _observed(told: Told, policy: Policy, now: datetime) -> Alert:
    """The end of whatever was told before: the request was decided elsewhere, or the peering is gone."""
    if told.decision.foreign:
        return _waits_for_its_owner(told, policy, now)
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


def _for_the_other_owner(told: Told) -> Iterator[str]:
    """What they have to run, as far as a message has room; all of it is in the report."""
    commands = told.for_the_other_owner
    room = len(commands) if len(commands) <= MOST_STEPS else MOST_STEPS - 1
    for command in commands[:room]:
        yield f"The other side's owner runs{_PER_TABLE if 'ROUTE_TABLE_ID' in command else ''}: `{command}`"
    if commands[room:]:
        yield f"And {len(commands) - room} more, which are among the reasons of the report in netreflex's log."
