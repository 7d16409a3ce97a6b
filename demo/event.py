"""Delivers the event of a peering request to the running demo.

    python -m demo.event pcx-...            the event of a request that is there
    python -m demo.event vpc-FROM vpc-TO    makes the request first

Both need the export lines that `make demo ARGS=--keep` prints.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError

from demo.cloudtrail import peering_requested
from demo.world import ACCOUNTS
from tests.aws.awsbus import DefaultBus, HandlerFailed


def _ec2(account: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type
    return boto3.client("ec2", aws_access_key_id=account, aws_secret_access_key="local")  # noqa: S106 - the account is the key


def _find(peering_id: str) -> dict[str, Any]:
    for account in ACCOUNTS:
        try:
            found = _ec2(account).describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering_id])
        except ClientError:
            continue
        return dict(found["VpcPeeringConnections"][0])
    raise SystemExit(f"{peering_id} is in none of the accounts {', '.join(ACCOUNTS)}")


def _owner(vpc_id: str) -> str:
    for account in ACCOUNTS:
        if any(vpc["VpcId"] == vpc_id for vpc in _ec2(account).describe_vpcs()["Vpcs"]):
            return account
    raise SystemExit(f"{vpc_id} is in none of the accounts {', '.join(ACCOUNTS)}")


def _request(vpc_id: str, peer_id: str) -> dict[str, Any]:
    answer = _ec2(_owner(vpc_id)).create_vpc_peering_connection(
        VpcId=vpc_id, PeerVpcId=peer_id, PeerOwnerId=_owner(peer_id)
    )
    return dict(answer["VpcPeeringConnection"])


def main(arguments: list[str]) -> int:
    kinds = [argument.partition("-")[0] for argument in arguments]
    if kinds not in (["pcx"], ["vpc", "vpc"]):
        print(__doc__, file=sys.stderr)
        return 2
    if not os.environ.get("AWS_ENDPOINT_URL_EC2", "").startswith("http://127.0.0.1:"):
        print("This talks to the running demo only: use the export lines that it printed.", file=sys.stderr)
        return 2
    peering = _find(arguments[0]) if len(arguments) == 1 else _request(*arguments)
    bus = DefaultBus(boto3.client("events"), boto3.client("lambda"))
    try:
        delivered = bus.put(peering_requested(peering), "RequestResponse")
    except HandlerFailed as failure:
        print(f"the function failed: {failure}", file=sys.stderr)
        return 1
    for delivery in delivered:
        print(f"# {peering['VpcPeeringConnectionId']} through {delivery.rule}")
        print(json.dumps(delivery.answer, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
