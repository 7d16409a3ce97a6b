"""CloudFront's answers in memory, in pages as short as a test likes: moto neither pages them nor knows policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError


def quantity(*items: Any) -> dict[str, Any]:  # noqa: ANN401 - CloudFront's lists hold anything
    """CloudFront's form of a list: without ``Items`` where it is empty."""
    return {"Quantity": len(items), **({"Items": list(items)} if items else {})}


def behavior(target: str = "web", **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"TargetOriginId": target, "ViewerProtocolPolicy": "redirect-to-https"} | changes


def custom(origin_id: str = "web", domain: str = "web.example.com", **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    config = {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
        "OriginSslProtocols": quantity("TLSv1.1", "TLSv1.2"),
    }
    return {"Id": origin_id, "DomainName": domain, "CustomOriginConfig": config | changes}


def summary(number: int = 1, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "Id": f"E{number:013d}",
        "DomainName": f"d{number}.cloudfront.net",
        "Enabled": True,
        "Staging": False,
        "Aliases": quantity("www.example.com"),
        "Origins": quantity(custom()),
        "OriginGroups": quantity(),
        "DefaultCacheBehavior": behavior(),
        "CacheBehaviors": quantity(),
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
    } | changes


class FakeCloudFront:
    """Answers in pages of ``length`` and counts the calls."""

    def __init__(self, *distributions: dict[str, Any], length: int = 2) -> None:
        self._distributions, self._length = distributions, length
        self.request_policies: list[dict[str, Any]] = []
        self.cache_policies: list[dict[str, Any]] = []
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, str] = {}
        self.tenants: list[dict[str, Any]] = []
        self.calls: Counter[str] = Counter()

    def get_paginator(self, operation: str) -> FakePaginator:
        return FakePaginator(self, operation)

    def pages(self, operation: str) -> Iterator[dict[str, Any]]:
        items = list(self._distributions) if operation == "list_distributions" else self.tenants
        for first in range(0, max(len(items), 1), self._length):
            self.calls[operation] += 1
            part = items[first : first + self._length]
            if operation == "list_distributions":
                yield {"DistributionList": quantity(*part)}
            else:
                yield {"DistributionTenantList": part}

    def _policies(self, operation: str, policies: list[dict[str, Any]], marker: str) -> dict[str, Any]:
        self.calls[operation] += 1
        first = int(marker or 0)
        more = {"NextMarker": str(first + self._length)} if first + self._length < len(policies) else {}
        return quantity(*policies[first : first + self._length]) | more

    def list_origin_request_policies(self, Marker: str = "") -> dict[str, Any]:  # noqa: N803 - AWS's spelling
        policies = [{"Type": "custom", "OriginRequestPolicy": one} for one in self.request_policies]
        return {"OriginRequestPolicyList": self._policies("list_origin_request_policies", policies, Marker)}

    def list_cache_policies(self, Marker: str = "") -> dict[str, Any]:  # noqa: N803 - AWS's spelling
        policies = [{"Type": "custom", "CachePolicy": one} for one in self.cache_policies]
        return {"CachePolicyList": self._policies("list_cache_policies", policies, Marker)}

    def get_vpc_origin(self, Id: str) -> dict[str, Any]:  # noqa: N803 - AWS's spelling
        self.calls["get_vpc_origin"] += 1
        if Id in self.refused:
            raise ClientError({"Error": {"Code": self.refused[Id], "Message": "as the test says"}}, "GetVpcOrigin")
        return {"VpcOrigin": {"Id": Id, "VpcOriginEndpointConfig": self.endpoints[Id]}}


class FakePaginator:
    def __init__(self, client: FakeCloudFront, operation: str) -> None:
        self._client, self._operation = client, operation

    def paginate(self) -> Iterator[dict[str, Any]]:
        return self._client.pages(self._operation)
