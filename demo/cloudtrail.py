"""CloudTrail's record of a CreateVpcPeeringConnection, built from the API's own answer, as EventBridge delivers it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.aws.awsbus import event


def peering_requested(peering: Mapping[str, Any]) -> dict[str, Any]:
    """The event in the requester's account. ``peering`` is what CreateVpcPeeringConnection (or Describe) answered."""
    requester, accepter = peering["RequesterVpcInfo"], peering["AccepterVpcInfo"]
    now = datetime.now(UTC)
    detail = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{requester['OwnerId']}:assumed-role/network-engineer/demo",
            "accountId": requester["OwnerId"],
        },
        "eventTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "CreateVpcPeeringConnection",
        "awsRegion": requester["Region"],
        "sourceIPAddress": "203.0.113.24",
        "userAgent": "demo",
        "requestParameters": {
            "vpcId": requester["VpcId"],
            "peerVpcId": accepter["VpcId"],
            "peerOwnerId": accepter["OwnerId"],
        },
        "responseElements": {"requestId": str(uuid.uuid4()), "vpcPeeringConnection": _recorded(peering, now)},
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": requester["OwnerId"],
        "eventCategory": "Management",
    }
    return dict(
        event(
            "aws.ec2",
            "AWS API Call via CloudTrail",
            detail,
            account=requester["OwnerId"],
            region=requester["Region"],
        )
    )


def _recorded(peering: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    expires = peering.get("ExpirationTime", now)
    return {
        "vpcPeeringConnectionId": peering["VpcPeeringConnectionId"],
        "requesterVpcInfo": _end(peering["RequesterVpcInfo"]),
        "accepterVpcInfo": _end(peering["AccepterVpcInfo"]),
        "status": {
            "code": "initiating-request",
            "message": f"Initiating Request to {peering['AccepterVpcInfo']['OwnerId']}",
        },
        "expirationTime": int(expires.timestamp() * 1000),
        "tagSet": {"items": [{"key": tag["Key"], "value": tag["Value"]} for tag in peering.get("Tags", [])]},
    }


def _end(info: Mapping[str, Any]) -> dict[str, Any]:
    end = {"ownerId": info["OwnerId"], "vpcId": info["VpcId"], "region": info["Region"]}
    if "CidrBlock" in info:
        end["cidrBlock"] = info["CidrBlock"]
        end["cidrBlockSet"] = {"items": [{"cidrBlock": block["CidrBlock"]} for block in info["CidrBlockSet"]]}
    return end
