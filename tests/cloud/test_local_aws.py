"""The local AWS itself: alone on loopback, with accounts that both emulators tell apart, and gone when it is stopped."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.aws.deploy import Deployment
from tests.aws.local import HUB, ROOT
from tests.cloud.ways import Stage

pytestmark = pytest.mark.cloud

DEV, DATA = "111122223333", "444455556666"
_OWNER = """
import socket, time
from tests.aws.local import LocalAws
aws = LocalAws().start()
ports = [int(url.rsplit(":", 1)[1]) for url in (aws.moto_url, aws.ministack_url)]
def answers(address, port):
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, port)) == 0
print(*ports, *(answers(address, port) for address in ("127.0.0.1", "127.0.0.2") for port in ports), flush=True)
time.sleep(600)
"""


def test_one_key_means_one_account_in_both_emulators(deployment: Deployment) -> None:
    aws = deployment.aws
    vpc = aws.client("ec2", account=DEV).create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]
    assert vpc["OwnerId"] == DEV
    assert vpc["VpcId"] not in str(aws.client("ec2", account=DATA).describe_vpcs())
    queue = aws.client("sqs", account=DEV).create_queue(QueueName="mine")["QueueUrl"]
    assert DEV in queue
    assert queue not in aws.client("sqs", account=DATA).list_queues().get("QueueUrls", [])
    role = aws.client("sts").assume_role(RoleArn=f"arn:aws:iam::{DATA}:role/member", RoleSessionName="test")
    assert role["AssumedRoleUser"]["Arn"].split(":")[4] == DATA


def test_it_answers_on_127_0_0_1_only_and_dies_with_its_owner() -> None:
    owner = subprocess.Popen(  # noqa: S603 - the program above
        [sys.executable, "-c", _OWNER], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    with owner:
        moto, ministack, *answers = owner.stdout.readline().split() if owner.stdout else []
        owner.kill()  # its own clean-up does not run
    assert answers == ["True", "True", "False", "False"]
    assert _silent_soon(int(moto))
    assert _silent_soon(int(ministack))


def _silent_soon(port: int) -> bool:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return True
        time.sleep(0.1)
    return False


def test_where_iam_is_in_force_nobody_does_what_no_policy_allows(stages: Callable[[str], Stage]) -> None:
    """Both emulators know whose a role's session is; ministack lets it do nothing, and over plain HTTP there is no way in."""
    aws = stages("package").aws
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{HUB}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = aws.client("iam", account=DEV).create_role(RoleName="nobody", AssumeRolePolicyDocument=document)["Role"][
        "Arn"
    ]
    keys = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], aws.region)
    ec2 = session.client("ec2", endpoint_url=aws.moto_url)
    assert ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["OwnerId"] == DEV
    sqs = session.client("sqs", endpoint_url=aws.ministack_url, verify=aws.environment["AWS_CA_BUNDLE"])
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.list_queues()
    assert aws.ministack_url.startswith("https://127.0.0.1:")
