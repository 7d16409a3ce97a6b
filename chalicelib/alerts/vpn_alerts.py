"""The alerts about VPN connections: one problem, one message, whatever told of it and whatever becomes of it. Pure.

No text holds the present time or a length that grows, so that the same state reads the same and the road drops repeats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.alerts.texts import capital
from chalicelib.alerts.vpn_outage import NONE, SINCE, UP, knows_outage, length_of, outage_fields, outage_of
from chalicelib.alerts.vpn_words import WORDS
from chalicelib.decide.tunnels import Health, Verdict
from chalicelib.decide.vpn_findings import Finding
from chalicelib.model.alert import MOST_STEPS, Alert, AlertStatus, Field, Severity, Subject, fingerprint
from chalicelib.model.network import Place
from chalicelib.model.policy import Policy
from chalicelib.model.vpn import TUNNELS, Connection, Tunnel, VpnProblem, VpnSnapshot

SETUP = "/setup"
_LACKING = "Still lacking"  # lines of the sheet that the cause says as well
_COMMAND = "`aws "
_PARTS = "vpn"  # the subject of the alert that VPN connections of a place cannot be read
_LOSSES = frozenset(
    {
        VpnProblem.ALL_TUNNELS_DOWN,
        VpnProblem.ONE_TUNNEL_DOWN,
        VpnProblem.NEVER_CONFIGURED_TUNNEL,
        VpnProblem.BGP_DOWN_IPSEC_UP,
        VpnProblem.MAINTENANCE_IN_PROGRESS,
    }
)


def vpn_fingerprint(place: Place, connection_id: str, part: str = "") -> str:
    """The identity of all that may be wrong with the tunnels of one connection, or (SETUP) with its set-up."""
    return fingerprint(kinds.VPN, place.account, place.region, connection_id + part)


def parts_fingerprint(place: Place) -> str:
    return fingerprint(kinds.AUTOMATION, place.account, place.region, _PARTS)


def tells_loss(alert: Alert | None) -> bool:
    """Do people know from this alert that a tunnel is down?"""
    return alert is not None and any(field.name == SINCE for field in alert.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnTold:
    """All that an alert about a connection is made of. ``former`` is how it was last told, while that fires."""

    verdict: Verdict
    snapshot: VpnSnapshot
    policy: Policy
    now: datetime
    former: Alert | None = None


def vpn_alert(told: VpnTold, connection: Connection, findings: tuple[Finding, ...], part: str = "") -> Alert:
    """How a connection stands that is not well. ``findings`` are those to be told, the first of them leads.

    ``part`` is SETUP for what is wrong with its set-up; else it is about the tunnels' state.
    """
    verdict, snapshot = told.verdict, told.snapshot
    lead = findings[0]
    ending, meaning = WORDS[lead.kind][0], _meaning(lead, connection)
    serious = [one for one in findings if one is lead or one.severity.rank >= Severity.WARNING.rank]
    proof = "\n".join((*verdict.rows, *(one.evidence for one in serious), f"basis: {lead.basis}"))
    return Alert(
        kind=kinds.VPN,
        status=AlertStatus.FIRING,
        severity=lead.severity,
        subject=_subject(connection.place, connection.connection_id + part, told.policy, connection),
        title=f"VPN {connection.name[:48]}: {ending}",
        summary=meaning,
        at=told.now,
        cause=_sentences([*(one.says for one in serious), *_maintenance_words(findings, snapshot, connection)]),
        remedy=_steps(serious),
        links=(kinds.vpn_console(connection.place.region, connection.connection_id),),
        evidence="\n".join(dict.fromkeys(proof.splitlines())),
        fields=_fields(findings, told, connection),
    )


def vpn_resolved(told: VpnTold, part: str = "") -> Alert:
    """The end of a problem, and how long the outage was."""
    verdict, place, former = told.verdict, told.snapshot.place, told.former
    connection = told.snapshot.connection(verdict.connection_id)
    name = connection.name[:48] if connection else verdict.connection_id
    if verdict.health is Health.GONE:
        title, summary = f"VPN {name}: the connection is deleted", "Nothing is watched here any more."
    elif part:
        title, summary = f"VPN {name}: its set-up is in order", "What was told of it is mended, or allowed."
    elif verdict.health is Health.NOT_YET_UP:
        title, summary = f"VPN {name}: not yet up", "Neither tunnel was ever up, so nothing was lost."
    elif connection is not None and connection.down:
        title, summary = f"VPN {name}: in order", "It runs on one tunnel, as the policy allows."
    else:
        title, summary = f"VPN {name}: both tunnels up", "The connection is in order."
    return Alert(
        kind=kinds.VPN,
        status=AlertStatus.RESOLVED,
        severity=former.severity if former else Severity.INFO,
        subject=_subject(place, verdict.connection_id + part, told.policy, connection),
        title=title,
        summary=" ".join(part for part in (length_of(outage_of(former, connection)), summary) if part),
        at=told.now,
        links=(kinds.vpn_console(place.region, verdict.connection_id),),
        evidence="\n".join(verdict.rows),
        fields=(Field(name="Connection", value=verdict.connection_id),),
    )


def setup_notice(
    connection: Connection, sheet: tuple[str, ...], lacking: Iterable[Finding], policy: Policy, now: datetime
) -> Alert:
    """A new connection: what its team must know, and what it lacks. A matter of its own, which never fires."""
    subject = _subject(connection.place, f"{connection.connection_id}/new", policy, connection)
    missing = tuple(lacking)
    # A command is a step: cut short in the proof it could not be copied.
    commands, facts = ([line for line in sheet if (_COMMAND in line) is wanted] for wanted in (True, False))
    steps = (*commands, *(step for one in missing for step in one.remedy))
    return Alert(
        kind=kinds.VPN,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        subject=subject,
        title=f"VPN {connection.name[:48]}: new connection",
        summary="Both tunnels must be configured on the device. What it needs is below; the keys are not.",
        at=now,
        cause=_sentences(one.says for one in missing) if missing else "",
        remedy=tuple(dict.fromkeys(steps))[:MOST_STEPS],
        links=(kinds.vpn_console(connection.place.region, connection.connection_id),),
        evidence="\n".join(line[:300] for line in facts if not line.startswith(_LACKING)),
        fields=(Field(name="Connection", value=connection.connection_id),),
    )


def parts_alert(place: Place, problems: tuple[str, ...], policy: Policy, now: datetime, *, blind: bool) -> Alert:
    """What netreflex cannot read or set of a place's VPN connections; without problems, the end of it."""
    where = f"{policy.accounts[place.account].name} {place.region}"
    what = "cannot see the VPN connections" if blind else "watches the VPN connections only in part"
    return Alert(
        kind=kinds.AUTOMATION,
        status=AlertStatus.FIRING if problems else AlertStatus.RESOLVED,
        severity=Severity.ERROR if blind else Severity.WARNING,
        subject=Subject(type="account", id=_PARTS, name=where, account=place.account, region=place.region),
        title=f"netreflex {what} of {where}" if problems else f"netreflex watches the VPN connections of {where} again",
        summary=(
            "A tunnel that goes down there may be told late, not at all, or with less of its cause."
            if problems
            else "Every part of them is read again."
        ),
        at=now,
        cause=_sentences(problems[:8]) if problems else "",
        remedy=("Give netreflex's role there what is missing; every sweep tries again.",) * bool(problems),
        links=(kinds.roles_console(),),
    )


