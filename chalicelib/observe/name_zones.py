"""The hosted zones that names of the policy may mean, and which VPCs resolve them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib.decide.name_reach import NEARLY_FULL
from chalicelib.model.errors import NetreflexError, RetryLater
from chalicelib.model.names import Zone, ZoneChoice
from chalicelib.observe import route53
from chalicelib.observe.unread import or_unread


class NameZones:
    """Finds zones. ``client`` gives an account's Route 53; a zone given by id alone is looked for in all ``accounts``."""

    def __init__(self, client: Callable[[str], Any], accounts: Iterable[str]) -> None:
        self._client, self._accounts = client, tuple(sorted(accounts))

    def find(self, choice: ZoneChoice) -> tuple[Zone, ...]:
        """Every zone that the policy's words may mean."""
        accounts = (choice.account,) if choice.account else self._accounts
        if choice.by_id:
            return self._of_id(choice.zone, accounts)
        found = [
            zone for account in accounts for zone in route53.zones_named(self._client(account), account, choice.zone)
        ]
        if choice.vpc is None:
            return tuple(found)
        whole = (route53.get_zone(self._client(zone.account), zone.account, zone.zone_id) for zone in found)
        return tuple(zone for zone in whole if zone is not None)

    def _of_id(self, zone_id: str, accounts: Iterable[str]) -> tuple[Zone, ...]:
        """The account that has the zone answers; that another one could not be asked matters only where none does."""
        closed: NetreflexError | None = None
        for account in accounts:
            try:
                zone = route53.get_zone(self._client(account), account, zone_id)
            except NetreflexError as error:
                closed = error
                continue
            if zone is not None:
                return (zone,)
        if closed is not None:
            raise closed
        return ()

    def whole(self, zone: Zone, *, across: bool, anew: bool) -> Zone:
        """The zone with its VPCs and, where they are many, its room; ``across`` accounts with those that may be associated."""
        client = self._client(zone.account)
        if anew or zone.vpcs is None:
            found = route53.get_zone(client, zone.account, zone.zone_id)
            if found is None:
                raise RetryLater(f"hosted zone {zone} went while it was read; run again")
            zone = found
        if len(zone.vpcs or ()) >= NEARLY_FULL:
            zone = replace(zone, most_vpcs=or_unread(partial(route53.vpc_limit, client, zone)))
        return replace(zone, authorized=route53.authorized_vpcs(client, zone)) if across else zone
