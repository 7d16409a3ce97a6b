"""What a kind of VPN problem is called in a title, and what it means for traffic. Pure."""

from __future__ import annotations

from chalicelib.model.vpn import VpnProblem

_ONE_LEFT = "Traffic still flows over the other tunnel. Redundancy is lost: the next failure is an outage."
# What leads -> the end of the title, and what it means for traffic.
WORDS = {
    VpnProblem.ALL_TUNNELS_DOWN: ("all tunnels down", "No traffic can pass over this connection."),
    VpnProblem.NOT_YET_UP: ("not yet up", "No traffic can pass yet: neither tunnel was ever up."),
    VpnProblem.ONE_TUNNEL_DOWN: ("1 of 2 tunnels down", _ONE_LEFT),
    VpnProblem.NEVER_CONFIGURED_TUNNEL: ("second tunnel never configured", _ONE_LEFT),
    VpnProblem.BGP_DOWN_IPSEC_UP: ("BGP down, IPsec up", _ONE_LEFT),
    VpnProblem.NO_ROUTES_ACCEPTED: ("up, but no route accepted", "What AWS sends over that tunnel vanishes."),
    VpnProblem.ROUTE_QUOTA_NEAR: ("near the limit of routes", "Traffic flows. Beyond the limit it will not."),
    VpnProblem.CGW_SINGLE_POINT_OF_FAILURE: (
        "one device is all there is",
        "Traffic flows. If the device fails, it ends.",
    ),
    VpnProblem.STATIC_NO_ROUTES: ("static without routes", "AWS sends no traffic into this connection."),
    VpnProblem.UNATTACHED: ("attached to no gateway", "No traffic can pass, and the connection is billed."),
    VpnProblem.PROVISIONING_FAILED: ("a tunnel could not be provisioned", "That tunnel carries no traffic."),
    VpnProblem.MAINTENANCE_PENDING: ("AWS maintenance is pending", "Traffic flows. One tunnel will be replaced."),
    VpnProblem.MAINTENANCE_IN_PROGRESS: ("down for maintenance", "AWS is at work; it is quiet for a bounded time."),
    VpnProblem.FLAPPING: ("a tunnel is flapping", "Traffic is disturbed each time the tunnel changes."),
    VpnProblem.TUNNEL_CERT_EXPIRING: ("a tunnel's certificate is at its end", "Once it has ended, IKE fails."),
    VpnProblem.LOGS_DISABLED: ("tunnel logs are off", "Traffic flows."),
    VpnProblem.BGP_LOGS_DISABLED: ("BGP logs are off", "Traffic flows."),
    VpnProblem.IKEV1_OR_WEAK_ALGORITHMS: ("weak algorithms", "Traffic flows, less protected than it could be."),
    VpnProblem.STARTUP_ADD_IDLE_RISK: ("an idle tunnel stays down", "Traffic flows while there is some."),
    VpnProblem.TELEMETRY_UNKNOWN: ("state unknown", "AWS does not tell how the tunnels stand; nothing is claimed."),
}
