"""A certificate in ACM: will it be renewed, whom will its end hurt, and do the origins that show it still fit?"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from functools import partial

from chalicelib.alerts.certificate_alerts import Hurt, certificate_alert, certificate_fingerprint, worth_telling
from chalicelib.decide.certificate_renewal import judge_acm, worth_a_closer_look
from chalicelib.decide.certificates import without_accepted
from chalicelib.flows.certificate_ports import CertificateWorld
from chalicelib.flows.certificate_reads import GLOBAL_REGION, Read, read_all
from chalicelib.flows.checked import CertificateVerdict, Checked
from chalicelib.flows.origins import Seconds, check_distributions, users_of
from chalicelib.flows.validation import repair_validation
from chalicelib.model.certificates import Finding, Problem
from chalicelib.model.inventory import AcmCertificate, Distribution
from chalicelib.model.plan import Decision
from chalicelib.model.report import Report
from chalicelib.model.triggers import CertificateChanged, Ignored

LOG = logging.getLogger(__name__)


def react_to_certificate(
    trigger: CertificateChanged | Ignored, world: CertificateWorld, seconds_left: Seconds = lambda: float("inf")
) -> Report:
    """What an event about certificates leads to. The event only says where to look; ACM is asked how they stand."""
    if isinstance(trigger, Ignored):
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(trigger.reason,))
    place = trigger.place
    if not (world.policy.manages(place) or (world.knows(place.account) and place.region == GLOBAL_REGION)):
        reason = f"{place}, which the event names, is not in the policy"
        return Report(trigger=trigger, decision=Decision.IGNORED, reasons=(reason,))
    read = read_all(world)
    done = Checked()
    chosen: dict[str, Distribution] = {}
    for arn in trigger.arns:
        certificate = world.reader.certificate(place, arn)
        if certificate is None:
            done.reasons.append(f"{arn} is there no more")
            continue
        read.certificates[arn] = certificate
        users = users_of_certificate(certificate, read, world)
        tell_certificate(certificate, users, world, done)
        chosen |= {one.distribution_id: one for one in users}
    done.add(check_distributions(tuple(chosen.values()), read, world, seconds_left))
    LOG.info("certificates.checked", extra={"place": str(place), "arns": list(trigger.arns), "told": trigger.told})
    return Report(
        trigger=trigger,
        decision=Decision.OBSERVED,
        reasons=(*read.unread, *done.reasons),
        planned=tuple(done.planned),
        performed=tuple(done.performed),
        failed=tuple(done.failed),
        alerts=tuple(done.alerts),
    )


def examine_certificates(
    read: Read, world: CertificateWorld, done: Checked, firing: Collection[str], *, used_only: bool = False
) -> None:
    """Judge what is listed. Only what the list leaves open, or what fires, is read in full: a call each.

    With ``used_only`` a certificate on which none of the distributions depends is left out.
    """
    policy, now = world.policy.certificates, world.now()
    due = [
        one
        for one in read.certificates.values()
        if worth_a_closer_look(one, policy, now) or certificate_fingerprint(one) in firing
    ]
    for number, listed in enumerate(due, start=1):
        found = read.tried(partial(world.reader.certificate, listed.place, listed.arn), listed.place)
        if found is not None:
            read.certificates[listed.arn] = found
            users = users_of_certificate(found, read, world)
            if users or not used_only:
                tell_certificate(found, users, world, done, firing)
        world.progress.examined(number, len(due))


def tell_certificate(
    certificate: AcmCertificate,
    users: Collection[Distribution],
    world: CertificateWorld,
    done: Checked,
    open_alerts: Collection[str] | None = None,
) -> None:
    """Judge one certificate by ACM's own data, and tell what is news."""
    now = world.now()
    ids = [one.distribution_id for one in users]
    findings = without_accepted(judge_acm(certificate, world.policy.certificates, now), ids, world.policy.certificates)
    fingerprint = certificate_fingerprint(certificate)
    done.reasons += [f"{certificate.arn}: {one.kind} ({one.severity}, {one.basis}): {one.what}" for one in findings]
    was_open = world.road.fires(fingerprint) if open_alerts is None else fingerprint in open_alerts
    notes: tuple[str, ...] = ()
    if worth_telling(findings) or was_open:
        known = {one.arn for one in users}
        hurt = Hurt(
            distributions=tuple(_shown(one) for one in users),
            balancers=tuple(arn.partition(":loadbalancer/")[2] for arn in certificate.in_use_by if _is_balancer(arn)),
            others=tuple(
                _other_user(arn) for arn in certificate.in_use_by if not _is_balancer(arn) and arn not in known
            ),
        )
        notes = repair_validation(certificate, world, done) if _blocked(findings) else ()
        done.reasons += notes
        world.road.tell(certificate_alert(certificate, findings, hurt, world.policy, now, notes))
        done.alerts.append(fingerprint)
    verdict = CertificateVerdict(certificate=certificate, users=tuple(users), findings=tuple(findings), notes=notes)
    done.certificates.append(verdict)


def _blocked(findings: Iterable[Finding]) -> bool:
    return any(one.kind is Problem.ACM_RENEWAL_BLOCKED for one in findings)


def users_of_certificate(certificate: AcmCertificate, read: Read, world: CertificateWorld) -> tuple[Distribution, ...]:
    """The distributions that a certificate matters to: as the viewers', the client's, or an origin's one."""
    balancers = {_balancer_of(arn) for arn in certificate.in_use_by if _is_balancer(arn)}
    direct = [
        one
        for one in read.distributions
        if certificate.arn in {one.viewer.acm_arn, *dict(one.own_certificates).values()}
        or any(origin.client_certificate_arn == certificate.arn for origin in one.origins)
    ]
    by_origin = users_of(balancers, read, world) if balancers else ()
    return tuple({one.distribution_id: one for one in (*direct, *by_origin)}.values())


def _is_balancer(arn: str) -> bool:
    return ":elasticloadbalancing:" in arn


def _other_user(arn: str) -> str:
    """An API, a domain of another service, or a distribution of an account that is not read."""
    _, _, service, region, _, resource = [*arn.split(":", 5), *[""] * 5][:6]
    return " ".join(filter(None, (service, region, resource))) or arn


def _balancer_of(arn: str) -> str:
    """ACM names the load balancer; a listener's ARN holds its name as well."""
    if ":listener/" not in arn:
        return arn
    head, _, path = arn.partition(":listener/")
    return f"{head}:loadbalancer/{path.rpartition('/')[0]}"


def _shown(distribution: Distribution) -> str:
    aliases = ", ".join(distribution.aliases[:3])
    return f"{distribution.distribution_id} ({aliases or distribution.domain_name})"
