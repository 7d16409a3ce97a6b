"""Of which troubles people know: one item per cause in the state table, with when it was last met and last told.

A cause that lasts is told once a day. It is over when it was not met for ``OVER``: what waits is tried at least every 15 minutes,
so a cause that still holds is met again before that. Success says nothing: another call may succeed while this one never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.alerts.asking import asking
from chalicelib.alerts.items import Item, moment, number, when

AGAIN = timedelta(hours=24)
OVER = timedelta(minutes=30)
_KEPT = timedelta(days=3)  # longer than AGAIN; the table's TTL removes what is older


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """``told_at`` is None where people could not be told."""

    met_at: datetime
    told_at: datetime | None

    def silences(self, now: datetime) -> bool:
        """Do people know of it already, so that it is not told again now?"""
        return self.told_at is not None and now - self.met_at < OVER and now - self.told_at < AGAIN


class Causes:
    """The causes in one state table; ``client`` is a DynamoDB client. Errors are those of ``asking``."""

    def __init__(self, client: Any, table: str) -> None:  # noqa: ANN401
        self._client, self._table = client, table

    def read(self, cause: str) -> Known | None:
        with asking(self._table, "GetItem"):
            found = self._client.get_item(TableName=self._table, Key=_key(cause), ConsistentRead=True).get("Item")
        if found is None:
            return None
        return Known(met_at=moment(found["met_at"]), told_at=moment(found["told_at"]) if "told_at" in found else None)

    def write(self, cause: str, known: Known) -> None:
        item = {**_key(cause), "met_at": when(known.met_at)}
        item["expires"] = number(int((known.met_at + _KEPT).timestamp()))
        if known.told_at is not None:
            item["told_at"] = when(known.told_at)
        with asking(self._table, "PutItem"):
            self._client.put_item(TableName=self._table, Item=item)


def _key(cause: str) -> Item:
    return {"pk": {"S": f"TOLD#{cause}"}, "sk": {"S": "CAUSE"}}
