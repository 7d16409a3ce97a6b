"""What the types of a policy cannot say: whether its parts fit each other and AWS.

The checks read the raw document, so that they speak up beside a misfit of types and not after it. Whatever has not the
shape that a check asks for is passed over: the type check tells it. Nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from itertools import pairwise

from chalicelib.intake.policy_faults import Findings, Path, quoted
from chalicelib.intake.policy_keys import MENTION_PATTERN, URL_PATTERN
from chalicelib.intake.policy_values import as_duration, in_file
from chalicelib.model.alert import Severity
from chalicelib.model.network import ACCOUNT_ID, REGION
from chalicelib.model.policy import CertificatePolicy, Reminders
from chalicelib.model.vpn import VPN_ID, VpnProblem

_MENTION = re.compile(MENTION_PATTERN, re.ASCII)
_URL = re.compile(URL_PATTERN, re.ASCII)
_FEWEST_CHANGES, _MOST_CHANGES = 2, 50
_ACCOUNT_RIGHT = 'write its 12 digits in quotes, like "111122223333"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What other parts of the file may refer to; None where the file's own list of it cannot be read."""

    accounts: frozenset[str] | None
    regions: frozenset[str] | None
    names: frozenset[str] | None

    @classmethod
    def of(cls, document: Mapping[str, object]) -> Known:
        accounts, regions, names = (document.get(key, ()) for key in ("accounts", "regions", "names"))
        return cls(
            accounts=frozenset(accounts) if isinstance(accounts, Mapping | tuple) else None,
            regions=frozenset(texts(regions)) if isinstance(regions, list | tuple) else None,
            names=frozenset(texts([mapping(name).get("id") for name in names]))
            if isinstance(names, list | tuple)
            else None,
        )


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def entries(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    return [text for _, text in numbered_texts(value)]


def numbered_texts(value: object) -> Iterator[tuple[int, str]]:
    return ((i, item) for i, item in enumerate(entries(value)) if isinstance(item, str))


def number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def check_account(value: object, path: Path, findings: Findings) -> bool:
    """Is it an account id?"""
    if not isinstance(value, str) or ACCOUNT_ID.fullmatch(value):
        return isinstance(value, str)
    findings.add(path, f"{quoted(value)} is not an account id", _ACCOUNT_RIGHT)
    return False


def check_region(value: object, path: Path, findings: Findings) -> bool:
    """Is it the name of a Region?"""
    if not isinstance(value, str) or REGION.fullmatch(value):
        return isinstance(value, str)
    is_zone = REGION.fullmatch(value[:-1]) is not None
    right = f"write the Region, not an Availability Zone: {value[:-1]}" if is_zone else "write it like eu-west-1"
    findings.add(path, f"{quoted(value)} is not the name of a Region", right)
    return False


def check_unique(seen: dict[str, int], word: object, i: int, path: Path, findings: Findings) -> None:
    """One word of many that must differ; the first that has it may keep it."""
    if isinstance(word, str) and word and seen.setdefault(word, i) != i:
        wrong = f"{quoted(word)} is used already, by number {seen[word] + 1} of the list"
        findings.add(path, wrong, "give each a word of its own")


def check_general(document: Mapping[str, object], findings: Findings) -> None:
    """All but peering and names."""
    if "version" not in document:
        findings.add(("version",), "is missing", "write version: 1 at the top")
    _check_accounts(mapping(document.get("accounts")), findings)
    for i, region in numbered_texts(document.get("regions")):
        check_region(region, ("regions", i), findings)
    _check_vpn(mapping(document.get("vpn")), findings)
    _check_certificates(mapping(document.get("certificates")), findings)
    _check_alerts(mapping(document.get("alerts")), findings)


def _check_accounts(accounts: Mapping[str, object], findings: Findings) -> None:
    seen: dict[str, str] = {}
    for account, facts in accounts.items():
        check_account(account, ("accounts", account), findings)
        name, path = mapping(facts).get("name"), ("accounts", account, "name")
        if not isinstance(name, str):
            continue
        if not name.strip():
            findings.add(path, "the account's name is blank", "write what people call it, like name: dev")
        elif seen.setdefault(name, account) != account:
            findings.add(
                path, f"account {quoted(seen[name])} has the name {quoted(name)} already", "name each differently"
            )


def _check_vpn(vpn: Mapping[str, object], findings: Findings) -> None:
    for key in ("single_tunnel_ok", "single_device_ok"):
        for i, vpn_id in numbered_texts(mapping(vpn.get(key)).get("ids")):
            if not VPN_ID.fullmatch(vpn_id):
                wrong = f"{quoted(vpn_id)} is not the id of a VPN connection"
                findings.add(("vpn", key, "ids", i), wrong, "write it like vpn-0a1b2c3d4e5f60718")
    for problem in mapping(vpn.get("severity")):
        if problem not in list(VpnProblem):
            right = f"use one of {', '.join(VpnProblem)}"
            findings.add(("vpn", "severity", problem), f"{quoted(problem)} is not a kind of VPN problem", right)
    flapping = mapping(vpn.get("flapping"))
    _check_span(vpn.get("maintenance"), ("vpn", "maintenance"), (timedelta(), timedelta(hours=4)), findings)
    _check_span(
        flapping.get("within"), ("vpn", "flapping", "within"), (timedelta(minutes=15), timedelta(hours=3)), findings
    )
    changes = number(flapping.get("changes"))
    if changes is not None and not _FEWEST_CHANGES <= changes <= _MOST_CHANGES:
        right = f"write {_FEWEST_CHANGES} to {_MOST_CHANGES}"
        findings.add(("vpn", "flapping", "changes"), f"{changes:g} changes are too few or too many", right)


def _check_span(value: object, path: Path, bounds: tuple[timedelta, timedelta], findings: Findings) -> None:
    given = as_duration(value)
    shortest, longest = bounds
    if given is not None and not shortest <= given <= longest:
        least = f"at least {in_file(shortest)} and " if shortest else ""
        findings.add(path, f"{in_file(given)} is out of bounds", f"write {least}at most {in_file(longest)}")


def _check_certificates(given: Mapping[str, object], findings: Findings) -> None:
    defaults = CertificatePolicy()
    warn = number(given.get("warn_fraction", defaults.warn_fraction))
    error = number(given.get("error_fraction", defaults.error_fraction))
    right = f"write fractions like {defaults.warn_fraction} to warn and {defaults.error_fraction} for an error"
    for key, fraction in (("warn_fraction", warn), ("error_fraction", error)):
        if fraction is not None and not 0 < fraction < 1:
            findings.add(("certificates", key), f"{fraction:g} does not lie between 0 and 1", right)
    if warn is not None and error is not None and not error < warn:
        wrong = f"error_fraction {error:g} is not smaller than warn_fraction {warn:g}, so no warning would come first"
        findings.add(("certificates",), wrong, right)


def _check_alerts(alerts: Mapping[str, object], findings: Findings) -> None:
    _check_reminders(mapping(alerts.get("reminders")), findings)
    _check_mentions(mapping(alerts.get("mention")), findings)
    runbook = alerts.get("runbook")
    if isinstance(runbook, str) and not _URL.fullmatch(runbook):
        right = "write an https address without #, like https://git.example.com/network/netreflex/docs/runbook.md"
        findings.add(("alerts", "runbook"), f"{quoted(runbook)} is not an address that an alert can link to", right)


def _check_reminders(reminders: Mapping[str, object], findings: Findings) -> None:
    for severity in (f.name for f in fields(Reminders)):
        times = [(i, as_duration(item)) for i, item in enumerate(entries(reminders.get(severity)))]
        known = [(i, time) for i, time in times if time is not None]
        for (_, before), (i, time) in pairwise(known):
            if time <= before:
                path = ("alerts", "reminders", severity, i)
                findings.add(
                    path, "is not later than the reminder before it", "write them ascending, like [1h, 4h, 24h]"
                )


def _check_mentions(mentions: Mapping[str, object], findings: Findings) -> None:
    severities = ", ".join(Severity)
    for severity, mention in mentions.items():
        path = ("alerts", "mention", severity)
        if severity not in list(Severity):
            findings.add(path, f"{quoted(severity)} is not a severity", f"use one of {severities}")
        if isinstance(mention, str) and not _MENTION.fullmatch(mention):
            right = 'write it like "<!here>", "<!channel>", "<!subteam^S0123>" or "<@U0123>"'
            findings.add(path, f"{quoted(mention)} is not a mention that Slack knows", right)
