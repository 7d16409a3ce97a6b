"""A peering under the rule that decides it: which CIDRs the approval covers, and what has still to be asked.

What an approval binds is in ``approved_cidrs``. What decides nothing is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib import __version__
from chalicelib.decide.approval import Approval, judge_approval
from chalicelib.decide.approved_cidrs import (
    CIDRS_TAG,
    RULE_TAG,
    VERSION_TAG,
    all_cidrs,
    approved_before,
    cidrs_hash,
    is_told_by_ledger_alone,
    left_out_by_choice,
    mark_of,
    marked_side,
    needs_own_tags,
    rule_names,
    side_cidrs,
    without,
)
from chalicelib.decide.cidr import is_rfc1918
from chalicelib.decide.quotas import asks_prefix_lists, quotas_to_ask
from chalicelib.decide.routes import SidePlan, plan_side, side_routes
from chalicelib.decide.withdrawal import stale_routes
from chalicelib.model.actions import EnableDnsResolution, TagPeering
from chalicelib.model.facts import PeeringFacts, PeeringStatus, Side, SideFacts
from chalicelib.model.network import Network
from chalicelib.model.policy import DnsResolution, Policy, Rule, RuleDecision, TablesBySubnetTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Facts that a decision still needs; each costs a call to AWS, so it is asked only where it decides something."""

    subnets: frozenset[Side] = frozenset()
    prefix_lists: frozenset[Side] = frozenset()
    quotas: frozenset[tuple[Side, str]] = frozenset()
    ledger: bool = False
    tags: bool = False

    def __bool__(self) -> bool:
        return bool(self.subnets or self.prefix_lists or self.quotas or self.ledger or self.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringCase:
    """A peering under its rule, seen with the CIDRs that the approval covers; ``grown`` came after it and wait for people."""

    facts: PeeringFacts
    approval: Approval
    covered: PeeringFacts
    grown: tuple[Network, ...]

    @classmethod
    def of(cls, facts: PeeringFacts, policy: Policy) -> PeeringCase:
        approved = approved_before(facts)
        if approved is None:
            return cls(facts=facts, approval=judge_approval(facts, policy.peering), covered=facts, grown=())
        added = tuple(cidr for cidr in all_cidrs(facts) if cidr not in approved)
        approval = judge_approval(without(facts, added) if approved else facts, policy.peering)
        uncovered = tuple(
            cidr
            for side in Side
            for cidr in side_cidrs(facts, side)
            if cidr in added and not rule_names(approval.rule, side, cidr)
        )
        grown = tuple(cidr for cidr in uncovered if not left_out_by_choice(approval.rule, cidr))
        return cls(facts=facts, approval=approval, covered=without(facts, uncovered), grown=grown)

    @property
    def rule(self) -> Rule | None:
        return self.approval.rule

    @property
    def peering_id(self) -> str:
        return self.facts.peering.peering_id

    def side_plans(self, rule: Rule) -> tuple[tuple[SideFacts, SidePlan], ...]:
        """The plan of every managed side, requester first."""
        return tuple(
            (
                side,
                plan_side(side, rule, self.peering_id, side_cidrs(self.covered, side.side.other), live_peerings(side)),
            )
            for side in self.facts.sides
            if side.managed
        )

    def dns_actions(self) -> tuple[tuple[EnableDnsResolution, ...], int]:
        """The DNS options still to switch on, on our sides, and how many are on already."""
        wanted = [
            side
            for side in self.facts.sides
            if side.managed and self.rule and dns_wanted(self.rule, side.side, self.covered)
        ]
        on = [side for side in wanted if self.facts.peering.end(side.side).dns_resolution]
        actions = tuple(
            EnableDnsResolution(place=side.ref.place, peering_id=self.peering_id, side=side.side)
            for side in wanted
            if side not in on
        )
        return actions, len(on)

    def mark(self) -> tuple[TagPeering | None, bool]:
        """The tags still to set on our side, and whether an earlier run had finished."""
        view = mark_of(self.facts)
        if view is None or self.rule is None:
            return None, False
        side = marked_side(self.facts)
        wanted = {RULE_TAG: self.rule.name, CIDRS_TAG: cidrs_hash(all_cidrs(self.covered))}
        if all(view.tags.get(key) == value for key, value in wanted.items()) and VERSION_TAG in view.tags:
            return None, True
        tags = tuple(sorted({**wanted, VERSION_TAG: __version__}.items()))
        tag = TagPeering(place=side.ref.place, peering_id=self.peering_id, tags=tags)
        return (None if self.grown else tag), RULE_TAG in view.tags


def dns_wanted(rule: Rule, side: Side, facts: PeeringFacts) -> bool:
    """Should this side let its peer resolve its hostnames to private addresses?

    ``auto``: private hostnames of a VPC with a CIDR outside RFC 1918 resolve to private addresses only with the option on,
    and between Regions they never do without it (VPC peering guide, "Enable DNS resolution"). The option takes effect for
    queries from the other side, so both sides are switched on as soon as either needs it.
    """
    choice = rule.dns_resolution
    if choice is DnsResolution.AUTO:
        outside = any(not is_rfc1918(cidr) for cidr in all_cidrs(facts) if cidr.version == 4)  # noqa: PLR2004
        return outside or facts.requester.ref.region != facts.accepter.ref.region
    return choice is DnsResolution.BOTH or choice.value == side.value


def open_questions(facts: PeeringFacts, policy: Policy) -> Questions:
    """What must still be read before ``plan_peering`` may decide; ask until it is empty."""
    if _needs_ledger(facts):
        return Questions(ledger=True)
    if needs_own_tags(facts):
        return Questions(tags=True)
    case = PeeringCase.of(facts, policy)
    if case.rule is None or case.approval.decision is not RuleDecision.APPROVE or not _ours_to_settle(facts):
        return Questions()
    subnets = frozenset(
        side.side
        for side in facts.sides
        if side.managed
        and side.subnets is None
        and isinstance(side_routes(case.rule, side.side).tables, TablesBySubnetTag)
    )
    if subnets:
        return Questions(subnets=subnets)
    plans = case.side_plans(case.rule)
    prefix_lists = frozenset(side.side for side, plan in plans if asks_prefix_lists(side, plan))
    if prefix_lists:
        return Questions(prefix_lists=prefix_lists)
    accepting = facts.peering.status is PeeringStatus.PENDING
    return Questions(
        quotas=frozenset(
            (side.side, code) for side, plan in plans for code in quotas_to_ask(side, plan, accepting=accepting)
        )
    )


def _ours_to_settle(facts: PeeringFacts) -> bool:
    """May this status lead to a route of ours?"""
    status = facts.peering.status
    return status is PeeringStatus.ACTIVE or (status is PeeringStatus.PENDING and facts.accepter.managed)


def _needs_ledger(facts: PeeringFacts) -> bool:
    """Only what netreflex remembers tells which routes are its own and which CIDRs an approval covered."""
    no_routes = facts.ledger is None or facts.ledger.routes_unread
    if no_routes and any(stale_routes(one, side_cidrs(facts, one.side.other), facts.peering) for one in facts.sides):
        return True
    return facts.ledger is None and is_told_by_ledger_alone(facts)


def live_peerings(side: SideFacts) -> frozenset[str]:
    """Peerings whose routes must be left alone, because they may still carry traffic."""
    return frozenset(other.peering_id for other in side.others if not other.status.gone)
