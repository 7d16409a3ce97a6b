"""What to do about one VPC peering: the same function for a new request, a repeat of its event, a sweep and a repair.

It compares what is true with what the policy wants, so that planning after performing is empty. Nothing is planned on one
side unless the other side fits as well: overlaps, conflicts and quotas of both sides are judged before the accept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.decide.approval import Approval
from chalicelib.decide.approved_cidrs import RULE_TAG, all_cidrs, is_ours, mark_of, side_cidrs
from chalicelib.decide.case import PeeringCase, dns_wanted
from chalicelib.decide.cidr import listed, overlaps
from chalicelib.decide.foreign import foreign_steps
from chalicelib.decide.quotas import quota_notes, quota_refusals
from chalicelib.decide.routes import NO_OVERLAP, SidePlan, WantedRoute, destinations, side_routes
from chalicelib.decide.withdrawal import plan_withdrawal
from chalicelib.model.actions import AcceptPeering, Action, RejectPeering, TagPeering
from chalicelib.model.facts import PeeringFacts, PeeringStatus, Side, SideFacts
from chalicelib.model.network import Network
from chalicelib.model.plan import Decision, Plan, Refusal, RefusalKind
from chalicelib.model.policy import Policy, Rule, RuleDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringDecision:
    """The verdict on one peering and the plan that carries it out.

    ``wanted`` are the routes whose effect is proved afterwards; ``approved`` the CIDRs this approval covers;
    ``grown`` the CIDRs that came after an approval and that no policy covers yet; ``foreign`` the commands for the owner of
    a side that is not ours. ``marked`` is True where an earlier run finished and told this; ``abandoned`` where it is active
    and was approved by netreflex, and no rule approves it any more.
    """

    decision: Decision
    rule: Rule | None = None
    reasons: tuple[str, ...] = ()
    plan: Plan = field(default_factory=Plan)
    wanted: tuple[WantedRoute, ...] = ()
    approved: tuple[Network, ...] = ()
    grown: tuple[Network, ...] = ()
    foreign: tuple[str, ...] = ()
    marked: bool = False
    abandoned: bool = False


def plan_peering(facts: PeeringFacts, policy: Policy, now: datetime) -> PeeringDecision:
    """Facts and policy in, verdict and plan out."""
    status = facts.peering.status
    if status.gone:
        return _gone(facts)
    if status not in {PeeringStatus.PENDING, PeeringStatus.ACTIVE}:
        reason = f"{facts.peering.peering_id} is {status}; there is nothing to do until that changes"
        return PeeringDecision(decision=Decision.OBSERVED, reasons=(reason,))
    case = PeeringCase.of(facts, policy)
    if status is PeeringStatus.ACTIVE:
        return _active(case)
    return _pending(case, now) if facts.accepter.managed else _waits_for_its_owner(case)


def _pending(case: PeeringCase, now: datetime) -> PeeringDecision:
    facts, approval = case.facts, case.approval
    accept = AcceptPeering(place=facts.accepter.ref.place, peering_id=case.peering_id)
    if approval.decision is RuleDecision.REJECT:
        reject = RejectPeering(place=facts.accepter.ref.place, peering_id=case.peering_id)
        reasons = (_decided_by(approval), *approval.misses)
        return PeeringDecision(
            decision=Decision.REJECTED, rule=case.rule, reasons=reasons, plan=Plan(actions=(reject,))
        )
    if approval.decision is RuleDecision.HOLD or case.rule is None:
        reasons = (_decided_by(approval), *approval.misses)
        return PeeringDecision(decision=Decision.HELD, rule=case.rule, reasons=reasons)
    plans = case.side_plans(case.rule)
    refusals = (
        *_overlap_refusals(facts, accept),
        *_expiry_refusals(facts, accept, now),
        *(refusal for _, plan in plans for refusal in plan.refusals),
        *(refusal for side, plan in plans for refusal in quota_refusals(side, plan, accept)),
    )
    if refusals:
        reasons = (
            f"rule {case.rule.name} approves, but it cannot be done safely; nothing was changed",
            *(refusal.reason for refusal in refusals),
        )
        return PeeringDecision(
            decision=Decision.HELD,
            rule=case.rule,
            reasons=reasons,
            plan=Plan(refusals=tuple(dict.fromkeys(refusals))),
        )
    dns, dns_on = case.dns_actions()
    tag, _ = case.mark()
    actions: tuple[Action, ...] = (accept, *(a for _, plan in plans for a in plan.actions), *dns, *_present(tag))
    unchanged = dns_on + sum(plan.unchanged for _, plan in plans)
    return _approved(case, case.rule, Plan(actions=actions, unchanged=unchanged), plans, marked=False)


def _waits_for_its_owner(case: PeeringCase) -> PeeringDecision:
    """A request to an accepter that is not ours. Where the policy approves it, its owner is told what to run."""
    reason = f"the accepter {case.facts.accepter.ref} is not in the policy; its owner accepts or rejects the request"
    approved = case.rule is not None and case.approval.decision is RuleDecision.APPROVE
    foreign = tuple(_foreign(case, case.rule)) if approved and case.rule and case.facts.requester.managed else ()
    return PeeringDecision(decision=Decision.OBSERVED, rule=case.rule, reasons=(reason,), foreign=foreign)


def _active(case: PeeringCase) -> PeeringDecision:
    """An active peering: complete it, repair it, or leave it alone."""
    approval, rule = case.approval, case.rule
    view = mark_of(case.facts)
    ours = view is not None and RULE_TAG in view.tags
    if rule is None or approval.decision is not RuleDecision.APPROVE:
        reasons = ("no rule of the policy approves this peering; it stays as it is", *approval.misses)
        return PeeringDecision(
            decision=Decision.OBSERVED, rule=rule, reasons=reasons, marked=ours, abandoned=is_ours(case.facts)
        )
    plans = case.side_plans(rule)
    withdrawal = plan_withdrawal(case.facts, {side: side_cidrs(case.facts, side.other) for side in Side})
    tag, marked = case.mark()
    refusals = tuple(
        dict.fromkeys(
            (
                *(refusal for _, plan in plans for refusal in plan.refusals),
                *(refusal for side, plan in plans for refusal in quota_refusals(side, plan, None)),
            )
        )
    )
    dns, dns_on = case.dns_actions()
    routes: tuple[Action, ...] = tuple(action for _, plan in plans for action in plan.actions)
    if refusals and not marked:
        # Nothing of it is finished: one side must not be served while the other does not fit.
        reasons = (
            f"rule {rule.name} approves, but the routes cannot be added safely; no route was changed",
            *(refusal.reason for refusal in refusals),
        )
        return PeeringDecision(decision=Decision.HELD, rule=rule, reasons=reasons, plan=Plan(refusals=refusals))
    # A finished peering is repaired table by table: an obstacle in one must not prolong an outage in another.
    refused = {(refusal.action.place, getattr(refusal.action, "table_id", "")) for refusal in refusals}
    repairs = tuple(action for action in routes if (action.place, getattr(action, "table_id", "")) not in refused)
    actions: tuple[Action, ...] = (*repairs, *dns, *withdrawal, *_present(None if refusals else tag))
    unchanged = dns_on + int(tag is None) + 1 + sum(plan.unchanged for _, plan in plans)
    return _approved(case, rule, Plan(actions=actions, unchanged=unchanged, refusals=refusals), plans, marked=marked)


def _approved(
    case: PeeringCase, rule: Rule, plan: Plan, plans: tuple[tuple[SideFacts, SidePlan], ...], *, marked: bool
) -> PeeringDecision:
    reasons = [_decided_by(case.approval), *(refusal.reason for refusal in plan.refusals)]
    if case.grown:
        reasons.append(f"{listed(case.grown)} came after the approval and no rule covers it: not routed")
    reasons += [note for side in case.facts.sides for note in quota_notes(side)]
    return PeeringDecision(
        decision=Decision.APPROVED,
        rule=rule,
        reasons=tuple(reasons),
        plan=plan,
        wanted=tuple(wanted for _, side_plan in plans for wanted in side_plan.wanted),
        approved=all_cidrs(case.covered),
        grown=case.grown,
        foreign=tuple(_foreign(case, rule)),
        marked=marked,
    )


def _foreign(case: PeeringCase, rule: Rule) -> Iterator[str]:
    for side in case.facts.sides:
        if side.managed:
            continue
        ours = side_cidrs(case.covered, side.side.other)
        routed = destinations(side_routes(rule, side.side), ours, ipv6=rule.routes.ipv6)
        dns = dns_wanted(rule, side.side, case.covered) and not case.facts.peering.end(side.side).dns_resolution
        yield from foreign_steps(case.facts, side.side, routed, dns_resolution=dns)


def _gone(facts: PeeringFacts) -> PeeringDecision:
    """The peering cannot carry traffic any more: our routes to it are blackholes, and they go."""
    peering = facts.peering
    reasons = [
        f"{peering.peering_id} is {peering.status}" + (f": {peering.status_message}" * bool(peering.status_message))
    ]
    refusals: tuple[Refusal, ...] = ()
    if peering.status is PeeringStatus.FAILED:
        accept = AcceptPeering(place=facts.accepter.ref.place, peering_id=peering.peering_id)
        refusals = tuple(_overlap_refusals(facts, accept))
        reasons += [refusal.reason for refusal in refusals]
    withdrawal = plan_withdrawal(facts, dict.fromkeys(Side, ()))
    return PeeringDecision(
        decision=Decision.OBSERVED,
        reasons=tuple(reasons),
        plan=Plan(actions=withdrawal, refusals=refusals),
    )


def _overlap_refusals(facts: PeeringFacts, accept: AcceptPeering) -> Iterator[Refusal]:
    """Any overlapping block of either side forbids a peering, used or not (VPC peering guide, "Limitations")."""
    for mine in side_cidrs(facts, Side.REQUESTER):
        for theirs in side_cidrs(facts, Side.ACCEPTER):
            if overlaps(mine, theirs):
                yield Refusal(
                    kind=RefusalKind.OVERLAP,
                    action=accept,
                    reason=(
                        f"{mine} of the requester {facts.requester.ref.vpc_id} overlaps "
                        f"{theirs} of the accepter {facts.accepter.ref.vpc_id}"
                    ),
                    remedy=NO_OVERLAP,
                )


def _expiry_refusals(facts: PeeringFacts, accept: AcceptPeering, now: datetime) -> Iterator[Refusal]:
    expires_at = facts.peering.expires_at
    if expires_at is not None and expires_at <= now:
        yield Refusal(
            kind=RefusalKind.EXPIRED,
            action=accept,
            reason=f"the request expired at {expires_at:%Y-%m-%d %H:%MZ}",
            remedy="the requester asks again",
        )


def _decided_by(approval: Approval) -> str:
    if approval.rule is None:
        return f"no rule matches; the policy's default is to {approval.decision}"
    return f"rule {approval.rule.name} decides: {approval.decision}"


def _present(tag: TagPeering | None) -> tuple[TagPeering, ...]:
    return (tag,) if tag else ()
