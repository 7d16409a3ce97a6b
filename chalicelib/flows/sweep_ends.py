"""The end of alerts about what nobody can see any more: a sweep that reads everything is the only one who can tell.

What ends is shown by AWS for hours to days (VPC peering guide, "VPC peering connection lifecycle"), and so is told by a sweep as
it ended. But netreflex may have been off for longer, and an account may have left the policy: then no event and no
reading comes any more, and the alert would call people for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from chalicelib.alerts import kinds
from chalicelib.alerts.peering_ends import unseen
from chalicelib.alerts.place_alerts import place_fingerprint, place_left
from chalicelib.alerts.vpn_alerts import parts_fingerprint
from chalicelib.flows.ports import World
from chalicelib.model.network import Place

PASSING = timedelta(minutes=15)  # EC2 may not show for a moment what is there


def end_unseen(seen: Collection[str], world: World, *, complete: bool) -> Iterator[str]:
    """End the alerts about peerings that no place shows. ``complete`` where every place was read."""
    for alert in tuple(world.road.open_alerts(kinds.PEERING)):
        if complete and alert.subject.id not in seen and world.now() - alert.at >= PASSING:
            world.road.tell(unseen(alert, world.now()))
            yield alert.fingerprint


def end_left_places(world: World) -> Iterator[str]:
    """End the alerts about places, and about the VPN connections there, that are not in the policy any more."""
    for alert in (*world.road.open_alerts(kinds.AUTOMATION), *world.road.open_alerts(kinds.VPN)):
        place = Place(account=alert.subject.account, region=alert.subject.region)
        of_place = alert.kind == kinds.VPN or alert.fingerprint in {place_fingerprint(place), parts_fingerprint(place)}
        if of_place and place not in world.policy.places:
            world.road.tell(place_left(alert, world.now()))
            yield alert.fingerprint
