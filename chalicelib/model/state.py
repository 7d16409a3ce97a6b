"""The keys of the state table's items, which readers and writers share."""

from __future__ import annotations

from chalicelib.model.network import Place


def ledger_key(peering_id: str) -> str:
    """The partition that holds what netreflex remembers of a peering."""
    return f"PEERING#{peering_id}"


def peering_of(key: str) -> str:
    """The peering whose partition this is."""
    return key.partition("#")[2]


def balancer_key(arn: str) -> str:
    """The partition that holds which names were led to a load balancer."""
    return f"BALANCER#{arn}"


def vpn_key(place: Place) -> str:
    """The partition that holds what AWS answered about the VPN tunnels of a place."""
    return f"VPN#{place}"


NAMES_KEY = "NAMES"  # the zones that were written to, and the changes that Route 53 was still spreading
CERTIFICATE_SWEEP_KEY = "SWEEP#certificates"
BOOKMARK_KEY = "BOOKMARK"
APPROVAL_KEY = "APPROVAL"
POLICY_KEY = "POLICY"
LAST_GOOD_KEY = "LAST_GOOD"
TUNNELS_KEY = "TUNNELS"
