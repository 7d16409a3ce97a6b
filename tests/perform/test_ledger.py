"""What is about to be done is in the state table before it is done, in batches that DynamoDB takes, as often as needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.model.actions import CreateRoute, ReplaceRoute
from chalicelib.model.errors import AccessRefused, RetryLater
from chalicelib.model.facts import LedgerRoute
from chalicelib.model.network import Place
from chalicelib.observe.ledger import read_ledger
from chalicelib.perform.ledger import NoMemory, StateTableMemory
from tests.lab import TABLE, Lab
from tests.reliability.worlds import NARROW, Pair

PCX = "pcx-0123456789abcdef0"
HERE = Place(account="111122223333", region="eu-west-1")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
APPROVED = (ip_network("10.16.0.0/16"), ip_network("2600:1f18::/56"))


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with Lab(NARROW, world=Pair) as lab:
        yield lab.client("dynamodb")


def _memory(client: object) -> StateTableMemory:
    return StateTableMemory(lambda: client, TABLE, lambda: NOW)


def _route(number: int) -> CreateRoute:
    return CreateRoute(
        place=HERE, table_id=f"rtb-{number:08x}", destination=ip_network(f"10.{number}.0.0/16"), peering_id=PCX
    )


def test_what_was_remembered_is_read_back(dynamodb: Any) -> None:  # noqa: ANN401
    replaced = ReplaceRoute(place=HERE, table_id="rtb-0b", destination=APPROVED[1], peering_id=PCX, was="pcx-0old0000")
    _memory(dynamodb).remember(PCX, [_route(1), replaced], APPROVED)
    ledger = read_ledger(dynamodb, TABLE, PCX)
    assert ledger.approved == APPROVED
    assert set(ledger.routes) == {
        LedgerRoute(place=HERE, table_id="rtb-00000001", destination=ip_network("10.1.0.0/16"), peering_id=PCX),
        LedgerRoute(place=HERE, table_id="rtb-0b", destination=APPROVED[1], peering_id=PCX),
    }


def test_remembering_the_same_again_changes_nothing(dynamodb: Any) -> None:  # noqa: ANN401
    for _ in range(3):
        _memory(dynamodb).remember(PCX, [_route(1)], APPROVED)
    assert len(read_ledger(dynamodb, TABLE, PCX).routes) == 1


def test_a_newer_approval_takes_the_place_of_the_older_and_keeps_the_routes(dynamodb: Any) -> None:  # noqa: ANN401
    _memory(dynamodb).remember(PCX, [_route(1)], APPROVED)
    _memory(dynamodb).remember(PCX, [], APPROVED[:1])
    ledger = read_ledger(dynamodb, TABLE, PCX)
    assert (ledger.approved, len(ledger.routes)) == (APPROVED[:1], 1)


def test_peerings_do_not_see_each_others_routes(dynamodb: Any) -> None:  # noqa: ANN401
    _memory(dynamodb).remember(PCX, [_route(1)], APPROVED)
    assert read_ledger(dynamodb, TABLE, "pcx-0aaaaaaaa").routes == ()


@pytest.mark.parametrize("count", [24, 25, 60])
def test_more_routes_than_one_batch_takes_are_all_remembered(dynamodb: Any, count: int) -> None:  # noqa: ANN401
    _memory(dynamodb).remember(PCX, [_route(number) for number in range(count)], APPROVED)
    assert len(read_ledger(dynamodb, TABLE, PCX).routes) == count


class Busy:
    """A table that takes one item of each batch and hands the rest back, or none at all."""

    def __init__(self, *, takes: int) -> None:
        self.takes, self.taken = takes, 0

    def batch_write_item(self, *, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        ((table, items),) = RequestItems.items()
        self.taken += len(items[: self.takes])
        left = items[self.takes :]
        return {"UnprocessedItems": {table: left} if left else {}}


def test_items_that_were_handed_back_are_written_again() -> None:
    busy = Busy(takes=1)
    _memory(busy).remember(PCX, [_route(1), _route(2)], APPROVED)
    assert busy.taken == 3


def test_a_table_that_takes_nothing_puts_the_run_off() -> None:
    with pytest.raises(RetryLater, match=TABLE):
        _memory(Busy(takes=0)).remember(PCX, [_route(1)], APPROVED)


def test_a_table_that_refuses_is_told_as_such() -> None:
    class Refusing:
        def batch_write_item(self, **_arguments: object) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "BatchWriteItem")

    with pytest.raises(AccessRefused, match="dynamodb:BatchWriteItem"):
        _memory(Refusing()).remember(PCX, [], APPROVED)


def test_without_a_table_nothing_is_remembered() -> None:
    NoMemory().remember(PCX, [_route(1)], APPROVED)
