"""Values that the policy file writes its own way: CIDRs, durations, the choice of route tables, DNS names, the version.

Each reader takes whatever stands there, says what is wrong with it, and gives back what the type check goes on with: the
value in the one form that pydantic reads strictly, or where it was wrong a stand-in, so that nothing is reported twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from chalicelib.decide.dns_name import normalised
from chalicelib.intake.policy_faults import Findings, Path, kind, quoted
from chalicelib.model.names import ZONE_ID
from chalicelib.model.network import Network

CIDR_PATTERN = "[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}"
DURATION_PATTERN = "[1-9][0-9]{0,4}[smhd]"

_CIDR = re.compile(CIDR_PATTERN, re.ASCII)
_DURATION = re.compile(DURATION_PATTERN, re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CIDR_RIGHT = "write a CIDR, like 10.16.0.0/12 or 2001:db8::/56"
_DURATION_RIGHT = "write a whole number and a unit, like 30s, 5m, 4h or 2d"
_TABLES_RIGHT = "write all, main, {tags: {tier: data}} or {subnet_tags: {tier: data}}"
_BY_TAG = ("tags", "subnet_tags")

Reader = Callable[[object, Path, Findings], object]
Pattern = tuple[str, ...]  # a path in which "[]" stands for every entry of a list


def as_network(value: object) -> Network | None:
    """The network that a CIDR names; None for whatever is not a CIDR in its network form."""
    try:
        return ip_network(value) if isinstance(value, str) and _CIDR.fullmatch(value) else None
    except ValueError:
        return None


def as_duration(value: object) -> timedelta | None:
    """The time that a duration spans; None for whatever is not a duration."""
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        return None
    return timedelta(**{_UNITS[value[-1]]: int(value[:-1])})


def in_file(duration: timedelta) -> str:
    """A duration as the file writes it, in the largest unit that it is a whole number of."""
    seconds = int(duration.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _read_cidr(value: object, path: Path, findings: Findings) -> str:
    network = as_network(value)
    if network is None:
        wider = _with_host_bits(value)
        if wider is None:
            findings.add(path, f"{kind(value)} is not a CIDR", _CIDR_RIGHT)
        else:
            findings.add(path, f"{quoted(value)} has host bits set", f"write the network: {wider}")
    return str(network or "10.0.0.0/8")


def _with_host_bits(value: object) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(value, strict=False) if isinstance(value, str) and _CIDR.fullmatch(value) else None
    except ValueError:
        return None


def _read_duration(value: object, path: Path, findings: Findings) -> str:
    duration = as_duration(value)
    if duration is None:
        findings.add(path, f"{kind(value)} is not a duration", _DURATION_RIGHT)
    return f"PT{int((duration or timedelta(minutes=1)).total_seconds())}S"


def _read_version(value: object, path: Path, findings: Findings) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value != 1:
        findings.add(path, f"{kind(value)} is not a version that this netreflex reads", "write version: 1")
    return 1


def _read_tables(value: object, path: Path, findings: Findings) -> object:
    if isinstance(value, str) and value in {"all", "main"}:
        return value
    if not isinstance(value, dict):
        findings.add(path, f"{kind(value)} chooses no route tables", _TABLES_RIGHT)
    elif len(value) != 1 or not set(value) <= set(_BY_TAG):
        keys = ", ".join(quoted(key) for key in list(value)[:3]) or "nothing"
        findings.add(path, f"names {keys} where exactly one of {' and '.join(_BY_TAG)} is read", _TABLES_RIGHT)
    else:
        [(key, tags)] = value.items()
        if _are_tags(tags, (*path, key), findings):
            return value
    return "all"


def _are_tags(tags: object, path: Path, findings: Findings) -> bool:
    if not isinstance(tags, dict) or not tags:
        findings.add(path, "names no tag", "write tags and the values they must have, like {tier: data}; for any, all")
        return False
    strange = {key: value for key, value in tags.items() if not isinstance(value, str)}
    for key, value in strange.items():
        findings.add((*path, key), f"is {kind(value)}, not text", "write the tag's value in quotes")
    return not strange


def as_domain(text: str) -> str:
    """A DNS name as Route 53 writes it, in small letters, without the last dot, in IDNA; whatever else stands there, as it is."""
    return normalised(text.strip())


def as_zone(text: str) -> str:
    """A hosted zone as netreflex writes it: an id without ``/hostedzone/``, or a name."""
    zone_id = text.strip().removeprefix("/hostedzone/")
    return zone_id if ZONE_ID.fullmatch(zone_id) else as_domain(text)


def _read_domain(value: object, _path: Path, _findings: Findings) -> object:
    return as_domain(value) if isinstance(value, str) else value


def _read_zone(value: object, _path: Path, _findings: Findings) -> object:
    return as_zone(value) if isinstance(value, str) else value


_SIDES = ("requester", "accepter")
READERS: tuple[tuple[Pattern, Reader], ...] = (
    (("version",), _read_version),
    *((("peering", "rules", "[]", side, "cidrs_within", "[]"), _read_cidr) for side in _SIDES),
    *((("peering", "rules", "[]", "routes", side, "to", "[]"), _read_cidr) for side in _SIDES),
    *((("peering", "rules", "[]", "routes", side, "tables"), _read_tables) for side in _SIDES),
    *((("vpn", word), _read_duration) for word in ("grace", "maintenance")),
    (("vpn", "flapping", "within"), _read_duration),
    (("certificates", "probe_private", "[]"), _read_cidr),
    (("names", "[]", "zone"), _read_zone),
    (("names", "[]", "name"), _read_domain),
    *((("alerts", "reminders", word, "[]"), _read_duration) for word in ("critical", "error", "warning", "info")),
)


def read_values(document: object, findings: Findings) -> object:
    """The document with every such value in the form that the type check reads."""
    for pattern, reader in READERS:
        document = _read_at(document, pattern, (), reader, findings)
    return document


def _read_at(value: object, pattern: Pattern, path: Path, reader: Reader, findings: Findings) -> object:
    if not pattern:
        return reader(value, path, findings)
    [head, *rest] = pattern
    if head == "[]" and isinstance(value, list):
        return [_read_at(item, tuple(rest), (*path, i), reader, findings) for i, item in enumerate(value)]
    if isinstance(value, dict) and head in value:
        return {**value, head: _read_at(value[head], tuple(rest), (*path, head), reader, findings)}
    return value
