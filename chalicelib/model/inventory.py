"""What CloudFront, the load balancers and ACM say of themselves, as far as certificates go."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.model.network import Place


class OriginKind(StrEnum):
    """What an origin is; only the first two are ours to judge by a handshake or by configuration."""

    CUSTOM = "custom"
    VPC = "vpc"
    S3 = "s3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """An origin of a distribution. ``endpoint_arn`` is the load balancer behind a VPC origin.

    ``unread`` says why the settings of a VPC origin are not known: it is gone, or shared by an account that does not show them.
    """

    origin_id: str
    domain_name: str
    kind: OriginKind
    protocol_policy: str = "https-only"
    https_port: int = 443
    protocols: tuple[str, ...] = ("TLSv1.2",)
    client_certificate_arn: str = ""
    endpoint_arn: str = ""
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """A cache behavior: which origins it may use, and what it sends them.

    ``host_forwarded``: the viewer's Host is what CloudFront sends as SNI; ``edge_code`` are the functions that may choose
    another origin or name.
    """

    path: str
    origin_ids: tuple[str, ...]
    host_forwarded: bool = False
    edge_code: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerCertificate:
    """What viewers are shown. All empty means CloudFront's own certificate."""

    acm_arn: str = ""
    iam_id: str = ""
    support: str = "sni-only"
    minimum_protocol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution; ``aliases`` holds the domains of its tenants too.

    ``own_certificates`` are those of tenants that bring one, by the domain that it is shown for.
    """

    distribution_id: str
    account: str
    domain_name: str
    enabled: bool = True
    staging: bool = False
    aliases: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    behaviors: tuple[Behavior, ...] = ()
    viewer: ViewerCertificate = field(default_factory=ViewerCertificate)
    own_certificates: tuple[tuple[str, str], ...] = ()

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudfront::{self.account}:distribution/{self.distribution_id}"

    @property
    def live(self) -> bool:
        """Do viewers depend on it?"""
        return self.enabled and not self.staging


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRecord:
    """The CNAME that proves to ACM that a domain is ours; ``status`` is ACM's word on it."""

    domain: str
    status: str
    name: str = ""
    value: str = ""
    method: str = "DNS"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmCertificate:
    """A certificate in ACM (or, with type ``IAM``, in the IAM store). ``serial`` is hexadecimal, without leading zeros.

    ``detailed`` is False where only the list was read: then users, renewal and serial are not known.
    """

    arn: str
    place: Place
    type: str
    status: str
    domain: str = ""
    names: tuple[str, ...] = ()
    names_complete: bool = True
    not_before: datetime | None = None
    not_after: datetime | None = None
    key: str = ""
    in_use: bool = False
    eligible: bool = False
    detailed: bool = False
    serial: str = ""
    issuer: str = ""
    in_use_by: tuple[str, ...] = ()
    renewal_status: str = ""
    renewal_reason: str = ""
    renewed_at: datetime | None = None
    validations: tuple[ValidationRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A listener that speaks TLS, its default certificate first, or that hands it on (TCP) and has none."""

    arn: str
    port: int
    protocol: str
    certificate_arns: tuple[str, ...] = ()
    ssl_policy: str = ""
    client_certificates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """A load balancer and its TLS listeners (None: not read)."""

    arn: str
    place: Place
    dns_name: str
    scheme: str = ""
    listeners: tuple[Listener, ...] | None = None
