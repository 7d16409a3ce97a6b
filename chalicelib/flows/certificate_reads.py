"""What one run reads of all accounts before it judges: distributions, load balancers, certificates.

The reads grow with AWS's pages. An account that cannot be read is named and skipped; the others are judged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from chalicelib.flows.certificate_ports import CertificateWorld
from chalicelib.model.errors import NetreflexError
from chalicelib.model.inventory import AcmCertificate, Distribution, LoadBalancer
from chalicelib.model.network import Place

LOG = logging.getLogger(__name__)
GLOBAL_REGION = "us-east-1"
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
    """Every account's distributions, and every place's load balancers and certificates."""
    read = Read()
    reader = world.reader
    distributions: list[Distribution] = []
    for account in sorted(world.policy.accounts):
        home = Place(account=account, region=GLOBAL_REGION)
        distributions += read.tried(partial(reader.distributions, account), home) or ()
    balancers: list[LoadBalancer] = []
    for place in certificate_places(world):
        balancers += read.tried(partial(reader.balancers, place), place) or ()
        listed = read.tried(partial(reader.certificates, place), place) or ()
        read.certificates.update({one.arn: one for one in listed})
    read.distributions = tuple(sorted(distributions, key=lambda one: one.distribution_id))
    read.balancers = tuple(balancers)
    return read


def certificate_places(world: CertificateWorld) -> tuple[Place, ...]:
    """The policy's places, and CloudFront's own Region in each account, where viewer certificates are."""
    homes = {Place(account=account, region=GLOBAL_REGION) for account in world.policy.accounts}
    return tuple(sorted(homes | set(world.policy.places)))
