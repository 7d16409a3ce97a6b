"""Somebody who deploys under one of the policies of ``deploy/deployer*.json``, and no other, with IAM in force."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.aws.local import LocalAws
from tests.iam.deployers import deployer_policy
from tests.iam.evaluate import listed

RECORDER = Path(__file__).resolve().parents[1] / "aws" / "recorder"
ROLE = "pipeline"

# What ministack judges elsewhere than AWS does (Service Authorization Reference): by names or keys that it does not read. These
# calls are held against the policies as AWS judges them in test_deployer_in_force.py.
_UNLIKE_AWS = [
    {
        "Action": [
            "lambda:CreateFunction",
            "lambda:CreateEventSourceMapping",
            "lambda:GetEventSourceMapping",
            "lambda:UpdateEventSourceMapping",
            "lambda:DeleteEventSourceMapping",
            "events:ListTargetsByRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "cloudwatch:EnableAlarmActions",
        ],
        "Resource": "*",
    },
    {"Action": "lambda:AddPermission", "Resource": "arn:aws:lambda:*:*:function:netreflex-*"},
    {
        "Action": ["events:DeleteRule", "events:DescribeRule", "events:EnableRule", "events:PutRule"],
        "Resource": "arn:aws:events:*:*:rule/default/netreflex-*-event",
    },
]


@dataclass(frozen=True)
class Deployer:
    """A role of the hub account that somebody has entered."""

    aws: LocalAws
    policy: str
    credentials: Mapping[str, str]

    @property
    def session(self) -> boto3.Session:
        """With these credentials, in the Region that the environment names."""
        keys = self.credentials
        return boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys["AWS_SESSION_TOKEN"])

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        """A client with these credentials."""
        place = {"region_name": self.aws.region, "endpoint_url": self.aws.ministack_url}
        return self.session.client(service, **place, verify=self.aws.environment["AWS_CA_BUNDLE"])  # type: ignore[call-overload]

    @contextmanager
    def without(self, action: str) -> Iterator[None]:
        """The role with one action less."""
        narrowed = []
        for statement in deployer_policy(self.policy)["Statement"]:
            left = [one for one in listed(statement["Action"]) if one != action]
            narrowed += [{**statement, "Action": left}] if left else []
        self._allow(*narrowed)
        try:
            yield
        finally:
            self._allow(*deployer_policy(self.policy)["Statement"])

    def _allow(self, *statements: Mapping[str, Any]) -> None:
        document = _document(*statements)
        self.aws.client("iam").put_role_policy(RoleName=ROLE, PolicyName=self.policy, PolicyDocument=document)


def enter(aws: LocalAws, policy: str) -> Deployer:
    """Make the role with this policy attached, and enter it by AssumeRole."""
    iam = aws.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.hub}:root"}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=_document(trust))
    for name, statements in ((policy, deployer_policy(policy)["Statement"]), ("ministack", _UNLIKE_AWS)):
        iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=_document(*statements))
    session = aws.client("sts").assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName="deployer")["Credentials"]
    credentials = {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }
    return Deployer(aws, policy, credentials)


def _document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})
