"""What AWS answered of tunnels is read as it was written, bounded, and forgotten where it cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from chalicelib.model.errors import AccessRefused, RetryLater
from chalicelib.model.network import Place
from chalicelib.model.tunnel_details import ActiveTunnel, LogLine, Maintenance, TunnelKey
from chalicelib.model.tunnel_memory import (
    MOST_BYTES,
    Remembered,
    Told,
    TunnelMemory,
    TunnelQuestion,
    TunnelSort,
    TunnelState,
    memory_of,
    memory_text,
)
from chalicelib.model.vpn import TunnelStatus
from chalicelib.observe.tunnel_memory import read_tunnels
from chalicelib.perform.tunnel_memory import NoTunnels, StateTableTunnels

PLACE, OTHER = (Place(account="111122223333", region=region) for region in ("eu-west-1", "us-east-1"))
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
STATE = TunnelState(TunnelStatus.DOWN, NOW)

_TIMES = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - a bound without a zone
_MAYBE = st.none() | _TIMES
_TOLD: dict[TunnelSort, st.SearchStrategy[Told]] = {
    TunnelSort.MAINTENANCE: st.builds(Maintenance, pending=st.booleans(), applied_after=_MAYBE, last_applied=_MAYBE),
    TunnelSort.LOG: st.builds(LogLine, at=_TIMES, detail=st.text(max_size=200)),
    TunnelSort.ACTIVE: st.builds(
        ActiveTunnel,
        provisioning=st.text(max_size=9),
        reason=st.text(max_size=200),
        ike_version=st.text(max_size=9),
        algorithms=st.lists(st.text(max_size=9), max_size=4).map(tuple),
        dh_groups=st.lists(st.integers(0, 99), max_size=2).map(tuple),
    ),
    TunnelSort.EVER_UP: st.booleans(),
}


def _entry(sort: TunnelSort) -> st.SearchStrategy[tuple[TunnelQuestion, Remembered]]:
    state = st.builds(TunnelState, st.sampled_from(TunnelStatus), _MAYBE)
    question = st.builds(TunnelQuestion, st.builds(TunnelKey, st.text(), st.text()), st.just(sort), st.text())
    told = st.none() | _TOLD[sort]
    return st.tuples(question, st.builds(Remembered, about=state, asked=_TIMES, answered=_MAYBE, told=told))


_MEMORY = st.lists(st.sampled_from(TunnelSort).flatmap(_entry), max_size=3).map(dict)


@given(memory=_MEMORY)
def test_a_memory_is_read_as_it_was_written(memory: TunnelMemory) -> None:
    assert memory_of(memory_text(memory)) == memory


def question(number: int) -> TunnelQuestion:
    return TunnelQuestion(TunnelKey(f"vpn-{number:017x}", "198.51.100.1"), TunnelSort.LOG, "/aws/vpn/hq")


def test_a_text_is_bounded_and_what_was_asked_last_stays() -> None:
    told = LogLine(at=NOW, detail="é" * 200)
    memory = {
        question(n): Remembered(about=STATE, asked=NOW - timedelta(seconds=n), answered=NOW, told=told)
        for n in range(400)
    }
    text = memory_text(memory)
    kept = memory_of(text)
    assert MOST_BYTES * 0.99 < len(text.encode()) <= MOST_BYTES + 2
    assert set(kept) == {question(n) for n in range(len(kept))}


ONE = {question(1): Remembered(about=STATE, asked=NOW, answered=NOW, told=LogLine(at=NOW, detail="x"))}


def broken(at: int, value: object) -> str:
    [row] = json.loads(memory_text(ONE))
    row[at] = value
    return json.dumps([row])


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "7", "null", "[7]", "[[]]", "{}", '{"a": 1}', broken(2, "weather"), broken(4, "SIDEWAYS"),
        broken(6, "yesterday"), broken(6, "2026-03-02T10:00:00"), broken(6, None), broken(8, 7), broken(8, [1]),
    ],
)  # fmt: skip
def test_what_is_no_such_text_is_forgotten(text: str) -> None:
    assert memory_of(text) == {}


def test_a_zone_of_its_own_is_the_same_moment() -> None:
    told = replace(ONE[question(1)], asked=NOW.astimezone(timezone(timedelta(hours=5))))
    assert memory_of(memory_text({question(1): told})) == ONE


# ---- in the table -------------------------------------------------------------------------------------------------
@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        made: Any = boto3.client("dynamodb", "eu-west-1")
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        made.create_table(
            TableName="state",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        )
        yield made


def kept(client: object, now: datetime = NOW) -> StateTableTunnels:
    return StateTableTunnels(lambda: client, "state", lambda: now)


def test_each_place_has_its_own_item_and_the_newest_one_counts(client: Any) -> None:  # noqa: ANN401
    assert read_tunnels(client, "state", PLACE) == {}
    kept(client).remember(PLACE, {question(2): ONE[question(1)]})
    kept(client).remember(PLACE, ONE)
    assert read_tunnels(client, "state", PLACE) == ONE
    assert read_tunnels(client, "state", OTHER) == {}


def test_an_item_of_another_version_is_forgotten(client: Any) -> None:  # noqa: ANN401
    kept(client).remember(PLACE, ONE)
    [item] = client.scan(TableName="state")["Items"]
    for version in ({"N": "2"}, {"S": "1"}):
        client.put_item(TableName="state", Item={**item, "version": version})
        assert read_tunnels(client, "state", PLACE) == {}
    client.put_item(TableName="state", Item={key: item[key] for key in ("pk", "sk", "version")})
    assert read_tunnels(client, "state", PLACE) == {}


def test_an_item_ends_by_itself_a_week_after_it_was_written_last(client: Any) -> None:  # noqa: ANN401
    kept(client).remember(PLACE, ONE)
    [item] = client.scan(TableName="state")["Items"]
    assert int(item["expires"]["N"]) == int((NOW + timedelta(days=7)).timestamp())


@pytest.mark.parametrize(
    ("code", "meaning"), [("AccessDeniedException", AccessRefused), ("ThrottlingException", RetryLater)]
)
def test_a_table_that_refuses_is_told_as_such(code: str, meaning: type[Exception]) -> None:
    class Refusing:
        def put_item(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": code}}, "PutItem")

        def get_item(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": code}}, "GetItem")

    with pytest.raises(meaning, match="dynamodb:PutItem"):
        kept(Refusing()).remember(PLACE, ONE)
    with pytest.raises(meaning, match="dynamodb:GetItem"):
        read_tunnels(Refusing(), "state", PLACE)


def test_without_a_table_nothing_is_kept() -> None:
    NoTunnels().remember(PLACE, ONE)
