"""Alerts about names: one for each name that does not lead where it should, one for each VPC that cannot resolve it. Pure.

What was done is a notice of its own; what is in the way fires until it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from chalicelib.alerts import kinds
from chalicelib.alerts.name_notices import NAME_SUBJECT, REACH_SUBJECTS, change_notice, reach_id
from chalicelib.alerts.name_zone_alerts import brake_alert, leftovers_alert, room_alert
from chalicelib.decide.name_batches import changed_names
from chalicelib.decide.name_choice import Obstacle, is_classic
from chalicelib.decide.name_reach import ReachVerdict
from chalicelib.decide.name_verdicts import NameVerdict, Standing
from chalicelib.decide.names import NamesDecision
from chalicelib.model.actions import Action, ChangeRecordSets
from chalicelib.model.alert import Alert, AlertStatus, Field, Link, Severity, Subject
from chalicelib.model.names import ChangeInfo, LoadBalancer, Zone, ZoneVpc
from chalicelib.model.plan import RefusalKind
from chalicelib.model.policy import Policy
from chalicelib.model.report import Failure

_WORDS = {
    RefusalKind.CONFLICT: "meets a record that is not ours",
    RefusalKind.LOAD_BALANCER: "has no load balancer to lead to",
    RefusalKind.SEVERAL_LOAD_BALANCERS: "has several load balancers to choose from",
    RefusalKind.SCHEME: "finds no internal load balancer",
    RefusalKind.LOAD_BALANCER_STATE: "finds no load balancer in service",
    RefusalKind.ZONE: "has no place in a hosted zone",
    RefusalKind.ACCESS: "cannot be judged",
}
_LOST = "Whoever asks for this name does not reach the service through it, or reaches something else."
_UNKNOWN = "Whether it leads where it should is not known. Its record stays as it is."
_AS_BEFORE = "Whoever asks for this name reaches that load balancer as before; its record was not touched."
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
        yield room_alert(zone, now)
    for left in told.decision.leftovers:
        yield leftovers_alert(left, now)
    if told.whole or told.decision.braked:
        yield brake_alert(told.decision, told.owner, now)


# ---- one name --------------------------------------------------------------------------------------------------------
class _Trouble(NamedTuple):
    """What is wrong with a name, what that means, why, and what to do."""

    what: str
    cause: str
    remedy: tuple[str, ...]
    means: str = _LOST
    severity: Severity = Severity.ERROR


def _trouble(verdict: NameVerdict, obstacle: Obstacle) -> _Trouble:
    """A record that leads to a load balancer in service is no outage: what the policy chooses is unclear, and that is all."""
    steps = _steps(obstacle)
    if verdict.still is not None:
        what = f"still leads to {verdict.still.name}"
        return _Trouble(what, obstacle.reason, steps, _AS_BEFORE, Severity.WARNING)
    means = _UNKNOWN if obstacle.kind is RefusalKind.ACCESS else _LOST
    return _Trouble(_WORDS.get(obstacle.kind, "is not served"), obstacle.reason, steps, means)


def _steps(obstacle: Obstacle) -> tuple[str, ...]:
    look = f"See it with: `{obstacle.look}`" if obstacle.look else ""
    return tuple(step for step in (obstacle.remedy, look, _BY_ITSELF) if step)


def _of_name(verdict: NameVerdict, told: NamesTold, policy: Policy, now: datetime) -> Iterator[Alert]:
    obstacle = verdict.obstacle
    if obstacle is not None:
        if not obstacle.passing and obstacle.kind is not RefusalKind.BRAKE:
            yield _name_alert(verdict, policy, now, _trouble(verdict, obstacle))
    elif verdict.standing is Standing.CHANGES and told.enforce and not told.retry:
        errors = [failure.error for failure in told.failed if _is_about(failure.action, verdict)]
        cause = errors[0] if errors else _NOT_SEEN
        yield _name_alert(verdict, policy, now, _Trouble("could not be written", cause, (_CAUSE, _BY_ITSELF)))
    elif verdict.standing is Standing.LEADS:
        yield _name_alert(verdict, policy, now, None)


def _is_about(action: Action, verdict: NameVerdict) -> bool:
    return isinstance(action, ChangeRecordSets) and verdict.record in changed_names(action)


def _name_alert(verdict: NameVerdict, policy: Policy, now: datetime, trouble: _Trouble | None) -> Alert:
    name, target = verdict.name, verdict.target or verdict.still
    account = name.zone_account or name.load_balancer.account
    fields = [Field(name="Name", value=verdict.record), Field(name="In the policy", value=name.id)]
    if verdict.zone:
        fields.append(Field(name="Hosted zone", value=f"{verdict.zone} of {_account(policy, verdict.zone.account)}"))
    if target:
        fields.append(Field(name="Load balancer", value=target.arn))
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.FIRING if trouble else AlertStatus.RESOLVED,
        severity=trouble.severity if trouble else Severity.ERROR,
        subject=Subject(
            type=NAME_SUBJECT,
            id=name.id,
            name=verdict.record,
            account=account,
            region=name.load_balancer.region,
            env=policy.accounts[account].name if account in policy.accounts else "",
        ),
        title=f"{verdict.record} {trouble.what if trouble else 'leads where it should'}",
        summary=trouble.means if trouble else f"It leads to {target}.",
        at=now,
        cause=trouble.cause if trouble else "",
        remedy=trouble.remedy if trouble else (),
        links=(*_zone_links(verdict.zone), *((_balancer_console(target),) if target else ())),
        fields=tuple(fields),
    )


# ---- a VPC and a zone ------------------------------------------------------------------------------------------------
def _of_reach(reach: ReachVerdict, told: NamesTold, policy: Policy, now: datetime) -> Iterator[Alert]:
    obstacle = reach.obstacle
    if obstacle is not None:
        if not obstacle.passing:
            unknown = obstacle.kind is RefusalKind.ACCESS and ZoneVpc.of(reach.vpc) in (reach.zone.vpcs or ())
            yield _reach_alert(reach, policy, now, obstacle.reason, _steps(obstacle), unknown=unknown)
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


def _reach_alert(
    reach: ReachVerdict, policy: Policy, now: datetime, cause: str, remedy: Sequence[str], *, unknown: bool = False
) -> Alert:
    """``unknown`` where the VPC is associated, but may not be looked into."""
    zone, vpc = reach.zone, reach.vpc
    what, means = "resolves", "The names of the service are found there."
    if unknown:
        what, means = "may not resolve", "It is associated; whether something keeps it from resolving is not known."
    elif cause:
        what, means = (
            "does not resolve",
            "Its peering carries packets, but the names of the service are not found there.",
        )
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.FIRING if cause else AlertStatus.RESOLVED,
        severity=_reach_severity(reach, unknown=unknown),
        subject=Subject(
            type=REACH_SUBJECTS[0],
            id=reach_id(zone.zone_id, vpc.vpc_id),
            name=vpc.vpc_id,
            account=vpc.account,
            region=vpc.region,
            env=policy.accounts[vpc.account].name if vpc.account in policy.accounts else "",
        ),
        title=f"{zone.name} {what} in {vpc.vpc_id}",
        summary=means,
        at=now,
        cause=cause,
        remedy=tuple(remedy),
        links=_zone_links(zone),
        fields=(
            Field(name="Hosted zone", value=f"{zone} of {_account(policy, zone.account)}"),
            Field(name="VPC", value=f"{vpc.vpc_id} of {_account(policy, vpc.account)}, {vpc.region}"),
        ),
    )


def _reach_severity(reach: ReachVerdict, *, unknown: bool) -> Severity:
    if reach.foreign and not reach.steps:
        return Severity.INFO
    return Severity.WARNING if unknown else Severity.ERROR


def _balancer_console(balancer: LoadBalancer) -> Link:
    base = f"https://{balancer.place.region}.console.aws.amazon.com/ec2/home?region={balancer.place.region}"
    part = (
        f"#LoadBalancers:search={balancer.name}"
        if is_classic(balancer)
        else f"#LoadBalancer:loadBalancerArn={balancer.arn}"
    )
    return Link(text="Load balancer in the console", url=base + part)


def _zone_links(zone: Zone | None) -> tuple[Link, ...]:
    return (kinds.zone_console(zone.zone_id),) if zone else (kinds.zones_console(),)


def _account(policy: Policy, account: str) -> str:
    return f"{policy.accounts[account].name} {account}" if account in policy.accounts else account
