"""VPN connections: what DescribeVpnConnections tells of tunnels and options, which moto lacks, and the calls on one tunnel.

A test sets telemetry (``vpn_telemetry``), options (``vpn_options``) and maintenance (``vpn_maintenance``). From outside the
emulator's own program telemetry is set by a tag of the connection, ``TELEMETRY_TAG``, with rows of address, status, number
of routes, message and time. Every connection carries pre-shared keys, as in AWS, so that a test can look for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ec2.models.vpn_connections import VPNConnection
from moto.ec2.responses.vpn_connections import VPNConnections

from tests.aws.telemetry import TELEMETRY_TAG

PRE_SHARED_KEY = "PSK.canary_9f2c1b7ad0e34412"
_DEVICES = (
    ("7125681a", "Cisco Systems, Inc.", "ASRv 1000", "IOS XE 16.6+"),
    ("9005b6c1", "Generic", "Generic", "Vendor Agnostic"),
)


def vpn_telemetry(
    vpn_connection_id: str,
    *statuses: str,
    accepted_routes: int = 0,
    message: str = "",
    changed: dt.datetime | Sequence[dt.datetime] | None = None,
    certificate: str = "",
) -> None:
    """Set the tunnels of a connection, one status per tunnel. A connection that was never set answers UP, DOWN.

    ``changed`` is one time for all of them, or one for each.
    """
    connection = _connection(vpn_connection_id)
    times = changed if isinstance(changed, Sequence) else [changed] * len(statuses)
    connection.told = [(status, accepted_routes, message, at) for status, at in zip(statuses, times, strict=True)]
    connection.told_certificate = {"CertificateArn": certificate} if certificate else {}


def vpn_options(vpn_connection_id: str, **options: Any) -> None:  # noqa: ANN401 - as the API takes them
    """Set keys of the connection's ``Options``; ``tunnel`` is a mapping that both tunnels get."""
    connection = _connection(vpn_connection_id)
    connection.set_tunnel = options.pop("tunnel", {})
    connection.set_options = options


def vpn_maintenance(vpn_connection_id: str, **details: Any) -> None:  # noqa: ANN401
    """Set what GetVpnTunnelReplacementStatus tells of each tunnel of a connection."""
    _connection(vpn_connection_id).maintenance = details


def vpn_history(vpn_connection_id: str, told: str) -> None:
    """Set what CloudWatch tells of the past of both tunnels: they were "up", "never" up, or it has no point ("silent")."""
    _connection(vpn_connection_id).history = told


def _connection(vpn_connection_id: str) -> VPNConnection:
    for _account, _region, backend in ec2_backends.iter_backends():
        connection = backend.vpn_connections.get(vpn_connection_id)
        if connection is not None:
            return connection
    raise KeyError(vpn_connection_id)


def _tagged_telemetry(self: VPNConnection) -> list[dict[str, Any]]:
    tags = {tag["key"]: tag["value"] for tag in self.get_tags()}
    rows = [row.split(",") for row in tags.get(TELEMETRY_TAG, "").split(";") if row]
    return [
        {
            "OutsideIpAddress": address,
            "Status": status,
            "AcceptedRouteCount": int(routes),
            "StatusMessage": message,
            "LastStatusChange": dt.datetime.fromisoformat(changed),
        }
        for address, status, routes, message, changed in rows
    ]


def _vgw_telemetry(self: VPNConnection) -> list[dict[str, Any]]:
    tagged = _tagged_telemetry(self)
    if tagged:
        return tagged
    tunnels = getattr(self, "told", [("UP", 0, "", None), ("DOWN", 0, "", None)])
    return [
        {
            "OutsideIpAddress": f"198.51.100.{number}",
            "Status": status,
            "AcceptedRouteCount": routes,
            "StatusMessage": message,
            "LastStatusChange": changed or dt.datetime.now(dt.UTC),
            **getattr(self, "told_certificate", {}),
        }
        for number, (status, routes, message, changed) in enumerate(tunnels, start=1)
    ]


def _options(self: VPNConnection) -> dict[str, Any]:
    """Tunnel options in another order than the telemetry, as AWS answers."""
    tunnels = [
        {
            "OutsideIpAddress": f"198.51.100.{number}",
            "TunnelInsideCidr": f"169.254.{number}0.0/30",
            "PreSharedKey": f"{PRE_SHARED_KEY}.{number}",
            **getattr(self, "set_tunnel", {}),
        }
        for number in (2, 1)
    ]
    return {
        "EnableAcceleration": False,
        "StaticRoutesOnly": False,
        "TunnelInsideIpVersion": "ipv4",
        "TunnelOptions": tunnels,
        **getattr(self, "set_options", {}),
    }


def _get_vpn_tunnel_replacement_status(self: VPNConnections) -> ActionResult:
    connection = _connection(self._get_param("VpnConnectionId"))
    return ActionResult(
        {
            "VpnConnectionId": connection.id,
            "VpnTunnelOutsideIpAddress": self._get_param("VpnTunnelOutsideIpAddress"),
            "MaintenanceDetails": getattr(connection, "maintenance", {"PendingMaintenance": "false"}),
        }
    )


def _get_active_vpn_tunnel_status(self: VPNConnections) -> ActionResult:
    _connection(self._get_param("VpnConnectionId"))
    return ActionResult(
        {
            "ActiveVpnTunnelStatus": {
                "IkeVersion": "ikev2",
                "Phase1EncryptionAlgorithm": "AES256-GCM-16",
                "Phase2EncryptionAlgorithm": "AES256-GCM-16",
                "Phase1IntegrityAlgorithm": "SHA2-256",
                "Phase2IntegrityAlgorithm": "SHA2-256",
                "Phase1DHGroup": 20,
                "Phase2DHGroup": 20,
                "ProvisioningStatus": "available",
            }
        }
    )


def _get_vpn_connection_device_types(_self: VPNConnections) -> ActionResult:
    names = ("VpnConnectionDeviceTypeId", "Vendor", "Platform", "Software")
    return ActionResult({"VpnConnectionDeviceTypes": [dict(zip(names, one, strict=True)) for one in _DEVICES]})


_DAY = 86_400
_get_metric_data = CloudWatchBackend.get_metric_data


def _with_tunnel_state(self: CloudWatchBackend, **asked: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Moto publishes no metrics of its own. Of the days before, TunnelState is told as ``vpn_history`` has it."""
    results: list[dict[str, Any]] = _get_metric_data(self, **asked)
    stats = {query["Id"]: query.get("MetricStat", {}) for query in asked["queries"]}
    for result in results:
        metric = stats[result["id"]].get("Metric", {})
        if metric.get("MetricName") == "TunnelState" and int(stats[result["id"]]["Period"]) == _DAY:
            named = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
            past = getattr(_connection(named["VpnId"]), "history", "up")
            result["values"] = {"up": [1.0], "never": [0.0], "silent": []}[past]
            result["timestamps"] = [asked["start_time"]][: len(result["values"])]
    return results


def install() -> None:
    CloudWatchBackend.get_metric_data = _with_tunnel_state
    VPNConnection.vgw_telemetry = property(_vgw_telemetry)
    VPNConnection.options = property(_options, lambda _self, _none: None)  # moto sets it to None
    VPNConnections.get_vpn_tunnel_replacement_status = _get_vpn_tunnel_replacement_status
    VPNConnections.get_active_vpn_tunnel_status = _get_active_vpn_tunnel_status
    VPNConnections.get_vpn_connection_device_types = _get_vpn_connection_device_types
