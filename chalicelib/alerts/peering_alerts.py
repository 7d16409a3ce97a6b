"""The alert about one VPC peering: one problem, one message, whatever becomes of it. Pure.

A request that waits, is approved, meets an obstacle and is repaired stays one alert: its fingerprint is the peering's. Of
several things that are true at once the worst leads; the rest is in its cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.alerts import kinds
from chalicelib.decide.case import side_cidrs
from chalicelib.decide.cidr import listed
from chalicelib.decide.peering import PeeringDecision
from chalicelib.decide.reach import Path
from chalicelib.model.actions import AcceptPeering, Action, RouteAction
from chalicelib.model.alert import Alert, AlertStatus, Field, Link, Severity, Subject
from chalicelib.model.facts import PeeringFacts, PeeringStatus, Side
from chalicelib.model.plan import Decision, RefusalKind
from chalicelib.model.policy import Policy
from chalicelib.model.report import Failure

EXPIRES_SOON = timedelta(hours=48)
_PER_TABLE = ", for each of their route tables (ROUTE_TABLE_ID)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that an alert about a peering is made of."""

    facts: PeeringFacts
    decision: PeeringDecision
    performed: Sequence[Action] = ()
    failed: Sequence[Failure] = ()
    paths: Sequence[Path] = ()
    names: Sequence[str] = ()
    enforce: bool = True


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
    facts = told.facts
    expires_at = facts.peering.expires_at
    soon = expires_at is not None and expires_at - now <= EXPIRES_SOON
    when = f" It expires {expires_at:%Y-%m-%d %H:%MZ}." if expires_at else ""
    return _alert(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.WARNING if soon else Severity.INFO,
        title=f"VPC peering request {'expires soon' if soon else 'waits'}: {_sides(told, policy)}",
        summary=f"No policy approves it, so nothing was changed and no traffic flows.{when}",
        cause=_sentences(told.decision.reasons),
        remedy=(
            "To approve: add a rule to the policy; the next sweep does the rest.",
            f"To accept by hand, without routes, {_command('accept', facts)}",
            f"To turn it down, {_command('reject', facts)}",
        ),
    )


