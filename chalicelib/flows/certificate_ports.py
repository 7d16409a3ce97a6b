"""What the flows of certificates need from the world; the real adapters and the fakes of the tests both satisfy it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from chalicelib.decide.certificate_path import Roots
from chalicelib.flows.ports import AlertRoad
from chalicelib.model.alert import Alert
from chalicelib.model.certificates import Probe, Target
from chalicelib.model.inventory import AcmCertificate, Distribution, LoadBalancer
from chalicelib.model.names import RecordSet, Zone
from chalicelib.model.network import Place
from chalicelib.model.policy import Policy
from chalicelib.perform.executor import Executor


class CertificateRoad(AlertRoad, Protocol):
    """The alerts' road, which also tells what fires, for the end of problems whose subject is gone."""

    def open_alerts(self, kind: str) -> Iterable[Alert]:
        """The alerts of a kind that fire now, as they were last told."""


class CertificateReader(Protocol):
    """Reads certificates, distributions and load balancers (``observe.certificates`` says what each read promises)."""

    def distributions(self, account: str) -> tuple[Distribution, ...]:
        """Every distribution of an account."""

    def certificates(self, place: Place) -> tuple[AcmCertificate, ...]:
        """Every certificate of a place, as far as ACM's list tells."""

    def certificate(self, place: Place, arn: str) -> AcmCertificate | None:
        """One certificate with all that ACM knows of it; None where it is gone."""

    def iam_certificates(self, account: str, ids: Iterable[str]) -> tuple[AcmCertificate, ...]:
        """Certificates of the IAM store by their ids."""

    def balancers(self, place: Place) -> tuple[LoadBalancer, ...]:
        """Every load balancer of a place."""

    def with_listeners(self, balancer: LoadBalancer) -> LoadBalancer:
        """The same load balancer with its TLS listeners."""


class Handshakes(Protocol):
    """Makes the handshakes of one run, and knows where names lead."""

    def probe_all(self, targets: Iterable[Target], seconds_left: Callable[[], float]) -> Mapping[Target, Probe]:
        """What each target answers; those that there was no time for are not in it."""

    def balancers_behind(self, domains: Iterable[str], balancers: Iterable[LoadBalancer]) -> Mapping[str, LoadBalancer]:
        """The load balancer that each domain name leads to, where it leads to one."""


class Zones(Protocol):
    """Reads where validation records are or could be."""

    def nearest(self, names: Iterable[str]) -> tuple[Zone, ...]:
        """The public zones of the first of these names that any account of ours has one for."""

    def held(self, zone: Zone, names: Iterable[str]) -> tuple[RecordSet, ...]:
        """What a zone holds at these very names."""


class Bookmark(Protocol):
    """Where a sweep that ran out of time goes on."""

    def read(self) -> str:
        """The last distribution that was done; empty at the beginning."""

    def write(self, place: str) -> None:
        """Note the last distribution that was done; empty: begin anew."""


class Progress(Protocol):
    """Hears how far a run has come, for whoever waits for it."""

    def read(self, done: int, of: int) -> None:
        """So many places (an account and a Region) are read, whether AWS answered or refused."""

    def listed(self, distributions: int, certificates: int) -> None:
        """So many there are, as far as they could be read."""

    def examined(self, done: int, of: int) -> None:
        """So many of the certificates that need it were read in full."""

    def probed(self, done: int, of: int, now: Target | None) -> None:
        """So many of the handshakes are made; ``now`` is the one that runs the longest."""


class NoProgress:
    """Nobody waits."""

    def read(self, done: int, of: int) -> None:
        """Not said."""

    def listed(self, distributions: int, certificates: int) -> None:
        """Not said."""

    def examined(self, done: int, of: int) -> None:
        """Not said."""

    def probed(self, done: int, of: int, now: Target | None) -> None:
        """Not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateWorld:
    """All that a flow of certificates may use."""

    policy: Policy
    reader: CertificateReader
    handshakes: Handshakes
    roots: Roots
    road: CertificateRoad
    bookmark: Bookmark
    zones: Zones
    executor: Executor
    owner: Callable[[], str]
    now: Callable[[], datetime]
    enforce: bool = True
    progress: Progress = field(default_factory=NoProgress)

    def knows(self, account: str) -> bool:
        return account in self.policy.accounts
