"""Reads of certificates, distributions and load balancers, each with the credentials of its own account."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.clients import Clients
from chalicelib.model.inventory import AcmCertificate, Distribution, LoadBalancer
from chalicelib.model.network import Place
from chalicelib.observe import acm, listeners
from chalicelib.observe.cloudfront import list_distributions

GLOBAL_REGION = "us-east-1"  # where CloudFront and its certificates are


class CertificateObserver:
    """Reads what certificates are judged by."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def distributions(self, account: str) -> tuple[Distribution, ...]:
        """Every distribution of an account."""
        return list_distributions(self._clients.client("cloudfront", _global(account)), account)

    def certificates(self, place: Place) -> tuple[AcmCertificate, ...]:
        """Every certificate of a place, as far as ACM's list tells."""
        return acm.list_certificates(self._clients.client("acm", place), place)

    def certificate(self, place: Place, arn: str) -> AcmCertificate | None:
        """One certificate with all that ACM knows of it; None where it is gone."""
        return acm.describe_certificate(self._clients.client("acm", place), place, arn)

    def iam_certificates(self, account: str, ids: Iterable[str]) -> tuple[AcmCertificate, ...]:
        """Certificates of the IAM store by their ids."""
        wanted = tuple(ids)
        place = _global(account)
        return acm.list_iam_certificates(self._clients.client("iam", place), place, wanted) if wanted else ()

    def balancers(self, place: Place) -> tuple[LoadBalancer, ...]:
        """Every load balancer of a place, classic ones too."""
        return (
            *listeners.list_load_balancers(self._clients.client("elbv2", place), place),
            *listeners.list_classic_load_balancers(self._clients.client("elb", place), place),
        )

    def with_listeners(self, balancer: LoadBalancer) -> LoadBalancer:
        """The same load balancer with its TLS listeners."""
        return listeners.with_listeners(self._clients.client("elbv2", balancer.place), balancer)


def _global(account: str) -> Place:
    return Place(account=account, region=GLOBAL_REGION)
