"""The alerts in the state table: every write is conditional, so that two functions never undo each other.

One item per alert: ``pk`` = ``A#<fingerprint>``, ``sk`` = ``ALERT``. Two kinds of writer share it. The producer replaces the
item if its ``revision`` is the one that was read; the delivery changes only its own attributes and moves the
revision, so that a producer that read before it reads again. The index ``due`` (``due_shard``, ``due``) holds what the
sweep has to look at; ``expires`` is the table's TTL attribute. No secret is ever part of an item.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.alerts import items
from chalicelib.alerts.asking import asking, meaning, refused
from chalicelib.alerts.items import Item, number
from chalicelib.alerts.state import Shown, Stored

LEASE = timedelta(seconds=60)  # longer than one delivery takes, shorter than the wait for the next sweep


class Conflict(Exception):
    """Somebody wrote in between; ``stored`` is what they left, None if it is gone.

    ``repeated`` means that the SDK sent the write more than once, so that this somebody may have been ourselves.
    """

    def __init__(self, stored: Stored | None, *, repeated: bool = False) -> None:
        self.stored, self.repeated = stored, repeated
        super().__init__("the alert was changed in between")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a delivery did: the version people were shown, and where."""

    version: int
    shown: Shown
    ts: str
    thread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """A delivery that did not happen. ``certain`` means that Slack surely posted nothing."""

    until: datetime
    certain: bool
    failed: bool = True


