"""What came of looking at certificates and distributions: every verdict, and what was told and done about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.decide.certificates import OriginVerdict
from chalicelib.model.actions import Action
from chalicelib.model.certificates import Finding, Probe, Target
from chalicelib.model.inventory import AcmCertificate, Distribution
from chalicelib.model.report import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerVerdict:
    """What is wrong on the viewers' side of a distribution, worst first."""

    distribution: Distribution
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateVerdict:
    """What ACM's own data says is wrong with a certificate, whom it serves, and what became of missing validation records."""

    certificate: AcmCertificate
    users: tuple[Distribution, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Checked:
    """``reasons`` and ``alerts`` are for the report; ``unfinished`` names distributions that there was no time for."""

    reasons: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    planned: list[Action] = field(default_factory=list)
    performed: list[Action] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    origins: list[OriginVerdict] = field(default_factory=list)
    viewers: list[ViewerVerdict] = field(default_factory=list)
    certificates: list[CertificateVerdict] = field(default_factory=list)
    probes: dict[Target, Probe] = field(default_factory=dict)

    def add(self, other: Checked) -> None:
        """Take over what looking at more distributions came to."""
        self.reasons += other.reasons
        self.alerts += other.alerts
        self.unfinished += other.unfinished
        self.origins += other.origins
        self.viewers += other.viewers
        self.probes |= other.probes
