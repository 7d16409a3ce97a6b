"""What netreflex remembers of a load balancer: the names that it led there. A deleted one has no tags left to tell."""

from __future__ import annotations

from typing import Any

from chalicelib.model.state import balancer_key
from chalicelib.sessions import translated


def read_names_of(client: Any, table: str, arn: str) -> frozenset[str]:  # noqa: ANN401
    """The ids of the policy's names that once led to the load balancer."""
    with translated("home", "dynamodb:Query"):
        pages = client.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": balancer_key(arn)}},
            ConsistentRead=True,
        )
        return frozenset(item["name_id"]["S"] for page in pages for item in page["Items"])
