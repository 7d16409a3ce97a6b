"""Foreign words in an alert can neither mention, nor link, nor break a message, nor carry a credential out."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.models.blocks import Block

from chalicelib.alerts import publish, render, replies
from chalicelib.alerts.amazon_q import notification
from chalicelib.alerts.news import Word
from chalicelib.alerts.roll import member
from chalicelib.alerts.sinks import Message
from chalicelib.alerts.state import Stored
from chalicelib.alerts.texts import duration, escaped, link, mention
from chalicelib.model.alert import Alert, AlertStatus, Field, Link, Severity, Subject
from chalicelib.model.policy import AlertPolicy
from tests.alerts import samples
from tests.alerts.figures import figure
from tests.alerts.stage import START
from tests.slack.validate import faults, texts
from tests.slack.workspace import HOOK, TOKEN

MENTION = "<!subteam^S0123>"
POLICY = AlertPolicy(mention={severity.value: MENTION for severity in Severity})
OURS = re.compile(
    rf"{re.escape(MENTION)}|<!date\^[0-9]+\^\{{date_short_pretty\}} \{{time_secs\}}\|[0-9: Z-]+>"
    r"|<https://[a-z0-9.-]*(console\.aws\.amazon|example)\.com[^<>|]*\|[^<>|]*>"
)
NASTY = (
    "<!channel>", "<!here>", "<!everyone>", "<@U012AB3CD>", "<#C012AB3CD>", "<!subteam^SEVIL>", "<https://evil.test|bill>",
    "https://evil.test/x", "http://evil.test", "&lt;!channel&gt;", "&", "<", ">", "`", "```", "*", "_", "~", "|", "\n", "\r\n",
    "\x00", "\x1b[31m", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\u2028", "🔴", "é", "日本", "\U0001f9d1\u200d\U0001f4bb",
    "a" * 400, "&" * 400, "<" * 3500, " ", "", '"', "\\", "<mailto:a@b.c|x>", "<!date^0^{date}|x>", "${jndi:x}", "{{x}}",
)  # fmt: skip


def word(dice: random.Random) -> str:
    return "".join(dice.choice(NASTY) for _ in range(dice.randrange(0, 14)))


def adversarial(dice: random.Random) -> Stored:
    subject = Subject(
        **{name: word(dice) for name in ("type", "id", "account", "region", "name", "arn", "env", "owner")}
    )
    alert = Alert(
        kind=word(dice),
        status=dice.choice(list(AlertStatus)),
        severity=dice.choice(list(Severity)),
        subject=subject,
        title=word(dice),
        summary=word(dice),
        cause=word(dice),
        remedy=tuple(word(dice) for _ in range(dice.randrange(8))),
        links=tuple(Link(text=word(dice), url="https://example.com/" + word(dice)) for _ in range(dice.randrange(7))),
        evidence=word(dice),
        fields=tuple(Field(name=word(dice), value=word(dice)) for _ in range(dice.randrange(14))),
        at=START,
    ).bounded()
    stored = Stored(alert=alert, first=START, since=START, worst=alert.severity, reminded=dice.randrange(3))
    if dice.random() < 0.2:
        members = tuple(member(stored, START) for _ in range(dice.randrange(150)))
        return Stored(alert=alert, first=START, since=START, worst=alert.severity, members=members)
    return stored


def foreign_tokens(text: str) -> list[str]:
    """Every ``<...>`` that is not of our own making."""
    return re.findall(r"<[^>]*>?", OURS.sub("", text))


def wrong_with(message: Message) -> list[str]:
    blocks = list(message.blocks)
    found = faults(blocks)
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        try:
            parsed.validate_json()
        except Exception as error:  # noqa: BLE001 - the model's own error is the finding
            found.append(f"slack_sdk: {error}")
    mrkdwn = [text for block in blocks if block["type"] != "header" for text in texts([block])]
    found += [f"token {token!r}" for text in [*mrkdwn, message.text] for token in foreign_tokens(text)]
    found += [f"a bare address in the text: {message.text!r}"] if "://" in message.text else []
    found += ["no text"] if not 1 <= len(message.text) <= 4000 else []
    verbatim = [one for block in blocks if block["type"] != "header" for one in _objects(block)]
    return found + [f"not verbatim: {one}" for one in verbatim if not one.get("verbatim")]


def _objects(block: dict[str, Any]) -> list[dict[str, Any]]:
    whole = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
    return [one for one in whole if one]


def test_3000_adversarial_alerts() -> None:
    """Valid by our own validator and by slack_sdk's models; no mention or link that we did not make; the fallback included."""
    dice = random.Random(20261123)  # noqa: S311 - a repeatable die
    wrong, longest = [], 0
    for _ in range(3000):
        stored = adversarial(dice)
        message = render.message(stored, MENTION)
        reply = replies.reply(stored, dice.choice(list(Word)), POLICY)
        wrong += wrong_with(message) + wrong_with(reply)
        wrong += [f"plain: {token}" for token in foreign_tokens(message.plain().text)]
        wrong += [f"plain too long: {len(message.plain().text)}"] if len(message.plain().text) > 40000 else []
        longest = max(longest, sum(map(len, texts(list(message.blocks)))))
        json.dumps(notification(message))

    figure(f"3000 adversarial alerts: {len(wrong)} faults, longest message {longest} characters")
    assert wrong == []


