"""The ledger is read whole and consistently; what cannot be read is not taken for empty."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.model.errors import NetreflexError
from chalicelib.model.facts import Ledger, LedgerRoute
from chalicelib.model.network import Place
from chalicelib.observe.ledger import read_ledger

PCX = "pcx-0123456789abcdef0"


def _item(number: int) -> dict[str, Any]:
    return {
        "pk": {"S": f"PEERING#{PCX}"},
        "sk": {"S": f"ROUTE#{number}"},
        "account": {"S": "111122223333"},
        "region": {"S": "eu-west-1"},
        "table_id": {"S": "rtb-0a"},
        "destination": {"S": f"10.{number}.0.0/16"},
    }


APPROVAL = {"sk": {"S": "APPROVAL"}, "cidrs": {"L": [{"S": "10.16.0.0/16"}, {"S": "2600:1f18::/56"}]}}


class Table:
    """A DynamoDB client with these pages, or with an error."""

    def __init__(self, *pages: list[dict[str, Any]], error: Exception | None = None) -> None:
        self.pages, self.error = pages, error
        self.asked: dict[str, Any] = {}

    def get_paginator(self, operation: str) -> Table:
        assert operation == "query"
        return self

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        self.asked = arguments
        if self.error:
            raise self.error
        yield from ({"Items": page} for page in self.pages)


def test_routes_and_approval_are_read_over_all_pages() -> None:
    table = Table([APPROVAL, _item(1)], [_item(2)])
    ledger = read_ledger(table, "state", PCX)
    assert ledger.approved == (ip_network("10.16.0.0/16"), ip_network("2600:1f18::/56"))
    assert ledger.routes == tuple(
        LedgerRoute(
            place=Place(account="111122223333", region="eu-west-1"),
            table_id="rtb-0a",
            destination=ip_network(f"10.{number}.0.0/16"),
            peering_id=PCX,
        )
        for number in (1, 2)
    )


def test_the_read_is_consistent_because_a_run_may_follow_its_own_write() -> None:
    table = Table([])
    assert read_ledger(table, "state", PCX) == Ledger()
    assert table.asked["ConsistentRead"] is True
    assert table.asked["ExpressionAttributeValues"] == {":pk": {"S": f"PEERING#{PCX}"}}


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ResourceNotFoundException"])
def test_a_ledger_that_cannot_be_read_is_not_an_empty_one(code: str) -> None:
    table = Table(error=ClientError({"Error": {"Code": code}}, "Query"))
    with pytest.raises(NetreflexError, match=f"dynamodb:Query.*{code}"):
        read_ledger(table, "state", PCX)
