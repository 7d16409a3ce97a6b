"""Will ACM renew this certificate in time, and if not, what keeps it from doing so? Pure.

A certificate that ACM renews is no cause for alarm while it does: one of 198 days is renewed 45 days before its end. What
ACM does not renew is judged by the fraction of its life that is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.decide.certificate_life import ends, in_time, judge_life
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Basis, Finding, Problem
from chalicelib.model.inventory import AcmCertificate, ValidationRecord
from chalicelib.model.policy import CertificatePolicy

RENEWAL_WINDOW = timedelta(days=30)  # ACM tells of a public certificate that it could not renew from here on
URGENT = timedelta(days=7)
_BLOCKED = frozenset({"PENDING_VALIDATION", "FAILED"})
_CAA_VALUES = "amazon.com, amazontrust.com, awstrust.com or amazonaws.com"
_CONTACT_REASONS = frozenset({"NO_AVAILABLE_CONTACTS", "ADDITIONAL_VERIFICATION_REQUIRED", "DOMAIN_VALIDATION_DENIED"})


def judge_acm(certificate: AcmCertificate, policy: CertificatePolicy, now: datetime) -> tuple[Finding, ...]:
    """What ACM's own data say of a certificate; nothing where it has no dates yet."""
    if certificate.status == "REVOKED":
        return (_revoked(certificate),)
    before, after = certificate.not_before, certificate.not_after
    if before is None or after is None:
        return ()
    if certificate.eligible and certificate.status == "ISSUED":
        return tuple(_renewal(certificate, before, after, now))
    return tuple(_not_renewed(certificate, before, after, policy, now))


def worth_a_closer_look(certificate: AcmCertificate, policy: CertificatePolicy, now: datetime) -> bool:
    """Do the list's few fields leave open whether something is wrong? Reading each certificate would cost a call each."""
    before, after = certificate.not_before, certificate.not_after
    if before is None or after is None:
        return False
    if certificate.status == "REVOKED":
        return certificate.in_use
    if certificate.eligible and certificate.status == "ISSUED":
        return after - now <= max(RENEWAL_WINDOW * 2, (after - before) * policy.warn_fraction)
    return certificate.in_use and judge_life(before, after, now, policy) is not None


def unproven(certificate: AcmCertificate) -> tuple[ValidationRecord, ...]:
    """The domains that ACM could not validate, each with the record that would prove it."""
    return tuple(one for one in certificate.validations if one.status != "SUCCESS")


def _renewal(certificate: AcmCertificate, before: datetime, after: datetime, now: datetime) -> Iterator[Finding]:
    blocked = certificate.renewal_status in _BLOCKED
    window = min(RENEWAL_WINDOW, (after - before) / 4)
    # SUCCESS may be the last renewal's; one of this term would have moved the end.
    renewed = certificate.renewal_status == "SUCCESS" and (
        certificate.renewed_at is None or certificate.renewed_at > before + (after - before) / 2
    )
    if not blocked and (after - now > window or renewed):
        return
    why = f"{certificate.renewal_status or 'not begun'}"
    why += f", {certificate.renewal_reason}" if certificate.renewal_reason else ""
    yield Finding(
        kind=Problem.ACM_RENEWAL_BLOCKED,
        severity=Severity.CRITICAL if after - now <= URGENT else Severity.ERROR,
        basis=Basis.DOCUMENTED if blocked else Basis.ASSUMED,
        name=certificate.domain,
        what=f"ACM does not get on with renewing {certificate.domain} ({why}); it {ends(after, now)}",
        remedy=renewal_remedy(certificate),
        evidence="\n".join(f"{one.domain}: {one.status}" for one in certificate.validations),
        deadline=after,
    )


def renewal_remedy(certificate: AcmCertificate) -> str:
    """What unblocks the renewal: CAA, a contact, or the very records."""
    if certificate.renewal_reason == "CAA_ERROR":
        return f"Change the CAA record of {certificate.domain} (or of a parent): it must allow one of {_CAA_VALUES}."
    waiting = unproven(certificate)
    by_mail = [one.domain for one in waiting if one.method == "EMAIL"]
    if certificate.renewal_reason in _CONTACT_REASONS or by_mail:
        whom = ", ".join(by_mail) or certificate.domain
        return f"The owner of {whom} must answer ACM's e-mail, or have it sent again; DNS validation renews by itself."
    records = [f"{one.name} CNAME {one.value}" for one in waiting if one.name]
    if records:
        # A name and its wildcard have one record in common.
        return "Restore in public DNS, exactly: " + "; ".join(dict.fromkeys(records))
    return "Look at the certificate's renewal status in ACM; every domain needs its validation record in public DNS."


def _not_renewed(
    certificate: AcmCertificate, before: datetime, after: datetime, policy: CertificatePolicy, now: datetime
) -> Iterator[Finding]:
    severity = judge_life(before, after, now, policy)
    if severity is None:
        return
    imported = certificate.type in {"IMPORTED", "IAM"}
    if not certificate.in_use:
        severity = Severity.INFO if after <= now else Severity.WARNING
    again = (
        "Import the renewed certificate into the same ARN" if imported else "Request a new certificate and attach it"
    )
    yield Finding(
        kind=Problem.IMPORTED_EXPIRING if imported else Problem.ACM_NOT_ELIGIBLE,
        severity=severity,
        name=certificate.domain,
        what=f"the {'imported ' if imported else ''}certificate of {certificate.domain} {ends(after, now)}, "
        f"and ACM does not renew it ({_why_not(certificate)})",
        remedy=f"{again}, {in_time(after, now)}.",
        evidence=f"{certificate.arn}, type {certificate.type}, status {certificate.status}",
        deadline=after,
    )


def _why_not(certificate: AcmCertificate) -> str:
    if certificate.type in {"IMPORTED", "IAM"}:
        return "ACM renews only what it issued"
    if certificate.status != "ISSUED":
        return f"its status is {certificate.status}"
    return "no service uses it" if not certificate.in_use else "ACM says that it is not eligible"


def _revoked(certificate: AcmCertificate) -> Finding:
    return Finding(
        kind=Problem.ACM_REVOKED,
        severity=Severity.CRITICAL if certificate.in_use else Severity.WARNING,
        basis=Basis.ASSUMED,
        name=certificate.domain,
        what=f"the certificate of {certificate.domain} was revoked",
        remedy="Request a new certificate and attach it in its place.",
        evidence=certificate.arn,
    )
