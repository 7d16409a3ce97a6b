"""Every answer of every handler says by which policy it was given."""

from __future__ import annotations

import json
from typing import Any

import pytest

import app as deployed
from chalicelib import wiring
from chalicelib.intake.policy_file import policy_hash
from chalicelib.model.alert import SCHEMA
from chalicelib.model.errors import ConfigurationError
from demo.cloudtrail import peering_requested
from demo.world import DATA
from tests.alerts.samples import recovered
from tests.app.test_app import SCHEDULED, Context, Deployed, here
from tests.aws.awsbus import event as made
from tests.intake.matcher import event
from tests.lab import HUB
from tests.reliability.worlds import NARROW, request

__all__ = ["here"]
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")  # ``notify`` has none, nor has who raises

FOREIGN = made("my.app", "Order Placed", {"order": 1})
ENDED = {"schema": SCHEMA, **recovered().as_json()}  # of something that nobody was told of
LETTER = {"Records": [{"body": json.dumps(ENDED), "receiptHandle": "r"}]}
EVENTS: dict[str, tuple[dict[str, Any], ...]] = {  # what wakes each function; the last is ignored
    "peering": (event("ec2/vpc-peering-create-cross-account"), FOREIGN),
    "load_balancers": (event("elbv2/create-load-balancer"), FOREIGN),
    "vpn": (event("cloudwatch/vpn-tunnel-alarm"), FOREIGN),
    "certificates": (event("acm/expired"), FOREIGN),
    "origins": (event("cloudfront/update-distribution"), FOREIGN),
    "sweep": (SCHEDULED,),
    "sweep_certificates": (SCHEDULED,),
    "dead_letters": (SCHEDULED,),
    "notify": (LETTER,),
}
SOURCE = "/netreflex/policy"
BROKEN = "version: 1\nacounts: {}\n"


def call(name: str, happened: dict[str, Any]) -> dict[str, Any]:
    """Called directly: chalice's own client leaves a function three seconds only."""
    return dict(getattr(deployed, name)(happened, Context(f"netreflex-test-{name}", 600)))


def written(here: Deployed, text: str) -> None:
    """Another version of the policy in Parameter Store, seen by a container that begins now."""
    here.lab.client("ssm").put_parameter(Name=SOURCE, Value=text, Type="String", Overwrite=True)
    wiring.runtime_of.cache_clear()


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETREFLEX_SLACK_SECRET", "netreflex-test-slack")


@pytest.fixture
def outside(here: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.setenv("NETREFLEX_POLICY", f"ssm:{SOURCE}")
    written(here, NARROW)
    return here


def test_no_handler_is_left_out() -> None:
    assert set(EVENTS) == set(deployed.app.handler_map)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("name", "happened"), [(name, one) for name, ones in EVENTS.items() for one in ones])
def test_every_answer_names_the_policy_in_force(name: str, happened: dict[str, Any]) -> None:
    answer = call(name, happened)
    assert (answer["policy"], answer["policy_fault"]) == (policy_hash(NARROW), None)
    assert happened is not FOREIGN or answer["decision"] == "ignored"


def test_the_report_in_the_log_names_it_as_well(here: Deployed) -> None:
    call("peering", peering_requested(request(here.lab)))
    [line] = [line for line in here.lines if line["message"] == "report"]
    assert line["report"]["policy"] == policy_hash(NARROW)


def test_observe_mode_names_it_as_well(here: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETREFLEX_MODE", "observe")
    report = call("peering", peering_requested(request(here.lab)))
    assert (report["performed"], report["policy"]) == ([], policy_hash(NARROW))


@pytest.mark.parametrize("name", EVENTS)
def test_another_version_has_another_hash(outside: Deployed, name: str) -> None:
    newer = NARROW + "# reviewed\n"
    assert call(name, EVENTS[name][0])["policy"] == policy_hash(NARROW)
    written(outside, newer)
    assert call(name, EVENTS[name][0])["policy"] == policy_hash(newer) != policy_hash(NARROW)


@pytest.mark.parametrize("name", EVENTS)
def test_a_version_with_a_fault_is_named_beside_the_last_good_one(outside: Deployed, name: str) -> None:
    call(name, EVENTS[name][0])
    written(outside, BROKEN)
    answer = call(name, EVENTS[name][0])
    assert answer["policy"] == policy_hash(NARROW)
    assert "acounts" in answer["policy_fault"]


@pytest.mark.parametrize("name", ["dead_letters", "notify"])
def test_who_needs_no_policy_works_without_any_and_says_so(outside: Deployed, name: str) -> None:
    """They are the way on which people hear that there is none."""
    written(outside, BROKEN)
    answer = call(name, EVENTS[name][0])
    assert answer["policy"] is None
    assert "acounts" in answer["policy_fault"]


def test_without_any_policy_nothing_is_decided_and_left_alerts_are_carried_on(outside: Deployed) -> None:
    written(outside, BROKEN)
    peering = request(outside.lab)
    for name, happened in (("peering", peering_requested(peering)), ("sweep", SCHEDULED)):
        with pytest.raises(ConfigurationError, match="acounts"):
            call(name, happened)
    assert outside.lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "pending-acceptance"
    [alert] = outside.lab.alerts()
    assert (alert["kind"], alert["severity"], alert["subject"]["id"]) == ("automation", "critical", "policy")


def test_a_function_that_may_not_read_the_policy_stays_told_whatever_others_read(
    outside: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep reads the policy and finds it good; that says nothing of what `peering` may read."""

    def run(name: str, happened: dict[str, Any], *, refused: bool) -> dict[str, Any]:
        wiring.runtime_of.cache_clear()
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", f"netreflex-test-{name}")
        outside.lab.denied = {("ssm:GetParameter", HUB)} if refused else set()
        with outside.lab.counting():
            return call(name, happened)

    def told() -> list[str]:
        alerts = outside.lab.alerts()
        return [f"{one['status']}: {one['title']}" for one in alerts if one["subject"]["type"] == "policy"]

    [happened, _] = EVENTS["peering"]
    run("peering", happened, refused=False)
    assert told() == []
    answer = run("peering", happened, refused=True)
    assert answer["policy"] == policy_hash(NARROW)
    assert "ssm:GetParameter was refused" in answer["policy_fault"]
    assert told() == ["firing: netreflex-test-peering may not read the policy"]
    for _ in range(2):
        run("sweep", SCHEDULED, refused=False)
        run("peering", happened, refused=True)
    assert told() == []
    run("peering", happened, refused=False)
    assert told() == ["resolved: netreflex-test-peering reads the policy again"]
