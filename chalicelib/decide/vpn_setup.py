"""What is wrong, weak or about to end in how a VPN connection is set up, while its tunnels may well be up. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import timedelta

from chalicelib.decide.tunnel_remedy import log_cause, routing_check
from chalicelib.decide.vpn_case import Case, named, options_of, row, to_virtual_gateway, when
from chalicelib.decide.vpn_findings import Finding
from chalicelib.model.vpn import Connection, GatewayKind, Tunnel, TunnelOptions, VpnProblem

# Routes from the customer gateway that AWS takes over one connection (Site-to-Site VPN guide, "Quotas"). To a virtual
# private gateway the session is torn down beyond.
_ROUTES_TO_VIRTUAL, _ROUTES_TO_TRANSIT = 100, 1000
_NEAR = 0.9
_CERTIFICATE_FLOOR = timedelta(days=7)
_WEAK_WORDS = re.compile(r"sha-?1$|3des|md5", re.IGNORECASE | re.ASCII)
_WEAK_GROUPS = frozenset({1, 2, 5})


def judge_setup(case: Case, troubled: Collection[str]) -> Iterator[Finding]:
    """``troubled`` are the tunnels with an open problem: what hides its cause weighs more there."""
    yield from _attachment(case)
    yield from _routes(case)
    yield from _provisioning(case)
    yield from _flapping(case)
    yield from _certificates(case)
    yield from _weaknesses(case)
    yield from _logs(case, troubled)
    yield from _idle(case, troubled)


def _attachment(case: Case) -> Iterator[Finding]:
    connection = case.connection
    # Cloud WAN attaches from its own side: a core network that is named is attached, whatever word stands beside it.
    named_only = connection.gateway.association == "not-associated"
    if connection.gateway.kind is GatewayKind.NONE or (
        named_only and connection.gateway.kind is not GatewayKind.CORE_NETWORK
    ):
        yield case.found(
            VpnProblem.UNATTACHED,
            "the connection is attached to no gateway: it carries nothing and is billed",
            evidence=f"GatewayAssociationState {connection.gateway.association or '-'}, gateway {connection.gateway}",
            remedy=("Attach it to a virtual private gateway, a transit gateway or a core network, or delete it.",),
        )
    # Static routes of a transit gateway lie in its own route tables; only a virtual private gateway has them here.
    if connection.static and not connection.routes and to_virtual_gateway(connection):
        yield case.found(
            VpnProblem.STATIC_NO_ROUTES,
            "the connection is static and has no static route: AWS sends nothing into it",
            evidence="StaticRoutesOnly true, Routes empty",
            remedy=(
                _route_command(connection),
                "Turn on route propagation in the VPC's route tables, or add routes to the gateway there.",
            ),
        )


def _route_command(connection: Connection) -> str:
    return (
        f"Add what lies behind the device (ON_PREMISES_CIDR): `aws ec2 create-vpn-connection-route --region {connection.place.region} --vpn-connection-id "
        f"{connection.connection_id} --destination-cidr-block ON_PREMISES_CIDR`"
    )


def _routes(case: Case) -> Iterator[Finding]:
    """Only BGP tells a number that means something: of a static connection it is 0 or 1, whatever holds."""
    if not case.bgp:
        return
    limit = _ROUTES_TO_VIRTUAL if to_virtual_gateway(case.connection) else _ROUTES_TO_TRANSIT
    for tunnel in case.up:
        told = tunnel.telemetry
        if told is None or told.routes is None:
            continue
        if told.routes == 0:
            yield case.found(
                VpnProblem.NO_ROUTES_ACCEPTED,
                f"{tunnel.address} is up and AWS accepted no route over it: what is sent there vanishes",
                tunnels=(tunnel,),
                evidence=row(tunnel),
                remedy=(
                    "Advertise the on-premises prefixes over BGP; look at the device's outbound filter.",
                    routing_check(case, (tunnel,)),
                ),
                hold=case.grace(tunnel),
            )
        if told.routes >= limit * _NEAR:
            virtual = limit == _ROUTES_TO_VIRTUAL
            beyond = "the BGP session is torn down" if virtual else "further routes are refused"
            other = f", or move to a transit gateway, which takes {_ROUTES_TO_TRANSIT}" if virtual else ""
            yield case.found(
                VpnProblem.ROUTE_QUOTA_NEAR,
                f"{tunnel.address} accepts {told.routes} of at most {limit} routes; beyond, {beyond}",
                tunnels=(tunnel,),
                evidence=row(tunnel),
                remedy=(f"Summarise the prefixes on the device{other}.",),
            )


def _provisioning(case: Case) -> Iterator[Finding]:
    for tunnel in case.connection.tunnels:
        active = case.detail(tunnel).active
        if active is not None and active.provisioning == "failed":
            yield case.found(
                VpnProblem.PROVISIONING_FAILED,
                f"AWS could not provision {tunnel.address}: {active.reason or 'it gives no reason'}",
                tunnels=(tunnel,),
                evidence=f"{tunnel.address}  ProvisioningStatus failed: {active.reason or '-'}",
                remedy=("Modify the tunnel option that AWS names, or make the connection anew.",),
            )


def _flapping(case: Case) -> Iterator[Finding]:
    bounds = case.policy.vpn.flapping
    restless = tuple(t for t in case.connection.tunnels if (case.detail(t).changes or 0) >= bounds.changes)
    if restless:
        span = f"{bounds.within.total_seconds() / 60:.0f} min"
        yield case.found(
            VpnProblem.FLAPPING,
            f"{named(restless)} changed state {bounds.changes} times or more within {span}",
            tunnels=restless,
            evidence="\n".join(f"{t.address}  {case.detail(t).changes} changes in {span}" for t in restless),
            remedy=(
                "Compare dead peer detection and rekey settings of both sides, and the lifetimes.",
                "Look at the line's quality, and in the tunnel log for `collision` and `DPD timed out`.",
            ),
        )


def _certificates(case: Case) -> Iterator[Finding]:
    for tunnel in case.connection.tunnels:
        known = case.detail(tunnel).certificate
        if known is None:
            continue
        left = max(_CERTIFICATE_FLOOR, (known.ends - known.starts) * case.policy.certificates.warn_fraction)
        if known.ends - case.now <= left:
            yield case.found(
                VpnProblem.TUNNEL_CERT_EXPIRING,
                f"the certificate of {tunnel.address} "
                + (
                    f"ends at {when(known.ends)}; then IKE fails"
                    if known.ends > case.now
                    else f"ended at {when(known.ends)}: IKE fails from now on"
                ),
                tunnels=(tunnel,),
                evidence=f"{tunnel.address}  NotAfter {when(known.ends)}",
                remedy=("Renew the private certificate, and load it on the device before the former one ends.",),
            )


def _weaknesses(case: Case) -> Iterator[Finding]:
    """What was negotiated weighs more than what is merely allowed."""
    negotiated, allowed = [], []
    for tunnel in case.connection.tunnels:
        active = case.detail(tunnel).active
        if active is not None and _weak((active.ike_version,), active.algorithms, active.dh_groups):
            negotiated.append(tunnel)
        elif (active is None or not active.ike_version) and allows_weak(options_of(tunnel)):
            allowed.append(tunnel)
    for tunnels, word in ((negotiated, "used"), (allowed, "allowed")):
        if tunnels:
            yield case.found(
                VpnProblem.IKEV1_OR_WEAK_ALGORITHMS,
                f"IKEv1, SHA-1, 3DES or a Diffie-Hellman group below 14 is {word} by {named(tunnels)}",
                tunnels=tunnels,
                evidence="\n".join(f"{one.address}  weak algorithms {word}" for one in tunnels),
                remedy=(
                    "Once the device allows it, restrict the options to IKEv2, AES256-GCM-16, SHA2-256, group 14 or more.",
                    "Changing tunnel options interrupts that tunnel: one after the other.",
                ),
                worse=word == "used",
            )


def allows_weak(options: TunnelOptions) -> bool:
    return _weak(options.ike_versions, options.algorithms, options.dh_groups)


def _weak(versions: Collection[str], algorithms: Collection[str], groups: Collection[int]) -> bool:
    return "ikev1" in versions or any(_WEAK_WORDS.search(word) for word in algorithms) or bool(_WEAK_GROUPS & {*groups})


def _logs(case: Case, troubled: Collection[str]) -> Iterator[Finding]:
    kinds = [(VpnProblem.LOGS_DISABLED, "tunnel activity", _no_logs)]
    if case.bgp:
        kinds.append((VpnProblem.BGP_LOGS_DISABLED, "BGP", _no_bgp_logs))
    for kind, sort, missing in kinds:
        silent = tuple(one for one in case.connection.tunnels if missing(options_of(one)))
        if silent:
            yield case.found(
                kind,
                f"no {sort} log is written for {named(silent)}, so AWS's side of a failure stays unknown",
                tunnels=silent,
                evidence="\n".join(f"{one.address}  {sort} log off" for one in silent),
                remedy=(f"Turn on the {sort} log in a quiet hour: it interrupts that tunnel.",),
                worse=any(one.address in troubled for one in silent),
            )


def _no_logs(options: TunnelOptions) -> bool:
    return not options.logs


def _no_bgp_logs(options: TunnelOptions) -> bool:
    return not options.bgp_logs


def _idle(case: Case, troubled: Collection[str]) -> Iterator[Finding]:
    risky = tuple(one for one in case.connection.tunnels if options_of(one).startup == "add")
    if risky:
        yield case.found(
            VpnProblem.STARTUP_ADD_IDLE_RISK,
            f"AWS does not start {named(risky)} again by itself: an idle tunnel that goes down stays down",
            tunnels=risky,
            evidence="\n".join(f"{one.address}  startup action add" for one in risky),
            remedy=("Send a keepalive from the device, or set the startup action to start, which takes IKEv2.",),
            worse=any(_dropped_idle(case, one, troubled) for one in risky),
        )


def _dropped_idle(case: Case, tunnel: Tunnel, troubled: Collection[str]) -> bool:
    return tunnel.address in troubled and log_cause(case, tunnel) == "the tunnel was idle"
