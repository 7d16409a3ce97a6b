"""The owner's mark: a TXT record beside the CNAME, ``_netreflex.<name>``, that says whose the CNAME is and why it is there.

It travels in the same change batch as the CNAME, so neither is ever there without the other by our doing. A mark that is not
exactly ours makes the record somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

from chalicelib.model.names import RecordSet

MARK_LABEL = "_netreflex"
_HERITAGE = "netreflex"
_STRING = 255  # characters of one string of a TXT value (RFC 1035, section 3.3.14)
_QUOTED = re.compile(r'"([^"\\]*)"', re.ASCII)
_SAFE = "/:-_."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """``owner`` is an installation of netreflex, ``name_id`` the policy's word, ``target`` a load balancer's ARN."""

    owner: str
    name_id: str
    target: str

    @property
    def value(self) -> str:
        """The TXT value as Route 53 takes and lists it: quoted strings of at most 255 characters."""
        parts = {"owner": self.owner, "name": self.name_id, "target": self.target}
        text = f"heritage={_HERITAGE}," + ",".join(
            f"{_HERITAGE}/{key}={quote(part, safe=_SAFE)}" for key, part in parts.items()
        )
        return " ".join(f'"{text[start : start + _STRING]}"' for start in range(0, len(text), _STRING))


def mark_name(name: str) -> str:
    return f"{MARK_LABEL}.{name}"


def read_mark(value: str) -> Mark | None:
    """The mark that a TXT value is; None where it is anything else."""
    text = "".join(_QUOTED.findall(value))
    parts = dict(part.partition("=")[::2] for part in text.split(","))
    wanted = {"heritage", *(f"{_HERITAGE}/{key}" for key in ("owner", "name", "target"))}
    if parts.keys() != wanted or parts["heritage"] != _HERITAGE:
        return None
    owner, name_id, target = (unquote(parts[f"{_HERITAGE}/{key}"]) for key in ("owner", "name", "target"))
    mark = Mark(owner=owner, name_id=name_id, target=target)
    return mark if mark.value == value else None


def own_marks(records: Iterable[RecordSet], owner: str) -> Iterator[tuple[str, Mark]]:
    """The names that an owner led to load balancers, each with its mark. Its records for ACM are no names of the policy."""
    for record in records:
        if record.type == "TXT" and record.name.startswith(f"{MARK_LABEL}."):
            for mark in filter(None, map(read_mark, record.values)):
                if mark.owner == owner and ":acm:" not in mark.target:
                    yield record.name.removeprefix(f"{MARK_LABEL}."), mark
