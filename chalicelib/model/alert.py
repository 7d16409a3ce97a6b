"""An alert: what is wrong (or was done), why, and what to do, as ``netreflex.alert/1``.

The fingerprint names the problem and never its state, so that a problem which grows, shrinks or ends stays one alert.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

SCHEMA = "netreflex.alert/1"
MOST_STEPS = 5  # of a remedy
MOST_CAUSE = 1200  # characters


class Severity(StrEnum):
    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return _RANKS[self]


_RANKS = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2, Severity.CRITICAL: 3}


class AlertStatus(StrEnum):
    """``notice`` is a fact with no end, such as an approval."""

    FIRING = "firing"
    RESOLVED = "resolved"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an alert is about. ``id`` with kind, account and Region makes its identity."""

    type: str
    id: str
    account: str
    region: str
    name: str = ""
    arn: str = ""
    env: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One observation of a problem, as its producer saw it at ``at``.

    ``title`` says what is broken, ``summary`` what that means for traffic, ``cause`` why, ``remedy`` what to do, in
    order; ``evidence`` is the raw proof. The texts may hold foreign words (tags, names): rendering makes them harmless.
    """

    kind: str
    status: AlertStatus
    severity: Severity
    subject: Subject
    title: str
    summary: str
    at: datetime
    cause: str = ""
    remedy: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    evidence: str = ""
    fields: tuple[Field, ...] = ()

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that stay the same while the problem is the same."""
        return fingerprint(self.kind, self.subject.account, self.subject.region, self.subject.id)

    @property
    def content_hash(self) -> str:
        """Equal where two observations would read the same; the time of observation does not count."""
        content = [self.status, self.severity, self.title, self.summary, self.cause, list(self.remedy)]
        content += [[field.name, field.value] for field in self.fields]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """Every field as plain JSON; ``from_json`` is its inverse."""
        return asdict(self) | {"at": self.at.isoformat()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Alert:
        """The alert that ``as_json`` wrote; raises KeyError, TypeError or ValueError on anything else."""
        return cls(
            **{
                **plain,
                "status": AlertStatus(plain["status"]),
                "severity": Severity(plain["severity"]),
                "subject": Subject(**plain["subject"]),
                "at": datetime.fromisoformat(plain["at"]),
                "remedy": tuple(plain["remedy"]),
                "links": tuple(Link(**link) for link in plain["links"]),
                "fields": tuple(Field(**field) for field in plain["fields"]),
            }
        )

    def bounded(self) -> Alert:
        """The same alert within the limits of ``netreflex.alert/1``, free of control characters and of credentials.

        The limits keep the whole below 70 kB in UTF-8 (SNS and SQS carry 256 KiB), whatever foreign text is in it. A link whose
        address is no plain https, or holds a credential, is left out: half an address leads elsewhere.
        """
        return replace(
            self,
            kind=bounded(self.kind, 64),
            subject=Subject(**{name: bounded(value, 512) for name, value in asdict(self.subject).items()}),
            title=bounded(self.title, 90),
            summary=bounded(self.summary, 600),
            cause=bounded(self.cause, MOST_CAUSE),
            remedy=tuple(bounded(step, 500) for step in self.remedy[:MOST_STEPS]),
            links=tuple(Link(text=bounded(one.text, 80), url=one.url) for one in self.links if _leads(one.url))[:5],
            evidence=bounded(self.evidence, 1200, lines=True),
            fields=tuple(Field(name=bounded(f.name, 60), value=bounded(f.value, 300)) for f in self.fields[:10]),
        )


_CREDENTIALS = re.compile(
    r"xox[a-z]-[0-9A-Za-z-]{8,}|xapp-[0-9A-Za-z-]{8,}|hooks\.slack(?:-gov)?\.com/[!-~]+"
    r"|(?i:pre_?-?shared_?-?key)\W{1,8}[!-~]+"
)


# No quote and no backslash, so that every character is one byte in JSON.
_ADDRESS = re.compile(r"https://[!#-\[\]-~]{1,1490}")


def _leads(url: str) -> bool:
    return _ADDRESS.fullmatch(url) is not None and _CREDENTIALS.search(url) is None


def bounded(text: str, limit: int, *, lines: bool = False) -> str:
    """``text`` in at most ``limit`` characters, with nothing in it that could hide or leak.

    Control, direction and unassigned characters and lone surrogates go; line breaks become blanks unless ``lines``;
    what looks like a Slack token, a webhook or a VPN's pre-shared key is struck out, as a last line of defence.
    """
    kept = text[: 4 * limit]
    if not (kept.isascii() and kept.isprintable()):
        kept = "".join(_harmless(character, lines=lines) for character in kept)
    shown = _CREDENTIALS.sub("[removed]", kept).strip()
    if len(shown) <= limit:
        return shown
    whole = shown[: limit - 2].rpartition("\n")[0]  # of many lines none is cut in two
    return f"{whole}\n…" if len(whole) > limit // 2 else shown[: limit - 1] + "…"


@lru_cache(maxsize=4096)
def _harmless(character: str, *, lines: bool) -> str:
    if character == "\n" and lines:
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


def fingerprint(kind: str, account: str, region: str, subject_id: str) -> str:
    """The identity of a problem: its kind, place and subject, never its state."""
    text = "|".join((kind, account, region, subject_id))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
