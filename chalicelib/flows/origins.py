"""Distributions and their origins: what CloudFront will meet there, judged and told.

The event path, the certificate path and the sweep all end in ``check_distributions``: the distributions they chose are
looked at in the same way, with handshakes that are shared, and each origin has one alert, whatever is wrong with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from chalicelib.alerts.certificate_alerts import (
    origin_alert,
    origin_fingerprint,
    viewer_alert,
    worth_telling,
)
from chalicelib.alerts.certificate_seen import still_in_doubt
from chalicelib.decide.certificates import Grounds, OriginVerdict, judge_distribution, judge_origin
from chalicelib.decide.origins import speaks_tls, targets_of
from chalicelib.flows.certificate_ports import CertificateWorld
from chalicelib.flows.certificate_reads import Read, read_all
from chalicelib.flows.checked import Checked, ViewerVerdict
from chalicelib.model.alert import Alert
from chalicelib.model.certificates import Finding, Seen
from chalicelib.model.inventory import AcmCertificate, Distribution, LoadBalancer, OriginKind
from chalicelib.model.plan import Decision
from chalicelib.model.report import Report
from chalicelib.model.triggers import DistributionChanged, Ignored, OriginTrigger

LOG = logging.getLogger(__name__)
Seconds = Callable[[], float]


def react_to_origin(
    trigger: OriginTrigger | Ignored, world: CertificateWorld, seconds_left: Seconds = lambda: float("inf")
) -> Report:
    """What a change of a distribution or of a listener leads to."""
    if isinstance(trigger, Ignored):
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(trigger.reason,))
    account = trigger.account if isinstance(trigger, DistributionChanged) else trigger.place.account
    if not world.knows(account):
        reason = f"account {account}, which the event names, is not in the policy"
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(reason,))
    read = read_all(world)
    chosen = affected(trigger, read, world)
    checked = check_distributions(chosen, read, world, seconds_left)
    reasons = (_chosen(chosen), *read.unread, *checked.reasons)
    LOG.info("origins.checked", extra={"distributions": [one.distribution_id for one in chosen]})
    return Report(trigger=trigger, decision=Decision.OBSERVED, reasons=reasons, alerts=tuple(checked.alerts))


def affected(trigger: OriginTrigger, read: Read, world: CertificateWorld) -> tuple[Distribution, ...]:
    """The distributions that a trigger is about."""
    if isinstance(trigger, DistributionChanged):
        return tuple(one for one in read.distributions if one.distribution_id == trigger.distribution_id)
    return users_of({trigger.balancer_arn}, read, world)


def users_of(balancer_arns: Collection[str], read: Read, world: CertificateWorld) -> tuple[Distribution, ...]:
    """The distributions with an origin that leads to one of these load balancers."""
    balancers = [one for one in read.balancers if one.arn in balancer_arns]
    domains = {domain for one in read.distributions for domain in _domains(one)}
    behind = world.handshakes.balancers_behind(sorted(domains), balancers) if balancers else {}
    return tuple(
        one
        for one in read.distributions
        if any(domain in behind for domain in _domains(one))
        or any(origin.endpoint_arn in balancer_arns for origin in one.origins if origin.endpoint_arn)
    )


def _domains(distribution: Distribution) -> Iterable[str]:
    return (
        one.domain_name.lower() for one in distribution.origins if one.kind is OriginKind.CUSTOM and speaks_tls(one)
    )


def _chosen(chosen: Sequence[Distribution]) -> str:
    named = ", ".join(one.distribution_id for one in chosen)
    return f"looked at {named}" if named else "no distribution depends on it"


def check_distributions(
    chosen: Sequence[Distribution],
    read: Read,
    world: CertificateWorld,
    seconds_left: Seconds,
    open_alerts: Collection[str] | None = None,
) -> Checked:
    """Judge every origin and the viewers' side of these distributions, and tell what is news.

    ``open_alerts`` are the fingerprints that fire, where the caller knows them; else the road is asked for each.
    """
    grounds = _grounds(chosen, read, world, seconds_left)
    checked = Checked(probes=dict(grounds.probes))
    for distribution in chosen:
        verdicts = [judge_origin(distribution, origin, grounds) for origin in distribution.origins]
        for verdict in verdicts:
            _tell_origin(verdict, world, checked, open_alerts)
        findings = judge_distribution(distribution, grounds.certificates, world.policy.certificates, grounds.now)
        checked.origins += verdicts
        checked.viewers.append(ViewerVerdict(distribution=distribution, findings=findings))
        alert = viewer_alert(distribution, findings, world.policy, grounds.now)
        _tell(alert, findings, world, checked, open_alerts)
        if not all(verdict.complete for verdict in verdicts):
            checked.unfinished.append(distribution.distribution_id)
    return checked


def _grounds(chosen: Sequence[Distribution], read: Read, world: CertificateWorld, seconds_left: Seconds) -> Grounds:
    """Everything that the verdicts stand on: load balancers and their certificates, then the handshakes."""
    domains = sorted({domain for one in chosen for domain in _domains(one)})
    behind = dict(world.handshakes.balancers_behind(domains, read.balancers)) if read.balancers else {}
    arns = {origin.endpoint_arn for one in chosen for origin in one.origins if origin.endpoint_arn}
    behind |= {one.arn: one for one in read.balancers if one.arn in arns}
    listened = {one.arn: read.tried(partial(world.reader.with_listeners, one)) or one for one in behind.values()}
    balancers: Mapping[str, LoadBalancer] = {key: listened[one.arn] for key, one in behind.items()}
    targets = {target for one in chosen for origin in one.origins for target in targets_of(one, origin)}
    return Grounds(
        roots=world.roots,
        policy=world.policy.certificates,
        now=world.now(),
        balancers=balancers,
        certificates=_certificates(chosen, listened.values(), read, world),
        probes=world.handshakes.probe_all(targets, seconds_left),
    )


def _certificates(
    chosen: Sequence[Distribution], balancers: Iterable[LoadBalancer], read: Read, world: CertificateWorld
) -> dict[str, AcmCertificate]:
    """ACM's word on what is attached; a certificate of a listener is read in full, for its serial."""
    known = dict(read.certificates)
    for balancer in balancers:
        for arn in (arn for one in balancer.listeners or () for arn in one.certificate_arns):
            if ":acm:" in arn and not (arn in known and known[arn].detailed):
                found = read.tried(partial(world.reader.certificate, balancer.place, arn))
                known |= {arn: found} if found else {}
    read.certificates.update(known)
    for account in sorted({one.account for one in chosen}):
        ids = sorted({one.viewer.iam_id for one in chosen if one.account == account and one.viewer.iam_id})
        stored = read.tried(partial(world.reader.iam_certificates, account, ids)) if ids else ()
        known |= {one.arn: one for one in stored or ()}
    return known


