"""moto, made as strict as AWS where a security or a consistency test depends on it. Importing this is all it takes.

::

    from tests.aws import strict_moto  # before the first client

    with mock_aws(), strict_moto.lagging(accepted=2):
        ...

The overlay replaces methods of moto's own classes, so it holds for every client of the process: in ``mock_aws`` as in
the moto server (``tests.aws.moto_server``). Each module of ``tests.aws.strict`` says which rules it adds and where they
come from; ``test_strict_moto.py`` has a case for each. They stand on moto's private parts: moto's version is pinned.

A 12-digit access key is the account of that number, as in ministack; keys from AssumeRole work as well.
"""

from __future__ import annotations

from tests.aws import fastmoto  # noqa: F401 - small worlds become cheap
from tests.aws.strict import accounts, events, load_balancers, quotas, requests, route53, routes, vpcs, vpn
from tests.aws.strict import peering as peerings
from tests.aws.strict.peering import lagging, set_peering_status
from tests.aws.strict.quotas import ROUTES_PER_TABLE, set_quota
from tests.aws.strict.requests import pages_of
from tests.aws.strict.vpn import vpn_maintenance, vpn_options, vpn_telemetry

__all__ = [
    "ROUTES_PER_TABLE",
    "lagging",
    "pages_of",
    "set_peering_status",
    "set_quota",
    "vpn_maintenance",
    "vpn_options",
    "vpn_telemetry",
]

for part in (accounts, events, load_balancers, peerings, quotas, requests, route53, routes, vpcs, vpn):
    part.install()
