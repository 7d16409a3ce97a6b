"""What outlives a container, put together over the state table. Where an installation has no such table, nothing does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.flows.policy import NoShelf, Shelf
from chalicelib.observe.policy_source import read_last_good
from chalicelib.perform.policy_shelf import keep_last_good

if TYPE_CHECKING:  # each function imports what it needs when it needs it: cold starts are short that way
    from chalicelib.flows.certificate_ports import Bookmark
    from chalicelib.flows.ports import Memory, NameMemory, VpnMemory


class StateTable:
    """The memories of the flows, each an item or some of the table ``name``."""

    def __init__(self, name: str | None, client: Callable[[], Any], now: Callable[[], datetime]) -> None:
        self._name, self._client, self._now = name, client, now

    def shelf(self) -> Shelf:
        """Where the last good policy is kept."""
        return NoShelf() if self._name is None else _TableShelf(self._client, self._name, self._now)

    def routes(self) -> Memory:
        """The routes that we made, and the CIDRs that we approved."""
        from chalicelib.perform.ledger import NoMemory, StateTableMemory

        return NoMemory() if self._name is None else StateTableMemory(self._client, self._name, self._now)

    def names(self) -> NameMemory:
        """Which names lead where."""
        from chalicelib.perform.name_memory import NoNames, StateTableNames

        return NoNames() if self._name is None else StateTableNames(self._client, self._name, self._now)

    def tunnels(self) -> VpnMemory:
        """What AWS answered of single VPN tunnels."""
        from chalicelib.perform.tunnel_memory import NoTunnels, StateTableTunnels

        return NoTunnels() if self._name is None else StateTableTunnels(self._client, self._name, self._now)

    def bookmark(self) -> Bookmark:
        """Where a sweep of origins that ran out of time goes on."""
        from chalicelib.perform.bookmark import NoBookmark, StateTableBookmark

        return NoBookmark() if self._name is None else StateTableBookmark(self._client, self._name)


class _TableShelf:
    """The state table as the shelf of the last good policy."""

    def __init__(self, client: Callable[[], Any], table: str, now: Callable[[], datetime]) -> None:
        self._client, self._table, self._now = client, table, now

    def load(self) -> str | None:
        return read_last_good(self._client(), self._table)

    def keep(self, text: str, version: str) -> None:
        keep_last_good(self._client(), self._table, text, version, self._now())
