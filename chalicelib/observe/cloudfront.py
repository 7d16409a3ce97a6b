"""What CloudFront says of its distributions, as facts: origins, behaviors, aliases, and whether Host is forwarded.

The list of distributions carries all of it, so the reads grow with AWS's pages and not with the distributions. Only what
the list points to is read beside it: the policies (a list each), tenants and VPC origins (where there are any).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.model.errors import AccessRefused, AwsFailure
from chalicelib.model.inventory import Behavior, Distribution, Origin, OriginKind, ViewerCertificate
from chalicelib.sessions import translated

_EDGE_EVENTS = frozenset({"viewer-request", "origin-request"})
_ALL_HEADERS = frozenset({"allViewer", "allViewerAndWhitelistCloudFront"})


@dataclass(frozen=True, slots=True)
class _Context:
    """What distributions point to, of which the list tells no more than an id.

    Policies that forward Host; VPC origins, or why one is not known; by distribution its tenants' domains and own certificates.
    """

    forwarding: frozenset[str]
    vpc_origins: Mapping[str, Mapping[str, Any] | str]
    tenants: Mapping[str, tuple[tuple[str, str], ...]]


def list_distributions(client: Any, account: str) -> tuple[Distribution, ...]:  # noqa: ANN401
    """Every distribution of an account."""
    with translated(account, "cloudfront:ListDistributions"):
        pages = client.get_paginator("list_distributions").paginate()
        found = [item for page in pages for item in page["DistributionList"].get("Items", ())]
    context = _Context(
        forwarding=_forwarding_policies(client, account, found),
        vpc_origins=_vpc_origins(client, account, found),
        tenants=_tenants(client, account, found),
    )
    return tuple(_distribution(item, account, context) for item in found)


def _distribution(item: Mapping[str, Any], account: str, context: _Context) -> Distribution:
    groups = {group["Id"]: _members(group) for group in _items(item.get("OriginGroups"))}
    behaviors = [("default", item["DefaultCacheBehavior"])]
    behaviors += [(one["PathPattern"], one) for one in _items(item.get("CacheBehaviors"))]
    viewer = item.get("ViewerCertificate", {})
    tenants = context.tenants.get(item["Id"], ())
    return Distribution(
        distribution_id=item["Id"],
        account=account,
        domain_name=item["DomainName"],
        enabled=bool(item.get("Enabled", True)),
        staging=bool(item.get("Staging", False)),
        aliases=(*_items(item.get("Aliases")), *(domain for domain, _ in tenants)),
        origins=tuple(_origin(one, context) for one in _items(item.get("Origins"))),
        behaviors=tuple(_behavior(path, one, groups, context) for path, one in behaviors),
        viewer=ViewerCertificate(
            acm_arn=viewer.get("ACMCertificateArn") or "",
            iam_id=viewer.get("IAMCertificateId") or "",
            support=viewer.get("SSLSupportMethod") or "sni-only",
            minimum_protocol=viewer.get("MinimumProtocolVersion") or "",
        ),
        own_certificates=tuple((domain, arn) for domain, arn in tenants if arn),
    )


def _origin(item: Mapping[str, Any], context: _Context) -> Origin:
    if private := item.get("VpcOriginConfig"):
        endpoint = context.vpc_origins[private["VpcOriginId"]]
        if isinstance(endpoint, str):
            return replace(_with_protocols(item, OriginKind.VPC, {}), unread=endpoint)
        origin = _with_protocols(item, OriginKind.VPC, endpoint)
        return replace(origin, endpoint_arn=endpoint.get("Arn", ""))
    if custom := item.get("CustomOriginConfig"):
        client_certificate = (custom.get("OriginMtlsConfig") or {}).get("ClientCertificateArn") or ""
        return replace(_with_protocols(item, OriginKind.CUSTOM, custom), client_certificate_arn=client_certificate)
    return Origin(origin_id=item["Id"], domain_name=item["DomainName"], kind=OriginKind.S3)


def _with_protocols(item: Mapping[str, Any], kind: OriginKind, config: Mapping[str, Any]) -> Origin:
    return Origin(
        origin_id=item["Id"],
        domain_name=item["DomainName"],
        kind=kind,
        protocol_policy=config.get("OriginProtocolPolicy", "https-only"),
        https_port=int(config.get("HTTPSPort", 443)),
        protocols=tuple(_items(config.get("OriginSslProtocols"))) or ("TLSv1.2",),
    )


def _behavior(path: str, item: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]], context: _Context) -> Behavior:
    target = item["TargetOriginId"]
    code = [
        *((one["EventType"], one.get("FunctionARN", "")) for one in _items(item.get("FunctionAssociations"))),
        *(
            (one["EventType"], one.get("LambdaFunctionARN", ""))
            for one in _items(item.get("LambdaFunctionAssociations"))
        ),
    ]
    return Behavior(
        path=path,
        origin_ids=groups.get(target, (target,)),
        host_forwarded=_forwards_host(item, context.forwarding),
        edge_code=tuple(arn for event, arn in code if event in _EDGE_EVENTS),
    )


def _forwards_host(item: Mapping[str, Any], forwarding: frozenset[str]) -> bool:
    """By the origin request policy, the cache policy or the legacy settings: any of them suffices."""
    if {item.get("OriginRequestPolicyId"), item.get("CachePolicyId")} & forwarding:
        return True
    legacy = {name.lower() for name in _items((item.get("ForwardedValues") or {}).get("Headers"))}
    return bool(legacy & {"host", "*"})


def _forwarding_policies(client: Any, account: str, found: Iterable[Mapping[str, Any]]) -> frozenset[str]:  # noqa: ANN401
    """The ids of the policies that forward Host; they are listed only where a behavior has one."""
    behaviors = [b for item in found for b in (item["DefaultCacheBehavior"], *_items(item.get("CacheBehaviors")))]
    ids: set[str] = set()
    if any(one.get("OriginRequestPolicyId") for one in behaviors):
        for policy in _listed(client, account, "OriginRequestPolicy", "OriginRequestPolicies"):
            if _request_policy_forwards(policy["OriginRequestPolicyConfig"].get("HeadersConfig", {})):
                ids.add(policy["Id"])
    if any(one.get("CachePolicyId") for one in behaviors):
        for policy in _listed(client, account, "CachePolicy", "CachePolicies"):
            key = policy["CachePolicyConfig"].get("ParametersInCacheKeyAndForwardedToOrigin", {})
            config = key.get("HeadersConfig", {})
            if config.get("HeaderBehavior") == "whitelist" and "host" in _headers(config):
                ids.add(policy["Id"])
    return frozenset(ids)


def _request_policy_forwards(config: Mapping[str, Any]) -> bool:
    kind = config.get("HeaderBehavior", "none")
    if kind == "allExcept":
        return "host" not in _headers(config)
    return kind in _ALL_HEADERS or (kind == "whitelist" and "host" in _headers(config))


def _headers(config: Mapping[str, Any]) -> set[str]:
    return {name.lower() for name in _items(config.get("Headers"))}


def _listed(client: Any, account: str, kind: str, plural: str) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    """Every policy of a kind, managed ones too. The SDK has no paginator for these lists."""
    snake = {"OriginRequestPolicies": "origin_request_policies", "CachePolicies": "cache_policies"}[plural]
    marker: dict[str, str] = {}
    while True:
        with translated(account, f"cloudfront:List{plural}"):
            page = getattr(client, f"list_{snake}")(**marker)[f"{kind}List"]
        yield from (item[kind] for item in page.get("Items", ()))
        if not page.get("NextMarker"):
            return
        marker = {"Marker": page["NextMarker"]}


def _vpc_origins(
    client: Any,  # noqa: ANN401
    account: str,
    found: Iterable[Mapping[str, Any]],
) -> dict[str, Mapping[str, Any] | str]:
    """The endpoints of the VPC origins that are used: their protocols are in no list.

    One that is gone, or that its owner does not show, must not keep an account's distributions from being read. For one of the
    account's own a permission that is missing is missing for all, and is raised.
    """
    configs = (origin.get("VpcOriginConfig") for item in found for origin in _items(item.get("Origins")))
    owners = {one["VpcOriginId"]: one.get("OwnerAccountId") or account for one in configs if one}
    endpoints: dict[str, Mapping[str, Any] | str] = {}
    for origin_id, owner in sorted(owners.items()):
        try:
            with translated(account, "cloudfront:GetVpcOrigin"):
                endpoints[origin_id] = client.get_vpc_origin(Id=origin_id)["VpcOrigin"]["VpcOriginEndpointConfig"]
        except AccessRefused as error:
            if owner == account:
                raise
            endpoints[origin_id] = f"VPC origin {origin_id} of account {owner}: {error}"
        except AwsFailure as error:
            endpoints[origin_id] = f"VPC origin {origin_id}: {error}"
    return endpoints


def _tenants(
    client: Any,  # noqa: ANN401
    account: str,
    found: Iterable[Mapping[str, Any]],
) -> dict[str, tuple[tuple[str, str], ...]]:
    """The domains of distribution tenants that are served, each with the tenant's own certificate where it has one.

    They are listed only where a distribution has tenants.
    """
    if not any(item.get("ConnectionMode") == "tenant-only" for item in found):
        return {}
    domains: dict[str, tuple[tuple[str, str], ...]] = {}
    with translated(account, "cloudfront:ListDistributionTenants"):
        for page in client.get_paginator("list_distribution_tenants").paginate():
            for tenant in page.get("DistributionTenantList", ()):
                if not tenant.get("Enabled", True):
                    continue
                own = ((tenant.get("Customizations") or {}).get("Certificate") or {}).get("Arn") or ""
                named = tuple((one["Domain"], own) for one in tenant.get("Domains", ()))
                domains[tenant["DistributionId"]] = (*domains.get(tenant["DistributionId"], ()), *named)
    return domains


def _members(group: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(member["OriginId"] for member in _items(group.get("Members")))


def _items(part: Mapping[str, Any] | None) -> list[Any]:
    """CloudFront's lists: ``{Quantity, Items}``, without ``Items`` where they are empty."""
    return list((part or {}).get("Items") or ())
