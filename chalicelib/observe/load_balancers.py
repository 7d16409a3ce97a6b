"""What Elastic Load Balancing says of load balancers, both generations of its API, as facts. Every page is read.

Application and Network Load Balancers are told by one API and Classic ones by another, under one service name. Gateway Load
Balancers have no DNS name and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.model.errors import AwsFailure, RetryLater
from chalicelib.model.names import BalancerState, LoadBalancer, Scheme, classic_arn
from chalicelib.model.network import Place, Tags
from chalicelib.sessions import translated

_PAGE = 400  # the largest page of both APIs
_TAGGED = 20  # load balancers of one DescribeTags, in both APIs
_SERVED = frozenset({"application", "network"})
_GONE = frozenset({"LoadBalancerNotFound", "LoadBalancerNotFoundException", "AccessPointNotFound"})


def describe_v2(client: Any, place: Place) -> tuple[LoadBalancer, ...]:  # noqa: ANN401
    """The Application and Network Load Balancers of a place."""
    with translated(place.account, "elasticloadbalancing:DescribeLoadBalancers"):
        pages = client.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": _PAGE})
        return tuple(_v2(one, place) for page in pages for one in page["LoadBalancers"] if one["Type"] in _SERVED)


def _v2(answer: Mapping[str, Any], place: Place) -> LoadBalancer:
    return LoadBalancer(
        place=place,
        name=answer["LoadBalancerName"],
        arn=answer["LoadBalancerArn"],
        dns_name=answer["DNSName"].lower(),
        scheme=Scheme.of(answer.get("Scheme", "")),
        state=BalancerState.of(answer.get("State", {}).get("Code", "")),
    )


def describe_classic(client: Any, place: Place) -> tuple[LoadBalancer, ...]:  # noqa: ANN401
    """The Classic Load Balancers of a place."""
    with translated(place.account, "elasticloadbalancing:DescribeLoadBalancers"):
        pages = client.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": _PAGE})
        return tuple(_classic(one, place) for page in pages for one in page["LoadBalancerDescriptions"])


def _classic(answer: Mapping[str, Any], place: Place) -> LoadBalancer:
    return LoadBalancer(
        place=place,
        name=answer["LoadBalancerName"],
        arn=classic_arn(place, answer["LoadBalancerName"]),
        dns_name=answer["DNSName"].lower(),
        scheme=Scheme.of(answer.get("Scheme", "")),
    )


def with_tags(
    client: Any,  # noqa: ANN401
    place: Place,
    balancers: Sequence[LoadBalancer],
    *,
    classic: bool,
) -> tuple[LoadBalancer, ...]:
    """The internal ones with their tags; the others as they are, because they are not served in any case."""
    internal = [one for one in balancers if one.scheme is Scheme.INTERNAL]
    tags: dict[str, Tags] = {}
    for start in range(0, len(internal), _TAGGED):
        keys = [one.name if classic else one.arn for one in internal[start : start + _TAGGED]]
        try:
            tags |= dict(_tags(client, place, keys, classic=classic))
        except AwsFailure as error:
            if error.code in _GONE:
                raise RetryLater(f"a load balancer of {place} went while its tags were read; run again") from None
            raise
    return tuple(replace(one, tags=tags.get(one.name if classic else one.arn)) for one in balancers)


def tags_of(client: Any, place: Place, key: str, *, classic: bool) -> Tags | None:  # noqa: ANN401
    """The tags of one load balancer, by its ARN or (Classic) its name; None where it is gone."""
    try:
        return dict(_tags(client, place, [key], classic=classic)).get(key)
    except AwsFailure as error:
        if error.code in _GONE:
            return None
        raise


def _tags(
    client: Any,  # noqa: ANN401
    place: Place,
    keys: Sequence[str],
    *,
    classic: bool,
) -> Iterator[tuple[str, Tags]]:
    with translated(place.account, "elasticloadbalancing:DescribeTags"):
        answer = client.describe_tags(**{"LoadBalancerNames" if classic else "ResourceArns": list(keys)})
    for one in answer["TagDescriptions"]:
        yield (
            one["LoadBalancerName"] if classic else one["ResourceArn"],
            {tag["Key"]: tag.get("Value", "") for tag in one["Tags"]},
        )
