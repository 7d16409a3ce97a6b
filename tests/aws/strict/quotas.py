"""Service Quotas: the two quotas that a peering meets, with AWS's defaults, and settable for each account and Region.

moto answers 50 routes per table (AWS raised the default to 500) and has no GetAWSDefaultServiceQuota.
"""

from __future__ import annotations

import json
from typing import Any

from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends
from moto.servicequotas.responses import ServiceQuotasResponse

PEERINGS_PER_VPC = "L-7E9ECCDB"
ROUTES_PER_TABLE = "L-93826ACB"
_DEFAULTS = {PEERINGS_PER_VPC: 50.0, ROUTES_PER_TABLE: 500.0}

_init = ServiceQuotasBackend.__init__
_default_quota = ServiceQuotasBackend.get_service_quota


def set_quota(account: str, region: str, code: str, value: int) -> None:
    """Set an applied quota. It is forgotten with moto's other state."""
    servicequotas_backends[account][region].applied[code] = float(value)


def applied(account: str, region: str, code: str) -> int:
    """The quota in force there."""
    return int(servicequotas_backends[account][region].applied.get(code, _DEFAULTS[code]))


def _init_with_applied(self: ServiceQuotasBackend, region_name: str, account_id: str) -> None:
    _init(self, region_name, account_id)
    self.applied = {}


def _aws_default(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
    quota = _default_quota(self, service_code, quota_code)
    return {**quota, "Value": _DEFAULTS.get(quota_code, quota["Value"])}


def _get_service_quota(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
    quota = _aws_default(self, service_code, quota_code)
    return {**quota, "Value": self.applied.get(quota_code, quota["Value"])}


def _get_aws_default_service_quota(self: ServiceQuotasResponse) -> str:
    asked = json.loads(self.body)
    return json.dumps({"Quota": _aws_default(self.backend, asked["ServiceCode"], asked["QuotaCode"])})


def install() -> None:
    ServiceQuotasBackend.__init__ = _init_with_applied
    ServiceQuotasBackend.get_service_quota = _get_service_quota
    ServiceQuotasResponse.get_aws_default_service_quota = _get_aws_default_service_quota
