"""The alerts about certificates: one for each origin of a distribution, each distribution's viewers, each certificate. Pure.

All that is wrong with a subject is in its one alert, worst first. No text holds the present time or a length of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.alerts.certificate_seen import SEEN_BY, hardest_to_see
from chalicelib.alerts.certificate_words import headline
from chalicelib.decide.certificate_life import day
from chalicelib.decide.certificates import OriginVerdict
from chalicelib.model.alert import Alert, AlertStatus, Field, Link, Severity, Subject, fingerprint
from chalicelib.model.certificates import Finding, Problem
from chalicelib.model.inventory import AcmCertificate, Distribution, Origin
from chalicelib.model.policy import Policy

_REGION = "us-east-1"  # CloudFront's own
_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurt:
    """Who depends on a certificate: origins and viewers of distributions, load balancers, and other services of AWS."""

    distributions: tuple[str, ...] = ()
    balancers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def worth_telling(findings: Iterable[Finding]) -> bool:
    return any(one.severity is not Severity.INFO for one in findings)


def origin_subject(distribution: Distribution, origin: Origin, policy: Policy) -> Subject:
    account = policy.accounts.get(distribution.account)
    return Subject(
        type="cloudfront-origin",
        id=f"{distribution.distribution_id}/{origin.origin_id}",
        name=f"{distribution.distribution_id} -> {origin.domain_name}",
        arn=distribution.arn,
        account=distribution.account,
        region=_REGION,
        env=account.name if account else "",
    )


def origin_fingerprint(distribution: Distribution, origin: Origin) -> str:
    subject_id = f"{distribution.distribution_id}/{origin.origin_id}"
    return fingerprint(kinds.ORIGIN_CERTIFICATE, distribution.account, _REGION, subject_id)


def viewer_fingerprint(distribution: Distribution) -> str:
    return fingerprint(kinds.VIEWER_CERTIFICATE, distribution.account, _REGION, distribution.distribution_id)


def certificate_fingerprint(certificate: AcmCertificate) -> str:
    return fingerprint(kinds.CERTIFICATE, certificate.place.account, certificate.place.region, certificate.arn)


def origin_alert(verdict: OriginVerdict, policy: Policy, now: datetime, former: Alert | None = None) -> Alert:
    """How one origin of a distribution stands; without anything worth telling, that all is well again.

    ``former`` is what fires, where some of it may be out of sight.
    """
    distribution, origin, findings = verdict.distribution, verdict.origin, verdict.findings
    hit = list(dict.fromkeys(one.name for one in findings if one.name and one.severity is Severity.CRITICAL))
    hit = hit or list(verdict.names)
    where = f"{origin.domain_name}:{origin.https_port}"
    return _alert(
        kinds.ORIGIN_CERTIFICATE,
        origin_subject(distribution, origin, policy),
        f"CloudFront {distribution.distribution_id}",
        findings,
        _origin_summary(findings, hit, distribution, now),
        now,
        fields=[
            Field(name="Distribution", value=f"{distribution.distribution_id} ({_listed(distribution.aliases)})"),
            Field(name="Origin", value=f"{origin.origin_id}: {where}"),
            Field(name="Names asked for", value=_listed(verdict.names)),
            Field(name=SEEN_BY, value=hardest_to_see(verdict, former)),
        ],
        link=distribution.distribution_id,
        proof=f"openssl s_client -connect {where} -servername {hit[0]} -showcerts" if hit else "",
    )


def viewer_alert(distribution: Distribution, findings: Sequence[Finding], policy: Policy, now: datetime) -> Alert:
    """How the viewers' side of a distribution stands."""
    account = policy.accounts.get(distribution.account)
    names = [one.name for one in findings if one.name]
    whom = _listed(names or distribution.aliases)
    return _alert(
        kinds.VIEWER_CERTIFICATE,
        Subject(
            type="cloudfront-distribution",
            id=distribution.distribution_id,
            name=distribution.distribution_id,
            arn=distribution.arn,
            account=distribution.account,
            region=_REGION,
            env=account.name if account else "",
        ),
        f"CloudFront {distribution.distribution_id}",
        findings,
        f"Browsers refuse {whom}."
        if names or _over(findings, now)
        else f"Viewers of {whom} will be refused once it has ended.",
        now,
        fields=[Field(name="Aliases", value=_listed(distribution.aliases))],
        link=distribution.distribution_id,
    )


