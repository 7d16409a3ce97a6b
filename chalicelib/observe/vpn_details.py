"""Answers to what a judgement asked about tunnels: maintenance, what was negotiated, logs, certificates, Direct Connect.

Each answer may fail by itself: what is not known stays None, why is noted, and the judgement says less.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from chalicelib.decide.vpn_questions import VpnQuestions
from chalicelib.model.network import Place
from chalicelib.model.vpn import (
    ActiveTunnel,
    LogLine,
    Maintenance,
    TunnelDetails,
    TunnelKey,
    Validity,
    VpnSnapshot,
)
from chalicelib.observe.vpn import Clients, T, attempt, look
from chalicelib.observe.vpn_alarms import count_changes, find_ever_up
from chalicelib.sessions import translated

_READERS = 8
_LOG_SPAN = timedelta(hours=1)
_NO = frozenset({"", "false", "no", "none"})
_LINE = 200
_LOG_PAGES = 3


class VpnObserver:
    """Reads VPN connections place by place."""

    def __init__(self, clients: Clients, now: Callable[[], datetime]) -> None:
        self._clients, self._now = clients, now

    def look(self, place: Place) -> VpnSnapshot:
        """All connections of a place. Raises where they cannot be read."""
        return look(self._clients, place)

    def answer(self, snapshot: VpnSnapshot, questions: VpnQuestions) -> VpnSnapshot:
        """The same snapshot with what was asked, as far as AWS answers."""
        notes: list[str] = list(snapshot.notes)
        details = dict(snapshot.details)

        def note(found: Mapping[TunnelKey, Any] | None, part: str) -> None:
            for key, value in (found or {}).items():
                details[key] = replace(details.get(key, TunnelDetails()), **{part: value})

        note(attempt(notes, lambda: self._changes(snapshot.place, questions)), "changes")
        note(attempt(notes, lambda: self._ever_up(snapshot.place, questions.ever_up)), "ever_up")
        note(self._each(notes, questions.maintenance, partial(self._maintenance, snapshot.place)), "maintenance")
        note(self._each(notes, questions.active, partial(self._active, snapshot.place)), "active")
        groups = dict(questions.logs)
        note(self._each(notes, groups, lambda key: self._last_line(snapshot.place, key, groups[key])), "log")
        note(attempt(notes, lambda: self._certificates(snapshot.place, questions.certificates)), "certificate")
        connected = dict(snapshot.direct_connect)
        connected |= attempt(notes, lambda: self._transit(snapshot.place, questions.transit)) or {}
        for gateway in sorted(questions.virtual):
            connected |= attempt(notes, partial(self._virtual, snapshot.place, gateway)) or {}
        kinds = attempt(notes, lambda: self._device_types(snapshot.place)) if questions.device_types else None
        return replace(
            snapshot, details=details, direct_connect=connected, device_types=kinds or {}, notes=tuple(notes)
        )

    def _each(
        self, notes: list[str], keys: Iterable[TunnelKey], read: Callable[[TunnelKey], T | None]
    ) -> dict[TunnelKey, T]:
        """One read for each tunnel, several at the same time. A refusal of the first spares the rest."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        known = len(notes)
        answers = {wanted[0]: attempt(notes, partial(read, wanted[0]))}
        if len(notes) == known:
            with ThreadPoolExecutor(max_workers=_READERS) as readers:
                rest = readers.map(lambda key: attempt(notes, partial(read, key)), wanted[1:])
                answers |= dict(zip(wanted[1:], rest, strict=True))
        return {key: value for key, value in answers.items() if value is not None}

    # ---- the reads --------------------------------------------------------------------------------------------------
    def _changes(self, place: Place, questions: VpnQuestions) -> dict[TunnelKey, int]:
        if not questions.recent:
            return {}
        client = self._clients.client("cloudwatch", place)
        return count_changes(client, place, questions.recent, self._now(), questions.flapping)

    def _ever_up(self, place: Place, keys: Sequence[TunnelKey]) -> dict[TunnelKey, bool]:
        if not keys:
            return {}
        return find_ever_up(self._clients.client("cloudwatch", place), place, keys, self._now())

    def _maintenance(self, place: Place, key: TunnelKey) -> Maintenance:
        with translated(place.account, "ec2:GetVpnTunnelReplacementStatus"):
            answer = self._clients.client("ec2", place).get_vpn_tunnel_replacement_status(
                VpnConnectionId=key.connection_id, VpnTunnelOutsideIpAddress=key.address
            )
        told = answer.get("MaintenanceDetails") or {}
        return Maintenance(
            pending=str(told.get("PendingMaintenance") or "").strip().lower() not in _NO,
            applied_after=told.get("MaintenanceAutoAppliedAfter"),
            last_applied=told.get("LastMaintenanceApplied"),
        )

    def _active(self, place: Place, key: TunnelKey) -> ActiveTunnel:
        with translated(place.account, "ec2:GetActiveVpnTunnelStatus"):
            answer = self._clients.client("ec2", place).get_active_vpn_tunnel_status(
                VpnConnectionId=key.connection_id, VpnTunnelOutsideIpAddress=key.address
            )
        told = answer.get("ActiveVpnTunnelStatus") or {}
        algorithms = [f"Phase{phase}{sort}Algorithm" for phase in (1, 2) for sort in ("Encryption", "Integrity")]
        return ActiveTunnel(
            provisioning=told.get("ProvisioningStatus") or "",
            reason=(told.get("ProvisioningStatusReason") or "")[:_LINE],
            ike_version=(told.get("IkeVersion") or "").lower(),
            algorithms=tuple(told[name] for name in algorithms if told.get(name)),
            dh_groups=tuple(told[name] for name in ("Phase1DHGroup", "Phase2DHGroup") if told.get(name)),
        )

    def _last_line(self, place: Place, key: TunnelKey, group: str) -> LogLine | None:
        """The newest line of a tunnel in the last hour. The streams are named after connection and outside address."""
        since = int((self._now() - _LOG_SPAN).timestamp() * 1000)
        with translated(place.account, "logs:FilterLogEvents"):
            pages = (
                self._clients.client("logs", place)
                .get_paginator("filter_log_events")
                .paginate(logGroupName=group, logStreamNamePrefix=key.connection_id, startTime=since)
            )
            lines = [
                one
                for _, page in zip(range(_LOG_PAGES), pages, strict=False)
                for one in page.get("events", ())
                if key.address in f"{one.get('logStreamName', '')} {one.get('message', '')}"
            ]
        newest = max(lines, key=lambda one: int(one["timestamp"]), default=None)
        if newest is None:
            return None
        at = datetime.fromtimestamp(newest["timestamp"] / 1000, tz=UTC)
        return LogLine(at=at, detail=_detail(str(newest.get("message", ""))))

    def _certificates(self, place: Place, wanted: Sequence[tuple[TunnelKey, str]]) -> dict[TunnelKey, Validity]:
        if not wanted:
            return {}
        with translated(place.account, "acm:ListCertificates"):
            pages = (
                self._clients.client("acm", place)
                .get_paginator("list_certificates")
                .paginate(
                    Includes={
                        "keyTypes": [
                            "RSA_1024",
                            "RSA_2048",
                            "RSA_3072",
                            "RSA_4096",
                            "EC_prime256v1",
                            "EC_secp384r1",
                            "EC_secp521r1",
                        ]
                    }
                )
            )
            listed = {one["CertificateArn"]: one for page in pages for one in page.get("CertificateSummaryList", ())}
        known = {arn: one for arn, one in listed.items() if one.get("NotBefore") and one.get("NotAfter")}
        return {
            key: Validity(starts=known[arn]["NotBefore"], ends=known[arn]["NotAfter"])
            for key, arn in wanted
            if arn in known
        }

    def _transit(self, place: Place, gateways: Iterable[str]) -> dict[str, bool]:
        wanted = frozenset(gateways)
        if not wanted:
            return {}
        chosen = [
            {"Name": "resource-type", "Values": ["direct-connect-gateway"]},
            {"Name": "state", "Values": ["available", "modifying"]},
        ]
        with translated(place.account, "ec2:DescribeTransitGatewayAttachments"):
            pages = (
                self._clients.client("ec2", place)
                .get_paginator("describe_transit_gateway_attachments")
                .paginate(Filters=chosen)
            )
            found = {one["TransitGatewayId"] for page in pages for one in page.get("TransitGatewayAttachments", ())}
        return {gateway: gateway in found for gateway in wanted}

    def _virtual(self, place: Place, gateway: str) -> dict[str, bool]:
        """A virtual private gateway has Direct Connect over a Direct Connect gateway, or over an interface of its own."""
        client = self._clients.client("directconnect", place)
        with translated(place.account, "directconnect:DescribeDirectConnectGatewayAssociations"):
            answer = client.describe_direct_connect_gateway_associations(virtualGatewayId=gateway)
            joined = any(
                one.get("associationState") in {"associated", "updating"}
                for one in answer.get("directConnectGatewayAssociations", ())
            )
        with translated(place.account, "directconnect:DescribeVirtualInterfaces"):
            own = client.describe_virtual_interfaces().get("virtualInterfaces", ())
            lone = any(
                one.get("virtualGatewayId") == gateway and one.get("virtualInterfaceState") == "available"
                for one in own
            )
        return {gateway: joined or lone}

    def _device_types(self, place: Place) -> dict[tuple[str, str, str], str]:
        with translated(place.account, "ec2:GetVpnConnectionDeviceTypes"):
            pages = self._clients.client("ec2", place).get_paginator("get_vpn_connection_device_types").paginate()
            return {
                (one.get("Vendor", ""), one.get("Platform", ""), one.get("Software", "")): one[
                    "VpnConnectionDeviceTypeId"
                ]
                for page in pages
                for one in page.get("VpnConnectionDeviceTypes", ())
            }


def _detail(message: str) -> str:
    """What a log line says, of its JSON form only the sentence; anything else of it is not needed."""
    try:
        told = json.loads(message)
    except ValueError:
        return message[:_LINE]
    known = told if isinstance(told, dict) else {}
    return str(known.get("details") or known.get("VpnLogDetail") or "")[:_LINE]
