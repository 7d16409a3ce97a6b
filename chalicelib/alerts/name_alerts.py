"""Alerts about names: one for each name that does not lead where it should, one for each VPC that cannot resolve it. Pure.

What was done is a notice of its own; what is in the way fires until it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from chalicelib.alerts import kinds
from chalicelib.alerts.name_notices import NAME_SUBJECT, REACH_SUBJECTS, ROOM, change_notice, reach_id
from chalicelib.decide.name_batches import changed_names
from chalicelib.decide.name_reach import ReachVerdict, nearly_full
from chalicelib.decide.name_verdicts import NameVerdict, Standing
from chalicelib.decide.names import NamesDecision
from chalicelib.model.actions import Action, ChangeRecordSets
from chalicelib.model.alert import Alert, AlertStatus, Field, Link, Severity, Subject
from chalicelib.model.names import ROUTE53_REGION, ChangeInfo, Zone
from chalicelib.model.plan import RefusalKind
from chalicelib.model.policy import Policy
from chalicelib.model.report import Failure

_WORDS = {
    RefusalKind.CONFLICT: "meets a record that is not ours",
    RefusalKind.LOAD_BALANCER: "has no load balancer to lead to",
    RefusalKind.ZONE: "has no place in a hosted zone",
    RefusalKind.ACCESS: "cannot be judged",
}
_CAUSE, _NOT_SEEN = "Remove that cause.", "what was written is not what Route 53 shows"
_BY_ITSELF = "Nothing else is needed: every sweep tries again by itself."


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesTold:
    """All that alerts about names are made of. ``whole`` is True where every name of the policy was looked at."""

    decision: NamesDecision
    planned: Sequence[Action] = ()
    answers: Sequence[tuple[Action, ChangeInfo]] = ()
    failed: Sequence[Failure] = ()
    retry: bool = False
    enforce: bool = True
    whole: bool = False
    owner: str = ""


def names_alerts(told: NamesTold, policy: Policy, now: datetime) -> Iterator[Alert]:
    """Every alert that says how the names stand, resolved ones too; whoever sends them knows which were open."""
    for action, answer in told.answers if told.enforce else [(action, None) for action in told.planned]:
        if isinstance(action, ChangeRecordSets):
            yield change_notice(action, answer, now)
    for verdict in told.decision.verdicts:
        yield from _of_name(verdict, told, policy, now)
    for reach in told.decision.reaches:
        yield from _of_reach(reach, told, policy, now)
    for zone in {reach.zone.zone_id: reach.zone for reach in told.decision.reaches}.values():
        yield _of_room(zone, now)
    if told.whole or told.decision.braked:
        yield _of_brake(told, now)


# ---- one name --------------------------------------------------------------------------------------------------------
class _Trouble(NamedTuple):
    """What is wrong with a name, why, and what to do."""

    what: str
    cause: str
    remedy: tuple[str, ...]


def _of_name(verdict: NameVerdict, told: NamesTold, policy: Policy, now: datetime) -> Iterator[Alert]:
    obstacle = verdict.obstacle
    if obstacle is not None:
        if not obstacle.passing and obstacle.kind is not RefusalKind.BRAKE:
            steps = tuple(step for step in (obstacle.remedy, _BY_ITSELF) if step)
            trouble = _Trouble(_WORDS.get(obstacle.kind, "is not served"), obstacle.reason, steps)
            yield _name_alert(verdict, policy, now, trouble)
    elif verdict.standing is Standing.CHANGES and told.enforce and not told.retry:
        errors = [failure.error for failure in told.failed if _is_about(failure.action, verdict)]
        cause = errors[0] if errors else _NOT_SEEN
        yield _name_alert(verdict, policy, now, _Trouble("could not be written", cause, (_CAUSE, _BY_ITSELF)))
    elif verdict.standing is Standing.LEADS:
        yield _name_alert(verdict, policy, now, None)


def _is_about(action: Action, verdict: NameVerdict) -> bool:
    return isinstance(action, ChangeRecordSets) and verdict.record in changed_names(action)


def _name_alert(verdict: NameVerdict, policy: Policy, now: datetime, trouble: _Trouble | None) -> Alert:
    name, target = verdict.name, verdict.target
    account = name.zone_account or name.load_balancer.account
    fields = [Field(name="Name", value=verdict.record), Field(name="In the policy", value=name.id)]
    if verdict.zone:
        fields.append(Field(name="Hosted zone", value=f"{verdict.zone} of {_account(policy, verdict.zone.account)}"))
    if target:
        fields.append(Field(name="Load balancer", value=target.arn))
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.FIRING if trouble else AlertStatus.RESOLVED,
        severity=Severity.ERROR,
        subject=Subject(
            type=NAME_SUBJECT,
            id=name.id,
            name=verdict.record,
            account=account,
            region=name.load_balancer.region,
            env=policy.accounts[account].name if account in policy.accounts else "",
        ),
        title=f"{verdict.record} {trouble.what if trouble else 'leads where it should'}",
        summary=(
            "Whoever asks for this name does not reach the service through it, or reaches something else."
            if trouble
            else f"It leads to {target}."
        ),
        at=now,
        cause=trouble.cause if trouble else "",
        remedy=trouble.remedy if trouble else (),
        links=_zone_links(verdict.zone),
        fields=tuple(fields),
    )


# ---- a VPC and a zone ------------------------------------------------------------------------------------------------
def _of_reach(reach: ReachVerdict, told: NamesTold, policy: Policy, now: datetime) -> Iterator[Alert]:
    obstacle = reach.obstacle
    if obstacle is not None:
        if not obstacle.passing:
            yield _reach_alert(reach, policy, now, obstacle.reason, (obstacle.remedy, _BY_ITSELF))
    elif reach.steps:
        if told.enforce and not told.retry:
            errors = [f.error for f in told.failed if f.action in reach.steps]
            cause = errors[0] if errors else _NOT_SEEN
            yield _reach_alert(reach, policy, now, cause, (_CAUSE, _BY_ITSELF))
    elif reach.foreign:
        cause = f"{reach.vpc} is not in the policy, so its owner has to associate it"
        yield _reach_alert(reach, policy, now, cause, (f"The VPC's owner runs: `{reach.foreign}`",))
    else:
        yield _reach_alert(reach, policy, now, "", ())


def _reach_alert(reach: ReachVerdict, policy: Policy, now: datetime, cause: str, remedy: Sequence[str]) -> Alert:
    zone, vpc = reach.zone, reach.vpc
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.FIRING if cause else AlertStatus.RESOLVED,
        severity=Severity.INFO if reach.foreign and not reach.steps else Severity.ERROR,
        subject=Subject(
            type=REACH_SUBJECTS[0],
            id=reach_id(zone.zone_id, vpc.vpc_id),
            name=vpc.vpc_id,
            account=vpc.account,
            region=vpc.region,
            env=policy.accounts[vpc.account].name if vpc.account in policy.accounts else "",
        ),
        title=f"{zone.name} {'does not resolve' if cause else 'resolves'} in {vpc.vpc_id}",
        summary=(
            "Its peering carries packets, but the names of the service are not found there."
            if cause
            else "The names of the service are found there."
        ),
        at=now,
        cause=cause,
        remedy=tuple(step for step in remedy if step),
        links=_zone_links(zone),
        fields=(
            Field(name="Hosted zone", value=f"{zone} of {_account(policy, zone.account)}"),
            Field(name="VPC", value=f"{vpc.vpc_id} of {_account(policy, vpc.account)}, {vpc.region}"),
        ),
    )


def _of_room(zone: Zone, now: datetime) -> Alert:
    full = nearly_full(zone)
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.FIRING if full else AlertStatus.RESOLVED,
        severity=Severity.WARNING,
        subject=Subject(
            type=REACH_SUBJECTS[1],
            id=reach_id(zone.zone_id, ROOM),
            name=zone.name,
            account=zone.account,
            region=ROUTE53_REGION,
        ),
        title=f"{zone.name} {'will soon take no more VPCs' if full else 'has room for VPCs'}",
        summary="The next approved peerings may not get the names of their service." if full else "All fit.",
        at=now,
        cause=full or "",
        remedy=(
            ("Share the zone through a Route 53 Profile, which takes 1000 VPCs; or raise the zone's quota.",)
            if full
            else ()
        ),
        links=_zone_links(zone),
    )


def _of_brake(told: NamesTold, now: datetime) -> Alert:
    braked = told.decision.braked
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.FIRING if braked else AlertStatus.RESOLVED,
        severity=Severity.ERROR,
        subject=Subject(
            type="automation",
            id="removal-brake",
            name="removal of records",
            account=told.owner.partition("/")[0],
            region=ROUTE53_REGION,
        ),
        title="Too many records would be removed at once" if braked else "The removal of records is not braked",
        summary=(
            "Many load balancers seem to be gone. Nothing was removed; their names still lead where they led."
            if braked
            else "Nothing waits for anybody any more."
        ),
        at=now,
        cause=told.decision.brake,
        remedy=(
            (
                "Look whether the load balancers are really gone, or the policy's choice of them is wrong.",
                "If they are gone for good: take the names out of the policy and delete the records by hand.",
            )
            if braked
            else ()
        ),
        evidence="\n".join(braked),
    )


def _zone_links(zone: Zone | None) -> tuple[Link, ...]:
    return (kinds.zone_console(zone.zone_id),) if zone else (kinds.zones_console(),)


def _account(policy: Policy, account: str) -> str:
    return f"{policy.accounts[account].name} {account}" if account in policy.accounts else account
