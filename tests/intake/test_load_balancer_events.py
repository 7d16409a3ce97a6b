"""Events about load balancers: identifiers are taken, each held against its pattern, and the two generations told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.intake.parse_load_balancers import parse_load_balancer_event
from chalicelib.intake.patterns import LOAD_BALANCER_CALLS, PATTERNS
from chalicelib.model.network import Place
from chalicelib.model.triggers import Ignored, LoadBalancerCreated, LoadBalancerDeleted
from tests.flows.names_world import call_event, created, deleted

EVENTS = Path(__file__).resolve().parents[2] / "events"
HERE = Place(account="444455556666", region="eu-west-1")
ARN = "arn:aws:elasticloadbalancing:eu-west-1:444455556666:loadbalancer/net/tidb/50dc6c495c0c9188"
MADE = {"LoadBalancerArn": ARN, "LoadBalancerName": "tidb", "DNSName": "tidb-1.elb.eu-west-1.amazonaws.com"}
CLASSIC = {"loadBalancerName": "tidb"}


def test_the_documented_create_event_becomes_a_trigger() -> None:
    event = json.loads((EVENTS / "elbv2" / "create-load-balancer.json").read_text())
    trigger = parse_load_balancer_event(event)
    assert isinstance(trigger, LoadBalancerCreated)
    assert trigger.arn.endswith(":111122223333:loadbalancer/app/shop-web/50dc6c495c0c9188")
    assert (trigger.name, trigger.place) == ("shop-web", Place(account="111122223333", region="eu-west-1"))
    assert trigger.at is not None


def test_both_generations_and_both_calls_are_told_apart() -> None:
    v1 = "2012-06-01"
    born = [created(MADE), call_event("CreateLoadBalancer", CLASSIC, {"dNSName": "x"}, v1)]
    gone = [deleted(MADE), call_event("DeleteLoadBalancer", CLASSIC, None, v1)]
    arns = [ARN, "arn:aws:elasticloadbalancing:eu-west-1:444455556666:loadbalancer/tidb"]
    for events, kind in ((born, LoadBalancerCreated), (gone, LoadBalancerDeleted)):
        triggers = [parse_load_balancer_event(event) for event in events]
        assert [type(one) for one in triggers] == [kind] * 2
        assert [(one.arn, one.name, one.place) for one in triggers if not isinstance(one, Ignored)] == [
            (arn, "tidb", HERE) for arn in arns
        ]


def changed(event: dict[str, Any], **detail: object) -> dict[str, Any]:
    return {**event, "detail": {**event["detail"], **detail}}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (None, "not an elasticloadbalancing.amazonaws.com call"),
        ({**created(MADE), "source": "aws.ec2"}, "not an elasticloadbalancing.amazonaws.com call"),
        (changed(created(MADE), eventSource="ec2.amazonaws.com"), "the call was made to"),
        (changed(created(MADE), errorCode="AccessDenied"), "did not succeed"),
        (changed(created(MADE), eventVersion="2.0"), "only 1.x is"),
        (changed(created(MADE), eventName="ModifyLoadBalancerAttributes"), "not a call that netreflex reacts to"),
        (changed(created(MADE), eventName=["CreateLoadBalancer"]), "not a call that netreflex reacts to"),
        (changed(created(MADE), apiVersion="2031-01-01"), "version '2031-01-01'"),
        (changed(created(MADE), apiVersion=None), "version 'None'"),
        (changed(created(MADE), awsRegion="mars"), "names no account and Region"),
        ({**created(MADE), "account": "1"}, "names no account and Region"),
        (changed(created(MADE), responseElements=None), "names no load balancer"),
        (changed(created(MADE), responseElements={"loadBalancers": ["x", {"loadBalancerArn": 7}]}), "names no load"),
        (changed(deleted(MADE), requestParameters={"loadBalancerArn": ARN.replace("4444", "9999")}), "names no load"),
        (changed(deleted(MADE), requestParameters={"loadBalancerArn": ARN + "/more/and/more"}), "names no load"),
        (
            changed(
                deleted(MADE), requestParameters={"loadBalancerArn": ARN.replace("/net/tidb/50dc6c495c0c9188", "/tidb")}
            ),
            "names no",
        ),
        (call_event("DeleteLoadBalancer", {"loadBalancerName": "../../x"}, None, "2012-06-01"), "names no load"),
        (call_event("DeleteLoadBalancer", {"loadBalancerName": 5}, None, "2012-06-01"), "names no load balancer"),
    ],
)
def test_anything_else_is_ignored_with_its_reason(event: object, why: str) -> None:
    trigger = parse_load_balancer_event(event)
    assert isinstance(trigger, Ignored)
    assert why in trigger.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, st.sampled_from(["requestParameters", "responseElements", "apiVersion", "awsRegion", "eventName"]))
def test_no_body_is_an_exception(body: object, part: object, key: str) -> None:
    assert isinstance(parse_load_balancer_event(body), Ignored)
    for event in (created(MADE), deleted(MADE)):
        trigger = parse_load_balancer_event(changed(event, **{key: part}))
        assert isinstance(trigger, Ignored | LoadBalancerCreated | LoadBalancerDeleted)


def test_the_rule_lets_in_successful_calls_about_load_balancers_alone() -> None:
    from moto.events.models import EventPattern

    assert PATTERNS["load_balancers"] is LOAD_BALANCER_CALLS
    rule = EventPattern.load(json.dumps(LOAD_BALANCER_CALLS))
    assert rule.matches_event(json.loads(json.dumps(created(MADE))))
    assert rule.matches_event(json.loads(json.dumps(deleted(MADE))))
    assert not rule.matches_event(changed(created(MADE), errorCode="AccessDenied"))
    woken = [path.stem for path in sorted(EVENTS.rglob("*.json")) if rule.matches_event(json.loads(path.read_text()))]
    assert woken == ["create-load-balancer"]
