"""The viewers' side of a distribution: does its own certificate cover its aliases, and for how long still? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from chalicelib.decide.certificate_life import LAST_CALL, ends, in_time, judge_life
from chalicelib.decide.certificate_names import covered_by_names
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Finding, Problem
from chalicelib.model.inventory import AcmCertificate, Distribution
from chalicelib.model.policy import CertificatePolicy

VIEWER_REGION = "us-east-1"


def judge_viewer(
    distribution: Distribution,
    certificate: AcmCertificate | None,
    known: Mapping[str, AcmCertificate],
    policy: CertificatePolicy,
    now: datetime,
) -> Iterator[Finding]:
    """What viewers of the aliases will meet.

    ``certificate`` is the distribution's, None where it is not known; tenants may have others, which are among the ``known``.
    """
    viewer = distribution.viewer
    region = viewer.acm_arn.split(":")[3] if viewer.acm_arn else VIEWER_REGION
    if region != VIEWER_REGION:
        yield Finding(
            kind=Problem.VIEWER_CERT_REGION,
            severity=Severity.ERROR,
            what=f"the viewer certificate lies in {region}; CloudFront reads only {VIEWER_REGION}",
            remedy=f"Request or import the certificate in {VIEWER_REGION} and select that one.",
            evidence=viewer.acm_arn,
        )
    if viewer.support == "vip":
        yield Finding(
            kind=Problem.DEDICATED_IP,
            severity=Severity.INFO,
            what="viewers are served from dedicated addresses, which are billed; those without SNI are the only reason for it",
        )
    own = dict(distribution.own_certificates)
    for alias in distribution.aliases:
        shown = known.get(own[alias]) if alias in own else certificate
        if shown is not None and shown.names_complete:
            yield from _alias(alias, shown)
    for one in dict.fromkeys((certificate, *map(known.get, own.values()))):
        if one is not None:
            yield from _end(one, policy, now)


def _alias(alias: str, certificate: AcmCertificate) -> Iterator[Finding]:
    if not covered_by_names(certificate.names, alias):
        yield Finding(
            kind=Problem.ALIAS_NOT_COVERED,
            severity=Severity.ERROR,
            name=alias,
            what=f"the viewer certificate does not cover the alias {alias}; browsers refuse it",
            remedy=f"Add {alias} to the certificate, or remove the alias from the distribution.",
            evidence=f"{certificate.arn}: {', '.join(certificate.names)}",
        )


def _end(certificate: AcmCertificate, policy: CertificatePolicy, now: datetime) -> Iterator[Finding]:
    before, after = certificate.not_before, certificate.not_after
    if before is None or after is None:
        return
    renews = certificate.eligible and certificate.status == "ISSUED"
    severity = judge_life(before, after, now, policy)
    if severity is None or (renews and after - now > LAST_CALL):
        return
    yield Finding(
        kind=Problem.VIEWER_CERT_EXPIRING,
        severity=severity,
        what=f"the viewer certificate {ends(after, now)}",
        remedy=f"Renew or import it again {in_time(after, now)}: CloudFront may serve the old one for 24 hours.",
        evidence=f"{certificate.arn}, type {certificate.type}",
        deadline=after,
    )
