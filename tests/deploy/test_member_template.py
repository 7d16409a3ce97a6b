"""What an account gives netreflex: nobody else gets in, nothing more than at home, and each change behind a switch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.intake.patterns import PATTERNS
from deploy.member import FILE, callers, main, member_template
from deploy.member_parameters import SWITCHES
from deploy.permissions import AT_HOME, is_read, statements_by_sid
from tests.aws.local import ROOT

TEMPLATE: dict[str, Any] = member_template()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
STATEMENTS = statements_by_sid(ROOT / ".chalice")
_TRUST = RESOURCES["MemberRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]


def test_the_file_is_what_the_code_says() -> None:
    assert main(["--check"]) == 0
    assert json.loads(FILE.read_text()) == TEMPLATE


@pytest.mark.parametrize("name", ["member.json", "hub-bus.json"])
def test_cloudformation_takes_it(name: str) -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), "-t", str(ROOT / "deploy" / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
    assert (done.returncode, done.stdout) == (0, "")


def test_only_the_roles_of_the_hubs_functions_get_in_and_only_with_the_external_id() -> None:
    (statement,) = _TRUST
    assert statement["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${HubAccount}:root"}}
    arns = [one["Fn::Sub"] for one in statement["Condition"]["ArnEquals"]["aws:PrincipalArn"]]
    roles = {arn.removeprefix("arn:${AWS::Partition}:iam::${HubAccount}:role/netreflex-${Stage}-") for arn in arns}
    assert roles == set(callers(STATEMENTS)) >= {"peering", "sweep"}
    assert not roles & {"notify", "dead_letters"}
    assert not any("*" in role for role in roles)
    assert statement["Condition"]["StringEquals"] == {"sts:ExternalId": {"Ref": "ExternalId"}}


def test_without_a_switch_the_role_only_reads() -> None:
    (policy,) = RESOURCES["MemberRole"]["Properties"]["Policies"]
    actions = [action for one in policy["PolicyDocument"]["Statement"] for action in one["Action"]]
    assert actions
    assert all(is_read(action) for action in actions)
    assert all(TEMPLATE["Parameters"][switch]["Default"] == "no" for switch in SWITCHES)


def test_what_is_allowed_in_a_member_account_is_what_is_allowed_at_home() -> None:
    documents = [RESOURCES["MemberRole"]["Properties"]["Policies"][0]["PolicyDocument"]]
    documents += [RESOURCES[f"{switch}Policy"]["Properties"]["PolicyDocument"] for switch in SWITCHES]
    there = {action for one in documents for statement in one["Statement"] for action in _listed(statement["Action"])}
    here = {action for sid, one in STATEMENTS.items() if sid not in AT_HOME for action in one.actions}
    assert there == here


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_change_is_made_only_where_its_switch_says_yes(switch: str) -> None:
    resource = RESOURCES[f"{switch}Policy"]
    assert resource["Condition"] == f"Has{switch}"
    assert {"Condition": "HasRole"} in TEMPLATE["Conditions"][f"Has{switch}"]["Fn::And"]


def test_the_parameters_narrow_vpcs_tables_and_zones() -> None:
    by_sid = {
        statement["Sid"]: statement
        for switch in SWITCHES
        for statement in RESOURCES[f"{switch}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    }
    answers = by_sid["AnswerPeeringsOfTheHomeAccount"]["Condition"]
    assert answers == {"ArnLike": {"ec2:RequesterVpc": {"Ref": "RequesterVpcs"}}}
    assert by_sid["RouteInTheHomeAccount"]["Condition"]["Fn::If"][0] == "OnlyTaggedTables"
    assert by_sid["AcceptForVpcsOfTheHomeAccount"]["Resource"] == {"Ref": "AccepterVpcs"}
    for sid, statement in by_sid.items():
        if any(action.startswith("route53:") for action in _listed(statement["Action"])):
            assert statement["Resource"] == {"Ref": "HostedZones"}, sid


def test_every_event_that_wakes_a_function_is_forwarded_once() -> None:
    rules = {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == "AWS::Events::Rule"}
    patterns = [dict(rule["EventPattern"]) for rule in rules.values()]
    assert all(pattern.pop("account") == [{"Ref": "AWS::AccountId"}] for pattern in patterns), "one hop only"
    assert sorted(map(json.dumps, patterns)) == sorted(map(json.dumps, PATTERNS.values()))
    for rule in rules.values():
        (target,) = rule["Targets"]
        assert target["Arn"]["Fn::Sub"].startswith("arn:${AWS::Partition}:events:${HubRegion}:${HubAccount}:")


def test_the_hubs_own_region_is_not_sent_to_itself_and_roles_are_made_once() -> None:
    conditions = TEMPLATE["Conditions"]
    home = {"Fn::And": [{"Condition": "IsHubRegion"}, {"Condition": "IsHubAccount"}]}
    assert {"Fn::Not": [home]} in conditions["HasForwardRules"]["Fn::And"]
    for role in ("HasRole", "HasForwardRole"):
        assert {"Condition": "IsHubRegion"} in conditions[role]["Fn::And"]


def test_the_hubs_bus_is_open_to_one_organisation_or_to_named_accounts_only() -> None:
    template = json.loads((ROOT / "deploy" / "hub-bus.json").read_text())
    for resource in template["Resources"].values():
        statement = resource["Properties"]["Statement"]
        assert statement["Action"] == "events:PutEvents"
        assert "aws:PrincipalArn" in statement["Condition"]["ArnLike"]
        if statement["Principal"] == "*":
            assert "aws:PrincipalOrgID" in statement["Condition"]["StringEquals"]
