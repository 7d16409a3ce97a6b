"""What is said in a message's thread. Pure. An edited message notifies nobody, so news worth hearing is a reply."""

from __future__ import annotations

from chalicelib.alerts import news
from chalicelib.alerts.calling import call_again
from chalicelib.alerts.life import reminded_after
from chalicelib.alerts.news import Word
from chalicelib.alerts.render import banner, lasted, minutes, section
from chalicelib.alerts.sinks import Message
from chalicelib.alerts.state import TIMES, Stored
from chalicelib.alerts.texts import duration, escaped, unlinked
from chalicelib.model.alert import bounded
from chalicelib.model.policy import AlertPolicy


def reply(stored: Stored, why: Word, policy: AlertPolicy) -> Message:
    """The short message in the thread that makes a change heard. It names the alert: it may be read without it."""
    alert = stored.alert
    said = _said(stored, why, policy)
    if news.warns(stored) and why in {Word.AGAIN, Word.RESOLVED, Word.ESCALATED}:
        said += (
            f" After one more change within {minutes(TIMES.flap_within)} this thread stays quiet until it is stable."
        )
    calls = call_again(stored, policy, why)
    head = f"{banner(stored)} · {bounded(alert.title, 110) or alert.kind}"
    body = f"*{escaped(head, 250)}*\n{escaped(said, 900)}" + (f"\n{calls}" if calls else "")
    return Message(
        # Told against what people saw before: the same news after a crash has the same key, whatever came since.
        key=f"{stored.identity}/{why.value}/{stored.delivered}",
        version=stored.version,
        text=unlinked(f"{head}: {said}", 900),
        blocks=(section(body),),
        title=escaped(head, 250),
        body=escaped(said, 900),
        broadcast=news.broadcasts(stored, why),
    )


def _said(stored: Stored, why: Word, policy: AlertPolicy) -> str:
    alert = stored.alert
    next_step = f" Do: {alert.remedy[0]}" if alert.remedy else ""
    still = duration(reminded_after(stored, policy))
    words = {
        Word.ESCALATED: f"Worse than before. {alert.summary}{next_step}",
        Word.AGAIN: f"It is back. {alert.summary}{next_step}",
        Word.RESOLVED: f"Over after {lasted(stored)}. {alert.summary}",
        Word.CLOSED: alert.summary,
        Word.FLAPPING: f"{stored.flips} changes so far. This thread stays quiet until nothing has changed for"
        f" {minutes(TIMES.quiet)}; the message goes on counting.",
        Word.SETTLED: f"Stable again after {stored.flips} changes. {alert.summary}{next_step if stored.firing else ''}",
        Word.REMINDER: f"⏰ Still so after {still}. {alert.summary}{next_step}",
    }
    return words[why]
