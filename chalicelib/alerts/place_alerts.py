"""The alert about a place (an account and a Region) into which netreflex cannot look. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.model.alert import Alert, AlertStatus, Severity, Subject, fingerprint
from chalicelib.model.network import Place

_SUBJECT = "sweep"


def place_fingerprint(place: Place) -> str:
    """The identity of the problem that this place cannot be read."""
    return fingerprint(kinds.AUTOMATION, place.account, place.region, _SUBJECT)


def place_alert(place: Place, error: str, name: str, now: datetime) -> Alert:
    """What is told of a place: the error that keeps it from being read, or (no error) that it is read again."""
    where = f"{name} {place.region}"
    return Alert(
        kind=kinds.AUTOMATION,
        status=AlertStatus.FIRING if error else AlertStatus.RESOLVED,
        severity=Severity.ERROR,
        subject=Subject(type="account", id=_SUBJECT, name=where, account=place.account, region=place.region),
        title=f"netreflex cannot look into {where}" if error else f"netreflex looks into {where} again",
        summary=(
            "Requests, routes and names there are neither decided nor repaired. What works goes on working."
            if error
            else "Everything there is watched again; what was missed is being caught up with."
        ),
        at=now,
        cause=error,
        remedy=(
            (
                f"Check the member role in account {place.account}: its name, its trust in netreflex and the ExternalId.",
                "Every sweep tries again by itself.",
            )
            if error
            else ()
        ),
        links=(kinds.roles_console(),),
    )


def place_left(alert: Alert, now: datetime) -> Alert:
    """The end of an alert about a place, or about something in it, because the place is not in the policy any more."""
    return replace(
        alert,
        status=AlertStatus.RESOLVED,
        title=f"netreflex need not look into {alert.subject.name} any more",
        summary="The policy does not name its account and Region any more: nothing there is watched, decided or repaired.",
        at=now,
        cause="",
        remedy=(),
    )
