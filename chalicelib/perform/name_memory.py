"""Notes in the state table which names are led to a load balancer, in which zones, and which changes were not spread yet.

When the load balancer is deleted, its tags are gone with it; this memory says in one read whether the event matters. A zone that
was written to is found again after its last name left the policy. Where the memory is wrong or lost, the sweep does what the
event would have done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.model.errors import HOME, RetryLater
from chalicelib.model.names import PendingChange, Zone
from chalicelib.model.state import NAMES_KEY, balancer_key
from chalicelib.sessions import translated

_BATCH = 25  # items of one BatchWriteItem (DynamoDB API reference)
_ROUNDS = 5
Item = dict[str, Any]


class StateTableNames:
    """The memory in the state table. ``client`` gives a DynamoDB client."""

    def __init__(self, client: Callable[[], Any], table: str, now: Callable[[], datetime]) -> None:
        self._client, self._table, self._now = client, table, now

    def remember(self, led: Sequence[tuple[str, str]], zones: Iterable[Zone] = ()) -> None:
        """Note pairs of a load balancer's ARN and a name's id, and the zones. Writing the same again changes nothing."""
        at = {"S": self._now().isoformat()}
        names = [
            {"pk": {"S": balancer_key(arn)}, "sk": {"S": f"NAME#{name_id}"}, "name_id": {"S": name_id}, "at": at}
            for arn, name_id in dict.fromkeys(led)
        ]
        places = {zone.zone_id: {**_zone_key(zone), **_told(zone), "at": at} for zone in zones}
        self._put((*names, *places.values()))

    def await_changes(self, changes: Iterable[PendingChange]) -> None:
        """Note changes that Route 53 is still spreading, for the sweep to ask about."""
        items = [
            {
                **_change_key(one),
                **_told(one.zone),
                "change_id": {"S": one.change_id},
                "at": {"S": one.since.isoformat()},
            }
            for one in changes
        ]
        self._put(items)

    def forget(self, changes: Iterable[PendingChange], zones: Iterable[Zone]) -> None:
        """Drop changes that are spread, and zones that hold nothing of ours any more."""
        keys = (*map(_change_key, changes), *map(_zone_key, zones))
        self._write([{"DeleteRequest": {"Key": key}} for key in keys])

    def _put(self, items: Iterable[Item]) -> None:
        self._write([{"PutRequest": {"Item": item}} for item in items])

    def _write(self, requests: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(requests), _BATCH):
            self._write_batch(requests[start : start + _BATCH])

    def _write_batch(self, requests: Sequence[Mapping[str, Any]]) -> None:
        left: Any = {self._table: list(requests)}
        for _ in range(_ROUNDS):
            with translated(HOME, "dynamodb:BatchWriteItem"):
                left = self._client().batch_write_item(RequestItems=left)["UnprocessedItems"]
            if not left:
                return
        raise RetryLater(f"the state table {self._table} did not take the memory of names; run again")


def _zone_key(zone: Zone) -> Item:
    return {"pk": {"S": NAMES_KEY}, "sk": {"S": f"ZONE#{zone.account}#{zone.zone_id}"}}


def _change_key(change: PendingChange) -> Item:
    return {"pk": {"S": NAMES_KEY}, "sk": {"S": f"CHANGE#{change.zone.account}#{change.change_id}"}}


def _told(zone: Zone) -> Item:
    return {
        "zone_id": {"S": zone.zone_id},
        "zone": {"S": zone.name},
        "account": {"S": zone.account},
        "private": {"BOOL": zone.private},
    }


class NoNames:
    """No state table is set: nothing is remembered."""

    def remember(self, led: Sequence[tuple[str, str]], zones: Iterable[Zone] = ()) -> None:
        """Forget it."""

    def await_changes(self, changes: Iterable[PendingChange]) -> None:
        """Forget them."""

    def forget(self, changes: Iterable[PendingChange], zones: Iterable[Zone]) -> None:
        """There is nothing to forget."""