def test_adversarial_alerts_fit_the_topic() -> None:
    """At most 256 KiB, five attributes, none empty; a Subject that SNS and e-mail take."""
    dice = random.Random(7)  # noqa: S311 - a repeatable die
    largest = 0
    for _ in range(1000):
        stored = adversarial(dice)
        body = json.dumps(publish.envelope(stored), ensure_ascii=False).encode()
        subject = publish.subject_line(stored)
        largest = max(largest, len(body))
        assert 1 <= len(subject) <= 100
        assert re.fullmatch(r"[A-Z][ -~]*", subject), subject
        assert sorted(publish.attributes(stored)) == ["account", "kind", "region", "severity", "status"]
        assert Alert.from_json({name: json.loads(body)[name] for name in stored.alert.as_json()}) == stored.alert

    wide = samples.alert(
        kind="😀" * 99, title="😀" * 200, summary="😀" * 2000, cause="😀" * 5000, evidence="😀" * 5000, remedy=("😀" * 999,) * 9,
        fields=(Field(name="😀" * 99, value="😀" * 999),) * 20, links=(Link(text="😀" * 99, url="https://e.com/" + "x" * 1400),) * 9,
    )  # fmt: skip
    wide = replace(
        wide,
        subject=Subject(
            **dict.fromkeys(("type", "id", "account", "region", "name", "arn", "env", "owner"), "😀" * 999)
        ),
    )
    widest = Stored(alert=wide.bounded(), first=START, since=START, worst=wide.severity)
    size = len(json.dumps(publish.envelope(widest), ensure_ascii=False).encode())
    figure(f"largest envelope: {largest} bytes of 1000 alerts, {size} bytes of four-byte characters only; limit 262144")
    assert max(largest, size) < 70_000, "what Alert.bounded promises"


def test_half_an_address_is_no_link() -> None:
    """An address beyond the bound, of another scheme, or with a credential in it is left out, never cut."""
    urls = [
        "https://e.com/" + "x" * 1500,
        "http://e.com/",
        "https://e.com/xoxb-1111-2222-canary",
        'https://e.com/"',
        "https://e.com/ok",
    ]
    alert = samples.alert(links=tuple(Link(text="x", url=url) for url in urls)).bounded()

    assert [one.url for one in alert.links] == ["https://e.com/ok"]


@pytest.mark.parametrize("limit", [1, 5, 6, 10, 11])
def test_a_bound_holds_on_the_escaped_length_and_cuts_no_entity(limit: int) -> None:
    shown = escaped("&<>&<>&<>", limit)

    assert len(shown) <= limit
    assert re.fullmatch(r"(&amp;|&lt;|&gt;)*…?", shown)


def test_a_mention_comes_from_the_policy_and_must_be_one() -> None:
    for one in ("<!subteam^S0123> <@U1>", "<!subteam^S0123|@network>", "<!here>"):
        assert mention(one) == one
    assert mention("<https://evil.test|x>") == mention("hello") == mention("") == ""


def test_links_are_plain_https() -> None:
    assert link("a|b", "https://e.com/x?a=1&b=<c>") == "<https://e.com/x?a=1&amp;b=%3Cc%3E|a b>"
    assert link("x", "http://e.com/") == link("x", "javascript:x") == link("x", "https://e.com/a b") == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(40, "40 s"), (540, "9 min"), (7500, "2 h 5 min"), (7200, "2 h"), (273600, "3 d 4 h"), (-5, "0 s")],
)
def test_durations_are_said_as_people_say_them(seconds: int, said: str) -> None:
    assert duration(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    "secret",
    [TOKEN, f"https://hooks.slack.com{HOOK}", "PreSharedKey: canary_psk_123", "pre_shared_key='canary_psk_123'"],
)
def test_what_looks_like_a_credential_is_struck_out(secret: str) -> None:
    """A last line of defence: an error text that carries a secret must not become an alert that carries it."""
    alert = samples.alert(summary=f"boom {secret} x", evidence=f"a\n{secret}", remedy=(secret,)).bounded()

    whole = json.dumps(alert.as_json())
    assert "canary" not in whole
    assert "[removed]" in alert.summary


def test_a_lock_screen_says_enough() -> None:
    """Severity, what, what it means, why and the first step, in one line."""
    alert = samples.vpn_down()
    message = render.message(Stored(alert=alert, first=START, since=START, worst=alert.severity), MENTION)

    figure(message.text)
    assert message.text == (
        "🔴 CRITICAL · VPN hq-dc1: all tunnels down: No traffic can pass between tgw-0f00ba47 and hq-dc1."
        " Why: IPSEC IS DOWN on both tunnels since 03:07Z. No AWS maintenance notice is open."
        " Do: Call the site: is 198.51.100.7 up?"
    )
