"""Certificates as they are served, attached and renewed, and what is wrong with them. Nothing here reads or decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.model.alert import Severity


class Basis(StrEnum):
    """On whose word a finding stands."""

    DOCUMENTED = "documented"
    MEASURED = "measured"
    ASSUMED = "assumed"


class Seen(StrEnum):
    """Where a finding was seen: in the distribution's settings, in those of a load balancer, or by a handshake.

    Each may be out of sight for a while, and then ends nothing that was seen there.
    """

    SETTINGS = "the distribution's settings"
    LISTENER = "the load balancer's settings"
    HANDSHAKE = "a handshake"

    @property
    def rank(self) -> int:
        """Higher is harder to see."""
        return list(Seen).index(self)


class Problem(StrEnum):
    """What can be wrong; ``docs/certificates.md`` says of each what it means and what to do."""

    NAME_MISMATCH = "name_mismatch"
    EXPIRED = "expired"
    CHAIN_EXPIRED = "chain_expired"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRING = "expiring"
    SELF_SIGNED = "self_signed"
    UNTRUSTED_CA = "untrusted_ca"
    CHAIN_INCOMPLETE = "chain_incomplete"
    CHAIN_WRONG_ORDER = "chain_wrong_order"
    CHAIN_INVALID = "chain_invalid"
    CHAIN_EXTRA = "chain_extra"
    PROTOCOL_UNSUPPORTED = "protocol_unsupported"
    CIPHER_UNSUPPORTED = "cipher_unsupported"
    WRONG_EKU = "wrong_eku"
    CLIENT_CERT_REQUIRED = "client_cert_required"
    WEAK_KEY = "weak_key"
    WEAK_SIGNATURE = "weak_signature"
    CN_ONLY = "cn_only"
    UNDOCUMENTED_KEY_TYPE = "undocumented_key_type"
    DNS_ERROR = "dns_error"
    PORT_REFUSED = "port_refused"
    RESET = "reset"
    NOT_TLS = "not_tls"
    CANNOT_PROBE = "cannot_probe"
    STALE_CERTIFICATE_SERVED = "stale_certificate_served"
    ACM_RENEWAL_BLOCKED = "acm_renewal_blocked"
    ACM_NOT_ELIGIBLE = "acm_not_eligible"
    ACM_REVOKED = "acm_revoked"
    IMPORTED_EXPIRING = "imported_expiring"
    MTLS_CLIENT_CERT_EXPIRING = "mtls_client_cert_expiring"
    ALIAS_NOT_COVERED = "alias_not_covered"
    VIEWER_CERT_EXPIRING = "viewer_cert_expiring"
    VIEWER_CERT_REGION = "viewer_cert_region"
    DEDICATED_IP = "dedicated_ip"
    HOST_FORWARDED_TO_AWS_ENDPOINT = "host_forwarded_to_aws_endpoint"
    HTTPS_TO_S3_WEBSITE = "https_to_s3_website"
    EDGE_CODE_MAY_CHANGE_ORIGIN = "edge_code_may_change_origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, judged by itself.

    ``what`` is a sentence, ``remedy`` what to do about it, ``evidence`` the proof; ``name`` is the name that was asked
    for, where it matters; ``deadline`` is when it begins to hurt, where it does not yet.
    """

    kind: Problem
    severity: Severity
    what: str
    remedy: str = ""
    evidence: str = ""
    basis: Basis = Basis.DOCUMENTED
    name: str = ""
    deadline: datetime | None = None
    seen: Seen = Seen.HANDSHAKE


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A parsed X.509 certificate. Names in DER decide who issued whom; the texts are for people.

    ``usages`` are the extended key usages, None where the extension is absent; ``public`` is True where it bears marks
    that only public CAs set (certificate transparency or a policy of the CA/Browser Forum).
    """

    der: bytes = field(repr=False)
    subject: str
    issuer: str
    subject_name: bytes = field(repr=False)
    issuer_name: bytes = field(repr=False)
    issuer_organization: str = ""
    common_name: str = ""
    dns_names: tuple[str, ...] = ()
    ip_names: tuple[str, ...] = ()
    has_san: bool = True
    not_before: datetime
    not_after: datetime
    serial: str
    key: str
    key_bits: int
    signature_hash: str
    usages: tuple[str, ...] | None = None
    public: bool = False


class Contact(StrEnum):
    """What became of the attempt to reach an origin."""

    SERVED = "served"
    DNS_ERROR = "dns_error"
    REFUSED = "refused"
    RESET = "reset"
    NOT_TLS = "not_tls"
    NO_ANSWER = "no_answer"
    NOT_VISITED = "not_visited"


class Handshake(StrEnum):
    """How a handshake like CloudFront's ended, and why it failed where it did."""

    COMPLETED = "completed"
    PROTOCOL = "protocol"
    TLS13_ONLY = "tls13_only"
    CIPHER = "cipher"
    CLIENT_CERTIFICATE = "client_certificate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """One handshake to make; distributions with the same origin, port, name and protocols share it."""

    host: str
    port: int
    name: str
    protocols: tuple[str, ...] = ("TLSv1.2",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What an origin answered to one target. ``chain`` is DER as served, leaf first, at most ten certificates."""

    target: Target
    contact: Contact
    handshake: Handshake = Handshake.COMPLETED
    detail: str = ""
    address: str = ""
    canonical: str = ""
    addresses: tuple[str, ...] = ()
    version: str = ""
    cipher: str = ""
    chain: tuple[bytes, ...] = field(default=(), repr=False)
