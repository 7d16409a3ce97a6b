"""Alerts as items of the state table, and back. The only place that knows the attributes' names."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chalicelib.alerts.state import Member, Shown, Stored
from chalicelib.model.alert import Alert, AlertStatus, Severity

Item = dict[str, Any]

# One partition of the index takes 1,000 writes a second (DynamoDB developer guide, "Best practices for partition keys");
# alerts stay far below. The attribute exists so that more partitions never need a new index.
DUE_SHARD = "0"
SORT_KEY = "ALERT"

_NUMBERS = ("count", "flips", "reminded", "episode", "version", "revision", "delivered", "attempts", "failures")
_MOMENTS = ("first", "since", "due", "expires", "lease", "failing_since", "not_before")
_TEXTS = ("ts", "thread", "owner")


def alert_key(fp: str) -> Item:
    return {"pk": {"S": f"A#{fp}"}, "sk": {"S": SORT_KEY}}


def fp_of(item: Item) -> str:
    text: str = item["pk"]["S"]
    return text.removeprefix("A#")


def number(value: float | Decimal) -> Item:
    return {"N": str(value)}


def when(at: datetime) -> Item:
    """A moment as epoch seconds, to the microsecond. TTL and the index both read the whole seconds of it."""
    return number(Decimal(str(round(at.timestamp(), 6))))


def moment(value: Item) -> datetime:
    """What ``when`` wrote."""
    return datetime.fromtimestamp(float(value["N"]), tz=UTC)


def to_item(stored: Stored) -> Item:
    """The whole alert as an item; what is empty is left out, so that the index stays sparse."""
    item: Item = {**alert_key(stored.fp), "alert": {"S": json.dumps(stored.alert.as_json(), ensure_ascii=False)}}
    # Beside the alert's own JSON, for people who look into the table.
    item |= {"kind": {"S": stored.alert.kind}, "status": {"S": stored.alert.status.value}}
    item |= {name: number(getattr(stored, name)) for name in _NUMBERS}
    item |= {name: when(getattr(stored, name)) for name in _MOMENTS if getattr(stored, name) is not None}
    item |= {name: {"S": getattr(stored, name)} for name in _TEXTS if getattr(stored, name)}
    item |= {"worst": {"S": stored.worst.value}, "flapping": {"BOOL": stored.flapping}}
    item["flip_times"] = {"L": [when(flip) for flip in stored.flip_times]}
    if stored.expires:
        item["expires"] = number(int(stored.expires.timestamp()))  # TTL wants whole seconds
    if stored.due:
        item["due_shard"] = {"S": DUE_SHARD}
    if stored.shown:
        item["shown"] = {"S": shown_text(stored.shown)}
    if stored.members:
        item["members"] = {"S": json.dumps([_member_json(member) for member in stored.members], ensure_ascii=False)}
    return item


def from_item(item: Item) -> Stored:
    """The alert that ``to_item`` wrote and the delivery went on writing to."""
    plain: dict[str, Any] = {name: int(Decimal(item[name]["N"])) for name in _NUMBERS if name in item}
    plain |= {name: moment(item[name]) for name in _MOMENTS if name in item}
    plain |= {name: item[name]["S"] for name in _TEXTS if name in item}
    return Stored(
        alert=Alert.from_json(json.loads(item["alert"]["S"])),
        worst=Severity(item["worst"]["S"]),
        flapping=item["flapping"]["BOOL"],
        flip_times=tuple(moment(one) for one in item["flip_times"]["L"]),
        members=_members(item),
        shown=_shown(json.loads(item["shown"]["S"])) if "shown" in item else None,
        **plain,
    )


def shown_text(shown: Shown) -> str:
    return json.dumps(asdict(shown))


def _shown(plain: dict[str, Any]) -> Shown:
    enums = {"status": AlertStatus(plain["status"])}
    return Shown(**{**plain, **enums, "severity": Severity(plain["severity"]), "worst": Severity(plain["worst"])})


def _member_json(member: Member) -> list[Any]:
    return [member.fp, member.label, member.severity.value, member.joined.timestamp(), member.ended]


def _members(item: Item) -> tuple[Member, ...]:
    rows = json.loads(item["members"]["S"]) if "members" in item else []
    return tuple(
        Member(
            fp=fp, label=label, severity=Severity(severity), joined=datetime.fromtimestamp(joined, tz=UTC), ended=ended
        )
        for fp, label, severity, joined, ended in rows
    )
