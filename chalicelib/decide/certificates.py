"""The verdict on an origin and on a distribution: every rule's findings joined, softened and accepted. Pure.

An origin is judged by the handshakes that CloudFront would make with it. Where none got through, the load balancer's
listeners and ACM's data speak instead, and the finding says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase

from chalicelib.decide.certificate_chain import Question, judge_chain
from chalicelib.decide.certificate_handshake import judge_contact, judge_handshake
from chalicelib.decide.certificate_life import ends, judge_life
from chalicelib.decide.certificate_listeners import (
    Known,
    attached,
    judge_listener,
    judge_stale,
    renewed_by_acm,
    tells_all,
)
from chalicelib.decide.certificate_names import WILDCARD_PROBE
from chalicelib.decide.certificate_path import Roots
from chalicelib.decide.certificate_viewer import judge_viewer
from chalicelib.decide.certificate_x509 import MalformedCertificate, parse
from chalicelib.decide.origins import Sent, judge_configuration, names_sent, speaks_tls, targets_of
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Certificate, Contact, Finding, Probe, Problem, Seen, Target
from chalicelib.model.inventory import Distribution, LoadBalancer, Origin, OriginKind
from chalicelib.model.policy import CertificatePolicy

_OUT_OF_SIGHT = frozenset({Contact.NO_ANSWER, Contact.NOT_VISITED})
_SOFTER = {
    Severity.CRITICAL: Severity.ERROR,
    Severity.ERROR: Severity.WARNING,
    Severity.WARNING: Severity.INFO,
    Severity.INFO: Severity.INFO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a verdict stands on: the rules, and what was read beside the distributions.

    ``balancers`` are by ARN and by each domain name that leads to them; ``certificates`` by ARN (or id in the IAM store).
    """

    roots: Roots
    policy: CertificatePolicy
    now: datetime
    probes: Mapping[Target, Probe] = field(default_factory=dict)
    balancers: Mapping[str, LoadBalancer] = field(default_factory=dict)
    certificates: Known = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginVerdict:
    """What is wrong with one origin of one distribution, worst first. ``complete`` is False where a probe is still due.

    ``sure`` is where all that there is could be seen: what was seen there before and is not now, is over.
    """

    distribution: Distribution
    origin: Origin
    findings: tuple[Finding, ...]
    names: tuple[str, ...] = ()
    complete: bool = True
    sure: frozenset[Seen] = frozenset(Seen)


def judge_origin(distribution: Distribution, origin: Origin, grounds: Grounds) -> OriginVerdict:
    """Every finding on one origin, for all the names that are sent to it."""
    sent = targets_of(distribution, origin)
    findings = list(judge_configuration(distribution, origin))
    for target, name in sent.items():
        probe = grounds.probes.get(target)
        if probe is not None:
            findings += judge_probe(probe, origin, name, grounds)
    if origin.kind is OriginKind.VPC and speaks_tls(origin) and not origin.unread:
        for name in names_sent(distribution, origin):
            findings += _by_configuration(origin, name, grounds)
    findings += _client_certificate(origin, grounds)
    return OriginVerdict(
        distribution=distribution,
        origin=origin,
        findings=settled(findings, distribution, grounds.policy),
        names=tuple(one.name for one in names_sent(distribution, origin)),
        complete=all(target in grounds.probes for target in sent),
        sure=frozenset(_sure(origin, sent, grounds)),
    )


def _sure(origin: Origin, sent: Collection[Target], grounds: Grounds) -> Iterator[Seen]:
    """Where everything about an origin could be seen. Of its listener nothing has to be, where every handshake got through."""
    if not origin.client_certificate_arn or origin.client_certificate_arn in grounds.certificates:
        yield Seen.SETTINGS
    probes = [grounds.probes.get(target) for target in sent]
    if all(one is not None and one.contact not in _OUT_OF_SIGHT for one in probes):
        yield Seen.HANDSHAKE
    private = origin.kind is OriginKind.VPC and speaks_tls(origin)
    served = not private and all(one is not None and one.contact is Contact.SERVED for one in probes)
    if served or tells_all(_balancer(origin, grounds), origin.https_port, grounds.certificates):
        yield Seen.LISTENER