def _steps(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What to do, no more than a message shows. The command among the steps stays: nothing else holds its values."""
    steps = tuple(dict.fromkeys(step for one in findings for step in one.remedy))
    shown, others = steps[:MOST_STEPS], steps[MOST_STEPS:]
    command = next((step for step in others if _COMMAND in step), None)
    if command is None or any(_COMMAND in step for step in shown):
        return shown
    return (*shown[:-1], command)


def _subject(place: Place, subject_id: str, policy: Policy, connection: Connection | None) -> Subject:
    return Subject(
        type="vpn-connection",
        id=subject_id,
        name=connection.name if connection else subject_id,
        arn=f"arn:aws:ec2:{place.region}:{place.account}:vpn-connection/{subject_id.partition('/')[0]}",
        account=place.account,
        region=place.region,
        env=policy.accounts[place.account].name if place.account in policy.accounts else "",
        owner=connection.tags.get("owner", "") if connection else "",
    )


def _meaning(lead: Finding, connection: Connection) -> str:
    """What it means for traffic; of a loss, by what is left and not by what usually is."""
    if lead.kind is VpnProblem.NO_ROUTES_ACCEPTED and _without_routes(connection):
        return "AWS accepted no route over any tunnel: nothing that it sends reaches the network behind the device."
    if lead.kind not in _LOSSES or connection.up:
        return WORDS[lead.kind][1]
    if len(connection.down) < TUNNELS:
        return "One tunnel is down, and of the other nothing is known: traffic may be cut."
    at_work = " AWS is at work on it." if lead.kind is VpnProblem.MAINTENANCE_IN_PROGRESS else ""
    return f"{WORDS[VpnProblem.ALL_TUNNELS_DOWN][1]}{at_work}"


def _without_routes(connection: Connection) -> bool:
    """Does no tunnel lead anywhere?"""
    return not any(one.telemetry and one.telemetry.routes for one in connection.up)


def _fields(findings: tuple[Finding, ...], told: VpnTold, connection: Connection) -> tuple[Field, ...]:
    down, up = connection.down, connection.up
    gateway = told.snapshot.customer_gateway(connection)
    fields = [
        Field(name="Connection", value=connection.connection_id),
        Field(name="Gateway", value=str(connection.gateway)),
        Field(name="Device", value=(gateway.address or gateway.gateway_id) if gateway else "unknown"),
        Field(name="Down", value=_addresses(down)),
        Field(name=UP, value=_addresses(up)),
    ]
    since = None
    if any(one.kind in _LOSSES for one in findings):
        changes = [one.changed_at for one in down if one.changed_at]
        since = min(changes, default=None)
        fields.append(Field(name=SINCE, value=since.isoformat() if since else "unknown"))
    if since is not None or knows_outage(told.former):
        fields += outage_fields(outage_of(told.former, connection), since)
    also = dict.fromkeys(one.kind.value for one in findings if one.severity is Severity.INFO)
    return (*fields, Field(name="Also", value=", ".join(also))) if also else tuple(fields)


def _maintenance_words(findings: tuple[Finding, ...], snapshot: VpnSnapshot, connection: Connection) -> list[str]:
    """Whether AWS's own work may be the reason, where a tunnel is down and AWS was asked."""
    lost = {address for one in findings if one.kind in _LOSSES for address in one.tunnels}
    known = [snapshot.detail(connection, one).maintenance for one in connection.tunnels if one.address in lost]
    asked = [one for one in known if one is not None]
    return ["No AWS maintenance is pending"] if asked and not any(one.pending for one in asked) else []


def _addresses(tunnels: Iterable[Tunnel]) -> str:
    return ", ".join(one.address for one in tunnels) or NONE


def _sentences(texts: Iterable[str]) -> str:
    return " ".join(f"{capital(text.rstrip('.'))}." for text in texts if text)
