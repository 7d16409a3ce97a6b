"""Writes what netreflex is about to do into its state table, before it does it.

Routes carry no tags, so this memory is the only proof that a route is ours. It is written first: a crash after it leaves a
memory of a route that does not exist, which is harmless; the other order would leave a route that nobody owns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.model.actions import CreateRoute, ReplaceRoute
from chalicelib.model.errors import HOME, RetryLater
from chalicelib.model.network import Network
from chalicelib.model.state import APPROVAL_KEY, ledger_key
from chalicelib.sessions import translated

_BATCH = 25  # items of one BatchWriteItem (DynamoDB API reference)
_ROUNDS = 5


class StateTableMemory:
    """The ledger in the state table. ``client`` is a DynamoDB client."""

    def __init__(self, client: Callable[[], Any], table: str, now: Callable[[], datetime]) -> None:
        self._client, self._table, self._now = client, table, now

    def remember(
        self, peering_id: str, routes: Sequence[CreateRoute | ReplaceRoute], approved: Sequence[Network]
    ) -> None:
        """Note the routes and the approved CIDRs of a peering. Writing the same again changes nothing."""
        now = self._now()
        items = [_approval(peering_id, approved, now), *(_route(peering_id, route, now) for route in routes)]
        for start in range(0, len(items), _BATCH):
            left: Any = {self._table: [{"PutRequest": {"Item": item}} for item in items[start : start + _BATCH]]}
            for _ in range(_ROUNDS):
                with translated(HOME, "dynamodb:BatchWriteItem"):
                    left = self._client().batch_write_item(RequestItems=left)["UnprocessedItems"]
                if not left:
                    break
            else:
                raise RetryLater(f"the state table {self._table} did not take the memory of {peering_id}; run again")


class NoMemory:
    """No state table is set: nothing is remembered, so nothing is ever deleted either."""

    def remember(
        self, peering_id: str, routes: Sequence[CreateRoute | ReplaceRoute], approved: Sequence[Network]
    ) -> None:
        """Forget it."""


def _approval(peering_id: str, approved: Iterable[Network], now: datetime) -> dict[str, Any]:
    return {
        "pk": {"S": ledger_key(peering_id)},
        "sk": {"S": APPROVAL_KEY},
        "cidrs": {"L": [{"S": str(cidr)} for cidr in approved]},
        "at": {"S": now.isoformat()},
    }


def _route(peering_id: str, route: CreateRoute | ReplaceRoute, now: datetime) -> dict[str, Any]:
    place = route.place
    return {
        "pk": {"S": ledger_key(peering_id)},
        "sk": {"S": f"ROUTE#{place.account}#{place.region}#{route.table_id}#{route.destination}"},
        "account": {"S": place.account},
        "region": {"S": place.region},
        "table_id": {"S": route.table_id},
        "destination": {"S": str(route.destination)},
        "at": {"S": now.isoformat()},
    }
