"""What is said of a problem with a certificate at the top of its alert, by the kind that leads. Pure."""

from __future__ import annotations

from datetime import datetime

from chalicelib.model.certificates import Finding, Problem

# What leads -> the end of the title. What is not here is told by its kind's own words.
HEADLINES = {
    Problem.NAME_MISMATCH: "origin certificate lacks the name",
    Problem.EXPIRED: "origin certificate expired",
    Problem.CHAIN_EXPIRED: "intermediate of the origin expired",
    Problem.NOT_YET_VALID: "origin certificate not yet valid",
    Problem.EXPIRING: "origin certificate ends soon",
    Problem.SELF_SIGNED: "origin certificate is self-signed",
    Problem.UNTRUSTED_CA: "origin certificate of an untrusted CA",
    Problem.CHAIN_INCOMPLETE: "origin sends an incomplete chain",
    Problem.CHAIN_WRONG_ORDER: "origin sends the chain out of order",
    Problem.CHAIN_INVALID: "origin certificate is invalid",
    Problem.PROTOCOL_UNSUPPORTED: "origin and CloudFront share no protocol",
    Problem.CIPHER_UNSUPPORTED: "origin and CloudFront share no cipher",
    Problem.CLIENT_CERT_REQUIRED: "origin demands a client certificate",
    Problem.WRONG_EKU: "origin certificate is not for servers",
    Problem.DNS_ERROR: "origin does not resolve",
    Problem.PORT_REFUSED: "origin refuses connections",
    Problem.RESET: "origin closes connections",
    Problem.NOT_TLS: "origin does not speak TLS",
    Problem.STALE_CERTIFICATE_SERVED: "old certificate is still served",
    Problem.ALIAS_NOT_COVERED: "alias without a certificate",
    Problem.VIEWER_CERT_EXPIRING: "viewer certificate ends soon",
    Problem.ACM_RENEWAL_BLOCKED: "renewal is blocked",
    Problem.ACM_NOT_ELIGIBLE: "ends and is not renewed",
    Problem.IMPORTED_EXPIRING: "imported, ends soon",
    Problem.ACM_REVOKED: "was revoked",
    Problem.MTLS_CLIENT_CERT_EXPIRING: "client certificate for the origin ends soon",
}
# The same once the day has come.
_ENDED = {
    Problem.VIEWER_CERT_EXPIRING: "viewer certificate has ended",
    Problem.ACM_RENEWAL_BLOCKED: "has ended, renewal was blocked",
    Problem.ACM_NOT_ELIGIBLE: "has ended and was not renewed",
    Problem.IMPORTED_EXPIRING: "imported, has ended",
    Problem.MTLS_CLIENT_CERT_EXPIRING: "client certificate for the origin has ended",
}


def headline(finding: Finding, now: datetime) -> str:
    """The end of the title of an alert that this finding leads."""
    kind, end = finding.kind, finding.deadline
    ended = _ENDED.get(kind, "") if end is not None and end <= now else ""
    return ended or HEADLINES.get(kind, kind.replace("_", " "))
