"""VPN tunnels, names and certificates, through the deployed rules and functions."""

from __future__ import annotations

import json

import pytest

from tests.cloud.outside import soon
from tests.cloud.stories import balancers, in_slack, tunnels
from tests.cloud.stories_of_certificates import expiring, origin_on_loopback
from tests.cloud.ways import Stage

pytestmark = pytest.mark.cloud


def test_a_vpn_outage_is_one_alert_from_the_first_loss_to_the_recovery(stage: Stage) -> None:
    story = tunnels(stage)
    alerts = [alert for told in (story.lost, story.worse, story.again, story.over) for alert in told.alerts]
    steps = [(one["status"], one["severity"]) for one in alerts]
    assert steps == [("firing", "error"), ("firing", "critical"), ("resolved", "critical")]
    assert len({(one["fp"], one["ep"]) for one in alerts}) == 1
    assert story.again.messages == [], "a third source told what was known"
    assert "Traffic was cut for 12 min" in alerts[-1]["summary"]
    soon(lambda: in_slack(stage, "RESOLVED · VPN hq"))


def test_each_tunnel_gets_an_alarm_in_its_own_account(stage: Stage) -> None:
    performed = tunnels(stage).lost.report["performed"]
    assert [(one["action"], one["account"]) for one in performed] == [("PutTunnelAlarm", "111122223333")] * 2
    alarms = stage.aws.client("cloudwatch", "111122223333").describe_alarms()["MetricAlarms"]
    assert len([one for one in alarms if one["Namespace"] == "AWS/VPN"]) >= len(performed)


def test_no_key_of_a_tunnel_is_said_anywhere(stage: Stage) -> None:
    story = tunnels(stage)
    said = [told.report for told in (story.lost, story.worse, story.again, story.over)]
    assert "PSK." not in json.dumps([said, [one.messages for one in (story.lost, story.worse, story.over)]])
    assert "PSK." not in stage.aws.log("ministack"), "the functions' own logs are in it"


def test_a_name_follows_its_load_balancer(stage: Stage) -> None:
    story = balancers(stage)
    assert (story.led["born"], story.led["moved"]) == (story.dns_names["blue"], story.dns_names["green"])
    assert [one["action"] for one in story.told["moved"].report["performed"]] == ["ChangeRecordSets"]
    assert {(at, kind) for at, kind, _ in story.names.records()} >= {
        ("tidb.dev.example.internal", "CNAME"),
        ("_netreflex.tidb.dev.example.internal", "TXT"),
    }
    assert story.told["moved"].messages
    soon(lambda: in_slack(stage, "tidb.dev.example.internal"))


def test_the_same_news_of_a_load_balancer_again_changes_nothing(stage: Stage) -> None:
    again = balancers(stage).told["again"]
    assert (again.report["planned"], again.report["failed"], again.messages) == ([], [], [])


def test_a_record_that_people_made_is_left_alone_and_told(stage: Stage) -> None:
    story = balancers(stage)
    told = story.told["by hand"]
    assert (story.led["kv"], told.report["performed"]) == ("kv-old.example.com", [])
    assert "left alone" in told.why
    soon(lambda: in_slack(stage, "kv.dev.example.internal meets a record that is not ours"))


def test_a_certificate_that_ends_is_told_once_whoever_finds_it(stage: Stage) -> None:
    arn, told, swept = expiring(stage)
    (alert,) = told.alerts
    assert (alert["kind"], alert["status"]) == ("certificate", "firing")
    assert arn in json.dumps(alert)
    assert arn in swept.why, "the sweep looks at it as well"
    assert [one for one in swept.alerts if one["fp"] == alert["fp"]] == []
    soon(lambda: in_slack(stage, "Certificate legacy.example.com"))


def test_an_origin_that_leads_to_the_function_itself_is_never_visited(stage: Stage) -> None:
    visits, told = origin_on_loopback(stage)
    assert visits == []
    assert "127.0.0.1 belongs to this machine" in told.why
    assert (told.report["decision"], told.report["failed"]) == ("observed", [])
