"""Reads VPN connections place by place: what a judgement asked beyond the first look, and what earlier passes were told.

Each answer may fail by itself: what is not known stays None, why is noted, and the judgement says less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.clients import HomeClients
from chalicelib.decide.vpn_questions import VpnQuestions
from chalicelib.model.network import Place
from chalicelib.model.tunnel_details import TunnelDetails, TunnelKey, Validity
from chalicelib.model.tunnel_memory import TunnelMemory, TunnelQuestion
from chalicelib.model.vpn import VpnSnapshot
from chalicelib.observe.tunnel_answers import Answers, TunnelObserver
from chalicelib.observe.tunnel_memory import read_tunnels
from chalicelib.observe.vpn import attempt, look
from chalicelib.observe.vpn_alarms import count_changes
from chalicelib.sessions import translated


class VpnObserver:
    """Reads VPN connections place by place. Without a ``state_table`` nothing is remembered."""

    def __init__(self, clients: HomeClients, now: Callable[[], datetime], state_table: str | None = None) -> None:
        self._clients, self._now, self._state_table = clients, now, state_table

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
        note(attempt(notes, lambda: self._certificates(snapshot.place, questions.certificates)), "certificate")
        connected = dict(snapshot.direct_connect)
        connected |= attempt(notes, lambda: self._transit(snapshot.place, questions.transit)) or {}
        own = attempt(notes, lambda: self._own_interfaces(snapshot.place)) if questions.virtual else None
        if own is not None:
            for gateway in sorted(questions.virtual):
                joined = attempt(notes, partial(self._over_gateway, snapshot.place, gateway))
                connected |= {} if joined is None else {gateway: joined or gateway in own}
        kinds = attempt(notes, lambda: self._device_types(snapshot.place)) if questions.device_types else None
        return replace(
            snapshot, details=details, direct_connect=connected, device_types=kinds or {}, notes=tuple(notes)
        )

    def ask(self, place: Place, questions: Sequence[TunnelQuestion]) -> Answers:
        """What AWS answers of single tunnels. Never raises for what one of the questions meets."""
        return TunnelObserver(self._clients, place, self._now()).ask(questions)

    def recall(self, place: Place) -> TunnelMemory:
        """What earlier passes over a place were told of its tunnels. Raises where the state table cannot be read."""
        if self._state_table is None:
            return {}
        return read_tunnels(self._clients.home("dynamodb"), self._state_table, place)

    # ---- the reads --------------------------------------------------------------------------------------------------
    def _changes(self, place: Place, questions: VpnQuestions) -> dict[TunnelKey, int]:
        if not questions.recent:
            return {}
        client = self._clients.client("cloudwatch", place)
        return count_changes(client, place, questions.recent, self._now(), questions.flapping)

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

    def _over_gateway(self, place: Place, gateway: str) -> bool:
        """Does a virtual private gateway have Direct Connect over a Direct Connect gateway?"""
        with translated(place.account, "directconnect:DescribeDirectConnectGatewayAssociations"):
            answer = self._clients.client("directconnect", place).describe_direct_connect_gateway_associations(
                virtualGatewayId=gateway
            )
            return any(
                one.get("associationState") in {"associated", "updating"}
                for one in answer.get("directConnectGatewayAssociations", ())
            )

    def _own_interfaces(self, place: Place) -> frozenset[str]:
        """The virtual private gateways that have Direct Connect over an interface of their own."""
        with translated(place.account, "directconnect:DescribeVirtualInterfaces"):
            answer = self._clients.client("directconnect", place).describe_virtual_interfaces()
            return frozenset(
                str(one.get("virtualGatewayId"))
                for one in answer.get("virtualInterfaces", ())
                if one.get("virtualInterfaceState") == "available"
            )

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
