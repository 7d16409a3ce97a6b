"""The local AWS itself: alone on loopback, with accounts that both emulators tell apart, and gone when it is stopped."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import pytest

from tests.aws.deploy import Deployment
from tests.aws.local import ROOT, LocalAws

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


def test_one_key_means_one_account_in_both_emulators(aws: LocalAws) -> None:
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


def test_the_resources_are_named_and_joined_as_the_design_says(deployment: Deployment) -> None:
    aws = deployment.aws
    table = aws.client("dynamodb").describe_table(TableName=deployment.name("state"))["Table"]
    keys = {(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]}
    due = {(key["AttributeName"], key["KeyType"]) for key in table["GlobalSecondaryIndexes"][0]["KeySchema"]}
    assert (keys, due) == ({("pk", "HASH"), ("sk", "RANGE")}, {("due_shard", "HASH"), ("due", "RANGE")})
    endpoints = {
        one["Endpoint"]
        for one in aws.client("sns").list_subscriptions_by_topic(TopicArn=deployment.topic_arn("alerts"))[
            "Subscriptions"
        ]
    }
    assert deployment.queue_arn("notify") in endpoints


def test_every_function_has_its_own_role_time_and_log_group(deployment: Deployment) -> None:
    functions = {one["FunctionName"]: one for one in deployment.aws.client("lambda").list_functions()["Functions"]}
    assert {deployment.name("peering"), deployment.name("sweep")} <= functions.keys()
    assert all(name in one["Role"] for name, one in functions.items())
    groups = deployment.aws.client("logs").describe_log_groups()["logGroups"]
    assert {(f"/aws/lambda/{name}", 30) for name in functions} <= {
        (group["logGroupName"], group.get("retentionInDays")) for group in groups
    }
