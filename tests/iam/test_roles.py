"""Who may enter a member account, and what the conditions and switches of its role let through."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.model.errors import NetreflexError
from deploy.place import place_of_topic
from deploy.stage_roles import role_of
from tests.aws.local import HUB
from tests.iam.evaluate import lets_in, listed, verdict
from tests.iam.guard import EXTERNAL_ID, MEMBER, Guard, function_policy, member_role
from tests.iam.scenarios.peerings import lab_of
from tests.iam.stage import roles


def allowed(policy: Mapping[str, Any]) -> set[str]:
    return {action for statement in policy["Statement"] for action in listed(statement["Action"])}


def test_a_member_account_that_lets_nobody_route_is_told_so() -> None:
    with lab_of() as lab, Guard("test") as guard:
        guard.take_away(MEMBER, "ec2:CreateRoute")
        peering = lab.world.request(lab.world.apps, lab.world.tidb)
        lab.fresh_runtime()
        with guard.running("peering"):
            report = lab.request_arrives(peering)
    assert "ec2:CreateRoute" in str(report.as_json()["failed"])
    assert "ec2:CreateRoute" in str(guard.denied)


@pytest.mark.parametrize("external_id", [None, "another-id"])
def test_without_the_external_id_no_member_account_is_entered(external_id: str | None) -> None:
    with lab_of() as lab, Guard("test") as guard:
        peering = lab.world.request(lab.world.apps, lab.world.tidb)
        runtime = lab.fresh_runtime()
        runtime.sessions._role = replace(runtime.sessions._role, external_id=external_id)  # type: ignore[type-var]
        with guard.running("peering"), suppress(NetreflexError):
            lab.request_arrives(peering)
    assert MEMBER not in {role for role, _ in guard.asked}
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
    right, wrong = context
    for policy in _both(given):
        assert verdict(policy, action, resource, right) == "allow"
        assert verdict(policy, action, resource, wrong) == "nothing"


def _both(given: dict[str, Any]) -> tuple[Any, Any]:
    """The member role with these parameters, and a function's role where the stage says the same of the hub's own account."""
    at_home = place_of_topic("test", "arn:aws:sns:eu-west-1:444455556666:netreflex-test-alerts")
    return member_role("test", **given)[1], role_of(function_policy("peering"), at_home, (), given)


_VPC = "arn:aws:ec2:eu-west-1:444455556666:vpc/{}"


@pytest.mark.parametrize(
    ("given", "action", "right", "wrong"),
    [
        ({"AccepterVpcs": [_VPC.format("vpc-1")]}, "ec2:AcceptVpcPeeringConnection", _VPC.format("vpc-1"), _VPC.format("vpc-2")),
        ({"HostedZones": [_ZONE]}, "route53:AssociateVPCWithHostedZone", _ZONE, _ZONE.replace("Z1", "Z2")),
        ({"HostedZones": [_ZONE]}, "route53:CreateVPCAssociationAuthorization", _ZONE, _ZONE.replace("Z1", "Z2")),
    ],
)  # fmt: skip
def test_a_parameter_names_what_may_be_changed_and_nothing_else_is(
    given: dict[str, Any], action: str, right: str, wrong: str
) -> None:
    for policy in _both(given):
        assert verdict(policy, action, right, {}) == "allow"
        assert verdict(policy, action, wrong, {}) == "nothing"
    for policy in _both({}):
        assert verdict(policy, action, wrong, {}) == "allow", "where nobody says anything nothing is narrowed"


@pytest.mark.parametrize("switch", ["Peerings", "Names", "TunnelAlarms"])
def test_a_switch_that_says_no_takes_every_change_of_its_kind_away(switch: str) -> None:
    _, all_of_it = member_role("test")
    _, without = member_role("test", switches={switch: "no"})
    gone = allowed(all_of_it) - allowed(without)
    everything, some = roles({}, {}), roles({}, {switch: "no"})
    left = [(_sids(everything[function]), _sids(some[function])) for function in everything]
    assert {sid for before, after in left for sid in before - after} == _sids(all_of_it) - _sids(without)
    assert {
        "Peerings": {"ec2:AcceptVpcPeeringConnection", "ec2:CreateRoute"},
        "Names": {"route53:AssociateVPCWithHostedZone"},
        "TunnelAlarms": {"cloudwatch:PutMetricAlarm"},
    }[switch] <= gone


def _sids(policy: Mapping[str, Any]) -> set[str]:
    return {statement["Sid"] for statement in policy["Statement"]}
