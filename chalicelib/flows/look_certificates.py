"""One look by hand at every origin and certificate: the decisions of the sweep, without its time limit, bookmark or writes.

It tells on the road that its world has, which may be one that goes nowhere. It never says that the subject of an alert is gone
or that an account cannot be read: whoever looks by hand may have other permissions than the deployed functions.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chalicelib.alerts import kinds
from chalicelib.flows.certificate_ports import CertificateWorld
from chalicelib.flows.certificate_reads import Read, read_all
from chalicelib.flows.certificates import examine_certificates
from chalicelib.flows.checked import Checked
from chalicelib.flows.origins import check_distributions


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was read and what came of it; ``absent`` are distributions that were asked for and found in no account."""

    read: Read
    checked: Checked
    absent: tuple[str, ...] = ()


def look_at_certificates(world: CertificateWorld, only: Collection[str] = ()) -> Looked:
    """Look at everything, or at the distributions with the ids ``only`` and at the certificates that these depend on."""
    alerts = (alert for kind in kinds.OF_CERTIFICATES for alert in world.road.open_alerts(kind))
    firing = frozenset(alert.fingerprint for alert in alerts)
    read, checked = read_all(world), Checked()
    absent = set(only) - {one.distribution_id for one in read.distributions}
    if only:
        read.distributions = tuple(one for one in read.distributions if one.distribution_id in only)
    examine_certificates(read, world, checked, firing, used_only=bool(only))
    checked.add(check_distributions(read.distributions, read, world, lambda: float("inf"), firing))
    return Looked(read=read, checked=checked, absent=tuple(sorted(absent)))