class AlertStore:
    """The alerts of one table. ``client`` is a DynamoDB client or the fake that passes the same contract suite.

    Every method raises AccessRefused, RetryLater, AwsFailure or (where there is no such table) ConfigurationError.
    """

    def __init__(self, client: Any, table: str) -> None:  # noqa: ANN401
        self._client, self._table = client, table

    def get(self, fp: str) -> Stored | None:
        """The alert as of now (a consistent read); None where there is none."""
        with asking(self._table, "GetItem"):
            found = self._client.get_item(TableName=self._table, Key=items.alert_key(fp), ConsistentRead=True)
        return items.from_item(found["Item"]) if "Item" in found else None

    def put(self, stored: Stored) -> Stored:
        """Write over the revision that was read (0: there was none); raises Conflict with what is there instead."""
        written = replace(stored, revision=stored.revision + 1)
        condition = {"ConditionExpression": "attribute_not_exists(pk)"}
        if stored.revision:
            condition["ConditionExpression"] = "revision = :revision"
        values = {":revision": number(stored.revision)} if stored.revision else None
        try:
            self._client.put_item(
                TableName=self._table,
                Item=items.to_item(written),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **condition,
                **({"ExpressionAttributeValues": values} if values else {}),
            )
        except (ClientError, BotoCoreError) as error:
            raise Conflict(self._old(error, "PutItem"), repeated=_repeated(error)) from None
        return written

    def claim(self, fp: str, owner: str, now: datetime) -> tuple[bool, Stored | None]:
        """Take the alert for delivery. (True, it) where it is ours; else (False, what is there and why it is not)."""
        change = {
            "UpdateExpression": "SET lease = :lease, #owner = :me ADD attempts :one, revision :one",
            "ConditionExpression": "attribute_exists(pk) AND version > delivered"
            " AND (attribute_not_exists(lease) OR lease < :now)"
            " AND (attribute_not_exists(not_before) OR not_before <= :now)",
        }
        values = {":lease": items.when(now + LEASE), ":me": {"S": owner}, ":one": number(1), ":now": items.when(now)}
        return self._update(fp, change, values)

    def finish(self, claimed: Stored, sent: Sent, due: datetime | None) -> Stored | None:
        """Note what was shown and give the alert back. Returns it as it is now: it may have a newer version already.

        None means that the lease had run out and somebody else has the alert; what they find in Slack is our message.
        """
        values = _sent_values(claimed, sent)
        guard = "#owner = :me AND episode = :episode"
        look = {":shard": {"S": items.DUE_SHARD}, ":due": items.when(due)} if due else {}
        change = {
            "UpdateExpression": _finishing(Look.AT if due else Look.NEVER),
            "ConditionExpression": f"{guard} AND version = :version",
        }
        done, found = self._update(claimed.fp, change, values | look)
        if done or found is None or found.owner != claimed.owner:
            return found if done else None
        if found.episode != claimed.episode:
            return self.release(found)
        # A newer version came meanwhile: its own due time stays, so that a crash from here on is still found.
        change = {"UpdateExpression": _finishing(Look.AS_IT_IS), "ConditionExpression": guard}
        done, found = self._update(claimed.fp, change, values)
        return found if done else None

    def release(self, claimed: Stored, postponed: Postponed | None = None) -> Stored | None:
        """Give the alert back undelivered, to be tried again at ``postponed.until``; None if it was not ours any more."""
        sets, removes = ["revision = revision + :one"], ["lease", "#owner"]
        values: Item = {":me": {"S": claimed.owner}, ":one": number(1)}
        if postponed is None or postponed.certain:
            sets.append("attempts = :zero")
            values[":zero"] = number(0)
        if postponed is not None:
            sets += ["not_before = :until", "due = :until", "due_shard = :shard"]
            values |= {":until": items.when(postponed.until), ":shard": {"S": items.DUE_SHARD}}
        if postponed is not None and postponed.failed:
            sets += ["failures = :failures", "failing_since = if_not_exists(failing_since, :lease_end)"]
            values |= {":failures": number(claimed.failures + 1), ":lease_end": items.when(_claimed_at(claimed))}
        change = {
            "UpdateExpression": f"SET {', '.join(sets)} REMOVE {', '.join(removes)}",
            "ConditionExpression": "#owner = :me",
        }
        done, found = self._update(claimed.fp, change, values)
        return found if done else None

    def due(self, now: datetime, limit: int = 500) -> Iterator[str]:
        """Fingerprints of the alerts whose time has come, the longest waiting first, at most ``limit``."""
        for seen, item in enumerate(self._waiting("due <= :now", {":now": items.when(now)})):
            if seen >= limit:
                return
            yield items.fp_of(item)

    def watched(self) -> Iterator[Stored]:
        """Every alert that fires or waits for something. Eventually consistent, as an index is."""
        for item in self._waiting("due > :zero", {":zero": number(0)}):
            yield items.from_item(item)

    def _waiting(self, moment: str, values: Item) -> Iterator[Item]:
        request = {
            "TableName": self._table,
            "IndexName": "due",
            "KeyConditionExpression": f"due_shard = :shard AND {moment}",
            "ExpressionAttributeValues": values | {":shard": {"S": items.DUE_SHARD}},
        }
        while True:
            with asking(self._table, "Query"):
                page = self._client.query(**request)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _update(self, fp: str, change: dict[str, str], values: Item) -> tuple[bool, Stored | None]:
        names = {"ExpressionAttributeNames": {"#owner": "owner"}}  # a reserved word of DynamoDB's expressions
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=items.alert_key(fp),
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **names,
                **change,
            )
        except (ClientError, BotoCoreError) as error:
            return False, self._old(error, "UpdateItem")
        return True, items.from_item(answer["Attributes"])

    def _old(self, error: ClientError | BotoCoreError, operation: str) -> Stored | None:
        """What stood in the way of a conditional write; raises what an error of any other kind means."""
        if not refused(error):
            raise meaning(self._table, operation, error) from None
        old: Item = getattr(error, "response", {}).get("Item", {})
        return items.from_item(old) if old else None


class Look(Enum):
    """What a finished delivery does to the time of the sweep's next look."""

    AT = auto()
    NEVER = auto()
    AS_IT_IS = auto()


def _finishing(look: Look) -> str:
    sets = "delivered = :version, shown = :shown, ts = :ts, thread = :thread, attempts = :zero, failures = :zero"
    removes = "lease, #owner, not_before, failing_since"
    if look is Look.AT:
        sets += ", due_shard = :shard, due = :due"
    if look is Look.NEVER:
        removes += ", due_shard, due"
    return f"SET {sets} REMOVE {removes} ADD revision :one"


def _sent_values(claimed: Stored, sent: Sent) -> Item:
    return {
        ":version": number(sent.version),
        ":shown": {"S": items.shown_text(sent.shown)},
        ":ts": {"S": sent.ts},
        ":thread": {"S": sent.thread},
        ":me": {"S": claimed.owner},
        ":episode": number(claimed.episode),
        ":zero": number(0),
        ":one": number(1),
    }


def _claimed_at(claimed: Stored) -> datetime:
    """A claim leaves its lease's end in the item, and so its own time."""
    return (claimed.lease or claimed.since) - LEASE


def _repeated(error: ClientError | BotoCoreError) -> bool:
    """Did the SDK send the call more than once?"""
    answered = error.response if isinstance(error, ClientError) else {}
    return int(answered.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0
