"""An alert as a Slack message. Pure. The order never changes, so that eyes learn where to look.

It is:

header (icon WORD · title), what it means for traffic, fields, why, what to do, links, evidence, context.
Slack's limits (docs, "Block Kit" reference): 50 blocks, header 150, text object 3000, 10 fields of 2000, and about
13,200 characters over all blocks, which is not documented; each part below has its share of about 12,000.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from chalicelib.alerts.sinks import Message
from chalicelib.alerts.state import TIMES, Member, Stored
from chalicelib.alerts.texts import capital, code, duration, escaped, fenced, link, local_time, unlinked
from chalicelib.model.alert import Alert, AlertStatus, Severity, bounded

Block = dict[str, Any]

NAMED = 100  # names in a roll; what is beyond is counted
_BANNERS = {
    Severity.CRITICAL: "🔴 CRITICAL",
    Severity.ERROR: "🟠 ERROR",
    Severity.WARNING: "🟡 WARNING",
    Severity.INFO: "🔵 ACTION NEEDED",
}
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:(?=\S)")
_CODE = re.compile(r"\s*`([^`\n]+)`")
_LONG = 30  # shorter commands read well within a sentence
ICONS = {severity: banner.split()[0] for severity, banner in _BANNERS.items()}


def message(stored: Stored, calls: str = "") -> Message:
    """The one message of an alert, as it reads now. ``calls`` is the policy's mention, where somebody is to be called."""
    alert, open_ = stored.alert, stored.alert.status is not AlertStatus.RESOLVED
    head = f"{banner(stored)} · {bounded(alert.title, 110) or alert.kind}"
    summary, why = sentence(stored), escaped(readable(alert.cause), 1300)
    steps = tuple(_step(step) for step in alert.remedy[:5]) if open_ else ()
    blocks: list[Block] = [{"type": "header", "text": {"type": "plain_text", "text": head[:150], "emoji": True}}]
    blocks.append(section("\n".join(part for part in (summary, calls) if part)))
    blocks += _roll(stored.members) if stored.members else _fields(stored)
    blocks += _why_and_what(why, steps)
    links = _links(alert)
    blocks += [section(links)] if links else []
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
    if stored.alert.severity is Severity.INFO and "".join(stored.alert.remedy[:1]).startswith("Nothing"):
        return "🔵 NO ACTION NEEDED"  # AWS is at work, such as on a tunnel's endpoint
    return _BANNERS[stored.alert.severity]


def sentence(stored: Stored) -> str:
    """What the alert means for traffic, and what its course so far adds to that."""
    said = [escaped(readable(stored.alert.summary), 1000)]
    if stored.flapping:
        now = _BANNERS[stored.alert.severity] if stored.firing else "fine"
        said.append(
            f"*Changed {stored.flips} times since {local_time(stored.first)}, at the moment {now}.*"
            f" The thread stays quiet until nothing has changed for {minutes(TIMES.quiet)}."
        )
    elif stored.alert.status is AlertStatus.RESOLVED:
        said.append(_open_for(stored))
    return " ".join(part for part in said if part) or "No further description."


def lasted(stored: Stored) -> str:
    """How long it fired. What it is about may have lasted longer: nobody tells netreflex at once."""
    span = stored.since - stored.first
    return "less than a minute" if span < timedelta(minutes=1) else duration(span)


def _open_for(stored: Stored) -> str:
    return f"This alert was open for {lasted(stored)}."


def minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} min"


def _lock_screen(stored: Stored, head: str) -> str:
    alert, open_ = stored.alert, stored.alert.status is not AlertStatus.RESOLVED
    done = alert.status is AlertStatus.NOTICE and alert.severity is Severity.INFO
    acts = alert.remedy and open_ and not done and not stored.flapping
    first_step = f" Do: {capital(bounded(alert.remedy[0], 200))}" if acts else ""
    why = f" Why: {bounded(readable(alert.cause), 200).rstrip('.')}." if acts and alert.cause else ""
    ended = f" {_open_for(stored)}" if alert.status is AlertStatus.RESOLVED else ""
    return unlinked(f"{head}: {bounded(readable(alert.summary), 400)}{ended}{why}{first_step}", 900)


def _fields(stored: Stored) -> list[Block]:
    shown = [
        _mrkdwn(f"*{escaped(field.name, 60) or '-'}*\n{code(field.value, 240)}") for field in stored.alert.fields[:10]
    ]
    return [{"type": "section", "fields": shown}] if shown else []


def _why_and_what(why: str, steps: tuple[str, ...]) -> list[Block]:
    blocks = [section(f"*Why* {why}")] if why else []
    if steps:
        numbered = (f"{number}. {step}" for number, step in enumerate(steps, 1))
        blocks.append(section("\n".join(["*Do this*", *numbered])))
    return blocks


def _step(step: str) -> str:
    """One step. A long command stands on a line of its own, so that it is copied whole and nothing else with it."""
    return _CODE.sub(_placed, escaped(capital(step), 520))


def _placed(code: re.Match[str]) -> str:
    return f"\n`{code[1]}`" if len(code[1]) >= _LONG and " " in code[1] else code[0]


def readable(text: str) -> str:
    """A sentence as people read it: with the names of things and not their ARNs, which are in the alert's JSON."""
    return capital(_ARN.sub("", text))


def _links(alert: Alert) -> str:
    """The links that fit; the runbook is last and short."""
    shown = [found for one in alert.links[:5] if (found := link(one.text, one.url))]
    while sum(map(len, shown)) > 1400:  # noqa: PLR2004 - their share of the message
        shown.remove(max(shown, key=len))
    return " · ".join(shown)


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
