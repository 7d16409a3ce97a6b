"""The alerts about a policy that cannot be used, by all functions or by one of them. Pure."""

from __future__ import annotations

from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.model.alert import Alert, AlertStatus, Link, Severity, Subject
from chalicelib.model.policy_place import policy_place

_SUBJECT = "policy"


def policy_alert(source: str, fault: str, *, in_force: str | None, account: str, region: str, now: datetime) -> Alert:
    """What is told of a policy. ``in_force`` is the hash of the older version that goes on; None where there is none."""
    goes_on = (
        f"The last good version ({in_force}) stays in force; what the new one allows is not done."
        if in_force
        else "There is no good version to go on with: nothing is decided or done. Running traffic is not touched."
    )
    return Alert(
        kind=kinds.AUTOMATION,
        status=_status(fault),
        severity=_severity(fault, in_force),
        subject=Subject(type="policy", id=_SUBJECT, name=source, account=account, region=region),
        title="The policy cannot be used" if fault else "The policy is good again",
        summary=goes_on if fault else "The newest version is in force.",
        at=now,
        cause=fault,
        remedy=(f"Correct {policy_place(source).where}; docs/policy.md explains every key.", _into_force(source))
        * bool(fault),
        links=_links(source, region),
    )


def unreadable_alert(
    source: str, fault: str, *, function: str, in_force: str | None, account: str, region: str, now: datetime
) -> Alert:
    """What is told where one function may not read the policy. Others may, so their reading says nothing of this one."""
    goes_on = (
        f"It goes on with the last good version that was kept ({in_force}), and does not see newer ones."
        if in_force
        else "No good version was kept for it: it decides and does nothing. Running traffic is not touched."
    )
    return Alert(
        kind=kinds.AUTOMATION,
        status=_status(fault),
        severity=_severity(fault, in_force),
        subject=Subject(type="policy", id=f"{_SUBJECT}/{function}", name=source, account=account, region=region),
        title=f"{function} may not read the policy" if fault else f"{function} reads the policy again",
        summary=goes_on if fault else "The newest version that it read is in force.",
        at=now,
        cause=fault,
        remedy=(
            f"Allow the role {function} to read {source}: `make look` says what the role lacks, `make deploy` puts it right.",
            _beyond_the_role(source),
            f"It ends when {function} reads the policy, at its next run.",
        )
        * bool(fault),
        links=(*_links(source, region), kinds.roles_console()),
    )


def _status(fault: str) -> AlertStatus:
    return AlertStatus.FIRING if fault else AlertStatus.RESOLVED


def _severity(fault: str, in_force: str | None) -> Severity:
    return Severity.ERROR if in_force or not fault else Severity.CRITICAL


def _links(source: str, region: str) -> tuple[Link, ...]:
    return tuple(link for link in (kinds.policy_console(source, region),) if link)


def _into_force(source: str) -> str:
    """What brings a correction into force."""
    place = policy_place(source)
    if place.fixed:
        return (
            f"NETREFLEX_POLICY names version {place.version} of it, which never changes: name the corrected version there, "
            "or none to go by the newest, and `make deploy`."
        )
    if place.outside:
        label = f"Let the label {place.version} stand at the corrected version: it" if place.version else "It"
        return f"{label} is read again within a minute."
    return "Then `make deploy`: it is a part of the deployment."


def _beyond_the_role(source: str) -> str:
    """Where else to look: S3 refuses what is not there too, to those who may not list the bucket (GetObject, API reference)."""
    look = "look at the policy of the bucket, at the KMS key, and at service control policies."
    if not source.startswith("s3:"):
        return f"If the role is whole, {look}"
    wanted = "this version of the object" if policy_place(source).version else "the object"
    return f"If the role is whole, see that {wanted} is there, for S3 refuses what is not; then {look}"
