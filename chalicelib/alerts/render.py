"""An alert as a Slack message. Pure. The order never changes, so that eyes learn where to look.

It is:

header (icon WORD · title), what it means for traffic, fields, why, what to do, links, evidence, context.
Slack's limits (docs, "Block Kit" reference): 50 blocks, header 150, text object 3000, 10 fields of 2000, and about
13,200 characters over all blocks, which is not documented; each part below has its share of about 12,000.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.alerts.sinks import Message
from chalicelib.alerts.state import TIMES, Member, Stored
from chalicelib.alerts.texts import code, duration, escaped, fenced, link, local_time, mention, unlinked
from chalicelib.model.alert import AlertStatus, Severity, bounded
from chalicelib.model.policy import AlertPolicy

Block = dict[str, Any]

NAMED = 100  # names in a roll; what is beyond is counted
_BANNERS = {
    Severity.CRITICAL: "🔴 CRITICAL",
    Severity.ERROR: "🟠 ERROR",
    Severity.WARNING: "🟡 WARNING",
    Severity.INFO: "🔵 ACTION NEEDED",
}
ICONS = {severity: banner.split()[0] for severity, banner in _BANNERS.items()}


def message(stored: Stored, policy: AlertPolicy) -> Message:
    """The one message of an alert, as it reads now."""
    alert, open_ = stored.alert, stored.alert.status is not AlertStatus.RESOLVED
    head = f"{banner(stored)} · {bounded(alert.title, 110) or alert.kind}"
    summary, why = sentence(stored), escaped(alert.cause, 1300)
    steps = tuple(escaped(step, 320) for step in alert.remedy[:5]) if open_ else ()
    blocks: list[Block] = [{"type": "header", "text": {"type": "plain_text", "text": head[:150], "emoji": True}}]
    calls = mention(policy.mention.get(alert.severity.value, "")) if stored.firing and not stored.flapping else ""
    blocks.append(section("\n".join(part for part in (summary, calls) if part)))
    blocks += _roll(stored.members) if stored.members else _fields(stored)
    blocks += _why_and_what(why, steps)
    links = [shown for one in alert.links[:5] if (shown := link(one.text, one.url)) and len(shown) <= 480]  # noqa: PLR2004
    blocks += [section(" · ".join(links))] if links else []
    blocks += [section(fenced(alert.evidence, 1600))] if alert.evidence.strip() and open_ else []
    blocks.append({"type": "context", "elements": [_mrkdwn(_context(stored))]})
    return Message(
        key=stored.identity,
        version=stored.version,
        text=_lock_screen(stored, head),
        blocks=tuple(blocks),
        title=escaped(head, 250),
        body="\n".join(part for part in (summary, f"*Why* {why}" if why else "", _names(stored.members)) if part),
        steps=steps,
        keywords=(alert.kind, alert.severity.value, alert.subject.account or "-", alert.subject.region or "-"),
    )


def banner(stored: Stored) -> str:
    """The icon and the word by which a message is recognised from afar."""
    if stored.flapping:
        return "🔁 FLAPPING"
    if stored.alert.status is AlertStatus.RESOLVED:
        return "✅ RESOLVED"
    if stored.alert.status is AlertStatus.NOTICE and stored.alert.severity is Severity.INFO:
        return "ℹ️ DONE"  # noqa: RUF001 - the sign, not a letter
    return _BANNERS[stored.alert.severity]


def sentence(stored: Stored) -> str:
    """What the alert means for traffic, and what its course so far adds to that."""
    said = [escaped(stored.alert.summary, 1000)]
    if stored.flapping:
        now = _BANNERS[stored.alert.severity] if stored.firing else "fine"
        said.append(
            f"*Changed {stored.flips} times since {local_time(stored.first)}, at the moment {now}.*"
            f" The thread stays quiet until nothing has changed for {minutes(TIMES.quiet)}."
        )
    elif stored.alert.status is AlertStatus.RESOLVED:
        said.append(f"Lasted {lasted(stored)}.")
    return " ".join(part for part in said if part) or "No further description."


def lasted(stored: Stored) -> str:
    return duration(stored.since - stored.first)


def minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} min"


def _lock_screen(stored: Stored, head: str) -> str:
    alert = stored.alert
    acts = alert.remedy and stored.firing and not stored.flapping
    first_step = f" Do: {bounded(alert.remedy[0], 200)}" if acts else ""
    ended = f" Lasted {lasted(stored)}." if alert.status is AlertStatus.RESOLVED else ""
    return unlinked(f"{head}: {bounded(alert.summary, 400)}{ended}{first_step}", 900)


def _fields(stored: Stored) -> list[Block]:
    shown = [
        _mrkdwn(f"*{escaped(field.name, 60) or '-'}*\n{code(field.value, 240)}") for field in stored.alert.fields[:10]
    ]
    return [{"type": "section", "fields": shown}] if shown else []


def _why_and_what(why: str, steps: tuple[str, ...]) -> list[Block]:
    lines = [f"*Why* {why}"] if why else []
    if steps:
        lines += ["*Do this*", *(f"{number}. {step}" for number, step in enumerate(steps, 1))]
    return [section("\n".join(lines))] if lines else []


def _roll(members: tuple[Member, ...]) -> list[Block]:
    """The names of a roll, the worst first, in as many sections as it takes."""
    sections, lines = [], _names(members).split("\n")
    while lines:
        taken: list[str] = []
        while lines and sum(map(len, taken)) + len(taken) + len(lines[0]) <= 2900:  # noqa: PLR2004 - a text object's 3000
            taken.append(lines.pop(0))
        sections.append(section("\n".join(taken)))
    return sections


def _names(members: tuple[Member, ...]) -> str:
    ranked = sorted(members, key=lambda one: (one.ended, -one.severity.rank))
    lines = [f"{'✅' if one.ended else ICONS[one.severity]} {escaped(one.label, 70)}" for one in ranked[:NAMED]]
    return "\n".join([*lines, f"and {len(ranked) - NAMED} more"] if len(ranked) > NAMED else lines)


def _context(stored: Stored) -> str:
    subject = stored.alert.subject
    place = [code(f"{subject.env} {subject.account}".strip(), 100)] if subject.account else []
    place += [code(subject.region, 60)] if subject.region else []
    over = stored.alert.status is AlertStatus.RESOLVED and not stored.flapping
    until = f"from {local_time(stored.first)} to {local_time(stored.since)}"
    parts = [" ".join(place), until if over else f"since {local_time(stored.first)}"]
    parts += [f"owner {code(subject.owner, 100)}"] if subject.owner else []
    parts += [f"seen {stored.count}×"] if stored.count > 1 else []  # noqa: RUF001 - the sign of multiplication
    parts += [f"changed {stored.flips}×"] if stored.flips > 1 else []  # noqa: RUF001 - the sign of multiplication
    parts += [f"reminded {stored.reminded}×"] if stored.reminded else []  # noqa: RUF001 - the sign of multiplication
    return " · ".join([*(part for part in parts if part), f"alert {code(stored.fp, 40)}"])


def section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> Block:
    # ``verbatim`` keeps Slack from making links and mentions of what merely looks like one (Slack docs, "Text object").
    return {"type": "mrkdwn", "text": text, "verbatim": True}