def judge_probe(probe: Probe, origin: Origin, sent: Sent, grounds: Grounds) -> Iterator[Finding]:
    """What one handshake shows: contact, protocols, and every rule about the chain."""
    if probe.contact is not Contact.SERVED:
        yield from _not_served(probe, origin, sent, grounds)
        return
    yield from judge_handshake(probe, origin)
    if not probe.chain:
        return
    where = f"{origin.domain_name}:{probe.target.port}"
    asked = Question(chain=probe.chain, name=sent.name.replace("*", WILDCARD_PROBE, 1), other=sent.other, where=where)
    findings = judge_chain(asked, grounds.roots, grounds.policy, grounds.now)
    balancer = grounds.balancers.get(origin.domain_name.lower())
    leaf = _leaf(probe)
    if balancer is None or leaf is None:
        yield from findings
        return
    certificates = attached(balancer, origin.https_port, grounds.certificates)
    renewed = renewed_by_acm(leaf, certificates)
    yield from (one for one in findings if not (renewed and one.kind is Problem.EXPIRING))
    yield from judge_stale(leaf, certificates, grounds.now)


def _not_served(probe: Probe, origin: Origin, sent: Sent, grounds: Grounds) -> Iterator[Finding]:
    """What kept the handshake from being made, and what the load balancer's settings say in its place."""
    configured = tuple(_by_configuration(origin, sent, grounds))
    fits = not configured and tells_all(_balancer(origin, grounds), origin.https_port, grounds.certificates)
    for one in judge_contact(probe):
        said = f"{one.what}; by configuration its load balancer shows a certificate that fits"
        yield replace(one, what=said) if fits and one.kind is Problem.CANNOT_PROBE else one
    yield from configured


def judge_distribution(
    distribution: Distribution, certificates: Known, policy: CertificatePolicy, now: datetime
) -> tuple[Finding, ...]:
    """Every finding on the viewers' side."""
    viewer = distribution.viewer
    certificate = certificates.get(viewer.acm_arn or viewer.iam_id)
    return settled(judge_viewer(distribution, certificate, certificates, policy, now), distribution, policy)


def settled(findings: Iterable[Finding], distribution: Distribution, policy: CertificatePolicy) -> tuple[Finding, ...]:
    """Without repeats and without what people accept, a step softer where no viewer depends on it, worst first."""
    kept = [
        one if distribution.live else replace(one, severity=_SOFTER[one.severity])
        for one in without_accepted(dict.fromkeys(findings), (distribution.distribution_id,), policy)
    ]
    return tuple(sorted(kept, key=lambda one: (-one.severity.rank, one.kind, one.name)))


def without_accepted(
    findings: Iterable[Finding], distributions: Collection[str], policy: CertificatePolicy
) -> tuple[Finding, ...]:
    """What people do not accept. ``distributions`` are all that it is about: accepted for one of two is not accepted."""
    return tuple(one for one in findings if not _accepted(one, frozenset(distributions), policy))


def _accepted(finding: Finding, distributions: frozenset[str], policy: CertificatePolicy) -> bool:
    return any(
        (not known.kinds or finding.kind in known.kinds)
        and (not known.distributions or (bool(distributions) and distributions <= set(known.distributions)))
        and (not known.names or any(fnmatchcase(finding.name, pattern) for pattern in known.names))
        for known in policy.accept
    )


def _leaf(probe: Probe) -> Certificate | None:
    try:
        return parse(probe.chain[0])
    except MalformedCertificate:
        return None


def _balancer(origin: Origin, grounds: Grounds) -> LoadBalancer | None:
    return grounds.balancers.get(origin.endpoint_arn or origin.domain_name.lower())


def _by_configuration(origin: Origin, sent: Sent, grounds: Grounds) -> Iterator[Finding]:
    balancer = _balancer(origin, grounds)
    if balancer is not None and balancer.listeners is not None:
        yield from judge_listener(balancer, origin, sent.name, grounds.certificates, grounds.now, sent.other)


def _client_certificate(origin: Origin, grounds: Grounds) -> Iterator[Finding]:
    """The certificate that CloudFront shows to the origin: imported, so nobody renews it."""
    certificate = grounds.certificates.get(origin.client_certificate_arn)
    if certificate is None or certificate.not_before is None or certificate.not_after is None:
        return
    severity = judge_life(certificate.not_before, certificate.not_after, grounds.now, grounds.policy)
    if severity is not None:
        yield Finding(
            kind=Problem.MTLS_CLIENT_CERT_EXPIRING,
            severity=severity,
            what=f"the client certificate that CloudFront shows to the origin "
            f"{ends(certificate.not_after, grounds.now)}",
            remedy="Issue a client certificate (clientAuth, RSA-2048 or P-256), let the origin trust it, then import it in "
            "us-east-1 and select it; ACM does not renew it.",
            evidence=certificate.arn,
            deadline=certificate.not_after,
            seen=Seen.SETTINGS,
        )
