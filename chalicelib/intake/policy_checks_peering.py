"""Whether the rules of a policy can do what they say, and approve nobody by a claim alone.

A requester chooses its VPC's tags and CIDRs itself; only its account is AWS's word. So whoever is approved is named by
account, and a rule that could match more than its author meant is a fault, not a matter of order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import ip_network

from chalicelib.decide.cidr import is_default, overlaps
from chalicelib.intake.policy_checks import (
    Known,
    check_account,
    check_region,
    check_unique,
    entries,
    mapping,
    numbered_texts,
    texts,
)
from chalicelib.intake.policy_faults import Findings, Path, quoted
from chalicelib.intake.policy_keys import MAX_RULE_NAME
from chalicelib.intake.policy_values import as_network
from chalicelib.model.network import VPC_ID, Network
from chalicelib.model.policy import RuleDecision

_SIDES = (("requester", "accepter"), ("accepter", "requester"))
_GLOB = set("*?[")
_IPV6 = 6
_UNROUTABLE: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(text), what)
    for text, what in (
        ("0.0.0.0/8", "'this network'"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("224.0.0.0/4", "multicast"),
        ("::1/128", "loopback"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)


def check_peering(document: Mapping[str, object], findings: Findings) -> None:
    known = Known.of(document)
    rules = entries(mapping(document.get("peering")).get("rules"))
    names: dict[str, int] = {}
    for i, rule in enumerate(map(mapping, rules)):
        path = ("peering", "rules", i)
        _check_name(rule, path, findings)
        check_unique(names, rule.get("name"), i, (*path, "name"), findings)
        _check_sides(rule, path, known, findings)
        if rule.get("decision") == RuleDecision.APPROVE:
            _check_approval(rule, path, known, findings)
        _check_routes(rule, path, findings)
        _check_names(rule, path, known, findings)
    _check_reach(rules, findings)


def _check_reach(rules: list[object], findings: Findings) -> None:
    """A rule without any condition matches every request, so none comes to those after it."""
    catch_all = next(
        (i for i, rule in enumerate(rules) if isinstance(rule, Mapping) and _matches_all(rule)), len(rules)
    )
    for i in range(catch_all + 1, len(rules)):
        wrong = f"is unreachable: {_named(rules, catch_all)} before it has no condition and so matches every request"
        findings.add(("peering", "rules", i), wrong, "give that rule a condition, or move it to the end")


def _named(rules: list[object], i: int) -> str:
    name = mapping(rules[i]).get("name")
    return f"rule {quoted(name)}" if isinstance(name, str) and name else f"rule number {i + 1}"


def _matches_all(rule: Mapping[str, object]) -> bool:
    sides = (rule.get(side, {}) for side, _ in _SIDES)
    return all(isinstance(side, Mapping) and not any(side.values()) for side in sides)


def _check_name(rule: Mapping[str, object], path: Path, findings: Findings) -> None:
    name = rule.get("name")
    if isinstance(name, str) and not name.strip():
        findings.add((*path, "name"), "the rule's name is blank", "write what it allows, like name: dev-to-tidb")
    elif isinstance(name, str) and len(name) > MAX_RULE_NAME:
        wrong = f"the rule's name has {len(name)} characters"
        findings.add(
            (*path, "name"), wrong, f"write at most {MAX_RULE_NAME}, so that it fits into a tag of the peering"
        )


def _check_sides(rule: Mapping[str, object], path: Path, known: Known, findings: Findings) -> None:
    for side, _ in _SIDES:
        conditions, here = mapping(rule.get(side)), (*path, side)
        for i, account in numbered_texts(conditions.get("accounts")):
            check_account(account, (*here, "accounts", i), findings)
        for i, vpc in numbered_texts(conditions.get("vpcs")):
            if not VPC_ID.fullmatch(vpc):
                wrong = f"{quoted(vpc)} is not the id of a VPC"
                findings.add((*here, "vpcs", i), wrong, "write it like vpc-0a1b2c3d4e5f60718")
        _check_regions(conditions, here, known, findings)
    _check_claims(mapping(rule.get("requester")), (*path, "requester"), findings)


def _check_regions(conditions: Mapping[str, object], path: Path, known: Known, findings: Findings) -> None:
    managed = sorted(set(texts(conditions.get("accounts"))) & (known.accounts or frozenset()))
    for i, region in numbered_texts(conditions.get("regions")):
        here = (*path, "regions", i)
        is_region = check_region(region, here, findings)
        if is_region and managed and known.regions is not None and region not in known.regions:
            wrong = (
                f"{quoted(region)} is not in regions, so netreflex cannot act there for account {quoted(managed[0])}"
            )
            findings.add(here, wrong, "add the Region to regions at the top, or remove it here")


def _check_claims(requester: Mapping[str, object], path: Path, findings: Findings) -> None:
    """What a requester says of itself counts only beside a named account."""
    if requester.get("accounts"):
        return
    for tag, pattern in mapping(requester.get("vpc_tags")).items():
        glob = isinstance(pattern, str) and bool(_GLOB & set(pattern))
        what = f"the pattern {quoted(pattern)}" if glob else "a tag"
        wrong = f"{what} without named accounts proves nothing: anyone can tag a VPC of their own"
        findings.add((*path, "vpc_tags", tag), wrong, "name the requester's accounts beside it")
    for i, text in numbered_texts(requester.get("cidrs_within")):
        network = as_network(text)
        if network is not None and is_default(network):
            wrong = f"{text} without named accounts matches every requester"
            findings.add((*path, "cidrs_within", i), wrong, "name the requester's accounts, or a narrower CIDR")


def _check_approval(rule: Mapping[str, object], path: Path, known: Known, findings: Findings) -> None:
    requester, accepter = (mapping(rule.get(side)).get("accounts") for side, _ in _SIDES)
    if not requester:
        wrong = "an approving rule names no requester account, so a stranger's request could be approved"
        findings.add((*path, "requester", "accounts"), wrong, 'name who may ask, like accounts: ["111122223333"]')
    if known.accounts is not None and not _reaches(requester or [], accepter or [], known.accounts):
        wrong = "approves, but none of its accounts is in accounts, so netreflex could do nothing"
        findings.add(path, wrong, "add the accepter's account to accounts at the top")
    if known.regions is not None and not known.regions:
        wrong = "names no Region, so netreflex could not act on any approval"
        findings.add(("regions",), wrong, "write it like regions: [eu-west-1]")


def _reaches(requester: object, accepter: object, managed: Collection[str]) -> bool:
    """May a side of the rule lie in an account that netreflex manages? What cannot be read may."""
    if not isinstance(requester, list) or not isinstance(accepter, list):
        return True
    if not accepter:
        return bool(managed)
    return any(not isinstance(one, str) or one in managed for one in (*requester, *accepter))


def _check_routes(rule: Mapping[str, object], path: Path, findings: Findings) -> None:
    routes = mapping(rule.get("routes"))
    for side, other in _SIDES:
        allowed = {net for net in map(as_network, texts(mapping(rule.get(other)).get("cidrs_within"))) if net}
        widths = {net.prefixlen for net in allowed}
        for i, text in numbered_texts(mapping(routes.get(side)).get("to")):
            network, here = as_network(text), (*path, "routes", side, "to", i)
            if network is None or not _check_destination(network, here, findings):
                continue
            if network.version == _IPV6 and routes.get("ipv6", False) is False:
                findings.add(here, f"{network} is IPv6, which this rule does not route", "write ipv6: true in routes")
            elif any(net.version == network.version for net in allowed) and not _lies_in(network, allowed, widths):
                wrong = f"{network} does not lie within the {other}'s cidrs_within, so the {other} cannot have it"
                findings.add(here, wrong, f"write a portion of {other}.cidrs_within, or widen that")


def _check_destination(network: Network, path: Path, findings: Findings) -> bool:
    """Can a route to a peer lead there at all?"""
    what = "the default route" if is_default(network) else None
    what = what or next((what for net, what in _UNROUTABLE if overlaps(network, net)), None)
    if what:
        right = "write the portion of the peer's CIDR that is to be reached, like 10.40.8.0/22"
        findings.add(path, f"{network} is {what}, which never leads to a peer", right)
    return what is None


def _lies_in(network: Network, allowed: Collection[Network], widths: Collection[int]) -> bool:
    """Each width that is allowed is looked up once, so that long lists on both sides stay cheap."""
    return any(network.supernet(new_prefix=width) in allowed for width in widths if width <= network.prefixlen)


def _check_names(rule: Mapping[str, object], path: Path, known: Known, findings: Findings) -> None:
    for i, name in numbered_texts(rule.get("names")):
        if known.names is not None and name not in known.names:
            meant = findings.meant(name, known.names)
            right = (
                f"did you mean {quoted(meant)}?" if meant else "add an entry with this id to names, or remove it here"
            )
            findings.add((*path, "names", i), f"{quoted(name)} is not the id of a name", right)
