"""The alert about a policy that cannot be used. Pure."""

from __future__ import annotations

from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.model.alert import Alert, AlertStatus, Severity, Subject, fingerprint

_SUBJECT = "policy"


def policy_fingerprint(account: str, region: str) -> str:
    """The identity of the problem that the policy is broken."""
    return fingerprint(kinds.AUTOMATION, account, region, _SUBJECT)


def policy_alert(source: str, fault: str, *, in_force: str | None, account: str, region: str, now: datetime) -> Alert:
    """What is told of a policy. ``in_force`` is the hash of the older version that goes on; None where there is none."""
    goes_on = (
        f"The last good version ({in_force}) stays in force; what the new one allows is not done."
        if in_force
        else "There is no good version to go on with: nothing is decided or done. Running traffic is not touched."
    )
    return Alert(
        kind=kinds.AUTOMATION,
        status=AlertStatus.FIRING if fault else AlertStatus.RESOLVED,
        severity=Severity.ERROR if in_force or not fault else Severity.CRITICAL,
        subject=Subject(type="policy", id=_SUBJECT, name=source, account=account, region=region),
        title="The policy cannot be used" if fault else "The policy is good again",
        summary=goes_on if fault else "The newest version is in force.",
        at=now,
        cause=fault,
        remedy=(f"Correct {source}; docs/policy.md explains every key.", _into_force(source)) * bool(fault),
        links=tuple(link for link in (kinds.policy_console(source, region),) if link),
    )


def _into_force(source: str) -> str:
    outside = source.startswith(("ssm:", "s3:", "appconfig:"))
    return "It is read again within a minute." if outside else "Then `make deploy`: it is a part of the deployment."
