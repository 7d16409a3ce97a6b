"""Every function runs its flows under its own role and the member role; what they allow is what is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from chalicelib.intake.patterns import PATTERNS
from chalicelib.model.errors import NetreflexError
from tests.aws.local import HUB, ROOT
from tests.iam.evaluate import lets_in, listed, verdict
from tests.iam.guard import EXTERNAL_ID, MEMBER, Guard, member_role
from tests.iam.scenarios import SCENARIOS, lab_of

# What AWS does with a function's role, so that no call of ours shows it.
BY_LAMBDA = {
    "logs:CreateLogStream": "Lambda writes the function's logs",
    "logs:PutLogEvents": "Lambda writes the function's logs",
    "sqs:SendMessage": "Lambda sends what failed for good to the dead-letter queue",
    "sqs:ReceiveMessage": "Lambda collects for notify",
    "sqs:DeleteMessage": "Lambda collects for notify",
    "sqs:GetQueueAttributes": "Lambda collects for notify",
}
# Rare branches, which other tests go through with answers of their own.
RARE = {
    "peering": {
        "ec2:GetManagedPrefixListEntries",  # a table with a route to a prefix list
        "servicequotas:GetServiceQuota",  # a table near its limit
        "elasticloadbalancing:DescribeTags",  # a name whose load balancer is chosen by tags
    },
    "load_balancers": {"route53:GetHostedZone"},  # a zone that the policy names by its id
    "dead_letters": set[str](),
}
_CODE = "".join(path.read_text() for path in sorted((ROOT / "chalicelib").rglob("*.py")))


@cache
def played(function: str) -> Guard:
    """The guard after all scenarios of a function."""
    with Guard("test") as guard:
        for scenario in SCENARIOS[function]:
            scenario(guard, function)
    return guard


def allowed(policy: Mapping[str, Any]) -> set[str]:
    return {action for statement in policy["Statement"] for action in listed(statement["Action"])}


def unplayed(function: str) -> set[str]:
    guard = played(function)
    return allowed(guard.policy(function)) - {action for _, action in guard.used} - BY_LAMBDA.keys()


def test_every_function_that_has_a_role_is_played() -> None:
    files = {path.stem.removeprefix("policy-") for path in (ROOT / ".chalice").glob("policy-*.json")}
    assert files == SCENARIOS.keys() >= PATTERNS.keys()


@pytest.mark.parametrize("function", SCENARIOS)
def test_nothing_that_a_function_asks_for_is_refused(function: str) -> None:
    assert played(function).denied == []


@pytest.mark.parametrize("function", RARE)
def test_what_is_allowed_is_asked_for(function: str) -> None:
    assert unplayed(function) == RARE[function]


@pytest.mark.parametrize("function", SCENARIOS)
def test_what_no_emulator_plays_is_at_least_a_call_that_the_code_makes(function: str) -> None:
    called = {action for action in unplayed(function) if _snake(action) in _CODE}
    assert unplayed(function) == called


def _snake(action: str) -> str:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=VPC)(?=[A-Z])", "_", action.partition(":")[2]).lower()
    return "list_{snake}" if name in {"list_cache_policies", "list_origin_request_policies"} else name


@pytest.mark.parametrize("function", SCENARIOS)
def test_without_any_one_action_something_is_refused(function: str) -> None:
    """The calls of the scenarios, judged again with each action taken away in its turn."""
    guard = played(function)
    for role, action in sorted(guard.used):
        policy = guard.policy(role)
        narrowed = {
            "Statement": [
                {**one, "Action": [each for each in listed(one["Action"]) if each != action]}
                for one in policy["Statement"]
            ]
        }
        asked = [need for by, need in guard.asked if (by, need.action) == (role, action)]
        assert asked
        assert all(verdict(narrowed, action, one.resource, one.context) != "allow" for one in asked)


def test_a_member_account_that_lets_nobody_route_is_told_so() -> None:
    with lab_of("") as lab, Guard("test") as guard:
        guard.take_away(MEMBER, "ec2:CreateRoute")
        peering = lab.world.request(lab.world.apps, lab.world.tidb)
        lab.fresh_runtime()
        with guard.running("peering"):
            report = lab.request_arrives(peering)
    assert "ec2:CreateRoute" in str(report.as_json()["failed"])
    assert "ec2:CreateRoute" in str(guard.denied)


@pytest.mark.parametrize("external_id", [None, "another-id"])
def test_without_the_external_id_no_member_account_is_entered(external_id: str | None) -> None:
    with lab_of("") as lab, Guard("test") as guard:
        peering = lab.world.request(lab.world.apps, lab.world.tidb)
        runtime = lab.fresh_runtime()
        runtime.sessions._role = replace(runtime.sessions._role, external_id=external_id)  # type: ignore[type-var]
        with guard.running("peering"), suppress(NetreflexError):
            lab.request_arrives(peering)
    assert MEMBER not in {role for role, _ in guard.used}
    assert "sts:AssumeRole" in str(guard.denied)


@pytest.mark.parametrize(
    ("caller", "external_id", "enters"),
    [
        (f"arn:aws:iam::{HUB}:role/netreflex-test-peering", EXTERNAL_ID, True),
        (f"arn:aws:iam::{HUB}:role/netreflex-test-peering", "another", False),
        (f"arn:aws:iam::{HUB}:role/netreflex-test-peering", None, False),
        (f"arn:aws:iam::{HUB}:role/netreflex-test-notify", EXTERNAL_ID, False),
        (f"arn:aws:iam::{HUB}:role/netreflex-other-peering", EXTERNAL_ID, False),
        (f"arn:aws:iam::{HUB}:role/administrator", EXTERNAL_ID, False),
        ("arn:aws:iam::999999999999:role/netreflex-test-peering", EXTERNAL_ID, False),
    ],
)
def test_the_member_role_lets_in_the_hubs_functions_and_nobody_else(
    caller: str, external_id: str | None, *, enters: bool
) -> None:
    trust, _ = member_role("test")
    context = {"aws:principalarn": caller, "sts:externalid": external_id}
    assert lets_in(trust, caller, context) is enters


_PEERING = "arn:aws:ec2:eu-west-1:444455556666:vpc-peering-connection/pcx-1"
_TABLE = "arn:aws:ec2:eu-west-1:444455556666:route-table/rtb-1"
_ZONE = "arn:aws:route53:::hostedzone/Z1"


@pytest.mark.parametrize(
    ("given", "action", "resource", "context"),
    [
        (
            {"RequesterVpcs": ["arn:aws:ec2:*:111122223333:vpc/*"]},
            "ec2:AcceptVpcPeeringConnection",
            _PEERING,
            ({"ec2:requestervpc": "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1"},
             {"ec2:requestervpc": "arn:aws:ec2:eu-west-1:777788889999:vpc/vpc-1"}),
        ),
        (
            {"RouteTables": "tagged"},
            "ec2:CreateRoute",
            _TABLE,
            ({"aws:resourcetag/netreflex:routes": "allowed"}, {"aws:resourcetag/netreflex:routes": "no"}),
        ),
        (
            {},
            "ec2:CreateTags",
            _PEERING,
            ({"aws:tagkeys": ["netreflex:rule"]}, {"aws:tagkeys": ["netreflex:rule", "owner"]}),
        ),
        (
            {},
            "route53:ChangeResourceRecordSets",
            _ZONE,
            ({"route53:changeresourcerecordsetsrecordtypes": ["CNAME", "TXT"],
              "route53:changeresourcerecordsetsactions": ["CREATE"]},
             {"route53:changeresourcerecordsetsrecordtypes": ["CNAME", "NS"],
              "route53:changeresourcerecordsetsactions": ["CREATE"]}),
        ),
    ],
)  # fmt: skip
def test_a_condition_lets_through_what_it_should_and_nothing_else(
    given: dict[str, Any], action: str, resource: str, context: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    _, policy = member_role("test", **given)
    right, wrong = context
    assert verdict(policy, action, resource, right) == "allow"
    assert verdict(policy, action, resource, wrong) == "nothing"


@pytest.mark.parametrize("switch", ["Peerings", "Names", "TunnelAlarms"])
def test_a_switch_that_says_no_takes_every_change_of_its_kind_away(switch: str) -> None:
    _, all_of_it = member_role("test")
    _, without = member_role("test", switches={switch: "no"})
    gone = allowed(all_of_it) - allowed(without)
    assert {
        "Peerings": {"ec2:AcceptVpcPeeringConnection", "ec2:CreateRoute"},
        "Names": {"route53:AssociateVPCWithHostedZone"},
        "TunnelAlarms": {"cloudwatch:PutMetricAlarm"},
    }[switch] <= gone
