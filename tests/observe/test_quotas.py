"""A quota is AWS's own value, or the documented default where AWS refuses to tell; a pause of AWS is neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.decide.quotas import KNOWN
from chalicelib.model.errors import RetryLater
from chalicelib.observe.quotas import get_quota

CODE = "L-93826ACB"
ACCOUNT = "111122223333"


@dataclass
class ServiceQuotas:
    """Service Quotas with one answer, or one error."""

    answer: object

    def get_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> Any:  # noqa: ANN401, N803 - botocore's form
        assert (ServiceCode, QuotaCode) == ("vpc", CODE)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Quota": {"Value": self.answer}}


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetServiceQuota",
    )


def test_the_value_is_what_aws_says() -> None:
    quota = get_quota(ServiceQuotas(750.0), ACCOUNT, CODE)
    assert (quota.value, quota.source) == (750, "Service Quotas")


@pytest.mark.parametrize("code", ["AccessDeniedException", "NoSuchResourceException"])
def test_a_refusal_leaves_the_documented_default(code: str) -> None:
    quota = get_quota(ServiceQuotas(refused(code)), ACCOUNT, CODE)
    assert quota.value == KNOWN[CODE].default
    assert code in quota.source


@pytest.mark.parametrize(
    "error",
    [
        refused("TooManyRequestsException", 429),
        refused("InternalFailure", 500),
        ReadTimeoutError(endpoint_url="https://servicequotas.test"),
    ],
    ids=["throttled", "broken", "no answer"],
)
def test_a_pause_of_aws_is_no_answer(error: Exception) -> None:
    with pytest.raises(RetryLater):
        get_quota(ServiceQuotas(error), ACCOUNT, CODE)
