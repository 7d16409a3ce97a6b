"""Whom a message calls. Pure. Only the policy names anybody, and each outbreak calls them once.

An edit notifies nobody, so only what is posted can call: the first message, what got worse or came back, and reminders. Of many alerts
at once the first one calls; the others would call the same people again for what is most likely one cause.
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.alerts import news
from chalicelib.alerts.news import Word
from chalicelib.alerts.state import Stored
from chalicelib.alerts.texts import mention
from chalicelib.model.alert import Severity
from chalicelib.model.policy import AlertPolicy


def first_call(stored: Stored, policy: AlertPolicy, before: Iterable[Severity] = ()) -> str:
    """The mention of a new message, empty for none. ``before`` are the severities of what was posted just before it."""
    if not stored.firing or stored.flapping or stored.thread:
        return ""
    wanted = _mention(policy, stored.alert.severity)
    return "" if wanted in {_mention(policy, one) for one in before} else wanted


def call_again(stored: Stored, policy: AlertPolicy, why: Word) -> str:
    """The mention of a reply. In the thread of a roll only what got worse calls: the roll speaks for the rest."""
    calls = why is Word.ESCALATED or (why in news.LOUD | {Word.REMINDER} and not stored.thread)
    return _mention(policy, stored.alert.severity) if calls else ""


def _mention(policy: AlertPolicy, severity: Severity) -> str:
    return mention(policy.mention.get(severity.value, ""))
