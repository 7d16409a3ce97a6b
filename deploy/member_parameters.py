"""What whoever deploys the member template decides, and what follows from it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

# What changes something, and the switch that allows it.
SWITCHES: dict[str, tuple[str, ...]] = {
    "Peerings": (
        "AnswerPeeringsOfTheHomeAccount",
        "AcceptForVpcsOfTheHomeAccount",
        "MarkPeeringsOfTheHomeAccount",
        "RouteInTheHomeAccount",
    ),
    "Names": ("WriteCnamesAndTheirMarks", "AssociateVpcsWithZones"),
    "ValidationRecords": ("CreateValidationRecordsAndTheirMarks",),
    "TunnelAlarms": ("KeepTunnelAlarmsOfTheHomeAccount",),
}
SWITCH_OF = {sid: switch for switch, sids in SWITCHES.items() for sid in sids}
# How far the switches reach.
LIMITS: Json = {
    "RequesterVpcs": {
        "Type": "CommaDelimitedList",
        "Default": "arn:aws:ec2:*:*:vpc/*",
        "Description": "ARNs, with wildcards, of the VPCs whose peering requests may be accepted.",
    },
    "AccepterVpcs": {
        "Type": "CommaDelimitedList",
        "Default": "arn:aws:ec2:*:*:vpc/*",
        "Description": "ARNs, with wildcards, of the VPCs of this account for which requests may be accepted.",
    },
    "RouteTables": {
        "Type": "String",
        "AllowedValues": ["all", "tagged"],
        "Default": "all",
        "Description": "tagged: only tables with the tag netreflex:routes = allowed are changed.",
    },
    "HostedZones": {
        "Type": "CommaDelimitedList",
        "Default": "arn:aws:route53:::hostedzone/*",
        "Description": "ARNs of the hosted zones whose records may be changed, and with which VPCs may be associated: "
        "in the account of a VPC those of other accounts, too.",
    },
}
# On every role of the template.
BOUNDARY: Json = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
_YES_NO: Json = {"Type": "String", "AllowedValues": ["yes", "no"], "Default": "no"}


def member_parameters() -> Json:
    return {
        "Stage": {"Type": "String", "AllowedPattern": "[a-z][a-z0-9]{0,15}", "Description": "The stage of the hub."},
        "HubAccount": {"Type": "String", "AllowedPattern": "[0-9]{12}", "Description": "Where netreflex runs."},
        "HubRegion": {
            "Type": "String",
            "AllowedPattern": "[a-z]{2}(-[a-z]+)+-[0-9]",
            "Description": "And in which Region.",
        },
        "ExternalId": {
            "Type": "String",
            "AllowedPattern": "[A-Za-z0-9_+=,.@:/-]{2,1224}",
            "Description": "NETREFLEX_EXTERNAL_ID of the hub.",
        },
        "Peerings": {**_YES_NO, "Description": "Answer VPC peering requests, and keep their routes and DNS options."},
        "Names": {**_YES_NO, "Description": "Keep CNAME records and the association of VPCs with private zones."},
        "ValidationRecords": {**_YES_NO, "Description": "Put back the records by which ACM validates certificates."},
        "TunnelAlarms": {**_YES_NO, "Description": "Keep alarms on the state of VPN tunnels."},
        **LIMITS,
        "PermissionsBoundary": {
            "Type": "String",
            "AllowedPattern": "(arn:[a-z-]+:iam::[0-9]{12}:policy/.+)?",
            "Default": "",
            "Description": "ARN of a managed policy that bounds both roles, where the account demands one.",
        },
        "Forward": {**_YES_NO, "Default": "yes", "Description": "Send this Region's network events to the hub."},
    }


def member_conditions() -> Json:
    same_region = {"Fn::Equals": [{"Ref": "AWS::Region"}, {"Ref": "HubRegion"}]}
    same_account = {"Fn::Equals": [{"Ref": "AWS::AccountId"}, {"Ref": "HubAccount"}]}
    switched = {f"May{switch}": {"Fn::Equals": [{"Ref": switch}, "yes"]} for switch in SWITCHES}
    return {
        "IsHubRegion": same_region,
        "IsHubAccount": same_account,
        # Roles are global: one Region makes them. At home netreflex uses the functions' own roles.
        "HasRole": {"Fn::And": [{"Condition": "IsHubRegion"}, {"Fn::Not": [{"Condition": "IsHubAccount"}]}]},
        **{
            name.replace("May", "Has"): {"Fn::And": [{"Condition": "HasRole"}, condition]}
            for name, condition in switched.items()
        },
        "Forwards": {"Fn::Equals": [{"Ref": "Forward"}, "yes"]},
        "HasForwardRole": {"Fn::And": [{"Condition": "IsHubRegion"}, {"Condition": "Forwards"}]},
        # The hub's own bus gets the events of its own Region without us; sent there again they would go round.
        "HasForwardRules": {
            "Fn::And": [
                {"Condition": "Forwards"},
                {"Fn::Not": [{"Fn::And": [{"Condition": "IsHubRegion"}, {"Condition": "IsHubAccount"}]}]},
            ]
        },
        "OnlyTaggedTables": {"Fn::Equals": [{"Ref": "RouteTables"}, "tagged"]},
        "HasBoundary": {"Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundary"}, ""]}]},
    }
