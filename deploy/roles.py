"""What the roles of the functions may do, as IAM has it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from deploy.place import Place


def inline_policy(place: Place, role: str, policy: str) -> dict[str, Any] | None:
    """The document of an inline policy; None where the role or the policy is not there."""
    try:
        found = place.client("iam").get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        return None
    return dict(json.loads(unquote(found)) if isinstance(found, str) else found)
