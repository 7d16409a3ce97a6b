"""What the load balancers say of their TLS listeners, as facts: which certificate they will show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.model.inventory import Listener, LoadBalancer
from chalicelib.model.network import Place
from chalicelib.sessions import translated

_TLS = frozenset({"HTTPS", "TLS", "SSL"})
_HANDED_ON = frozenset({"TCP", "TCP_UDP"})  # TLS may end behind the load balancer, which has no certificate then


def list_load_balancers(client: Any, place: Place) -> tuple[LoadBalancer, ...]:  # noqa: ANN401
    """Every load balancer of the present kinds, without its listeners."""
    with translated(place.account, "elasticloadbalancing:DescribeLoadBalancers"):
        pages = client.get_paginator("describe_load_balancers").paginate()
        return tuple(
            LoadBalancer(
                arn=item["LoadBalancerArn"],
                place=place,
                dns_name=item.get("DNSName", "").lower(),
                scheme=item.get("Scheme", ""),
            )
            for page in pages
            for item in page["LoadBalancers"]
        )


def list_classic_load_balancers(client: Any, place: Place) -> tuple[LoadBalancer, ...]:  # noqa: ANN401
    """Every Classic Load Balancer; its list carries the listeners, each with one certificate."""
    with translated(place.account, "elasticloadbalancing:DescribeLoadBalancers"):
        pages = client.get_paginator("describe_load_balancers").paginate()
        return tuple(_classic(item, place) for page in pages for item in page["LoadBalancerDescriptions"])


def with_listeners(client: Any, balancer: LoadBalancer) -> LoadBalancer:  # noqa: ANN401
    """The same load balancer with its listeners that speak TLS, and all their certificates, or hand it on."""
    if balancer.listeners is not None:
        return balancer
    account = balancer.place.account
    with translated(account, "elasticloadbalancing:DescribeListeners"):
        pages = client.get_paginator("describe_listeners").paginate(LoadBalancerArn=balancer.arn)
        found = [item for page in pages for item in page["Listeners"] if item.get("Protocol") in _TLS | _HANDED_ON]
    return replace(balancer, listeners=tuple(_listener(client, account, item) for item in found))


def _listener(client: Any, account: str, item: Mapping[str, Any]) -> Listener:  # noqa: ANN401
    arn = item["ListenerArn"]
    if item["Protocol"] in _HANDED_ON:
        return Listener(arn=arn, port=int(item.get("Port", 0)), protocol=item["Protocol"])
    with translated(account, "elasticloadbalancing:DescribeListenerCertificates"):
        pages = client.get_paginator("describe_listener_certificates").paginate(ListenerArn=arn)
        listed = [one for page in pages for one in page.get("Certificates", ())]
    default = [one["CertificateArn"] for one in item.get("Certificates", ())]
    return Listener(
        arn=arn,
        port=int(item.get("Port", 0)),
        protocol=item["Protocol"],
        certificate_arns=_unique((*default, *(one["CertificateArn"] for one in listed))),
        ssl_policy=item.get("SslPolicy", ""),
        client_certificates=(item.get("MutualAuthentication") or {}).get("Mode") == "verify",
    )


def _classic(item: Mapping[str, Any], place: Place) -> LoadBalancer:
    listeners = (one["Listener"] for one in item.get("ListenerDescriptions", ()))
    return LoadBalancer(
        arn=classic_arn(place, item["LoadBalancerName"]),
        place=place,
        dns_name=item.get("DNSName", "").lower(),
        scheme=item.get("Scheme", ""),
        listeners=tuple(
            Listener(
                arn="",
                port=int(one["LoadBalancerPort"]),
                protocol=one["Protocol"],
                certificate_arns=tuple(filter(None, (one.get("SSLCertificateId"),))),
            )
            for one in listeners
            if one.get("Protocol", "").upper() in _TLS | _HANDED_ON
        ),
    )


def classic_arn(place: Place, name: str) -> str:
    """The ARN of a Classic Load Balancer, as ACM names it among the users of a certificate."""
    return f"arn:aws:elasticloadbalancing:{place.region}:{place.account}:loadbalancer/{name}"


def _unique(arns: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(arns))
