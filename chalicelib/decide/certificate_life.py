"""How near the end of its life a certificate is, by fractions of its own life and not by fixed days. Pure.

A certificate of 198 days is renewed 45 days before its end and one of 47 days lives as long as others warn; fixed days
would be noise for one and too late for the other. A floor keeps short lives from being told too late.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.model.alert import Severity
from chalicelib.model.policy import CertificatePolicy

WARN_FLOOR = timedelta(days=7)
LAST_CALL = timedelta(days=2)  # CloudFront may go on serving the old certificate for 24 hours after it was replaced


def judge_life(not_before: datetime, not_after: datetime, now: datetime, policy: CertificatePolicy) -> Severity | None:
    """How urgent it is to replace a certificate that nobody renews, or None while there is time."""
    life, left = not_after - not_before, not_after - now
    if left <= LAST_CALL:
        return Severity.CRITICAL
    if left <= life * policy.error_fraction:
        return Severity.ERROR
    # A floor longer than the whole life would warn of every fresh certificate.
    return Severity.WARNING if left <= max(life * policy.warn_fraction, min(WARN_FLOOR, life / 2)) else None


def day(at: datetime) -> str:
    """A moment as people read it."""
    return f"{at:%Y-%m-%d %H:%MZ}"


def in_time(not_after: datetime, now: datetime) -> str:
    """By when it has to be replaced."""
    return "at least 2 days before its end" if not_after - now > LAST_CALL else "at once"


def ends(not_after: datetime, now: datetime) -> str:
    """When it ends or ended. No length of time is told: it would read otherwise tomorrow, and so be news."""
    return f"{'ended' if not_after <= now else 'ends'} on {day(not_after)}"
