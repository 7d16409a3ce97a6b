"""All certificates and all origins, whatever events came: ACM's events are best effort, this is the promise.

A run that is short of time notes how far it came; the next one goes on from there, so that the last distribution of a large
inventory is looked at as often as the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chalicelib.alerts import kinds
from chalicelib.alerts.certificate_alerts import certificate_fingerprint, origin_fingerprint, viewer_fingerprint
from chalicelib.alerts.certificate_watch import gone_alert, unread_alert, unread_fingerprint
from chalicelib.flows.certificate_ports import CertificateWorld
from chalicelib.flows.certificate_reads import Read, certificate_places, read_all
from chalicelib.flows.certificates import examine_certificates
from chalicelib.flows.checked import Checked
from chalicelib.flows.origins import Seconds, check_distributions
from chalicelib.model.inventory import Distribution
from chalicelib.model.plan import Decision
from chalicelib.model.report import Report
from chalicelib.model.triggers import SweepDue

ENOUGH_SECONDS = 60.0  # what a batch may take at worst: its reads, and handshakes that all run into their time-outs
BATCH = 25


def sweep_certificates(world: CertificateWorld, seconds_left: Seconds = lambda: float("inf")) -> Report:
    """One pass over every certificate and, as far as time goes, every distribution."""
    firing = {alert.fingerprint: alert for kind in kinds.OF_CERTIFICATES for alert in world.road.open_alerts(kind)}
    read = read_all(world)
    done = Checked()
    _tell_unread(read, world, done)
    examine_certificates(read, world, done, frozenset(firing))
    finished = _distributions(read, world, done, frozenset(firing), seconds_left)
    seen = {*_present(read)}
    for fingerprint, alert in firing.items():
        blind = any(place.account == alert.subject.account for place in read.errors)
        if fingerprint not in seen and not blind:
            world.road.tell(gone_alert(alert, world.now()))
            done.alerts.append(fingerprint)
    summary = f"{len(read.certificates)} certificates, {len(read.distributions)} distributions: {finished}"
    reasons = (summary, *read.unread, *done.reasons)
    return Report(
        trigger=SweepDue(),
        decision=Decision.OBSERVED,
        reasons=reasons,
        planned=tuple(done.planned),
        performed=tuple(done.performed),
        failed=tuple(done.failed),
        alerts=tuple(done.alerts),
    )


def _tell_unread(read: Read, world: CertificateWorld, done: Checked) -> None:
    firing = frozenset(world.road.open_fingerprints(kinds.AUTOMATION))
    for place in certificate_places(world):
        fingerprint, error = unread_fingerprint(place.account, place.region), read.errors.get(place, "")
        if error or fingerprint in firing:
            world.road.tell(unread_alert(place.account, place.region, error, world.policy, world.now()))
            done.alerts.append(fingerprint)


def _distributions(
    read: Read, world: CertificateWorld, done: Checked, firing: frozenset[str], seconds_left: Seconds
) -> str:
    """Batch after batch from the bookmark on, once around. How far it came, as a sentence."""
    turned = _turned(read.distributions, world.bookmark.read())
    for first in range(0, len(turned), BATCH):
        if seconds_left() < ENOUGH_SECONDS:
            return f"out of time, {len(turned) - first} distributions are left to the next sweep"
        batch = turned[first : first + BATCH]
        checked = check_distributions(batch, read, world, seconds_left, firing)
        done.add(checked)
        if checked.unfinished:
            return f"out of time at {checked.unfinished[0]}; the next sweep goes on there"
        world.bookmark.write(batch[-1].distribution_id)
    world.bookmark.write("")
    return "all looked at"


def _turned(distributions: Sequence[Distribution], last: str) -> tuple[Distribution, ...]:
    """In the order of their ids, beginning behind the last one that was done."""
    behind = tuple(one for one in distributions if one.distribution_id > last)
    return (*behind, *(one for one in distributions if one.distribution_id <= last))


def _present(read: Read) -> Iterator[str]:
    """The fingerprints of everything that is there."""
    for certificate in read.certificates.values():
        yield certificate_fingerprint(certificate)
    for distribution in read.distributions:
        yield viewer_fingerprint(distribution)
        for origin in distribution.origins:
            yield origin_fingerprint(distribution, origin)
