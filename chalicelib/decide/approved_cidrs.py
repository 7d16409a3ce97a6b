"""The CIDRs that an approval binds: those that were there when it was given. The ledger holds their list, the tag its hash.

The tag saves the look into the ledger while nothing changed; without it the ledger binds all the same.
Nobody gets a route by adding an address block: one that came later is treated as absent until the policy itself names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from chalicelib.decide.cidr import listed, ordered, overlaps, within_any
from chalicelib.decide.routes import side_routes
from chalicelib.model.facts import Peering, PeeringEnd, PeeringFacts, PeeringStatus, Side, SideFacts
from chalicelib.model.network import Network
from chalicelib.model.policy import Rule

RULE_TAG = "netreflex:rule"
VERSION_TAG = "netreflex:version"
CIDRS_TAG = "netreflex:cidrs"


def marked_side(facts: PeeringFacts) -> SideFacts:
    """The side that carries our tags: the accepter's, or ours where the accepter is foreign."""
    return facts.accepter if facts.accepter.managed else facts.requester


def mark_of(facts: PeeringFacts) -> Peering | None:
    """The peering as seen from the side that carries our tags."""
    return marked_side(facts).view


def is_ours(facts: PeeringFacts) -> bool:
    """Did netreflex approve it once? Its tags say so, or the ledger where it was asked."""
    return approval_tag(facts) is not None or (facts.ledger is not None and bool(facts.ledger.approved))


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
    """Is it an active peering on which no tag of ours says that the CIDRs of now are those that were approved?

    A run may have accepted it and died, somebody may have taken the tags away, or never let them be set. What was approved is
    in the ledger, because it is written before anything is done.
    """
    fitting = {cidrs_hash(all_cidrs(facts)), cidrs_hash(ipv4_cidrs(facts))}
    return facts.peering.status is PeeringStatus.ACTIVE and approval_tag(facts) not in fitting


def needs_own_tags(facts: PeeringFacts) -> bool:
    """What we approved and see no tag on: the tags themselves say whether the run that approved it came to its end.

    Each account has its own tags on a peering. A description that shows another account's instead must not look like a run
    that died before it told anybody.
    """
    if facts.tags_read or facts.peering.status is not PeeringStatus.ACTIVE or approval_tag(facts) is not None:
        return False
    return facts.ledger is not None and bool(facts.ledger.approved)


def approval_tag(facts: PeeringFacts) -> str | None:
    """The hash of the CIDRs that a finished approval covered; None where no tag tells of one."""
    mark = mark_of(facts)
    return mark.tags.get(CIDRS_TAG, "") if mark is not None and RULE_TAG in mark.tags else None


def approved_before(facts: PeeringFacts) -> tuple[Network, ...] | None:
    """The CIDRs that an earlier approval covered, where others may be there now; None where there was no approval.

    Empty where a tag tells of one and nobody remembers its CIDRs. Where IPv6 blocks alone came, the tag tells it without a
    look into the ledger: it is the hash of all the others.
    """
    tag = approval_tag(facts)
    if facts.peering.status is not PeeringStatus.ACTIVE or tag == cidrs_hash(all_cidrs(facts)):
        return None
    if tag == cidrs_hash(ipv4_cidrs(facts)):
        return ipv4_cidrs(facts)
    if facts.ledger is None or (tag is None and not facts.ledger.approved):
        return None
    return facts.ledger.approved


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
    if any(net.version == cidr.version for net in match.cidrs_within):
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
