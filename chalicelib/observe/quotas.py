"""The real value of a quota, from Service Quotas; where AWS does not tell, the documented default, and it says so."""

from __future__ import annotations

from typing import Any

from chalicelib.decide.quotas import KNOWN
from chalicelib.model.errors import AccessRefused, AwsFailure
from chalicelib.model.facts import Quota
from chalicelib.sessions import translated


def get_quota(client: Any, account: str, code: str) -> Quota:  # noqa: ANN401
    """A quota of service ``vpc``. A refusal by AWS is no obstacle: the default holds then, with the refusal named.

    Raises RetryLater where AWS puts the answer off: nobody knows then that the default holds.
    """
    try:
        with translated(account, "servicequotas:GetServiceQuota"):
            answer = client.get_service_quota(ServiceCode="vpc", QuotaCode=code)
    except (AccessRefused, AwsFailure) as error:
        source = f"documented default; servicequotas:GetServiceQuota answered {error.code}"
        return Quota(code=code, value=KNOWN[code].default, source=source)
    return Quota(code=code, value=int(answer["Quota"]["Value"]), source="Service Quotas")
