"""Where a sweep goes on is remembered between containers."""

from __future__ import annotations

from typing import Any

import boto3
from moto import mock_aws

from chalicelib.perform.bookmark import NoBookmark, StateTableBookmark


def test_the_bookmark_is_read_as_it_was_written() -> None:
    with mock_aws():
        client: Any = boto3.client("dynamodb", "eu-west-1")
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        client.create_table(
            TableName="state",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        )
        assert StateTableBookmark(lambda: client, "state").read() == ""
        StateTableBookmark(lambda: client, "state").write("E2EXAMPLE1ABCD")
        assert StateTableBookmark(lambda: client, "state").read() == "E2EXAMPLE1ABCD"
        StateTableBookmark(lambda: client, "state").write("")
        assert StateTableBookmark(lambda: client, "state").read() == ""


def test_without_a_table_every_sweep_begins_anew() -> None:
    NoBookmark().write("E2EXAMPLE1ABCD")
    assert NoBookmark().read() == ""