def _tell_origin(
    verdict: OriginVerdict, world: CertificateWorld, checked: Checked, open_alerts: Collection[str] | None
) -> None:
    fingerprint = origin_fingerprint(verdict.distribution, verdict.origin)
    may_fire = open_alerts is None or fingerprint in open_alerts
    in_doubt = may_fire and len(verdict.sure) < len(Seen)
    former = world.road.firing(fingerprint) if in_doubt else None
    if former is not None and still_in_doubt(former, verdict):
        checked.reasons += _reasons(former.subject.id, verdict.findings)
        return  # what was told before is neither confirmed nor over
    alert = origin_alert(verdict, world.policy, world.now(), former)
    _tell(alert, verdict.findings, world, checked, open_alerts)


def _tell(
    alert: Alert,
    findings: Sequence[Finding],
    world: CertificateWorld,
    checked: Checked,
    open_alerts: Collection[str] | None,
) -> None:
    """What fires is told every time, and the road drops what it knows; an end is told only where something was open."""
    checked.reasons += _reasons(alert.subject.id, findings)
    fingerprint = alert.fingerprint
    was_open = world.road.fires(fingerprint) if open_alerts is None else fingerprint in open_alerts
    if worth_telling(findings) or was_open:
        world.road.tell(alert)
        checked.alerts.append(fingerprint)


def _reasons(subject: str, findings: Iterable[Finding]) -> list[str]:
    return [f"{subject}: {one.kind} ({one.severity}, {one.basis}): {one.what}" for one in findings]
