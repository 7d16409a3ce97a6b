"""Foreign words made harmless for Slack, and bounded on the length that Slack counts: the escaped one. Pure.

Slack asks for exactly ``&``, ``<`` and ``>`` to be escaped (Slack docs, "Formatting message text"); then no mention, link or date can be
formed. A bound never cuts an entity in two.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from chalicelib.model.alert import bounded

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_WORD = re.compile(r"[a-z]+(?=[,;.]? |[,;.]?$)")
_URL = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[!-~]*)?")
_URL_ENTITIES = str.maketrans({"&": "&amp;", "<": "%3C", ">": "%3E", "|": "%7C", '"': "%22", "`": "%60"})
_ONE_MENTION = r"(?:<!subteam\^[A-Z0-9]+(?:\|@?[A-Za-z0-9._-]+)?>|<@[UW][A-Z0-9]+>|<!(?:here|channel|everyone)>)"
_MENTION = re.compile(rf"{_ONE_MENTION}(?: {_ONE_MENTION})*")


def escaped(text: str, limit: int, *, lines: bool = False) -> str:
    """``text`` for a mrkdwn object, in at most ``limit`` characters of what Slack receives."""
    whole = bounded(text, limit, lines=lines)
    units = [_ENTITIES.get(character, character) for character in whole]
    if sum(map(len, units)) <= limit:
        return "".join(units)
    kept: list[str] = []
    room = limit - 1
    for unit in units:
        if len(unit) > room:
            break
        kept.append(unit)
        room -= len(unit)
    return "".join(kept) + "…"


def width(text: str) -> int:
    """How many characters Slack counts for it."""
    return sum(len(_ENTITIES.get(character, character)) for character in text)


def capital(text: str) -> str:
    """A sentence's first letter, where its first word is a word and not a name (``ec2:CreateRoute``, ``pcx-1``)."""
    return text[:1].upper() + text[1:] if _WORD.match(text) and not text.startswith("netreflex") else text


def code(text: str, limit: int) -> str:
    """``text`` between back-ticks, where nothing is formatted."""
    return f"`{escaped(text.replace('`', chr(39)), limit - 2) or '-'}`"


def fenced(text: str, limit: int) -> str:
    """``text`` as a block of its own lines."""
    return f"```{escaped(text.replace('`', chr(39)), limit - 6, lines=True)}```"


def unlinked(text: str, limit: int) -> str:
    """``text`` for a notification: Slack makes links of bare addresses there, and no block can forbid it."""
    return escaped(text.replace("://", "[:]//"), limit)


def link(text: str, url: str) -> str:
    """A link of ours, empty where the address is not plain https."""
    if not _URL.fullmatch(url):
        return ""
    label = escaped(text.replace("|", " "), 80) or "link"
    return f"<{url.translate(_URL_ENTITIES)}|{label}>"


def mention(text: str) -> str:
    """The policy's mention, empty where it is not one: nothing else may carry markup into a message."""
    return text if _MENTION.fullmatch(text) else ""


def local_time(moment: datetime) -> str:
    """A moment that every reader sees in their own time zone (Slack docs, "Date formatting")."""
    fallback = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time_secs}}|{fallback}>"


def duration(span: timedelta) -> str:
    """``40 s``, ``9 min``, ``2 h 5 min``, ``3 d 4 h``: two units at most, as people say it."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:  # noqa: PLR2004 - clock arithmetic
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours == 0:
        return f"{minutes} min"
    large, small = (f"{days} d", f"{hours % 24} h") if days else (f"{hours} h", f"{minutes % 60} min")
    return large if small.startswith("0 ") else f"{large} {small}"
