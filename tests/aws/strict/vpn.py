"""VPN connections: DescribeVpnConnections tells VgwTelemetry, which tests set (moto has none)."""

from __future__ import annotations

import datetime as dt

from moto.ec2.models import ec2_backends
from moto.ec2.models.vpn_connections import VPNConnection


def vpn_telemetry(
    vpn_connection_id: str,
    *statuses: str,
    accepted_routes: int = 0,
    message: str = "",
    changed: dt.datetime | None = None,
) -> None:
    """Set the tunnels of a connection, one status per tunnel. A connection that was never set answers UP, DOWN."""
    for _account, _region, backend in ec2_backends.iter_backends():
        connection = backend.vpn_connections.get(vpn_connection_id)
        if connection is not None:
            connection.told = [(status, accepted_routes, message, changed) for status in statuses]
            return
    raise KeyError(vpn_connection_id)


def _vgw_telemetry(self: VPNConnection) -> list[dict]:
    tunnels = getattr(self, "told", [("UP", 0, "", None), ("DOWN", 0, "", None)])
    return [
        {
            "OutsideIpAddress": f"198.51.100.{number}",
            "Status": status,
            "AcceptedRouteCount": routes,
            "StatusMessage": message,
            "LastStatusChange": changed or dt.datetime.now(dt.UTC),
        }
        for number, (status, routes, message, changed) in enumerate(tunnels, start=1)
    ]


def install() -> None:
    VPNConnection.vgw_telemetry = property(_vgw_telemetry)
