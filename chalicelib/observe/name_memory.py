"""What netreflex remembers of names: which it led to a load balancer, where it wrote, which changes were not spread yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.model.errors import HOME
from chalicelib.model.names import NamesRemembered, PendingChange, Zone
from chalicelib.model.state import NAMES_KEY, balancer_key
from chalicelib.sessions import translated


def read_names_of(client: Any, table: str, arn: str) -> frozenset[str]:  # noqa: ANN401
    """The ids of the policy's names that once led to the load balancer. A deleted one has no tags left to tell."""
    return frozenset(item["name_id"]["S"] for item in _items(client, table, balancer_key(arn)))


def read_remembered(client: Any, table: str) -> NamesRemembered:  # noqa: ANN401
    """The zones that were written to, and the changes that were pending, in one read."""
    items = _items(client, table, NAMES_KEY)
    return NamesRemembered(
        zones=tuple(_zone(item) for item in items if item["sk"]["S"].startswith("ZONE#")),
        changes=tuple(
            PendingChange(
                change_id=item["change_id"]["S"], zone=_zone(item), since=datetime.fromisoformat(item["at"]["S"])
            )
            for item in items
            if item["sk"]["S"].startswith("CHANGE#")
        ),
    )


def _zone(item: Mapping[str, Any]) -> Zone:
    return Zone(
        zone_id=item["zone_id"]["S"],
        account=item["account"]["S"],
        name=item["zone"]["S"],
        private=item["private"]["BOOL"],
    )


def _items(client: Any, table: str, key: str) -> tuple[Mapping[str, Any], ...]:  # noqa: ANN401
    with translated(HOME, "dynamodb:Query"):
        pages = client.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": key}},
            ConsistentRead=True,
        )
        return tuple(item for page in pages for item in page["Items"])
