"""CloudTrail's records of what people and netreflex do to a peering, as EventBridge delivers them."""

from __future__ import annotations

from typing import Any

from demo.world import REGION
from tests.aws.awsbus import event

CLOUDTRAIL = "AWS API Call via CloudTrail"


def called(name: str, peering_id: str, account: str, region: str = REGION, **detail: object) -> dict[str, Any]:
    """An Accept-, Reject- or DeleteVpcPeeringConnection that succeeded in an account and Region."""
    recorded = {
        "eventVersion": "1.11",
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "requestParameters": {"vpcPeeringConnectionId": peering_id},
        "responseElements": {"_return": True},
        "recipientAccountId": account,
        **detail,
    }
    return dict(event("aws.ec2", CLOUDTRAIL, recorded, account=account, region=region))
