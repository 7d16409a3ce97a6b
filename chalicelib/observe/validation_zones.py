"""Our public hosted zones for one name, and what they hold there: two small reads, however large a zone is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.clients import Clients
from chalicelib.decide.dns_name import normalised
from chalicelib.model.names import ROUTE53_REGION, RecordSet, Zone
from chalicelib.model.network import Place
from chalicelib.observe.route53 import zones_named
from chalicelib.sessions import translated

_AT_ONE_NAME = 100  # record sets of one name: its types, and its weights under a routing policy


class ValidationZones:
    """Reads where validation records are or could be."""

    def __init__(self, clients: Clients, accounts: Iterable[str]) -> None:
        self._clients, self._accounts = clients, tuple(sorted(accounts))

    def nearest(self, names: Iterable[str]) -> tuple[Zone, ...]:
        """The public zones of the first of these names that any account of ours has one for."""
        for name in names:
            found = [zone for account in self._accounts for zone in zones_named(self._route53(account), account, name)]
            public = tuple(zone for zone in found if not zone.private)
            if public:
                return public
        return ()

    def held(self, zone: Zone, names: Iterable[str]) -> tuple[RecordSet, ...]:
        """What a zone holds at these very names."""
        client = self._route53(zone.account)
        found: list[RecordSet] = []
        for name in names:
            with translated(zone.account, "route53:ListResourceRecordSets"):
                answer = client.list_resource_record_sets(
                    HostedZoneId=zone.zone_id, StartRecordName=name, MaxItems=str(_AT_ONE_NAME)
                )
            found += [
                RecordSet(
                    name=name,
                    type=one["Type"],
                    ttl=one.get("TTL"),
                    values=tuple(record["Value"] for record in one.get("ResourceRecords", ())),
                    simple="AliasTarget" not in one and "SetIdentifier" not in one,
                )
                for one in answer["ResourceRecordSets"]
                if normalised(one["Name"]) == name
            ]
        return tuple(found)

    def _route53(self, account: str) -> Any:  # noqa: ANN401
        return self._clients.client("route53", Place(account=account, region=ROUTE53_REGION))
