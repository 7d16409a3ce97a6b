"""The deployed handlers from event to report: through chalice, its middleware, the settings and the real flows."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chalice.test import Client

import app as deployed
from chalicelib.model.errors import ConfigurationError
from demo.cloudtrail import peering_requested
from demo.world import DATA
from tests.aws.awsbus import event
from tests.aws.faults import Faults
from tests.lab import TABLE, Lab
from tests.reliability.worlds import NARROW, Pair, request

KEYS = {
    "trigger",
    "decision",
    "rule",
    "reasons",
    "planned",
    "performed",
    "unchanged",
    "refused",
    "failed",
    "alerts",
    "proof",
    "policy",
    "policy_fault",
}
SCHEDULED = event("aws.events", "Scheduled Event", {}, account="123456789012", region="eu-west-1")


@dataclass
class Context:
    """What Lambda hands to a handler beside the event."""

    function_name: str
    seconds: float = 300
    memory_limit_in_mb: int = 512
    aws_request_id: str = "5f3c1c6e-0000-4000-8000-000000000000"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:eu-west-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> float:
        return self.seconds * 1000


@dataclass
class Deployed:
    """The application over an AWS in memory, with the files that its deployment would read."""

    lab: Lab
    project: Path
    log: io.StringIO

    def invoke(self, name: str, happened: dict[str, Any]) -> dict[str, Any]:
        with Client(deployed.app, stage_name="test", project_dir=str(self.project)) as client:
            return dict(client.lambda_.invoke(name, happened).payload)

    def sweep(self, seconds: float = 300) -> dict[str, Any]:
        """Called directly: chalice's own client leaves a function three seconds only."""
        return dict(deployed.sweep(SCHEDULED, Context("netreflex-test-sweep", seconds)))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    with Lab(NARROW, world=Pair) as lab:
        (tmp_path / "policy.yaml").write_text(NARROW)
        (tmp_path / ".chalice").mkdir()
        stage = {"version": "2.0", "app_name": "netreflex", "stages": {"test": {}}}
        (tmp_path / ".chalice" / "config.json").write_text(json.dumps(stage))
        for name, value in {
            "NETREFLEX_POLICY": str(tmp_path / "policy.yaml"),
            "NETREFLEX_STATE_TABLE": TABLE,
            "NETREFLEX_ALERTS_TOPIC_ARN": lab.topic,
            "NETREFLEX_MEMBER_ROLE": "netreflex-test-member",
            "NETREFLEX_EXTERNAL_ID": "test-external-id",
        }.items():
            monkeypatch.setenv(name, value)
        log = io.StringIO()
        (handler,) = deployed.logger.handlers
        assert isinstance(handler, logging.StreamHandler)
        before = handler.setStream(log)
        yield Deployed(lab, tmp_path, log)
        handler.setStream(before or handler.stream)


def test_a_request_event_is_answered_with_its_report(here: Deployed) -> None:
    peering = request(here.lab)
    happened = peering_requested(peering)
    report = here.invoke("peering", happened)
    assert set(report) == KEYS
    assert report["trigger"]["trigger"] == "PeeringRequested"
    assert report["trigger"]["peering_id"] == peering["VpcPeeringConnectionId"]
    assert (report["decision"], report["rule"], report["refused"], report["failed"]) == (
        "approved",
        "dev-to-data",
        [],
        [],
    )
    assert report["planned"] == report["performed"]
    assert [action["action"] for action in report["performed"]] == [
        "AcceptPeering",
        "CreateRoute",
        "CreateRoute",
        "TagPeering",
    ]
    assert report["performed"][1] == {
        "action": "CreateRoute",
        "account": "111122223333",
        "region": "eu-west-1",
        "table_id": here.lab.world.apps.tables["main"],
        "destination": "10.40.0.0/16",
        "peering_id": peering["VpcPeeringConnectionId"],
    }
    assert len(report["alerts"]) == 1
    assert len(report["proof"]) == 2
    assert here.lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "active"


def test_a_repeat_of_the_event_is_answered_with_nothing_done(here: Deployed) -> None:
    happened = peering_requested(request(here.lab))
    here.invoke("peering", happened)
    again = here.invoke("peering", happened)
    assert (again["decision"], again["performed"], again["planned"]) == ("approved", [], [])
    assert again["unchanged"] > 0


def test_an_event_that_is_no_business_of_ours_is_ignored_with_a_reason(here: Deployed) -> None:
    report = here.invoke("peering", event("my.app", "Order Placed", {"order": 1}))
    assert set(report) == KEYS
    assert report["decision"] == "ignored"
    assert report["trigger"]["trigger"] == "Ignored"
    assert "my.app" in report["reasons"][0]


def test_the_event_is_the_correlation_id_of_every_line(here: Deployed) -> None:
    happened = peering_requested(request(here.lab))
    here.invoke("peering", happened)
    reports = [line for line in here.lines if line["message"] == "report"]
    assert [line["correlation_id"] for line in reports] == [happened["id"]]
    assert reports[0]["report"]["decision"] == "approved"
    assert {line["service"] for line in here.lines} == {"netreflex"}


