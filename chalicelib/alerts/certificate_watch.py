"""The alerts about the watching of certificates itself: what cannot be read, and what is there no more. Pure."""

from __future__ import annotations

from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.model.alert import Alert, AlertStatus, Severity, Subject, fingerprint
from chalicelib.model.policy import Policy

_UNREAD = "certificates"  # the subject of the alert that certificates of an account cannot be read


def gone_alert(open_alert: Alert, now: datetime) -> Alert:
    """The end of an alert whose subject is there no more."""
    return Alert(
        kind=open_alert.kind,
        status=AlertStatus.RESOLVED,
        severity=Severity.INFO,
        subject=open_alert.subject,
        title=f"{open_alert.subject.name[:60]}: is there no more",
        summary="What was wrong went with it.",
        at=now,
    )


def unread_fingerprint(account: str, region: str) -> str:
    return fingerprint(kinds.AUTOMATION, account, region, _UNREAD)


def unread_alert(account: str, region: str, error: str, policy: Policy, now: datetime) -> Alert:
    """Certificates or distributions of an account cannot be read; without an error, they can again."""
    known = policy.accounts.get(account)
    where = f"{known.name if known else account} {region}"
    again = f"netreflex sees the certificates of {where} again"
    return Alert(
        kind=kinds.AUTOMATION,
        status=AlertStatus.FIRING if error else AlertStatus.RESOLVED,
        severity=Severity.ERROR,
        subject=Subject(type="account", id=_UNREAD, name=where, account=account, region=region),
        title=f"netreflex cannot see the certificates of {where}" if error else again,
        summary="Origins and certificates there are not watched." if error else "They are watched again.",
        at=now,
        cause=error,
        remedy=("Give the member role the permissions that docs/certificates.md lists.",) if error else (),
        links=(kinds.roles_console(),),
    )
