"""Taking a stage away keeps the memory of what is whose, unless somebody says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from deploy.configuration import Configuration, read_configuration
from deploy.place import Place
from deploy.removal import remove
from deploy.resources import table_template
from deploy.stack import Stack
from tests.aws.checkout import checkout

PARAMETERS = {"Stage": "prod"}


@pytest.fixture
def place() -> Iterator[Place]:
    with mock_aws():
        yield Place("prod", "123456789012", "eu-west-1", "aws", boto3.Session(region_name="eu-west-1"))


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return read_configuration(checkout(tmp_path / "checkout"), "prod")


def taken_away(configuration: Configuration, place: Place, *, keep_table: bool) -> tuple[list[str], list[str]]:
    """The tables that are left, and what was said."""
    said: list[str] = []
    remove(configuration, place, said.append, keep_table=keep_table)
    return place.client("dynamodb").list_tables()["TableNames"], said


def test_the_table_and_its_stack_stay(configuration: Configuration, place: Place) -> None:
    Stack(place, place.stack).ensure(table_template(), PARAMETERS, list[str]().append)
    tables, said = taken_away(configuration, place, keep_table=True)
    assert tables == ["netreflex-prod-state"]
    assert "kept, with point-in-time recovery (KEEP_TABLE=no removes it)" in said[-1]
    assert Stack(place, place.stack).stands


def test_the_table_goes_where_that_is_asked_for(configuration: Configuration, place: Place) -> None:
    Stack(place, place.stack).ensure(table_template(), PARAMETERS, list[str]().append)
    tables, _ = taken_away(configuration, place, keep_table=False)
    assert tables == []
    assert Stack(place, place.stack).status() in {"", "DELETE_COMPLETE"}


def test_a_table_that_outlived_its_stack_goes_as_well(configuration: Configuration, place: Place) -> None:
    """As its deletion policy has it: CloudFormation lets go of the table without deleting it."""
    table = dict(table_template()["Resources"]["StateTable"]["Properties"])
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    place.client("dynamodb").create_table(TableName="netreflex-prod-state", **{key: table[key] for key in wanted})
    assert taken_away(configuration, place, keep_table=True)[0] == ["netreflex-prod-state"]
    tables, said = taken_away(configuration, place, keep_table=False)
    assert (tables, said[-1]) == ([], "3/3 table: removed")


def test_nothing_there_is_no_fault(configuration: Configuration, place: Place) -> None:
    tables, said = taken_away(configuration, place, keep_table=False)
    assert tables == []
    assert said == ["1/3 application: nothing there", "2/3 stack: nothing there", "3/3 table: nothing there"]
