"""How what is said of an account narrows the statements about its networks: in member accounts, and in the hub's own.

The words are those of the member template's parameters; the values are ready to stand in a policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

TAGGED: Json = {"StringEquals": {"aws:ResourceTag/netreflex:routes": "allowed"}}


def narrowed(statement: Json, given: Mapping[str, Any]) -> Json:
    """The statement as ``given`` narrows it; one of which nothing is said stays as it is."""
    match statement.get("Sid"):
        case "AnswerPeeringsOfTheHomeAccount" if "RequesterVpcs" in given:
            # The key exists for the peering, not for our VPC, which AWS judges as well.
            return {**statement, "Condition": {"ArnLike": {"ec2:RequesterVpc": given["RequesterVpcs"]}}}
        case "AcceptForVpcsOfTheHomeAccount" if "AccepterVpcs" in given:
            return {**statement, "Resource": given["AccepterVpcs"]}
        case "RouteInTheHomeAccount" if "RouteTables" in given:
            return {**statement, "Condition": given["RouteTables"]}
        # Whoever resolves a zone believes it, so associating is narrowed as writing is.
        case "WriteCnamesAndTheirMarks" | "CreateValidationRecordsAndTheirMarks" | "AssociateVpcsWithZones" if (
            "HostedZones" in given
        ):
            return {**statement, "Resource": given["HostedZones"]}
        case _:
            return statement
