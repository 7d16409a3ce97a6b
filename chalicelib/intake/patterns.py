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

ALARM_STATE = "CloudWatch Alarm State Change"
HEALTH = "AWS Health Event"
NETWORK_MANAGER = "Network Manager Status Update"
VPN_NAMESPACE, TUNNEL_METRIC = "AWS/VPN", "TunnelState"

VPN_EVENT_NAMES = (
    "CreateVpnConnection",
    "DeleteVpnConnection",
    "ModifyVpnConnection",
    "ModifyVpnConnectionOptions",
    "ModifyVpnTunnelCertificate",
    "ModifyVpnTunnelOptions",
    "ReplaceVpnTunnel",
    "CreateVpnConnectionRoute",
    "DeleteVpnConnectionRoute",
)
_NETWORK_CHANGES = [{"prefix": "VPN-CONNECTION-"}, {"prefix": "VPN_CONNECTION_"}]

# One rule for all that tells of VPN tunnels. Of the account's alarms it lets in those on a tunnel's state, and composite
# ones over alarms of ours; the children of any other composite alarm come by themselves.
VPN_NEWS: Pattern = {
    "$or": [
        {
            "source": ["aws.cloudwatch"],
            "detail-type": [ALARM_STATE],
            "detail": {
                "configuration": {
                    "metrics": {"metricStat": {"metric": {"namespace": [VPN_NAMESPACE], "name": [TUNNEL_METRIC]}}}
                }
            },
        },
        {
            "source": ["aws.cloudwatch"],
            "detail-type": [ALARM_STATE],
            "detail": {"configuration": {"alarmRule": [{"wildcard": "*netreflex-vpn-*"}]}},
        },
        {"source": ["aws.health"], "detail-type": [HEALTH], "detail": {"service": ["VPN"]}},
        {
            "source": ["aws.networkmanager"],
            "detail-type": [NETWORK_MANAGER],
            "detail": {"$or": [{"changeType": _NETWORK_CHANGES}, {"change-type": _NETWORK_CHANGES}]},
        },
        {
            "source": ["aws.ec2"],
            "detail-type": [CLOUDTRAIL],
            "detail": {
                "eventSource": [EC2],
                "eventName": list(VPN_EVENT_NAMES),
                "errorCode": [{"exists": False}],
            },
        },
    ]
}

ACM_NEWS = tuple(
    f"ACM Certificate {what}"
    for what in (
        "Approaching Expiration",
        "Renewal Action Required",
        "Expired",
        "Available",
        "Revoked",
        "Revoked By CA",
        "Rotated",
    )
)
# Delivered at best once and in the certificate's Region: a rule there has to forward them.
CERTIFICATE_NEWS: Pattern = {
    "$or": [
        {"source": ["aws.acm"], "detail-type": list(ACM_NEWS)},
        {"source": ["aws.health"], "detail-type": [HEALTH], "detail": {"service": ["ACM"]}},
    ]
}

CLOUDFRONT = "cloudfront.amazonaws.com"
ELB = "elasticloadbalancing.amazonaws.com"
DISTRIBUTION_EVENT_NAMES = (
    "CreateDistribution",
    "CreateDistributionWithTags",
    "CopyDistribution",
    "UpdateDistribution",
    "UpdateDistributionWithStagingConfig",
    "DeleteDistribution",
)
LISTENER_EVENT_NAMES = (
    "CreateListener",
    "ModifyListener",
    "AddListenerCertificates",
    "RemoveListenerCertificates",
    "SetLoadBalancerListenerSSLCertificate",
)
ORIGIN_CALLS: Pattern = {
    "source": ["aws.cloudfront", "aws.elasticloadbalancing"],
    "detail-type": [CLOUDTRAIL],
    "detail": {
        "eventSource": [CLOUDFRONT, ELB],
        "eventName": [*DISTRIBUTION_EVENT_NAMES, *LISTENER_EVENT_NAMES],
        "errorCode": [{"exists": False}],
    },
}

LOAD_BALANCER_EVENT_NAMES = ("CreateLoadBalancer", "DeleteLoadBalancer")
# Both generations of the API share source and names; they differ in their apiVersion alone.
LOAD_BALANCER_CALLS: Pattern = {
    "source": ["aws.elasticloadbalancing"],
    "detail-type": [CLOUDTRAIL],
    "detail": {
        "eventSource": [ELB],
        "eventName": list(LOAD_BALANCER_EVENT_NAMES),
        "errorCode": [{"exists": False}],
    },
}

# Handler -> the pattern of the rule that wakes it.
PATTERNS: dict[str, Pattern] = {
    "peering": PEERING_CALLS,
    "load_balancers": LOAD_BALANCER_CALLS,
    "vpn": VPN_NEWS,
    "certificates": CERTIFICATE_NEWS,
    "origins": ORIGIN_CALLS,
}

SWEEP_EVERY_MINUTES = 5
SWEEP_CERTIFICATES_EVERY_MINUTES = 60
LOOK_AT_DEAD_LETTERS_EVERY_MINUTES = 5
