"""Notes in the state table which names are led to a load balancer, before they are.

When the load balancer is deleted, its tags are gone with it; this memory says in one read whether the event matters. Where it is
wrong or lost, the sweep does what the event would have done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.model.errors import RetryLater
from chalicelib.model.state import balancer_key
from chalicelib.sessions import translated

_BATCH = 25  # items of one BatchWriteItem (DynamoDB API reference)
_ROUNDS = 5


class StateTableNames:
    """The memory in the state table. ``client`` gives a DynamoDB client."""

    def __init__(self, client: Callable[[], Any], table: str, now: Callable[[], datetime]) -> None:
        self._client, self._table, self._now = client, table, now

    def remember(self, led: Sequence[tuple[str, str]]) -> None:
        """Note pairs of a load balancer's ARN and a name's id. Writing the same again changes nothing."""
        at = {"S": self._now().isoformat()}
        items = [
            {"pk": {"S": balancer_key(arn)}, "sk": {"S": f"NAME#{name_id}"}, "name_id": {"S": name_id}, "at": at}
            for arn, name_id in dict.fromkeys(led)
        ]
        for start in range(0, len(items), _BATCH):
            self._write(items[start : start + _BATCH])

    def _write(self, items: Sequence[dict[str, Any]]) -> None:
        left: Any = {self._table: [{"PutRequest": {"Item": item}} for item in items]}
        for _ in range(_ROUNDS):
            with translated("home", "dynamodb:BatchWriteItem"):
                left = self._client().batch_write_item(RequestItems=left)["UnprocessedItems"]
            if not left:
                return
        raise RetryLater(f"the state table {self._table} did not take the memory of names; run again")


class NoNames:
    """No state table is set: nothing is remembered."""

    def remember(self, led: Sequence[tuple[str, str]]) -> None:
        """Forget it."""
