"""A world of certificates in memory: distributions, load balancers, ACM and origins that answer, and a count of every read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from chalicelib.flows.certificate_ports import CertificateWorld
from chalicelib.model.actions import Action, ChangeRecordSets
from chalicelib.model.alert import Alert, AlertStatus
from chalicelib.model.certificates import Contact, Probe, Target
from chalicelib.model.errors import AccessRefused
from chalicelib.model.inventory import (
    AcmCertificate,
    Behavior,
    Distribution,
    Listener,
    LoadBalancer,
    Origin,
    OriginKind,
    ViewerCertificate,
)
from chalicelib.model.names import RecordSet, Zone
from chalicelib.model.network import Place
from chalicelib.model.plan import Refusal
from chalicelib.model.policy import Account, CertificatePolicy, Policy
from chalicelib.model.report import Failure
from chalicelib.perform.executor import Outcome
from tests.pki import DAY, NOW, Authority, Issued

DEV, DATA = "111122223333", "444455556666"
EU, US = "eu-west-1", "us-east-1"
ORIGIN, SHOP = "origin.example.com", "shop.example.com"
BALANCER = f"arn:aws:elasticloadbalancing:{EU}:{DEV}:loadbalancer/app/shop/50dc6c495c0c9188"
LISTENER = f"arn:aws:elasticloadbalancing:{EU}:{DEV}:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
CERTIFICATE = f"arn:aws:acm:{EU}:{DEV}:certificate/origin"
VIEWER = f"arn:aws:acm:{US}:{DEV}:certificate/viewer"
ROOT = Authority.root()
CA = ROOT.intermediate()
GOOD = CA.leaf(ORIGIN, SHOP)


def origin(domain: str = ORIGIN, **changes: object) -> Origin:
    given = {"origin_id": "web", "domain_name": domain, "kind": OriginKind.CUSTOM} | changes
    return Origin(**given)  # type: ignore[arg-type]


def distribution(number: int = 1, one: Origin | None = None, **changes: object) -> Distribution:
    given = {
        "distribution_id": f"E{number:013d}",
        "account": DEV,
        "domain_name": f"d{number}.cloudfront.net",
        "aliases": (SHOP,),
        "origins": (one or origin(),),
        "behaviors": (Behavior(path="default", origin_ids=("web",)),),
        "viewer": ViewerCertificate(acm_arn=VIEWER),
    } | changes
    return Distribution(**given)  # type: ignore[arg-type]


def acm(arn: str = CERTIFICATE, days_left: int = 100, **changes: object) -> AcmCertificate:
    given = {
        "arn": arn,
        "place": Place(account=DEV, region=arn.split(":")[3]),
        "type": "AMAZON_ISSUED",
        "status": "ISSUED",
        "domain": ORIGIN,
        "names": (ORIGIN, SHOP),
        "not_before": NOW + days_left * DAY - 198 * DAY,
        "not_after": NOW + days_left * DAY,
        "in_use": True,
        "eligible": True,
        "detailed": True,
        "serial": "ab12",
        "in_use_by": (BALANCER,),
    } | changes
    return AcmCertificate(**given)  # type: ignore[arg-type]


def balancer(*certificates: str, **changes: object) -> LoadBalancer:
    listener = Listener(arn=LISTENER, port=443, protocol="HTTPS", certificate_arns=certificates or (CERTIFICATE,))
    given = {
        "arn": BALANCER,
        "place": Place(account=DEV, region=EU),
        "dns_name": f"shop-1.{EU}.elb.amazonaws.com",
        "scheme": "internet-facing",
        "listeners": (listener,),
    } | changes
    return LoadBalancer(**given)  # type: ignore[arg-type]


class Road:
    """Remembers what fires and what was news."""

    def __init__(self) -> None:
        self.firing_now: dict[str, Alert] = {}
        self.told: list[Alert] = []

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:  # noqa: ARG002 - one road, no second chance
        before = self.firing_now.get(alert.fingerprint)
        if before is not None and before.content_hash == alert.content_hash:
            return False
        if before is None and alert.status is AlertStatus.RESOLVED:
            return False
        self.told.append(alert)
        if alert.status is AlertStatus.FIRING:
            self.firing_now[alert.fingerprint] = alert
        else:
            self.firing_now.pop(alert.fingerprint, None)
        return True

    def fires(self, fingerprint: str) -> bool:
        return fingerprint in self.firing_now

    def firing(self, fingerprint: str) -> Alert | None:
        return self.firing_now.get(fingerprint)

    def open_alerts(self, kind: str) -> Iterable[Alert]:
        return [alert for alert in self.firing_now.values() if alert.kind == kind]

    def open_fingerprints(self, kind: str) -> Iterable[str]:
        return [fp for fp, alert in self.firing_now.items() if alert.kind == kind]

    def news(self) -> list[tuple[str, str, str]]:
        """What was told since the last look: kind, status and severity."""
        told, self.told = self.told, []
        return [(alert.kind, alert.status.value, alert.severity.value) for alert in told]


@dataclass
class Bookmark:
    last: str = ""

    def read(self) -> str:
        return self.last

    def write(self, place: str) -> None:
        self.last = place


@dataclass
class InMemory:
    """Everything there is; tests change it as they go. ``chain`` is what every origin serves."""

    distributions_of: dict[str, list[Distribution]] = field(default_factory=lambda: {DEV: [distribution()], DATA: []})
    balancers_of: list[LoadBalancer] = field(default_factory=list)
    certificates_of: list[AcmCertificate] = field(default_factory=lambda: [acm(VIEWER, in_use_by=())])
    iam: list[AcmCertificate] = field(default_factory=list)
    chain: tuple[Issued, ...] = (GOOD, CA.issued)
    contact: Contact = Contact.SERVED
    leads: dict[str, str] = field(default_factory=dict)  # domain -> DNS name of a load balancer
    refused: set[Place] = field(default_factory=set)
    interrupted: set[Place] = field(default_factory=set)
    refused_reads: set[str] = field(default_factory=set)
    reads: Counter[str] = field(default_factory=Counter)
    counting: Lock = field(default_factory=Lock)
    handshakes: Counter[Target] = field(default_factory=Counter)
    road: Road = field(default_factory=Road)
    bookmark: Bookmark = field(default_factory=Bookmark)
    zones_of: list[Zone] = field(default_factory=list)
    records: list[RecordSet] = field(default_factory=list)
    enforcing: bool = True
    failing: str = ""
    policy: CertificatePolicy = field(default_factory=CertificatePolicy)
    now: datetime = NOW

    def world(self) -> CertificateWorld:
        accounts = {DEV: Account(name="dev"), DATA: Account(name="data")}
        return CertificateWorld(
            policy=Policy(accounts=accounts, regions=(EU,), certificates=self.policy),
            reader=self,
            handshakes=self,
            roots=ROOT.roots,
            road=self.road,
            bookmark=self.bookmark,
            zones=self,
            executor=self,
            owner=lambda: "123456789012/netreflex-test",
            now=lambda: self.now,
        )

    # ---- the reader --------------------------------------------------------------------------------------------------
    def _read(self, what: str, place: Place) -> None:
        with self.counting:
            self.reads[what] += 1
        if place in self.interrupted:
            raise KeyboardInterrupt
        if place in self.refused or what in self.refused_reads:
            raise AccessRefused(account=place.account, operation=what, code="AccessDenied")

    def distributions(self, account: str) -> tuple[Distribution, ...]:
        self._read("distributions", Place(account=account, region=US))
        return tuple(self.distributions_of[account])

    def certificates(self, place: Place) -> tuple[AcmCertificate, ...]:
        self._read("certificates", place)
        listed = (one for one in self.certificates_of if one.place == place)
        return tuple(replace(one, detailed=False, renewal_status="", in_use_by=(), serial="") for one in listed)

    def certificate(self, place: Place, arn: str) -> AcmCertificate | None:
        self._read("certificate", place)
        return next((one for one in self.certificates_of if one.arn == arn), None)

    def iam_certificates(self, account: str, ids: Iterable[str]) -> tuple[AcmCertificate, ...]:
        self._read("iam", Place(account=account, region=US))
        wanted = set(ids)
        return tuple(one for one in self.iam if one.arn in wanted)

    def balancers(self, place: Place) -> tuple[LoadBalancer, ...]:
        self._read("balancers", place)
        return tuple(replace(one, listeners=None) for one in self.balancers_of if one.place == place)

    def with_listeners(self, balancer: LoadBalancer) -> LoadBalancer:
        self._read("listeners", balancer.place)
        return next(one for one in self.balancers_of if one.arn == balancer.arn)

    # ---- the handshakes ----------------------------------------------------------------------------------------------
    def probe_all(self, targets: Iterable[Target], seconds_left: Callable[[], float]) -> Mapping[Target, Probe]:
        made = {}
        for target in sorted(targets):
            if seconds_left() <= 0:
                break
            self.handshakes[target] += 1
            chain = tuple(one.der for one in self.chain) if self.contact is Contact.SERVED else ()
            made[target] = Probe(target=target, contact=self.contact, detail="as the test says", chain=chain)
        return made

    def balancers_behind(self, domains: Iterable[str], balancers: Iterable[LoadBalancer]) -> Mapping[str, LoadBalancer]:
        by_name = {one.dns_name: one for one in balancers}
        found = {domain: by_name.get(self.leads.get(domain, domain)) for domain in domains}
        return {domain: one for domain, one in found.items() if one is not None}

    # ---- hosted zones ------------------------------------------------------------------------------------------------
    def nearest(self, names: Iterable[str]) -> tuple[Zone, ...]:
        self._read("zones", Place(account=DEV, region=US))
        found = (tuple(zone for zone in self.zones_of if zone.name == name) for name in names)
        return next((zones for zones in found if zones), ())

    def held(self, zone: Zone, names: Iterable[str]) -> tuple[RecordSet, ...]:  # noqa: ARG002 - there is one
        wanted = set(names)
        return tuple(one for one in self.records if one.name in wanted)

    def not_permitted(self, actions: Sequence[Action]) -> tuple[Refusal, ...]:  # noqa: ARG002 - all is permitted
        return ()

    def perform(self, actions: Sequence[Action], *, apart: bool = False) -> Outcome:  # noqa: ARG002 - one place alone
        if self.failing:
            return Outcome(failed=tuple(Failure(action=one, error=self.failing) for one in actions))
        if not self.enforcing:
            return Outcome()
        self.records += [
            change.record for one in actions if isinstance(one, ChangeRecordSets) for change in one.changes
        ]
        return Outcome(performed=tuple(actions))
