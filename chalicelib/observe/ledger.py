"""What netreflex remembers of a peering in its state table: the routes it made and the CIDRs it approved."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from chalicelib.model.errors import HOME, RetryLater
from chalicelib.model.facts import Ledger, LedgerRoute
from chalicelib.model.network import Place
from chalicelib.model.state import APPROVAL_KEY, ledger_key, peering_of
from chalicelib.sessions import translated

_BATCH = 100  # keys of one BatchGetItem (DynamoDB API reference)
_ROUNDS = 5


def read_ledger(client: Any, table: str, peering_id: str) -> Ledger:  # noqa: ANN401
    """The memory of one peering, empty where there is none."""
    routes: list[LedgerRoute] = []
    approved: tuple[str, ...] = ()
    with translated(HOME, "dynamodb:Query"):
        pages = client.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": ledger_key(peering_id)}},
            ConsistentRead=True,
        )
        for item in (item for page in pages for item in page["Items"]):
            if item["sk"]["S"] == APPROVAL_KEY:
                approved = tuple(cidr["S"] for cidr in item["cidrs"]["L"])
            else:
                routes.append(
                    LedgerRoute(
                        place=Place(account=item["account"]["S"], region=item["region"]["S"]),
                        table_id=item["table_id"]["S"],
                        destination=ip_network(item["destination"]["S"]),
                        peering_id=peering_id,
                    )
                )
    return Ledger(routes=tuple(routes), approved=tuple(ip_network(cidr) for cidr in approved))


def read_approvals(client: Any, table: str, peering_ids: Sequence[str]) -> dict[str, Ledger]:  # noqa: ANN401
    """What was approved of many peerings, a hundred a call; their routes are not read, where there may be any.

    Raises RetryLater where the table does not give all of it.
    """
    found: dict[str, Ledger] = {peering_id: Ledger() for peering_id in peering_ids}
    for start in range(0, len(peering_ids), _BATCH):
        keys = [_approval_key(peering_id) for peering_id in peering_ids[start : start + _BATCH]]
        left: Any = {table: {"Keys": keys, "ConsistentRead": True}}
        for _ in range(_ROUNDS):
            with translated(HOME, "dynamodb:BatchGetItem"):
                answer = client.batch_get_item(RequestItems=left)
            for item in answer["Responses"].get(table, ()):
                approved = tuple(ip_network(cidr["S"]) for cidr in item["cidrs"]["L"])
                found[peering_of(item["pk"]["S"])] = Ledger(approved=approved, routes_unread=True)
            left = answer.get("UnprocessedKeys")
            if not left:
                break
        else:
            raise RetryLater(f"the state table {table} did not give all approvals; run again")
    return found


def _approval_key(peering_id: str) -> dict[str, Any]:
    return {"pk": {"S": ledger_key(peering_id)}, "sk": {"S": APPROVAL_KEY}}
