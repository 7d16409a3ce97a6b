"""A request that is not a peering yet: it waits for people, was turned down, or AWS failed it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.alerts.peering_frame import (
    Told,
    alert_of,
    by_hand,
    for_the_other_owner,
    once_in_force,
    sentences,
    sides,
    stranger,
)
from chalicelib.model.alert import Alert, AlertStatus, Severity
from chalicelib.model.policy import Policy

EXPIRES_SOON = timedelta(hours=48)
_DROPPED = "A failed request needs no cleaning up: it can be neither accepted nor deleted, and AWS drops it by itself."


def held(told: Told, policy: Policy, now: datetime) -> Alert:
    approve = once_in_force("to approve: let a rule of the policy approve it", "the next sweep does the rest.")
    accept = f"To accept by hand, without routes, {by_hand('accept', told.facts)}"
    reject = by_hand("reject", told.facts)
    asks = stranger(told, policy)
    remedy = (approve, accept, f"To turn it down, {reject}")
    if asks:
        # What one should do with a stranger comes first: it is what a phone shows.
        remedy = (f"Unless you know who owns account {asks}, turn it down: {reject}", approve, accept)
    return _waits(
        told,
        policy,
        now,
        summary="No policy approves it, so nothing was changed and no traffic flows." + _warning(asks),
        remedy=remedy,
    )


def _warning(account: str) -> str:
    """Anybody can ask: a request says nothing of who is behind it (VPC peering guide: accept none from unknown accounts)."""
    return f" The requester's account {account} is not in the policy: a stranger's request." if account else ""


def waits_for_its_owner(told: Told, policy: Policy, now: datetime) -> Alert:
    """The accepter is not ours: netreflex can do nothing until its owner did."""
    owner = told.facts.accepter.ref.account
    summary = f"The policy approves it, but the accepter is not ours: the owner of account {owner} has to accept it."
    return _waits(told, policy, now, summary=summary, remedy=tuple(for_the_other_owner(told)))


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


def rejected(told: Told, policy: Policy, now: datetime) -> Alert:
    done = "was rejected" if told.enforce else "would be rejected (observe mode)"
    asks = stranger(told, policy)
    meant = f"if you know who owns account {asks} and want it" if asks else "if it should have been approved"
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        title=f"VPC peering {done}: {sides(told, policy)}",
        summary="The policy turns this request down. No traffic flows and no route was changed." + _warning(asks),
        cause=sentences(told.decision.reasons),
        remedy=(once_in_force(f"{meant}: let a rule of the policy approve it", "let the requester ask again."),),
    )


def failed_by_aws(told: Told, policy: Policy, now: datetime) -> Alert:
    """AWS's text is the same for a wrong VPC, a wrong account and an overlap; what we see of it is added."""
    found = tuple(refusal.reason for refusal in told.decision.plan.refusals)
    remedies = tuple(dict.fromkeys(refusal.remedy for refusal in told.decision.plan.refusals)) or (
        "Check the VPC id, the account and the Region that were asked for, then ask again.",
    )
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
        remedy=(*remedies, _DROPPED),
    )
