"""A setting that names what the functions may not read is told before anything is deployed, not by the first event."""

from __future__ import annotations

import json
from dataclasses import replace

import boto3
import pytest

from deploy.configuration import read_configuration
from deploy.place import Place
from deploy.reach import reach_faults
from tests.aws.local import ROOT

PLACE = Place("prod", "123456789012", "eu-west-1", "aws", boto3.Session())
TOPIC = "arn:aws:sns:eu-west-1:123456789012:"


def faults(**settings: str) -> list[str]:
    configuration = read_configuration(ROOT, "dev")
    document = json.loads(json.dumps(configuration.document))
    document["stages"]["dev"]["environment_variables"] = settings
    return reach_faults(replace(configuration, document=document), PLACE)


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "chalicelib/policy.yaml",
        "ssm:/netreflex/policy",
        "ssm:/netreflex/policy:3",
        "ssm:netreflex-prod",
        "s3://netreflex-policies/policy.yaml",
        "s3://netreflex-policies/policy.yaml?versionId=3sL4kqt",
        "appconfig:net/prod/policy",
    ],
)
def test_these_policies_can_be_read_by_every_function(policy: str) -> None:
    assert faults(NETREFLEX_POLICY=policy) == []


@pytest.mark.parametrize(
    ("policy", "action", "arn"),
    [
        ("ssm:/network/policy", "ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/network/policy"),
        ("s3://policies/p.yaml", "s3:GetObject", "arn:aws:s3:::policies/p.yaml"),
        ("s3://policies/p.yaml?versionId=3sL", "s3:GetObjectVersion", "arn:aws:s3:::policies/p.yaml"),
    ],
)
def test_a_policy_out_of_reach_is_told_once_with_all_who_cannot_read_it(policy: str, action: str, arn: str) -> None:
    [fault] = faults(NETREFLEX_POLICY=policy)
    assert f"{action} on {arn}" in fault
    assert all(function in fault for function in read_configuration(ROOT, "dev").functions)


@pytest.mark.parametrize(
    "secret",
    ["", "netreflex-prod-slack", "/netreflex/slack", "ssm:/netreflex/slack", f"{TOPIC}netreflex-prod-amazon-q"],
)
def test_these_ways_to_people_are_open_to_notify(secret: str) -> None:
    assert faults(NETREFLEX_SLACK_SECRET=secret) == []


@pytest.mark.parametrize(
    "secret", ["slack", "netreflex-slack", "/slack", f"{TOPIC}chat", f"{TOPIC}netreflex-prod-alerts"]
)
def test_another_secret_or_topic_is_not(secret: str) -> None:
    [fault] = faults(NETREFLEX_SLACK_SECRET=secret)
    assert fault.startswith("NETREFLEX_SLACK_SECRET: ")
    assert "is not allowed to notify;" in fault
