"""Places are read side by side, and what comes of it does not depend on who answers first."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from chalicelib.flows.certificate_ports import NoProgress
from chalicelib.flows.certificate_reads import READERS, read_all
from chalicelib.model.inventory import AcmCertificate, Distribution
from chalicelib.model.network import Place
from chalicelib.model.policy import Account, Policy
from tests.flows.certificate_world import BALANCER, DATA, DEV, EU, US, InMemory, acm, balancer, distribution


@dataclass
class Together(InMemory):
    """Answers no account before both were asked, and the first account only after the second was answered."""

    both: threading.Barrier = field(default_factory=lambda: threading.Barrier(2, timeout=60))
    second: threading.Event = field(default_factory=threading.Event)

    def distributions(self, account: str) -> tuple[Distribution, ...]:
        self.both.wait()
        if account == DEV:
            assert self.second.wait(60)
        found = super().distributions(account)
        self.second.set()
        return found


class Heard(NoProgress):
    """What was told of the reads."""

    def __init__(self) -> None:
        self.places: list[tuple[int, int]] = []
        self.found: tuple[int, int] | None = None

    def read(self, done: int, of: int) -> None:
        self.places.append((done, of))

    def listed(self, distributions: int, certificates: int) -> None:
        self.found = (distributions, certificates)


def test_accounts_are_read_side_by_side_and_told_in_their_order() -> None:
    aws = Together()
    aws.distributions_of = {DEV: [distribution(2)], DATA: [distribution(1, account=DATA)]}
    aws.refused = {Place(account=DEV, region=EU), Place(account=DATA, region=EU)}
    read = read_all(aws.world())
    assert [one.distribution_id for one in read.distributions] == ["E0000000000001", "E0000000000002"]
    assert [why.partition(" (")[0] for why in read.unread] == [
        f"{what} was refused in account {account}" for what in ("balancers", "certificates") for account in (DEV, DATA)
    ]
    assert list(read.errors) == [Place(account=DEV, region=EU), Place(account=DATA, region=EU)]


def test_certificates_and_load_balancers_stand_in_the_order_of_their_places() -> None:
    aws = InMemory()
    aws.certificates_of = [acm(f"arn:aws:acm:{region}:{DEV}:certificate/a") for region in (US, EU)]
    there = balancer(arn=f"{BALANCER}-us", place=Place(account=DEV, region=US))
    aws.balancers_of = [there, balancer()]
    read = read_all(aws.world())
    assert [one.place.region for one in read.certificates.values()] == [EU, US]
    assert [one.place.region for one in read.balancers] == [EU, US]


@dataclass
class Counted(InMemory):
    """How many reads are open at once, at most."""

    open_now: int = 0
    most: int = 0

    def certificates(self, place: Place) -> tuple[AcmCertificate, ...]:
        with self.counting:
            self.open_now += 1
            self.most = max(self.most, self.open_now)
        found = super().certificates(place)
        with self.counting:
            self.open_now -= 1
        return found


def test_many_places_are_read_within_a_bound_and_each_once() -> None:
    aws = Counted()
    regions = tuple(f"xx-north-{number}" for number in range(30))
    accounts = {DEV: Account(name="dev"), DATA: Account(name="data")}
    world = replace(aws.world(), policy=Policy(accounts=accounts, regions=regions))
    read_all(world)
    assert aws.reads == {"distributions": 2, "balancers": 62, "certificates": 62}
    assert 1 <= aws.most <= READERS


def test_progress_counts_places_that_refused_as_read() -> None:
    heard, aws = Heard(), InMemory(refused={Place(account=DATA, region=EU)})
    read_all(replace(aws.world(), progress=heard))
    assert heard.places[0] == (0, 4)
    assert heard.places[-1] == (4, 4)
    assert heard.places == sorted(heard.places)
    assert heard.found == (1, 1)
