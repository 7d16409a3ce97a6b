"""What to do about a tunnel, in the order in which to look, with the values at hand. Pure; never a secret.

The order is that of the Site-to-Site VPN guide, "Troubleshooting": IKE, IPsec, what lies between, then BGP or static routes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.decide.vpn_case import Case, named, options_of, when
from chalicelib.model.vpn import Tunnel, TunnelStatus

_STALE = timedelta(hours=1)
# Words of the tunnel activity log -> what they mean (Site-to-Site VPN guide, "Contents of Site-to-Site VPN logs").
_LOG_CAUSES = (
    ("pre-shared key", "the pre-shared keys of the two sides differ"),
    ("no proposal match", "the phase 1 algorithms of the two sides have nothing in common"),
    ("no proposal chosen", "the phase 2 (or IKEv2) algorithms of the two sides have nothing in common"),
    ("ts_unacceptable", "the traffic selectors of the two sides differ"),
    ("authentication_failed", "authentication failed: key, certificate or identity"),
    ("deleting un-established", "IKE began and was not answered: a firewall or NAT drops one direction"),
    ("received delete", "the customer gateway closed the tunnel"),
    ("idle", "the tunnel was idle"),
    ("dpd timed out", "dead peer detection: the device or the path to it does not answer"),
    ("not responsive", "the device or the path to it does not answer"),
    ("collision", "both sides rekeyed at the same moment"),
)


def device(case: Case) -> str:
    """The customer gateway in the words that people know it by."""
    gateway = case.customer_gateway
    if gateway is None:
        return f"the customer gateway {case.connection.customer_gateway_id or '(unknown)'}"
    sort = " ".join(word for word in device_type(case) if word)
    said = [part for part in (f"ASN {gateway.asn}" if gateway.asn else "", sort) if part]
    name = gateway.tags.get("Name") or gateway.device or gateway.gateway_id
    return f"{name} at {gateway.address or '(no fixed address)'}" + (f" ({', '.join(said)})" if said else "")


def device_type(case: Case) -> tuple[str, str, str]:
    """Vendor, platform and software as tagged on the customer gateway, or else on the connection."""
    gateway = case.customer_gateway
    tags = {**case.connection.tags, **(gateway.tags if gateway else {})}
    lowered = {key.lower(): value for key, value in tags.items()}
    vendor, platform, software = (lowered.get(key, "") for key in ("vendor", "platform", "software"))
    return vendor, platform, software


def initiator(case: Case, tunnels: Iterable[Tunnel]) -> str:
    """Who has to begin (Site-to-Site VPN guide, "Tunnel initiation options")."""
    actions = {options_of(one).startup for one in tunnels} or {"add"}
    if actions == {"start"} and not case.connection.accelerated:
        return "AWS starts IKE here (startup action start), the device answers"
    return "The device must start IKE: AWS only answers (startup action add)"


def log_cause(case: Case, tunnel: Tunnel) -> str:
    """What the last line of the tunnel's log means, empty where there is no such line or no known meaning."""
    line = case.detail(tunnel).log
    changed = tunnel.changed_at
    if line is None or (changed is not None and line.at < changed - _STALE):
        return ""
    return next((cause for word, cause in _LOG_CAUSES if word in line.detail.lower()), "")


def likely_cause(case: Case, tunnel: Tunnel) -> str:
    """Why a tunnel is down, as far as its status and its log tell."""
    told = tunnel.telemetry
    logged = log_cause(case, tunnel)
    if logged:
        return f"{logged} (tunnel log)"
    if told is not None and told.message == "IPSEC IS UP":
        return "IPsec is up and the BGP session is not"
    if told is not None and told.message == "IPSEC IS DOWN":
        return "no IPsec tunnel is established"
    return "AWS names no cause"


def checks(case: Case, tunnels: tuple[Tunnel, ...]) -> tuple[str, ...]:
    """The checklist for tunnels that are down."""
    nat = "needed, because the connection is accelerated" if case.connection.accelerated else "where there is NAT"
    return (
        f"On {device(case)}: is there an IKE SA with {named(tunnels)}? {initiator(case, tunnels)}.",
        "Is there an IPsec SA? If not, compare algorithms, lifetimes and traffic selectors with the tunnel's options.",
        f"Firewall, both directions, with {named(tunnels)}: UDP 500, IP protocol 50 (ESP), UDP 4500 ({nat}).",
        routing_check(case, tunnels),
        sample_step(case, "What AWS expects; it holds the keys"),
    )


def bgp_checks(case: Case, tunnels: tuple[Tunnel, ...]) -> tuple[str, ...]:
    return (
        f"IPsec is well, so look at BGP on {device(case)}. {routing_check(case, tunnels)}",
        "Is TCP 179 let through inside the tunnel, and are the hold timers those of the sample configuration?",
        sample_step(case, "What AWS expects; it holds the keys"),
    )


def routing_check(case: Case, tunnels: Iterable[Tunnel]) -> str:
    if not case.bgp:
        routes = ", ".join(case.connection.routes) or "none"
        return f"Static routes: AWS has {routes}; the device needs routes to the VPC through each tunnel."
    inside = (
        ", ".join(options_of(one).inside_cidr for one in tunnels if options_of(one).inside_cidr) or "see the sample"
    )
    gateway = case.customer_gateway
    theirs = gateway.asn if gateway and gateway.asn else "unknown"
    ours = case.snapshot.asns.get(case.connection.gateway.id, "unknown")
    return f"BGP: peer inside {inside} (AWS has the first address), device ASN {theirs}, AWS ASN {ours}."


def sample_step(case: Case, what: str) -> str:
    """The step with the command that prints the configuration for the device; its answer holds the keys, so it goes to a file."""
    connection = case.connection
    region = connection.place.region
    kind = case.snapshot.device_types.get(device_type(case), "")
    where = ""
    if not kind:
        kind, where = (
            "DEVICE_TYPE",
            " (DEVICE_TYPE: from `get-vpn-connection-device-types`)",
        )
    versions = {version for one in connection.tunnels for version in options_of(one).ike_versions}
    version = "ikev1" if versions == {"ikev1"} else "ikev2"
    return (
        f"{what}{where}: `aws ec2 get-vpn-connection-device-sample-configuration --region {region} "
        f"--vpn-connection-id {connection.connection_id} --vpn-connection-device-type-id {kind} "
        f"--internet-key-exchange-version {version} --output text > vpn.txt`"
    )


def log_evidence(case: Case) -> tuple[str, ...]:
    """The last log line of each tunnel that is not up, as proof."""
    lines = []
    for tunnel in case.connection.tunnels:
        line = case.detail(tunnel).log
        if line is not None and tunnel.status is not TunnelStatus.UP:
            lines.append(f"{tunnel.address}  log {when(line.at)}: {line.detail[:160]}")
    return tuple(lines)
