"""What a stage says of the hub's own account: the words of the member template, and a fault for every other."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from deploy.hub_account import hub_account_faults, is_switched_off, limits
from deploy.member_parameters import LIMITS, SWITCHES, member_parameters
from tests.aws.local import ROOT

VPC = "arn:aws:ec2:*:111122223333:vpc/*"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Peerings": "no", "Names": "yes", "ValidationRecords": "no", "TunnelAlarms": "no"},
        {"RequesterVpcs": [VPC], "AccepterVpcs": [VPC, VPC], "RouteTables": "tagged"},
        {"HostedZones": ["arn:aws:route53:::hostedzone/Z1"], "RouteTables": "all"},
    ],
)
def test_this_is_understood(said: dict[str, Any]) -> None:
    assert list(hub_account_faults(said)) == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("no", "hub_account must be an object with some of: Peerings, Names,"),
        ({"peerings": "no"}, "hub_account.peerings is not known; there are Peerings,"),
        ({"Stage": "dev"}, "hub_account.Stage is not known"),
        ({"Peerings": False}, "hub_account.Peerings must be yes or no"),
        ({"RouteTables": "some"}, "hub_account.RouteTables must be all or tagged"),
        (
            {"HostedZones": "arn:aws:route53:::hostedzone/Z1"},
            "hub_account.HostedZones must be a list of ARNs; ARNs of the",
        ),
        ({"RequesterVpcs": []}, "hub_account.RequesterVpcs must be a list of ARNs"),
        ({"RequesterVpcs": ["vpc-1"]}, "hub_account.RequesterVpcs must be a list of ARNs"),
    ],
)
def test_anything_else_is_told_with_what_would_be_right(said: object, told: str) -> None:
    [fault] = hub_account_faults(said)
    assert fault.startswith(told)


def test_the_example_of_the_documentation_is_understood_and_names_every_word() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    said = json.loads(f"{{{example}}}")["prod"]["hub_account"]
    assert list(hub_account_faults(said)) == []
    assert said.keys() == {*SWITCHES, *LIMITS}


def test_every_fault_is_told_at_once() -> None:
    assert len(list(hub_account_faults({"Peerings": "maybe", "Nmaes": "no", "HostedZones": None}))) == 3


def test_it_has_every_word_of_the_member_template_that_is_about_what_may_be_changed() -> None:
    about_the_hub = {"Stage", "HubAccount", "HubRegion", "ExternalId", "Forward", "PermissionsBoundary"}
    assert {*SWITCHES, *LIMITS} == member_parameters().keys() - about_the_hub


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_takes_its_statements_away_and_no_others(switch: str) -> None:
    off = {sid for sids in SWITCHES.values() for sid in sids if is_switched_off({switch: "no"}, sid)}
    assert off == set(SWITCHES[switch])
    assert not any(is_switched_off({switch: "yes"}, sid) for sid in off)
    assert not is_switched_off({switch: "no"}, "ReadNetworksOfTheHomeAccount")


def test_all_tables_are_no_limit() -> None:
    assert limits({"RouteTables": "all", "Peerings": "yes"}) == {}
