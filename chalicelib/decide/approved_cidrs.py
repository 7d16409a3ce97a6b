"""The CIDRs that an approval binds: those that were there when it was given. The tag holds their hash, the ledger their list.

Nobody gets a route by adding an address block: one that came later is treated as absent until the policy itself names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from chalicelib.decide.approval import judge_approval
from chalicelib.decide.cidr import listed, ordered, overlaps, within_any
from chalicelib.decide.routes import side_routes
from chalicelib.model.facts import Peering, PeeringEnd, PeeringFacts, PeeringStatus, Side, SideFacts
from chalicelib.model.network import Network
from chalicelib.model.policy import Policy, Rule, RuleDecision

RULE_TAG = "netreflex:rule"
VERSION_TAG = "netreflex:version"
CIDRS_TAG = "netreflex:cidrs"


def mark_of(facts: PeeringFacts) -> Peering | None:
    """The peering as seen from the side that carries our tags: the accepter's, or ours where the accepter is foreign."""
    side = facts.accepter if facts.accepter.managed else facts.requester
    return side.view


def cidrs_hash(cidrs: Iterable[Network]) -> str:
    """A short name of a set of CIDRs, for the tag that binds an approval to what it approved."""
    return hashlib.sha256(listed(cidrs).encode()).hexdigest()[:16]


def side_cidrs(facts: PeeringFacts, side: Side) -> tuple[Network, ...]:
    """Every CIDR of a side: what its VPC has, or what the peering tells where the VPC is not ours to read."""
    vpc = facts.side(side).vpc
    return ordered(vpc.cidrs if vpc else facts.peering.end(side).cidrs)


def all_cidrs(facts: PeeringFacts) -> tuple[Network, ...]:
    return ordered((*side_cidrs(facts, Side.REQUESTER), *side_cidrs(facts, Side.ACCEPTER)))


def is_told_by_ledger_alone(facts: PeeringFacts) -> bool:
    """Did a finished approval cover CIDRs that the tag names by their hash alone?"""
    tag = approval_tag(facts)
    return tag is not None and tag not in {cidrs_hash(all_cidrs(facts)), cidrs_hash(ipv4_cidrs(facts))}


def may_be_half_done(facts: PeeringFacts, policy: Policy) -> bool:
    """Is this an active peering without our mark that a rule would approve, were it not for some CIDR?

    Then a run may have accepted it and died, and the CIDR came before the next one. What was approved is in the ledger,
    because it is written before anything is done.
    """
    if facts.peering.status is not PeeringStatus.ACTIVE or approval_tag(facts) is not None or mark_of(facts) is None:
        return False
    if judge_approval(facts, policy.peering).decision is RuleDecision.APPROVE:
        return False
    rules = tuple(
        replace(
            rule, requester=replace(rule.requester, cidrs_within=()), accepter=replace(rule.accepter, cidrs_within=())
        )
        for rule in policy.peering.rules
    )
    return judge_approval(facts, replace(policy.peering, rules=rules)).decision is RuleDecision.APPROVE


def approval_tag(facts: PeeringFacts) -> str | None:
    """The hash of the CIDRs that a finished approval covered; None where none was finished."""
    mark = mark_of(facts)
    if facts.peering.status is not PeeringStatus.ACTIVE or mark is None or RULE_TAG not in mark.tags:
        return None
    return mark.tags.get(CIDRS_TAG, "")


def approved_before(facts: PeeringFacts) -> tuple[Network, ...] | None:
    """The CIDRs that a finished approval covered, where others are there now; empty where nobody remembers them.

    Where IPv6 blocks alone came, the tag tells it without a look into the ledger: it is the hash of all the others.
    """
    tag = approval_tag(facts)
    if tag is None or tag == cidrs_hash(all_cidrs(facts)):
        return None
    if tag == cidrs_hash(ipv4_cidrs(facts)):
        return ipv4_cidrs(facts)
    return facts.ledger.approved if facts.ledger is not None else None


def ipv4_cidrs(facts: PeeringFacts) -> tuple[Network, ...]:
    return tuple(cidr for cidr in all_cidrs(facts) if cidr.version == 4)  # noqa: PLR2004 - the IP version


def left_out_by_choice(rule: Rule | None, cidr: Network) -> bool:
    """An IPv6 block under a rule that says ``ipv6: false`` is not routed because people want it so."""
    return rule is not None and not rule.routes.ipv6 and cidr.version == 6  # noqa: PLR2004 - the IP version


def rule_names(rule: Rule | None, side: Side, cidr: Network) -> bool:
    """Does the policy itself name this CIDR of a side, or a portion of it, so that it needs no new approval?"""
    if rule is None:
        return False
    match = rule.requester if side is Side.REQUESTER else rule.accepter
    if match.cidrs_within:
        return within_any(cidr, match.cidrs_within)
    return any(overlaps(cidr, portion) for portion in side_routes(rule, side.other).to)


def without(facts: PeeringFacts, dropped: Iterable[Network]) -> PeeringFacts:
    """The same peering, seen without some CIDRs."""
    gone = frozenset(dropped)

    def end(one: PeeringEnd) -> PeeringEnd:
        return replace(one, cidrs=tuple(cidr for cidr in one.cidrs if cidr not in gone))

    def side(one: SideFacts) -> SideFacts:
        vpc = one.vpc
        return replace(one, vpc=replace(vpc, cidrs=tuple(c for c in vpc.cidrs if c not in gone))) if vpc else one

    peering = replace(facts.peering, requester=end(facts.peering.requester), accepter=end(facts.peering.accepter))
    return replace(facts, peering=peering, requester=side(facts.requester), accepter=side(facts.accepter))
