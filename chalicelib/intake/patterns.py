"""Event patterns as data: app.py puts them into rules, the tests match them against real events.

Services announce network changes in two ways, and a peering in one only: there is no native EC2 event for it, so the API
call comes through CloudTrail (EventBridge reference, "Amazon EC2 events"; CloudTrail must have a trail with logging). The
envelope's ``resources`` is empty then, so a pattern has to match on ``detail``.
"""

from __future__ import annotations

from typing import Any

Pattern = dict[str, Any]

CLOUDTRAIL = "AWS API Call via CloudTrail"
EC2 = "ec2.amazonaws.com"

PEERING_EVENT_NAMES = (
    "CreateVpcPeeringConnection",
    "AcceptVpcPeeringConnection",
    "RejectVpcPeeringConnection",
    "DeleteVpcPeeringConnection",
)

PEERING_CALLS: Pattern = {
    "source": ["aws.ec2"],
    "detail-type": [CLOUDTRAIL],
    "detail": {
        "eventSource": [EC2],
        "eventName": list(PEERING_EVENT_NAMES),
        # A refused call and a dry run carry an errorCode; nothing happened then.
        "errorCode": [{"exists": False}],
    },
}

# Handler -> the pattern of the rule that wakes it.
PATTERNS: dict[str, Pattern] = {"peering": PEERING_CALLS}

SWEEP_EVERY_MINUTES = 5
LOOK_AT_DEAD_LETTERS_EVERY_MINUTES = 5
