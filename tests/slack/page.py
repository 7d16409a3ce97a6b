"""A page of messages to look at, roughly as Slack shows them, in light and in dark.

``page(slack.messages)`` is one HTML text without scripts or outside references; the demo writes it to a file.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tests.slack.workspace import Posted

_STYLE = """
:root { color-scheme: light dark; --bg: #fff; --fg: #1d1c1d; --dim: #616061; --line: #ddd; --code: #f4f4f4; --red: #c01343;
  --link: #1264a3; --hover: #f8f8f8; }
@media (prefers-color-scheme: dark) { :root { --bg: #1a1d21; --fg: #d1d2d3; --dim: #ababad; --line: #35373b;
  --code: #232529; --red: #e8912d; --link: #1d9bd1; --hover: #222529; } }
body { background: var(--bg); color: var(--fg); font: 15px/1.46 system-ui, "Noto Sans", sans-serif; margin: 0; }
main { max-width: 820px; margin: 0 auto; padding: 24px; }
h1 { font-size: 18px; border-bottom: 1px solid var(--line); padding-bottom: 12px; }
article { display: grid; grid-template-columns: 44px 1fr; padding: 12px 8px; border-radius: 6px; }
article:hover { background: var(--hover); }
.face { width: 36px; height: 36px; border-radius: 6px; background: #4a5d8a; color: #fff; display: grid; place-items: center;
  font-weight: 700; }
.who { font-weight: 700; } .app { font-size: 10px; background: var(--line); color: var(--dim); padding: 1px 4px;
  border-radius: 3px; margin: 0 6px; } .when, .note { color: var(--dim); font-size: 12px; }
h2 { font-size: 18px; line-height: 1.3; margin: 6px 0 8px; } p { margin: 6px 0; white-space: pre-line; overflow-wrap: anywhere; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 24px; margin: 8px 0; } .fields p { margin: 0; }
code { font: 12px/1.5 ui-monospace, monospace; background: var(--code); color: var(--red); border: 1px solid var(--line);
  border-radius: 3px; padding: 1px 3px; overflow-wrap: anywhere; }
pre { font: 12px/1.5 ui-monospace, monospace; background: var(--code); border: 1px solid var(--line); border-radius: 4px;
  padding: 8px; margin: 6px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.context { color: var(--dim); font-size: 12px; } a { color: var(--link); text-decoration: none; }
.mention { background: #e8912d33; color: #b8670c; border-radius: 3px; padding: 0 2px; }
.thread { border-left: 3px solid var(--line); margin: 8px 0 0; padding-left: 12px; }
.thread article { padding: 4px 0; grid-template-columns: 30px 1fr; } .thread .face { width: 22px; height: 22px; font-size: 11px; }
"""
_TOKEN = re.compile(r"```(.+?)```|`([^`\n]+)`|<([^<>]+)>|\*([^*\n]+)\*", re.DOTALL)


def page(messages: Iterable[Posted], *, title: str = "#network-alerts") -> str:
    """The channel: every message in its newest state, its replies below it, and what it said before."""
    listed = list(messages)
    roots = [one for one in listed if not one.thread_ts]
    shown = "".join(_message(one, [reply for reply in listed if reply.thread_ts == one.ts]) for one in roots)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{shown}</main></body></html>"
    )


def _message(one: Posted, replies: list[Posted]) -> str:
    below = "".join(_message(reply, []) for reply in replies)
    thread = f'<div class="thread"><div class="note">{len(replies)} in the thread</div>{below}</div>' if replies else ""
    before = "".join(f'<div class="note">was: {html.escape(state)}</div>' for state in one.states)
    also = '<span class="note"> · also sent to the channel</span>' if one.broadcast else ""
    edited = '<span class="note"> (edited)</span>' if one.states else ""
    body = "".join(_block(block) for block in one.blocks) or f"<p>{_markup(one.text)}</p>"
    when = datetime.fromtimestamp(float(one.ts), tz=UTC).strftime("%H:%M")
    return (
        '<article><div class="face">n</div><div>'
        f'<span class="who">netreflex</span><span class="app">APP</span><span class="when">{when}</span>{also}'
        f"{body}{edited}{before}{thread}</div></article>"
    )


def _block(block: dict[str, Any]) -> str:
    match block:
        case {"type": "header", "text": {"text": str(text)}}:
            return f"<h2>{html.escape(text)}</h2>"
        case {"type": "section", "fields": list(fields)}:
            return '<div class="fields">' + _paragraphs(fields, "<p>") + "</div>"
        case {"type": "section", "text": {"text": str(text)}}:
            return f"<p>{_markup(text)}</p>"
        case {"type": "context", "elements": list(elements)}:
            return _paragraphs(elements, '<p class="context">')
        case _:
            return f"<pre>{html.escape(str(block))}</pre>"


def _paragraphs(objects: list[dict[str, Any]], opening: str) -> str:
    return "".join(opening + _markup(one["text"]) + "</p>" for one in objects)


def _markup(text: str) -> str:
    """Slack's mrkdwn as HTML. Entities are Slack's three, which are HTML's too."""
    shown, at = [], 0
    for found in _TOKEN.finditer(text):
        shown += [_plain(text[at : found.start()]), _token(found)]
        at = found.end()
    return "".join([*shown, _plain(text[at:])])


def _token(found: re.Match[str]) -> str:
    fence, code, token, bold = found.groups()
    if fence is not None:
        return f"<pre>{_plain(fence)}</pre>"
    if code is not None:
        return f"<code>{_plain(code)}</code>"
    if bold is not None:
        return f"<b>{_markup(bold)}</b>"
    target, _, label = token.partition("|")
    if target.startswith("!date^"):
        moment = datetime.fromtimestamp(int(target.split("^")[1]), tz=UTC)
        return moment.strftime("%d %b %H:%M:%S")
    if target.startswith(("!", "@", "#")):
        return f'<span class="mention">@{_plain(label or target.strip("!@#").replace("subteam^", ""))}</span>'
    return f'<a href="{_plain(target)}">{_plain(label or target)}</a>'


def _plain(text: str) -> str:
    return html.escape(html.unescape(text))
