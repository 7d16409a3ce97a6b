"""How peerings end: deleted, left without a rule, or not to be seen any more. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.alerts.peering_frame import Told, alert_of, by_hand, once_in_force, sentences, sides
from chalicelib.model.alert import Alert, AlertStatus, Severity
from chalicelib.model.policy import Policy


def removed(told: Told, policy: Policy, now: datetime) -> Alert:
    """It carries nothing any more, and our routes went with it."""
    status = told.facts.peering.status
    done = [action.describe() for action in told.performed]
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        title=f"VPC peering {status}, our routes removed: {sides(told, policy)}",
        summary="The peering carries no traffic any more. netreflex removed the routes to it that it had made.",
        cause=sentences((*told.decision.reasons[:1], *done)),
        remedy=("If it was not meant to end: ask for the peering again.",),
        evidence="\n".join(done),
    )


def abandoned(told: Told, policy: Policy, now: datetime) -> Alert:
    """It goes on carrying traffic although the policy does not approve it any more; people decide which of both is wrong."""
    return alert_of(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.WARNING,
        title=f"VPC peering active, no rule approves it any more: {sides(told, policy)}",
        summary=(
            "netreflex approved it under an earlier policy. It stays as it is, may carry traffic, and is not repaired or "
            "watched over. Nothing was removed."
        ),
        cause=sentences(told.decision.reasons),
        remedy=(
            once_in_force("if it is meant: let a rule of the policy approve it", "the next sweep takes it up again."),
            f"If it is not (netreflex then removes the routes that it made), {by_hand('delete', told.facts)}",
        ),
    )


def unseen(alert: Alert, now: datetime) -> Alert:
    """The end of whatever was told of a peering that no place of the policy shows any more."""
    return replace(
        alert,
        status=AlertStatus.RESOLVED,
        severity=Severity.INFO,
        title=f"VPC peering is not to be seen any more: {alert.subject.name}",
        summary="Nothing waits for anybody any more: it ended while nobody looked, or its accounts left the policy.",
        at=now,
        cause=f"No place of the policy shows {alert.subject.id}.",
        remedy=(),
        evidence="",
    )
