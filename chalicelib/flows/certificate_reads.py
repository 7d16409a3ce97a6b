"""What one run reads of all accounts before it judges: distributions, load balancers, certificates.

The reads grow with AWS's pages, and places are read side by side. An account that cannot be read is named and skipped; the
others are judged.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chalicelib.flows.certificate_ports import CertificateWorld, Progress
from chalicelib.model.errors import NetreflexError
from chalicelib.model.inventory import AcmCertificate, Distribution, LoadBalancer
from chalicelib.model.network import Place
from chalicelib.observe.workers import workers

LOG = logging.getLogger(__name__)
GLOBAL_REGION = "us-east-1"
READERS = 8
T = TypeVar("T")


@dataclass(slots=True)
class Read:
    """What was read, and what could not be: a sentence each, and the accounts or places by name."""

    distributions: tuple[Distribution, ...] = ()
    balancers: tuple[LoadBalancer, ...] = ()
    certificates: dict[str, AcmCertificate] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    errors: dict[Place, str] = field(default_factory=dict)

    def tried(self, read: Callable[[], T], place: Place | None = None) -> T | None:
        """The answer of a read; None where AWS refuses or fails, which is noted."""
        try:
            return read()
        except NetreflexError as error:
            LOG.warning("certificates.unread", extra={"place": str(place), "error": str(error)})
            self.unread.append(str(error))
            if place is not None:
                self.errors[place] = str(error)
            return None


def read_all(world: CertificateWorld) -> Read:
    """Every account's distributions, and every place's load balancers and certificates, in the order of places."""
    reader, read = world.reader, Read()
    with workers(READERS) as pool:
        distributions = {
            Place(account=account, region=GLOBAL_REGION): pool.submit(reader.distributions, account)
            for account in sorted(world.policy.accounts)
        }
        balancers = {place: pool.submit(reader.balancers, place) for place in certificate_places(world)}
        certificates = {place: pool.submit(reader.certificates, place) for place in certificate_places(world)}
        _follow((distributions, balancers, certificates), world.progress)
    found = [one for home, job in distributions.items() for one in read.tried(job.result, home) or ()]
    read.distributions = tuple(sorted(found, key=lambda one: one.distribution_id))
    read.balancers = tuple(one for place, job in balancers.items() for one in read.tried(job.result, place) or ())
    listed = (one for place, job in certificates.items() for one in read.tried(job.result, place) or ())
    read.certificates.update({one.arn: one for one in listed})
    world.progress.listed(len(read.distributions), len(read.certificates))
    return read


def _follow(reads: Iterable[Mapping[Place, Future[Any]]], progress: Progress) -> None:
    """Say how many places are read, as their reads end. Their errors are raised where their answers are taken."""
    where: dict[Future[Any], Place] = {job: place for jobs in reads for place, job in jobs.items()}
    left = Counter(where.values())
    progress.read(0, len(left))
    for job in as_completed(where):
        left[where[job]] -= 1
        progress.read(sum(not open_reads for open_reads in left.values()), len(left))


def certificate_places(world: CertificateWorld) -> tuple[Place, ...]:
    """The policy's places, and CloudFront's own Region in each account, where viewer certificates are."""
    homes = {Place(account=account, region=GLOBAL_REGION) for account in world.policy.accounts}
    return tuple(sorted(homes | set(world.policy.places)))
