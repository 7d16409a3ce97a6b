"""Keeps what AWS answered about single tunnels in the state table, one item for each place, for the passes to come.

Who writes last wins. What is lost that way is asked again; what comes back that way is about a tunnel that has not changed since.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.model.errors import HOME
from chalicelib.model.network import Place
from chalicelib.model.state import TUNNELS_KEY, vpn_key
from chalicelib.model.tunnel_memory import VERSION, TunnelMemory, memory_text
from chalicelib.sessions import translated

_KEEP = timedelta(
    days=7
)  # then DynamoDB removes what nobody writes any more: the place has left the policy, or is well


class StateTableTunnels:
    """The memory in the state table. ``client`` gives a DynamoDB client."""

    def __init__(self, client: Callable[[], Any], table: str, now: Callable[[], datetime]) -> None:
        self._client, self._table, self._now = client, table, now

    def remember(self, place: Place, memory: TunnelMemory) -> None:
        """Put the memory of a place in the place of the former one."""
        now = self._now()
        item = {
            "pk": {"S": vpn_key(place)},
            "sk": {"S": TUNNELS_KEY},
            "version": {"N": str(VERSION)},
            "answers": {"S": memory_text(memory)},
            "at": {"S": now.isoformat()},
            "expires": {"N": str(int((now + _KEEP).timestamp()))},  # the table's TTL attribute, in whole seconds
        }
        with translated(HOME, "dynamodb:PutItem"):
            self._client().put_item(TableName=self._table, Item=item)


class NoTunnels:
    """No state table is set: every pass begins anew."""

    def remember(self, place: Place, memory: TunnelMemory) -> None:
        """Nothing to keep it in."""
