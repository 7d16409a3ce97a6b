"""Many distributions: the reads grow with AWS's pages, and who shares an origin and a name shares the probe, in real handshakes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.flows.sweep_certificates import BATCH, sweep_certificates
from chalicelib.model.inventory import Distribution
from chalicelib.observe.cloudfront import list_distributions
from chalicelib.observe.probes import Names, Probes
from chalicelib.observe.tls import Resolution
from tests.flows.certificate_world import CA, DATA, DEV, GOOD, ORIGIN, SHOP, InMemory
from tests.observe.fake_cloudfront import FakeCloudFront, behavior, custom, quantity, summary
from tests.observe.tls_servers import by_name, context, serving, tls

PAGE = 100  # CloudFront API reference, ListDistributions: at most 100 in an answer
MANY = 500


@dataclass
class Paged(InMemory):
    """CloudFront answers in pages, through the code that reads the real one; all else is in memory."""

    cloudfront: FakeCloudFront = field(default_factory=FakeCloudFront)

    def distributions(self, account: str) -> tuple[Distribution, ...]:
        super().distributions(account)
        return list_distributions(self.cloudfront, account) if account == DEV else ()


@dataclass
class Swept:
    """What one sweep of so many distributions asked for."""

    aws: Paged
    names: list[str]
    asked_dns: list[str]
    said: str


def sweep(count: int, **changes: Any) -> Swept:  # noqa: ANN401 - CloudFront's own fields
    names: list[str] = []
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Resolution:
        asked.append(host)
        return Resolution(addresses=("127.0.0.1",), canonical=host)

    with serving(tls(by_name(context([GOOD, CA.issued]), {}, names))) as port:
        given = {"Origins": quantity(custom("web", ORIGIN, HTTPSPort=port)), "Aliases": quantity(SHOP)} | changes
        aws = Paged(distributions_of={DEV: [], DATA: []})
        aws.cloudfront = FakeCloudFront(*(summary(number, **given) for number in range(count)), length=PAGE)
        world = replace(aws.world(), handshakes=Probes(refuse=lambda _: "", names=Names(resolve)))
        report = sweep_certificates(world)
    return Swept(aws, names, asked, report.reasons[0])


def test_five_hundred_distributions_with_one_origin_are_one_handshake_over_all_batches() -> None:
    assert MANY > 2 * BATCH
    swept = sweep(MANY)
    assert swept.said == f"1 certificates, {MANY} distributions: all looked at"
    assert swept.names == [ORIGIN]
    assert swept.asked_dns == [ORIGIN]


def test_forwarded_names_are_a_handshake_each_and_shared_as_well() -> None:
    names = (SHOP, ORIGIN)
    forwarding = behavior(ForwardedValues={"Headers": quantity("Host")})
    assert sorted(sweep(MANY, Aliases=quantity(*names), DefaultCacheBehavior=forwarding).names) == sorted(names)


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (PAGE, 1), (PAGE + 1, 2), (MANY, 5)])
def test_reads_grow_with_pages_and_nothing_else(count: int, pages: int) -> None:
    swept = sweep(count)
    assert swept.aws.cloudfront.calls == {"list_distributions": pages}
    assert swept.aws.reads == {"distributions": 2, "balancers": 4, "certificates": 4}
