"""Where a sweep that ran out of time goes on, in the state table. Losing it costs a repeated look and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.model.errors import HOME
from chalicelib.model.state import BOOKMARK_KEY, CERTIFICATE_SWEEP_KEY
from chalicelib.sessions import translated

_KEY = {"pk": {"S": CERTIFICATE_SWEEP_KEY}, "sk": {"S": BOOKMARK_KEY}}


class StateTableBookmark:
    """The bookmark of the certificates' sweep. ``client`` makes a DynamoDB client."""

    def __init__(self, client: Callable[[], Any], table: str) -> None:
        self._client, self._table = client, table

    def read(self) -> str:
        """The last distribution that was done; empty at the beginning."""
        with translated(HOME, "dynamodb:GetItem"):
            item = self._client().get_item(TableName=self._table, Key=_KEY).get("Item", {})
        return str(item.get("last", {}).get("S", ""))

    def write(self, place: str) -> None:
        """Note the last distribution that was done; empty: begin anew."""
        with translated(HOME, "dynamodb:PutItem"):
            self._client().put_item(TableName=self._table, Item={**_KEY, "last": {"S": place}})


class NoBookmark:
    """No state table is set: every sweep begins anew."""

    def read(self) -> str:
        return ""

    def write(self, place: str) -> None:
        """Nothing to note it in."""
