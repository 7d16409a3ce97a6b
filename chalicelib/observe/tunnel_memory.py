"""What earlier passes were told of a place's tunnels: one item of the state table."""

from __future__ import annotations

from typing import Any

from chalicelib.model.errors import HOME
from chalicelib.model.network import Place
from chalicelib.model.state import TUNNELS_KEY, vpn_key
from chalicelib.model.tunnel_memory import VERSION, TunnelMemory, memory_of
from chalicelib.sessions import translated


def read_tunnels(client: Any, table: str, place: Place) -> TunnelMemory:  # noqa: ANN401
    """The memory of a place; empty where there is none, or one that another version of netreflex wrote."""
    with translated(HOME, "dynamodb:GetItem"):
        answer = client.get_item(
            TableName=table, Key={"pk": {"S": vpn_key(place)}, "sk": {"S": TUNNELS_KEY}}, ConsistentRead=True
        )
    item = answer.get("Item", {})
    if item.get("version") != {"N": str(VERSION)}:
        return {}
    return memory_of(str(item.get("answers", {}).get("S", "")))
