"""Whether each name can become a CNAME: it lies in its hosted zone, fits DNS, and leads to one load balancer in reach."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.decide.dns_name import lies_in
from chalicelib.intake.policy_checks import (
    Known,
    check_account,
    check_region,
    check_unique,
    entries,
    mapping,
)
from chalicelib.intake.policy_faults import Findings, Path, quoted
from chalicelib.intake.policy_keys import MAX_TTL
from chalicelib.intake.policy_values import as_domain, as_zone
from chalicelib.model.names import ZONE_ID
from chalicelib.model.network import VPC_ID

MAX_LABEL = 63
MAX_ZONE = 253  # 255 octets on the wire, of which the written form needs two fewer (RFC 1035, section 2.3.4)
OWNER_PREFIX = "_netreflex."
MAX_NAME = MAX_ZONE - len(OWNER_PREFIX)

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", re.ASCII)
_ARN = re.compile(
    r"arn:aws[a-z-]*:elasticloadbalancing:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):loadbalancer/[A-Za-z0-9/-]+",
    re.ASCII,
)
_CHOICES = ("name", "tags", "arn")


def check_names(document: Mapping[str, object], findings: Findings) -> None:
    known = Known.of(document)
    ids: dict[str, int] = {}
    records: dict[tuple[object, ...], int] = {}
    for i, raw in enumerate(entries(document.get("names"))):
        name, path = mapping(raw), ("names", i)
        if isinstance(name.get("id"), str) and not str(name["id"]).strip():
            findings.add((*path, "id"), "the id is blank", "write what rules call it, like id: tidb")
        check_unique(ids, name.get("id"), i, (*path, "id"), findings)
        _check_zone(name, path, known, findings)
        _check_record(name, path, findings)
        _check_claim(name, i, records, findings)
        _check_ttl(name.get("ttl"), (*path, "ttl"), findings)
        _check_load_balancer(mapping(name.get("load_balancer")), (*path, "load_balancer"), known, findings)


def _is_id(zone: str) -> bool:
    return ZONE_ID.fullmatch(as_zone(zone)) is not None


def _check_zone(name: Mapping[str, object], path: Path, known: Known, findings: Findings) -> None:
    zone, account, vpc = name.get("zone"), name.get("zone_account"), name.get("zone_vpc")
    if isinstance(zone, str) and not _is_id(zone):
        _check_domain(zone, MAX_ZONE, (*path, "zone"), findings)
        if account is None:
            wrong = "is missing, and a hosted zone's name alone does not say whose it is"
            findings.add(
                (*path, "zone_account"), wrong, 'add the account of the zone, like zone_account: "111122223333"'
            )
    _check_managed_account(account, (*path, "zone_account"), known, findings)
    if isinstance(vpc, str) and not VPC_ID.fullmatch(vpc):
        findings.add(
            (*path, "zone_vpc"), f"{quoted(vpc)} is not the id of a VPC", "write it like vpc-0a1b2c3d4e5f60718"
        )


def _check_record(name: Mapping[str, object], path: Path, findings: Findings) -> None:
    record, zone, here = name.get("name"), name.get("zone"), (*path, "name")
    if not isinstance(record, str):
        return
    _check_domain(record, MAX_NAME, here, findings)
    if not isinstance(zone, str) or _is_id(zone):
        return
    if as_domain(record) == as_domain(zone):
        wrong = "is the name of the hosted zone itself, where DNS allows no CNAME"
        findings.add(here, wrong, "write a name below the zone; at the zone itself, make an alias record by hand")
    elif not lies_in(as_domain(record), as_domain(zone)):
        wrong = f"{quoted(record)} does not lie in the hosted zone {quoted(zone)}"
        findings.add(here, wrong, "write a name that ends in a dot and the zone's name")


def _check_domain(written: str, longest: int, path: Path, findings: Findings) -> None:
    """Every spelling that Route 53 takes for the same name is taken here too; what is left must be one DNS can hold."""
    right = "write labels of letters, digits and hyphens with dots between, like tidb.dev.example.internal"
    domain = as_domain(written)
    if len(domain) > longest:
        findings.add(
            path, f"has {len(domain)} characters", f"write at most {longest}: DNS, and the owner's mark beside it"
        )
    for label in domain.split("."):
        if label == "*":
            findings.add(path, f"{quoted(written)} is a wildcard, and one name leads to one load balancer", right)
        elif len(label) > MAX_LABEL:
            findings.add(path, f"the label {quoted(label)} has {len(label)} characters", f"write at most {MAX_LABEL}")
        elif not _LABEL.fullmatch(label):
            findings.add(path, f"{quoted(label)} is not a label of a DNS name", right)


def _check_claim(
    name: Mapping[str, object], i: int, records: dict[tuple[object, ...], int], findings: Findings
) -> None:
    """Two entries must not write the same record."""
    record, zone = name.get("name"), name.get("zone")
    if not isinstance(record, str) or not isinstance(zone, str):
        return
    whose = () if _is_id(zone) else (quoted(name.get("zone_account")), quoted(name.get("zone_vpc")))
    first = records.setdefault((as_domain(record), as_zone(zone), *whose), i)
    if first != i:
        wrong = f"{quoted(record)} is claimed already, by number {first + 1} of the list"
        findings.add(("names", i, "name"), wrong, "keep one of them, or give them different names")


def _check_ttl(ttl: object, path: Path, findings: Findings) -> None:
    if isinstance(ttl, int) and not isinstance(ttl, bool) and not 1 <= ttl <= MAX_TTL:
        right = f"write 1 to {MAX_TTL} (a week, the longest that a mistake may be remembered); Route 53 allows 0 to 2147483647"
        findings.add(path, f"{ttl} seconds is no TTL that netreflex sets", right)


def _check_load_balancer(choice: Mapping[str, object], path: Path, known: Known, findings: Findings) -> None:
    if not choice:
        return
    account, region = choice.get("account"), choice.get("region")
    _check_managed_account(account, (*path, "account"), known, findings)
    is_region = check_region(region, (*path, "region"), findings)
    if is_region and known.regions is not None and region not in known.regions:
        wrong = f"{quoted(region)} is not in regions, so netreflex cannot look there"
        findings.add((*path, "region"), wrong, "add the Region to regions at the top")
    given = [key for key in _CHOICES if choice.get(key)]
    if len(given) != 1:
        wrong = f"chooses by {' and '.join(given) or 'nothing'} where exactly one of name, tags and arn is read"
        findings.add(path, wrong, "write one of them, like name: tidb")
    _check_arn(choice, path, findings)


def _check_arn(choice: Mapping[str, object], path: Path, findings: Findings) -> None:
    arn = choice.get("arn")
    if not isinstance(arn, str) or not arn:
        return
    parts = _ARN.fullmatch(arn)
    if parts is None:
        right = (
            "write it like arn:aws:elasticloadbalancing:eu-west-1:444455556666:loadbalancer/net/tidb/50dc6c495c0c9188"
        )
        findings.add((*path, "arn"), f"{quoted(arn)} is not the ARN of a load balancer", right)
        return
    for key in ("account", "region"):
        if isinstance(choice.get(key), str) and choice[key] != parts[key]:
            wrong = f"the ARN says {quoted(parts[key])}, and {key} says {quoted(choice[key])}"
            findings.add((*path, "arn"), wrong, f"make the ARN and {key} agree")


def _check_managed_account(account: object, path: Path, known: Known, findings: Findings) -> None:
    is_account = check_account(account, path, findings)
    if is_account and known.accounts is not None and account not in known.accounts:
        wrong = f"{quoted(account)} is not in accounts, so netreflex cannot act there"
        findings.add(path, wrong, "add it to accounts at the top")
