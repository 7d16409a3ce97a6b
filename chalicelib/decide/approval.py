"""Who may peer with whom: the policy's rules, in order, the first whose every condition holds decides.

Denial is the default. What the requester says of itself approves nothing: its account is AWS's word, its VPC's tags are its
owner's claim and count only beside a named account (VPC peering guide: do not accept from unknown accounts).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from chalicelib.decide.cidr import listed, ordered, within_any
from chalicelib.model.facts import PeeringFacts, Side, SideFacts
from chalicelib.model.network import Network, Tags
from chalicelib.model.policy import Match, PeeringPolicy, Rule, RuleDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The verdict on a request: the rule that decided (None: the policy's default), and why no earlier rule did."""

    decision: RuleDecision
    rule: Rule | None = None
    misses: tuple[str, ...] = ()

    @property
    def rule_name(self) -> str | None:
        return self.rule.name if self.rule else None


def judge_approval(facts: PeeringFacts, policy: PeeringPolicy) -> Approval:
    """The first rule that matches, with the failed condition of each one before it."""
    misses: list[str] = []
    for rule in policy.rules:
        failed = failed_condition(rule, facts)
        if failed is None:
            return Approval(decision=rule.decision, rule=rule, misses=tuple(misses))
        misses.append(f"rule {rule.name}: {failed}")
    if not policy.rules:
        misses.append("the policy has no peering rule")
    return Approval(decision=policy.default, misses=tuple(misses))


def failed_condition(rule: Rule, facts: PeeringFacts) -> str | None:
    """The first condition of a rule that does not hold, in words; None where all hold."""
    if rule.decision is RuleDecision.APPROVE and not rule.requester.accounts:
        return "it names no requester account, so it approves nobody"
    for side, match in ((Side.REQUESTER, rule.requester), (Side.ACCEPTER, rule.accepter)):
        for failed in _failures(facts.side(side), match, facts.peering.end(side).cidrs):
            return f"{side} {failed}"
    return None


def _failures(side: SideFacts, match: Match, told: tuple[Network, ...]) -> Iterator[str]:
    if match.accounts and side.ref.account not in match.accounts:
        yield f"account {side.ref.account} is not one of {', '.join(match.accounts)}"
    if match.regions and side.ref.region not in match.regions:
        yield f"Region {side.ref.region} is not one of {', '.join(match.regions)}"
    if match.vpcs and side.ref.vpc_id not in match.vpcs:
        yield f"VPC {side.ref.vpc_id} is not one of {', '.join(match.vpcs)}"
    if match.vpc_tags and (missing := _tag_failure(side, match)):
        yield missing
    if match.cidrs_within:
        yield from _cidr_failures(side.vpc.cidrs if side.vpc else told, match.cidrs_within)


def _tag_failure(side: SideFacts, match: Match) -> str | None:
    if side.vpc is None:
        return f"VPC tags of {side.ref.vpc_id} cannot be read: its account or Region is not in the policy"
    if side.side is Side.REQUESTER and not match.accounts:
        return "VPC tags count only beside a named account: anyone can set them in an account of their own"
    missing = unmatched_tag(side.vpc.tags, match.vpc_tags)
    return f"VPC {missing}" if missing else None


def _cidr_failures(cidrs: tuple[Network, ...], allowed: tuple[Network, ...]) -> Iterator[str]:
    """A list without an IPv6 range says nothing about IPv6: AWS chooses those blocks, so nobody can name them beforehand.

    Whether they are routed is the word of the rule's ``ipv6`` alone.
    """
    if not cidrs:
        yield f"CIDRs are not known, so they cannot lie within {listed(allowed)}"
    named = {net.version for net in allowed}
    for cidr in ordered(cidrs):
        judged = cidr.version in named or cidr.version == 4  # noqa: PLR2004 - the IP version
        if judged and not within_any(cidr, allowed):
            yield f"CIDR {cidr} does not lie within {listed(allowed)}"


def unmatched_tag(tags: Tags, wanted: Tags) -> str | None:
    """The first wanted tag (a glob pattern on the value) that is missing, in words; None where all are there."""
    for key, pattern in sorted(wanted.items()):
        if key not in tags:
            return f"tag {key} is missing (wanted {pattern!r})"
        if not fnmatchcase(tags[key], pattern):
            return f"tag {key} is {tags[key]!r} (wanted {pattern!r})"
    return None
