"""What netreflex remembers of a peering in its state table: the routes it made and the CIDRs it approved."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from chalicelib.model.facts import Ledger, LedgerRoute
from chalicelib.model.network import Place
from chalicelib.model.state import APPROVAL_KEY, ledger_key
from chalicelib.sessions import translated


def read_ledger(client: Any, table: str, peering_id: str) -> Ledger:  # noqa: ANN401
    """The memory of one peering, empty where there is none."""
    routes: list[LedgerRoute] = []
    approved: tuple[str, ...] = ()
    with translated("home", "dynamodb:Query"):
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
