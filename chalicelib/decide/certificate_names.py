"""Which names a certificate covers, and whether the name that is asked for is one of them. Pure.

A name in the certificate covers an equal name; ``*.example.com`` covers exactly one label in its place (RFC 9525, 6.3).
How deep CloudFront lets a wildcard reach at an origin is not documented; one label is the rule everywhere else.
"""

from __future__ import annotations

from ipaddress import ip_address

from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Basis, Certificate, Finding, Problem

_WILDCARD_LABELS = 3  # `*.example.com`: a wildcard right under a top-level domain covers nothing
WILDCARD_PROBE = "netreflex-probe"  # the label that stands for any label below a wildcard alias


def covers(pattern: str, name: str) -> bool:
    """Does a name of a certificate cover a host name?"""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if not pattern or _is_address(name):
        return False
    if not pattern.startswith("*."):
        return "*" not in pattern and pattern == name
    label, _, rest = name.partition(".")
    return bool(label) and rest == pattern[2:] and "*" not in rest and pattern.count(".") + 1 >= _WILDCARD_LABELS


def covered(certificate: Certificate, name: str) -> bool:
    """Does the certificate cover the name? The CN counts only where there is no SAN at all."""
    if _is_address(name):
        return str(ip_address(name)) in certificate.ip_names
    return any(covers(pattern, name) for pattern in names_of(certificate))


def names_of(certificate: Certificate) -> tuple[str, ...]:
    """The DNS names that count."""
    if certificate.has_san:
        return certificate.dns_names
    return (certificate.common_name,) if certificate.common_name else ()


def covered_by_names(names: tuple[str, ...], name: str) -> bool:
    """Does a list of names, such as ACM's, cover a name or a wildcard alias?"""
    if name.startswith("*."):
        return any(pattern.lower() == name.lower() for pattern in names)
    return any(covers(pattern, name) for pattern in names)


def judge_name(leaf: Certificate, sent: str, other: str, listener: str) -> tuple[Finding, ...]:
    """The name that is sent as SNI must be covered; that only the other one is, works by the documentation's either/or.

    ``other`` is the second name that CloudFront accepts (Origin Domain or Host), ``listener`` where the certificate is.
    """
    if covered(leaf, sent):
        return _cn_only(leaf, sent)
    shown = ", ".join((*names_of(leaf), *leaf.ip_names)[:20]) or "no name at all"
    by_other = bool(other) and covered(leaf, other)
    return (
        Finding(
            kind=Problem.NAME_MISMATCH,
            severity=Severity.WARNING if by_other else Severity.CRITICAL,
            basis=Basis.ASSUMED if by_other else Basis.DOCUMENTED,
            name=sent,
            what=f"the certificate does not cover {sent}, the name that CloudFront asks for; it covers {shown}"
            + (f" ({other} alone makes it pass)" if by_other else ""),
            remedy=f"Put a certificate that lists {sent} on {listener}; on a load balancer: add it to the listener's "
            "certificate list, since what it shows now may only be its default certificate. If the origin does not need the "
            "viewer's Host: use the origin request policy AllViewerExceptHostHeader.",
            evidence=f"names: {shown}",
        ),
    )


def _cn_only(leaf: Certificate, sent: str) -> tuple[Finding, ...]:
    if leaf.has_san:
        return ()
    return (
        Finding(
            kind=Problem.CN_ONLY,
            severity=Severity.WARNING,
            name=sent,
            what=f"{sent} stands only in the certificate's common name, which most software no longer reads",
            remedy=f"Reissue the certificate with {sent} as a subject alternative name.",
            evidence=f"subject: {leaf.subject}",
        ),
    )


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
