"""The real value of a quota, from Service Quotas; where AWS does not tell, the documented default, and it says so."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.decide.quotas import KNOWN
from chalicelib.model.facts import Quota
from chalicelib.sessions import error_code


def get_quota(client: Any, code: str) -> Quota:  # noqa: ANN401
    """A quota of service ``vpc``. A refusal by AWS is no obstacle: the default holds then, with the refusal named."""
    try:
        answer = client.get_service_quota(ServiceCode="vpc", QuotaCode=code)
    except ClientError as error:
        source = f"documented default; servicequotas:GetServiceQuota answered {error_code(error)}"
        return Quota(code=code, value=KNOWN[code].default, source=source)
    return Quota(code=code, value=int(answer["Quota"]["Value"]), source="Service Quotas")
