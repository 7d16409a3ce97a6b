"""The policies of those who deploy, and what is asked for under them outside CloudFormation's resources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.aws.local import ROOT
from tests.iam.cloudformation import ACCOUNT, REGION, STAGE
from tests.iam.operations import Need

Json = dict[str, Any]

DEPLOYERS = ("deployer", "deployer-package", "deployer-accounts")
# `aws cloudformation deploy` and `delete-stack`: what they call (the commands' own source), and DescribeStackEvents, which says why
# a stack failed.
_DEPLOY = (
    "CreateChangeSet",
    "DescribeChangeSet",
    "ExecuteChangeSet",
    "DescribeStacks",
    "DeleteStack",
    "DescribeStackEvents",
)
_TRANSFORM = f"arn:aws:cloudformation:{REGION}:aws:transform/Serverless-2016-10-31"
ARTIFACTS = f"netreflex-{STAGE}-artifacts"


def deployer_policy(name: str) -> Json:
    return dict(json.loads((ROOT / "deploy" / f"{name}.json").read_text()))


def needs_of_stack(stack: str) -> Iterator[Need]:
    """The permissions of `aws cloudformation deploy` and of `delete-stack`."""
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/01234567-89ab-cdef-0123-456789abcdef"
    yield from (Need(f"cloudformation:{action}", arn) for action in _DEPLOY)


def needs_of_package() -> Iterator[Need]:
    """What a pipeline's commands take beside the stack: bundle and template in a bucket, SAM's transform."""
    for action in ("s3:PutObject", "s3:GetObject"):
        yield Need(action, f"arn:aws:s3:::{ARTIFACTS}/netreflex/0123456789abcdef")
    yield Need("cloudformation:CreateChangeSet", _TRANSFORM)
