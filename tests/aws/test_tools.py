"""The tools that break, slow down and serialize moto do what the tests that use them rely on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.aws import strict_moto  # noqa: F401 - it patches moto
from tests.aws.faults import Crash, Fault, Faults, TokenBucket, VirtualTime, at, crash_at
from tests.aws.moto_lock import serialized_moto

PERSISTENT = Config(retries={"total_max_attempts": 4, "mode": "standard"})


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with mock_aws(), VirtualTime():
        yield


def _ec2() -> Any:  # noqa: ANN401
    keys = {"aws_access_key_id": "111122223333", "aws_secret_access_key": "test"}
    return boto3.client("ec2", "eu-west-1", config=PERSISTENT, **keys)  # type: ignore[call-overload]


def _vpcs() -> int:
    return len([vpc for vpc in _ec2().describe_vpcs()["Vpcs"] if not vpc["IsDefault"]])


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_crash_comes_before_or_after_the_write(when: str, made: int) -> None:
    with Faults() as faults:
        faults.plan = crash_at(0, when)  # type: ignore[arg-type]
        with pytest.raises(Crash):
            _ec2().create_vpc(CidrBlock="10.0.0.0/16")
    assert _vpcs() == made


@pytest.mark.parametrize("kind", ["throttle", "500", "timeout", "connect", "reset"])
def test_a_passing_fault_is_retried_by_botocore_itself(kind: str) -> None:
    with Faults() as faults:
        faults.plan = at(0, Fault(kind))  # type: ignore[arg-type]
        _ec2().create_vpc(CidrBlock="10.0.0.0/16")
        assert faults.log == [("ec2", "CreateVpc")] * 2
    assert _vpcs() == 1


def test_a_lasting_throttle_ends_in_its_own_error_without_real_waiting() -> None:
    with Faults() as faults:
        faults.plan = lambda *_: Fault("throttle")
        with pytest.raises(ClientError, match="RequestLimitExceeded"):
            _ec2().describe_vpcs()
        assert len(faults.log) == 4


def test_a_lost_answer_did_take_effect() -> None:
    client = _ec2()
    ours, theirs = (client.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"] for cidr in ("10.0.0.0/16", "10.1.0.0/16"))
    made = client.create_vpc_peering_connection(VpcId=ours, PeerVpcId=theirs)["VpcPeeringConnection"]
    with Faults() as faults:
        faults.plan = at(0, Fault("timeout", "after"))
        with pytest.raises(ClientError, match="InvalidStateTransition"):
            client.accept_vpc_peering_connection(VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    assert client.describe_vpc_peering_connections()["VpcPeeringConnections"][0]["Status"]["Code"] == "active"


def test_a_token_bucket_throttles_beyond_its_burst_and_refills() -> None:
    clock = VirtualTime()
    bucket = TokenBucket(clock.now, {("ec2", "CreateRoute"): (2, 1)})
    assert [bool(bucket(0, "ec2", "CreateRoute", {})) for _ in range(3)] == [False, False, True]
    clock.sleep(1)
    assert bucket(0, "ec2", "CreateRoute", {}) is None
    assert (bucket.passed, bucket.denied) == (3, 1)


def test_threads_lose_nothing_under_the_lock() -> None:
    client = _ec2()
    with serialized_moto(), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: client.create_vpc(CidrBlock=f"10.{number}.0.0/16"), range(40)))
    assert _vpcs() == 40
