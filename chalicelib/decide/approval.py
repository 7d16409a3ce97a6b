"""Who may peer with whom: the policy's rules, in order, the first whose every condition holds decides.

Denial is the default. What the requester says of itself approves nothing: its account is AWS's word, its VPC's tags are its
owner's claim and count only beside a named account (VPC peering guide: do not accept from unknown accounts). Nor does a rule
that says nothing of the accepter lead our routes to an account of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from chalicelib.decide.cidr import ordered, within_any
from chalicelib.model.facts import PeeringFacts, Side, SideFacts
from chalicelib.model.network import Network, Tags
from chalicelib.model.policy import Match, PeeringPolicy, Rule, RuleDecision

_FEW = 5  # of the values that a rule names


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The verdict on a request: the rule that decided (None: the policy's default), and why no earlier rule did.

    ``misses`` begin with the rule that came nearest: where the requester is one that it names, and fewest conditions failed.
    Of many rules that one is what people look for, and in a message only the first ones have room.
    """

    decision: RuleDecision
    rule: Rule | None = None
    misses: tuple[str, ...] = ()

    @property
    def rule_name(self) -> str | None:
        return self.rule.name if self.rule else None


def judge_approval(facts: PeeringFacts, policy: PeeringPolicy) -> Approval:
    """The first rule that matches, with the failed condition of each one before it."""
    misses: list[_Miss] = []
    for rule in policy.rules:
        failed = tuple(_failed(rule, facts))
        if not failed:
            return Approval(decision=rule.decision, rule=rule, misses=_nearest_first(misses))
        misses.append(_Miss(rule=rule, failed=failed, stranger=_is_stranger(rule, facts)))
    told = _nearest_first(misses) or ("the policy has no peering rule",)
    return Approval(decision=policy.default, misses=told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Miss:
    """A rule that does not match: its conditions that failed, in order, and whether it is about other requesters at all."""

    rule: Rule
    failed: tuple[str, ...]
    stranger: bool


def _nearest_first(misses: Iterable[_Miss]) -> tuple[str, ...]:
    """One line for each rule; of equally near ones the policy's order stays."""
    ranked = sorted(misses, key=lambda miss: (miss.stranger, len(miss.failed)))
    return tuple(f"rule {miss.rule.name}: {miss.failed[0]}" for miss in ranked)


def _is_stranger(rule: Rule, facts: PeeringFacts) -> bool:
    return facts.requester.ref.account not in rule.requester.accounts


def failed_condition(rule: Rule, facts: PeeringFacts) -> str | None:
    """The first condition of a rule that does not hold, in words; None where all hold."""
    return next(_failed(rule, facts), None)


def _failed(rule: Rule, facts: PeeringFacts) -> Iterator[str]:
    """Every condition of a rule that does not hold, in words."""
    if rule.decision is RuleDecision.APPROVE and not rule.requester.accounts:
        yield "it names no requester account, so it approves nobody"
    asked, ref = rule.accepter, facts.accepter.ref
    if rule.decision is RuleDecision.APPROVE and not (facts.accepter.managed or asked.accounts or asked.vpcs):
        yield f"accepter {ref.account} in {ref.region} is not in the policy, and the rule names no accepter account"
    for side, match in ((Side.REQUESTER, rule.requester), (Side.ACCEPTER, rule.accepter)):
        for failed in _failures(facts.side(side), match, facts.peering.end(side).cidrs):
            yield f"{side} {failed}"


def _failures(side: SideFacts, match: Match, told: tuple[Network, ...]) -> Iterator[str]:
    if match.accounts and side.ref.account not in match.accounts:
        yield f"account {side.ref.account} is not one of {_few(match.accounts)}"
    if match.regions and side.ref.region not in match.regions:
        yield f"Region {side.ref.region} is not one of {_few(match.regions)}"
    if match.vpcs and side.ref.vpc_id not in match.vpcs:
        yield f"VPC {side.ref.vpc_id} is not one of {_few(match.vpcs)}"
    if match.vpc_tags and (missing := _tag_failure(side, match)):
        yield missing
    if match.cidrs_within:
        outside = next(_cidr_failures(side.vpc.cidrs if side.vpc else told, match.cidrs_within), None)
        yield from (outside,) if outside else ()


def _few(named: Sequence[str]) -> str:
    """What a rule names, as far as a line stays one that people read; the rest is in the policy."""
    more = len(named) - _FEW
    return ", ".join(named[:_FEW]) + (f" and {more} more" if more > 0 else "")


def _tag_failure(side: SideFacts, match: Match) -> str | None:
    if side.vpc is None:
        why = "it is not to be seen there" if side.managed else "its account or Region is not in the policy"
        return f"VPC tags of {side.ref.vpc_id} cannot be read: {why}"
    if side.side is Side.REQUESTER and not match.accounts:
        return "VPC tags count only beside a named account: anyone can set them in an account of their own"
    missing = unmatched_tag(side.vpc.tags, match.vpc_tags)
    return f"VPC {missing}" if missing else None


def _cidr_failures(cidrs: tuple[Network, ...], allowed: tuple[Network, ...]) -> Iterator[str]:
    """A list without an IPv6 range says nothing about IPv6: AWS chooses those blocks, so nobody can name them beforehand.

    Whether they are routed is the word of the rule's ``ipv6`` alone.
    """
    if not cidrs:
        yield f"CIDRs are not known, so they cannot lie within {_few([str(net) for net in ordered(allowed)])}"
    named = {net.version for net in allowed}
    for cidr in ordered(cidrs):
        judged = cidr.version in named or cidr.version == 4  # noqa: PLR2004 - the IP version
        if judged and not within_any(cidr, allowed):
            yield f"CIDR {cidr} does not lie within {_few([str(net) for net in ordered(allowed)])}"


def unmatched_tag(tags: Tags, wanted: Tags) -> str | None:
    """The first wanted tag (a glob pattern on the value) that is missing, in words; None where all are there."""
    for key, pattern in sorted(wanted.items()):
        if key not in tags:
            return f"tag {key} is missing (wanted {pattern!r})"
        if not fnmatchcase(tags[key], pattern):
            return f"tag {key} is {tags[key]!r} (wanted {pattern!r})"
    return None
