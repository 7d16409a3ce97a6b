"""The alarms on tunnels, made and removed in CloudWatch (moto): ours alone, and each change once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from chalicelib.decide.tunnel_alarms import alarm_settings
from chalicelib.model.actions import DeleteTunnelAlarm, PutTunnelAlarm
from chalicelib.model.errors import AccessRefused, AwsFailure
from chalicelib.model.network import Place
from chalicelib.perform.executor import AwsExecutor, DryRunExecutor, Look
from chalicelib.perform.tunnel_alarms import TunnelAlarms
from tests.vpn_answers import FIRST, ID, PLACE

PUT = PutTunnelAlarm(place=PLACE, connection_id=ID, address=FIRST)
DELETE = DeleteTunnelAlarm(place=PLACE, name=PUT.name)


class Clients:
    """CloudWatch of the place, which may refuse to write."""

    def __init__(self) -> None:
        self.cloudwatch: Any = boto3.client("cloudwatch", "eu-west-1")
        self.asked: list[str] = []
        self.cloudwatch.meta.events.register("before-call", lambda model, **_: self.asked.append(model.name))

    def client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        assert (service, place) == ("cloudwatch", PLACE)
        return self.cloudwatch

    def held(self) -> list[dict[str, Any]]:
        return list(self.cloudwatch.describe_alarms()["MetricAlarms"])


@pytest.fixture
def clients() -> Iterator[Clients]:
    with mock_aws():
        yield Clients()


def put_foreign(clients: Clients) -> None:
    settings = {**alarm_settings("vpn-0fedcba9876543210", FIRST), "Threshold": 0.5}
    clients.cloudwatch.put_metric_alarm(AlarmName=PUT.name, AlarmDescription="ours, not yours", **settings)


def test_the_alarm_is_made_as_it_should_be_and_once(clients: Clients) -> None:
    alarms = TunnelAlarms(clients)

    assert alarms.perform(PUT) is True
    assert alarms.perform(PUT) is False

    [made] = clients.held()
    assert {key: made[key] for key in alarm_settings(ID, FIRST)} == alarm_settings(ID, FIRST)
    assert made["AlarmName"] == f"netreflex-vpn-0123456789abcdef0-{FIRST}"
    assert clients.asked.count("PutMetricAlarm") == 1


def test_a_changed_alarm_of_ours_is_set_right(clients: Clients) -> None:
    alarms = TunnelAlarms(clients)
    alarms.perform(PUT)
    [made] = clients.held()
    changed = {**alarm_settings(ID, FIRST), "TreatMissingData": "ignore"}
    clients.cloudwatch.put_metric_alarm(AlarmName=PUT.name, AlarmDescription=made["AlarmDescription"], **changed)

    assert alarms.perform(PUT) is True
    assert clients.held()[0]["TreatMissingData"] == "breaching"


def test_the_alarm_is_deleted_once(clients: Clients) -> None:
    alarms = TunnelAlarms(clients)
    alarms.perform(PUT)
    assert alarms.perform(DELETE) is True
    assert alarms.perform(DELETE) is False
    assert clients.held() == []


@pytest.mark.parametrize("action", [PUT, DELETE])
def test_somebody_elses_alarm_of_that_name_is_left_alone(
    clients: Clients, action: PutTunnelAlarm | DeleteTunnelAlarm
) -> None:
    put_foreign(clients)
    before = clients.held()
    with pytest.raises(AwsFailure, match="that netreflex did not make; it was left alone"):
        TunnelAlarms(clients).perform(action)
    assert clients.held() == before


def test_the_executor_reports_what_could_not_be_done(clients: Clients) -> None:
    put_foreign(clients)
    executor = AwsExecutor(clients, cast("Look", None))
    outcome = executor.perform((PUT,))
    assert [failure.action for failure in outcome.failed] == [PUT]
    assert not outcome.retry
    assert executor.perform((DeleteTunnelAlarm(place=PLACE, name="netreflex-vpn-none"),)).unchanged == 1


def test_a_dry_run_makes_no_alarm(clients: Clients) -> None:
    assert DryRunExecutor().perform((PUT,)).performed == ()
    assert clients.held() == []


def test_a_missing_permission_is_named(clients: Clients) -> None:
    def refuse(**_: object) -> None:
        raise clients.cloudwatch.exceptions.ClientError({"Error": {"Code": "AccessDenied"}}, "PutMetricAlarm")

    clients.cloudwatch.meta.events.register("before-call.cloudwatch.PutMetricAlarm", refuse)
    with pytest.raises(AccessRefused, match="cloudwatch:PutMetricAlarm was refused in account 111122223333"):
        TunnelAlarms(clients).perform(PUT)