def certificate_alert(  # noqa: PLR0917 - all of it is told
    certificate: AcmCertificate,
    findings: Sequence[Finding],
    hurt: Hurt,
    policy: Policy,
    now: datetime,
    notes: Sequence[str] = (),
) -> Alert:
    """How a certificate in ACM stands, and whom its end would hurt."""
    account = policy.accounts.get(certificate.place.account)
    return _alert(
        kinds.CERTIFICATE,
        Subject(
            type="certificate",
            id=certificate.arn,
            name=certificate.domain,
            arn=certificate.arn,
            account=certificate.place.account,
            region=certificate.place.region,
            env=account.name if account else "",
        ),
        f"Certificate {certificate.domain[:30]}",
        findings,
        _certificate_summary(certificate, findings, hurt, now),
        now,
        fields=[
            Field(name="Certificate", value=certificate.arn),
            Field(name="Distributions", value=_listed(hurt.distributions)),
            Field(name="Load balancers", value=_listed(hurt.balancers)),
            *([Field(name="Other users", value=_listed(hurt.others))] if hurt.others else []),
        ],
        notes=notes,
        console=(kinds.certificate_console(certificate.arn),),
    )


def _certificate_summary(certificate: AcmCertificate, findings: Sequence[Finding], hurt: Hurt, now: datetime) -> str:
    whom = hurt.distributions or hurt.balancers or hurt.others
    if not whom:
        return "No service of AWS is known to use it."
    if any(one.kind is Problem.ACM_REVOKED for one in findings):
        return f"Whoever checks for revocation refuses {_listed(whom)}."
    end = certificate.not_after
    if end is not None and end <= now:
        return f"Since {day(end)}: {_listed(whom)} fails."
    return f"From {day(end) if end else 'its end'} on: {_listed(whom)} will fail."


def _over(findings: Iterable[Finding], now: datetime) -> bool:
    return any(one.deadline is not None and one.deadline <= now for one in findings)


def _origin_summary(findings: Sequence[Finding], hit: Sequence[str], distribution: Distribution, now: datetime) -> str:
    whom, worst = _listed(hit), findings[0].severity if findings else Severity.INFO
    if not distribution.live:
        return f"No viewer depends on it now: the distribution is {'staging' if distribution.staging else 'disabled'}."
    if worst is Severity.CRITICAL and (findings[0].deadline is None or _over(findings[:1], now)):
        return f"CloudFront answers 502 to viewers for every cache miss that goes to the origin as {whom}."
    ends = [one.deadline for one in findings if one.deadline]
    if ends:
        return f"From {day(min(ends))} on CloudFront will answer 502 for every cache miss that goes to the origin as {whom}."
    return f"Requests to the origin as {whom} fail or are at risk."


def _alert(  # noqa: PLR0913, PLR0917 - the parts of an alert
    kind: str,
    subject: Subject,
    whose: str,
    findings: Sequence[Finding],
    summary: str,
    now: datetime,
    *,
    fields: Sequence[Field],
    link: str = "",
    proof: str = "",
    notes: Sequence[str] = (),
    console: tuple[Link, ...] = (),
) -> Alert:
    links = (kinds.distribution_console(link),) if link else console
    if not worth_telling(findings):
        return Alert(
            kind=kind,
            status=AlertStatus.RESOLVED,
            severity=Severity.INFO,
            subject=subject,
            title=f"{whose}: certificate in order",
            summary="Nothing is wrong with it any more.",
            at=now,
            links=links,
            fields=tuple(fields),
        )
    first = findings[0]
    basis = ", ".join(dict.fromkeys(f"{one.kind} ({one.basis})" for one in findings))
    evidence = [one.evidence for one in findings if one.evidence]
    return Alert(
        kind=kind,
        status=AlertStatus.FIRING,
        severity=first.severity,
        subject=subject,
        title=f"{whose}: {headline(first, now)}",
        summary=summary,
        at=now,
        cause=". ".join(text.rstrip(".") for text in (*(one.what for one in findings), *notes)) + ".",
        remedy=tuple(dict.fromkeys(one.remedy for one in findings if one.remedy))[:5],
        links=links,
        evidence="\n".join(dict.fromkeys([*evidence, proof] if proof else evidence)),
        fields=(*fields, Field(name="Problems", value=basis)),
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN]) or "none"
    return f"{shown} and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else shown