def _rejected(told: Told, policy: Policy, now: datetime) -> Alert:
    done = "was rejected" if told.enforce else "would be rejected (observe mode)"
    return _alert(
        told,
        policy,
        now,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        title=f"VPC peering {done}: {_sides(told, policy)}",
        summary="The policy turns this request down. No traffic flows and no route was changed.",
        cause=_sentences(told.decision.reasons),
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
    if told.decision.foreign:
        summary = (
            f"Rule {rule} approves it. Our side is finished; the owner of the other side has to run what is listed."
        )
    actions = told.performed if told.enforce else told.decision.plan.actions
    return _alert(
        told,
        policy,
        now,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        title=f"VPC peering {what}: {_sides(told, policy)}",
        summary=summary,
        cause=_sentences(told.decision.reasons),
        remedy=_for_the_other_owner(told),
        evidence="\n".join([*told.names, *map(str, told.paths), *(action.describe() for action in actions)]),
    )


def _failed_by_aws(told: Told, policy: Policy, now: datetime) -> Alert:
    """AWS's text is the same for a wrong VPC, a wrong account and an overlap; what we see of it is added."""
    found = tuple(refusal.reason for refusal in told.decision.plan.refusals)
    return _alert(
        told,
        policy,
        now,
        status=AlertStatus.NOTICE,
        severity=Severity.WARNING,
        title=f"VPC peering failed: {_sides(told, policy)}",
        summary="AWS failed the request and does not say why"
        + ("; the reason is below." if found else ".")
        + " No traffic flows.",
        cause=_sentences(found or told.decision.reasons),
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
    return _alert(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.ERROR,
        title=f"VPC peering {what}: {_sides(told, policy)}",
        summary=summary,
        cause=_sentences(dict.fromkeys(refusal.reason for refusal in refusals)),
        remedy=tuple(dict.fromkeys(refusal.remedy for refusal in refusals if refusal.remedy)),
    )


def _not_reachable(told: Told, policy: Policy, now: datetime) -> Alert:
    blocked = [path for path in told.paths if path.obstacle]
    return _alert(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.ERROR,
        title=f"VPC peering does not carry all traffic: {_sides(told, policy)}",
        summary="The peering is active, but a route keeps packets from arriving.",
        cause=_sentences(map(str, blocked)),
        remedy=("Remove or narrow that route; netreflex does not touch routes that it does not own.",),
        evidence="\n".join(map(str, told.paths)),
    )


def _grown(told: Told, policy: Policy, now: datetime) -> Alert:
    new = listed(told.decision.grown)
    return _alert(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.WARNING,
        title=f"CIDR added after approval, not routed: {_sides(told, policy)}",
        summary=f"{new} was added to a VPC of this peering after it was approved. Traffic to and from it does not flow.",
        cause=_sentences(told.decision.reasons),
        remedy=(
            f"If it is meant: let the rule's cidrs_within (or `to`) name {new}; the next sweep routes it.",
            "If it is not: remove the CIDR from the VPC.",
        ),
    )


def _failed(told: Told, policy: Policy, now: datetime) -> Alert:
    first, *others = told.failed
    refused_first = any(isinstance(one.action, AcceptPeering) for one in told.failed)
    return _alert(
        told,
        policy,
        now,
        status=AlertStatus.FIRING,
        severity=Severity.ERROR,
        title=f"VPC peering could not be finished: {_sides(told, policy)}",
        summary=(
            "The policy approves it, but it could not be accepted: no traffic flows."
            if refused_first
            else "The policy approves it, but a step failed: traffic that needs what is missing does not arrive."
        ),
        cause=f"{first.error.rstrip('.')}. It was to: {first.action.describe()}.",
        remedy=("Remove that cause.", "Nothing else is needed: every sweep (5 minutes) tries again by itself."),
        evidence="\n".join(
            [f"done: {action.describe()}" for action in told.performed]
            + [f"not done: {one.action.describe()}: {one.error}" for one in others]
        ),
    )


def _observed(told: Told, policy: Policy, now: datetime) -> Alert:
    """The end of whatever was told before: the request was decided elsewhere, or the peering is gone."""
    status = told.facts.peering.status
    return _alert(
        told,
        policy,
        now,
        status=AlertStatus.RESOLVED,
        severity=Severity.INFO,
        title=f"VPC peering is {status}: {_sides(told, policy)}",
        summary="Nothing waits for anybody any more.",
        cause=_sentences(told.decision.reasons[:1]),
    )


def _alert(
    told: Told,
    policy: Policy,
    now: datetime,
    *,
    status: AlertStatus,
    severity: Severity,
    title: str,
    summary: str,
    cause: str,
    remedy: Iterable[str] = (),
    evidence: str = "",
) -> Alert:
    accepter = told.facts.accepter.ref
    peering_id = told.facts.peering.peering_id
    rule = told.decision.rule
    fields = [_side_field(told, policy, side) for side in Side]
    if rule is not None:
        fields.append(Field(name="Rule", value=rule.name))
    fields += [Field(name="Name", value=line) for line in told.names]
    fields.append(Field(name="Peering", value=peering_id))
    return Alert(
        kind=kinds.PEERING,
        status=status,
        severity=severity,
        subject=Subject(
            type="vpc-peering-connection",
            id=peering_id,
            name=_sides(told, policy),
            arn=f"arn:aws:ec2:{accepter.region}:{accepter.account}:vpc-peering-connection/{peering_id}",
            account=accepter.account,
            region=accepter.region,
            env=policy.accounts[accepter.account].name if accepter.account in policy.accounts else "",
        ),
        title=title,
        summary=summary,
        at=now,
        cause=cause,
        remedy=tuple(_capital(step) for step in remedy),
        links=(kinds.peering_console(accepter.region, peering_id), *_tables(told)),
        evidence=evidence,
        fields=tuple(fields),
    )


def _tables(told: Told) -> tuple[Link, ...]:
    """The route tables in which something is in the way; of several actions about one table one link."""
    actions = [one.action for one in told.decision.plan.refusals] + [one.action for one in told.failed]
    found = [(one.place.region, one.table_id) for one in actions if isinstance(one, RouteAction)]
    blocked = [path.wanted for path in told.paths if path.obstacle]
    found += [(told.facts.side(wanted.side).ref.region, wanted.table_id) for wanted in blocked]
    return tuple(kinds.route_table_console(region, table_id) for region, table_id in dict.fromkeys(found))[:3]


def _side_field(told: Told, policy: Policy, side: Side) -> Field:
    ref = told.facts.side(side).ref
    account = policy.accounts.get(ref.account)
    where = f"{account.name} {ref.account}" if account else f"{ref.account} (not in the policy)"
    cidrs = listed(side_cidrs(told.facts, side))
    return Field(name=str(side).capitalize(), value=f"{ref.vpc_id} · {where} · {ref.region} · {cidrs}")


def _sides(told: Told, policy: Policy) -> str:
    return f"{_short(told, policy, Side.REQUESTER)} -> {_short(told, policy, Side.ACCEPTER)}"


def _short(told: Told, policy: Policy, side: Side) -> str:
    """A side in a word or two, for a title: the VPC's Name where we can read it, else its id, and the account's name."""
    facts = told.facts.side(side)
    account = policy.accounts.get(facts.ref.account)
    name = facts.vpc.tags.get("Name", "") if facts.vpc else ""
    return f"{(name or facts.ref.vpc_id)[:24]} ({account.name if account else facts.ref.account})"


def _command(verb: str, facts: PeeringFacts) -> str:
    accepter = facts.accepter.ref
    return (
        f"in account {accepter.account}: `aws ec2 {verb}-vpc-peering-connection --region {accepter.region} "
        f"--vpc-peering-connection-id {facts.peering.peering_id}`"
    )


def _for_the_other_owner(told: Told) -> tuple[str, ...]:
    return tuple(
        f"The other side's owner runs{_PER_TABLE if 'ROUTE_TABLE_ID' in command else ''}: `{command}`"
        for command in told.decision.foreign
    )


def _sentences(texts: Iterable[str]) -> str:
    return _capital(". ".join(text.rstrip(".") for text in texts) + ".")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
