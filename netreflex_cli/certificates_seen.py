"""What one look saw, put in the order in which people read it: the worst first, by distribution, origin and name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.decide.certificates import OriginVerdict
from chalicelib.flows.certificate_ports import CertificateWorld
from chalicelib.flows.checked import CertificateVerdict, ViewerVerdict
from chalicelib.flows.look_certificates import Looked
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Finding, Problem
from chalicelib.model.inventory import Distribution
from chalicelib.model.policy import Policy

ALL_WELL, WRONG, COULD_NOT = 0, 1, 2
_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One origin of a distribution, the viewers of one, or a certificate in ACM, and what is wrong with it, worst first.

    ``unprobed`` are the names for which no handshake could be tried, each with its why. ``host`` and ``port`` are an origin's.
    """

    kind: str
    id: str
    title: str
    account: str
    account_name: str
    findings: tuple[Finding, ...] = ()
    unprobed: tuple[Finding, ...] = ()
    distribution: str = ""
    origin: str = ""
    host: str = ""
    port: int = 0
    about: str = ""
    notes: tuple[str, ...] = ()

    @property
    def worst(self) -> int:
        return max((one.severity.rank for one in self.findings), default=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that a look saw. ``told`` are fingerprints of alerts, where alerts were told."""

    at: datetime
    subjects: tuple[Subject, ...]
    unread: tuple[str, ...]
    absent: tuple[str, ...]
    counts: dict[str, int]
    told: tuple[str, ...] | None

    @property
    def by_severity(self) -> Counter[Severity]:
        return Counter(one.severity for subject in self.subjects for one in subject.findings)

    @property
    def unprobed(self) -> tuple[Subject, ...]:
        return tuple(one for one in self.subjects if one.unprobed)

    @property
    def complete(self) -> bool:
        """Was all that there is read and probed?"""
        return not (self.unread or self.absent or self.unprobed)

    @property
    def exit_status(self) -> int:
        """As the help of the command says. That something could not be seen goes before what was seen, as in diff and grep."""
        if not self.complete:
            return COULD_NOT
        return WRONG if self.by_severity[Severity.CRITICAL] or self.by_severity[Severity.ERROR] else ALL_WELL


def seen(looked: Looked, world: CertificateWorld, *, told: bool) -> Seen:
    """The same look in the order of reading."""
    checked, read = looked.checked, looked.read
    subjects = [
        *(_origin(one, world.policy) for one in checked.origins),
        *(_viewers(one, world.policy) for one in checked.viewers),
        *(_certificate(one, world.policy) for one in checked.certificates),
    ]
    return Seen(
        at=world.now(),
        subjects=tuple(sorted(subjects, key=lambda one: (-one.worst, one.id))),
        unread=tuple(dict.fromkeys(read.unread)),
        absent=looked.absent,
        counts={
            "distributions": len(read.distributions),
            "origins": len(checked.origins),
            "handshakes": sum(bool(probe.chain) for probe in checked.probes.values()),
            "certificates": len(read.certificates),
        },
        told=tuple(dict.fromkeys(checked.alerts)) if told else None,
    )


def _origin(verdict: OriginVerdict, policy: Policy) -> Subject:
    distribution, origin = verdict.distribution, verdict.origin
    return Subject(
        kind="origin",
        id=f"{distribution.distribution_id}/{origin.origin_id}",
        title=f"{distribution.distribution_id} -> {origin.domain_name}:{origin.https_port}",
        account=distribution.account,
        account_name=_name(distribution.account, policy),
        findings=tuple(one for one in verdict.findings if one.kind is not Problem.CANNOT_PROBE),
        unprobed=tuple(one for one in verdict.findings if one.kind is Problem.CANNOT_PROBE),
        distribution=distribution.distribution_id,
        origin=origin.origin_id,
        host=origin.domain_name,
        port=origin.https_port,
        about=f"origin {origin.origin_id} of {_shown(distribution)}",
    )


def _viewers(verdict: ViewerVerdict, policy: Policy) -> Subject:
    distribution = verdict.distribution
    return Subject(
        kind="viewers",
        id=distribution.distribution_id,
        title=f"{distribution.distribution_id}, as viewers see it",
        account=distribution.account,
        account_name=_name(distribution.account, policy),
        findings=verdict.findings,
        distribution=distribution.distribution_id,
        about=_shown(distribution),
    )


def _certificate(verdict: CertificateVerdict, policy: Policy) -> Subject:
    certificate = verdict.certificate
    balancers = [arn.partition(":loadbalancer/")[2] for arn in certificate.in_use_by]
    users = [one.distribution_id for one in verdict.users] + [name for name in balancers if name]
    return Subject(
        kind="certificate",
        id=certificate.arn,
        title=f"certificate of {certificate.domain or 'no domain'} in {certificate.place.region}",
        account=certificate.place.account,
        account_name=_name(certificate.place.account, policy),
        findings=tuple(sorted(verdict.findings, key=lambda one: -one.severity.rank)),
        about=f"{certificate.arn}, used by {_first(users) or 'nothing that is known'}",
        notes=verdict.notes,
    )


def _shown(distribution: Distribution) -> str:
    state = "" if distribution.live else ", staging" if distribution.staging else ", disabled"
    return f"{_first(distribution.aliases or (distribution.domain_name,))}{state}"


def _first(names: Sequence[str]) -> str:
    """As many as a line holds."""
    more = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {more} more" if more > 0 else "")


def _name(account: str, policy: Policy) -> str:
    known = policy.accounts.get(account)
    return known.name if known else account


def together(findings: Iterable[Finding]) -> list[tuple[Finding, tuple[str, ...]]]:
    """Findings that say the same of several names, as the first of them with the other names."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        said = (text.replace(one.name, "") if one.name else text for text in (one.what, one.remedy, one.evidence))
        alike.setdefault((one.kind, one.severity, one.basis, *said), []).append(one)
    return [(same[0], tuple(one.name for one in same[1:])) for same in alike.values()]
