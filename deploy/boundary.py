"""A permissions boundary on the functions' roles, for accounts in which no role may be made without one.

Chalice knows none: it makes roles without, and fills a role that is there. So where a stage names a boundary, its roles are made with
it before Chalice comes to them; and one that is there gets it. What somebody set on the roles of a stage that names none stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial

from botocore.exceptions import ClientError
from chalice.constants import LAMBDA_TRUST_POLICY

from deploy.configuration import BOUNDARY
from deploy.declared import Function
from deploy.difference import Difference
from deploy.place import Place


def boundary_faults(boundary: str) -> Iterator[str]:
    """What is wrong with the boundary that a stage names."""
    if boundary and not (boundary.startswith("arn:") and ":policy/" in boundary):
        yield f"{BOUNDARY} must be the ARN of a managed policy, such as arn:aws:iam::123456789012:policy/boundary"


def boundary_differences(place: Place, functions: Sequence[Function], boundary: str) -> Iterator[Difference]:
    """Every role that is not there, or has another boundary or none."""
    if not boundary:
        return
    iam = place.client("iam")
    for role in (place.name(function.name) for function in functions):
        bound = {"RoleName": role, "PermissionsBoundary": boundary}
        try:
            found = iam.get_role(RoleName=role)["Role"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                raise
            trust = json.dumps(LAMBDA_TRUST_POLICY)
            make = partial(iam.create_role, **bound, AssumeRolePolicyDocument=trust)
            yield Difference(f"role {role}: made, with its permissions boundary", make)
            continue
        if found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") != boundary:
            write = partial(iam.put_role_permissions_boundary, **bound)
            yield Difference(f"role {role}: its permissions boundary", write)