def test_what_was_decided_and_done_is_counted(here: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    here.invoke("peering", peering_requested(request(here.lab)))
    (blob,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert blob["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "netreflex"
    assert (blob["decision_approved"], blob["performed"], blob["refused"], blob["failed"]) == (
        [1.0],
        [4.0],
        [0.0],
        [0.0],
    )


def test_the_sweep_does_what_no_event_told(here: Deployed) -> None:
    peering = request(here.lab)
    report = here.sweep()
    assert set(report) == KEYS
    assert report["trigger"] == {"trigger": "SweepDue"}
    assert (report["decision"], report["rule"]) == ("observed", None)
    assert "1 peerings: 1 approved" in report["reasons"]
    assert len(report["performed"]) == 4
    assert here.lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "active"
    assert here.sweep()["performed"] == []


def test_a_sweep_without_time_begins_nothing(here: Deployed) -> None:
    peering = request(here.lab)
    report = here.sweep(seconds=5)
    assert report["performed"] == []
    assert any("out of time" in reason for reason in report["reasons"])
    assert here.lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "pending-acceptance"


def test_observe_mode_comes_from_the_environment(here: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETREFLEX_MODE", "observe")
    report = here.invoke("peering", peering_requested(request(here.lab)))
    assert (report["decision"], report["performed"]) == ("approved", [])
    assert len(report["planned"]) == 4


def test_wrong_settings_fail_the_invocation_with_every_fault(here: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed invocation is retried and then lies in the dead-letter queue, so that the event is not lost."""
    monkeypatch.setenv("NETREFLEX_MODE", "on")
    monkeypatch.setenv("NETREFLEX_STATE_TABLE", "?")
    with pytest.raises(ConfigurationError, match=r"NETREFLEX_MODE.*NETREFLEX_STATE_TABLE"):
        here.invoke("peering", peering_requested(request(here.lab)))


@pytest.mark.parametrize("happened", [{}, [], None, "?", {"source": "aws.ec2"}, {"detail": []}], ids=str)
@pytest.mark.parametrize("name", ["peering", "load_balancers", "vpn", "certificates", "origins"])
def test_what_is_no_event_at_all_is_ignored_with_a_reason(here: Deployed, name: str, happened: object) -> None:
    assert here.lab.topic
    report = getattr(deployed, name)(happened, None)
    assert report["decision"] == "ignored"
    assert report["reasons"][0]
    assert set(report) == KEYS


@pytest.mark.parametrize("name", ["sweep", "sweep_certificates", "dead_letters"])
def test_a_schedule_may_be_called_by_hand_with_nothing(here: Deployed, name: str) -> None:
    assert here.lab.topic
    assert set(getattr(deployed, name)({}, None)) == KEYS


def test_another_environment_in_the_same_process_is_another_runtime(
    here: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened = peering_requested(request(here.lab))
    monkeypatch.setenv("NETREFLEX_MODE", "observe")
    assert here.invoke("peering", happened)["performed"] == []
    monkeypatch.setenv("NETREFLEX_MODE", "enforce")
    assert len(here.invoke("peering", happened)["performed"]) == 4


def test_an_edited_policy_file_holds_from_the_next_run_on(here: Deployed) -> None:
    happened = peering_requested(request(here.lab))
    policy = here.project / "policy.yaml"
    policy.write_text(NARROW.replace("service: tidb", "service: other"))
    assert here.invoke("peering", happened)["decision"] == "held"
    policy.write_text(NARROW)
    assert here.invoke("peering", happened)["decision"] == "approved"


def test_without_a_member_role_the_account_is_told_and_nothing_is_done(
    here: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    peering = request(here.lab)
    monkeypatch.delenv("NETREFLEX_MEMBER_ROLE")
    report = here.invoke("peering", peering_requested(peering))
    assert (report["decision"], report["performed"]) == ("held", [])
    assert "set NETREFLEX_MEMBER_ROLE to reach it" in report["reasons"][0]
    assert len(report["alerts"]) == 1


def test_without_a_table_alerts_are_published_all_the_same(here: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETREFLEX_STATE_TABLE")
    happened = peering_requested(request(here.lab))
    with Faults() as faults:
        assert here.invoke("peering", happened)["alerts"]
    assert [call[1] for call in faults.log].count("Publish") == 1


def test_an_invocation_that_raises_is_counted(
    here: Deployed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NETREFLEX_MODE", "on")
    with pytest.raises(ConfigurationError):
        here.invoke("peering", peering_requested(request(here.lab)))
    (blob,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert blob["raised"] == [1.0]


def test_the_bundled_policy_approves_nothing(here: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETREFLEX_POLICY")
    peering = request(here.lab)
    assert here.invoke("peering", peering_requested(peering))["performed"] == []
    assert here.lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "pending-acceptance"
