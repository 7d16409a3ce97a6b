"""What Slack refuses: every alert is either shown in some form, or read by people in the mail that says so."""

# ruff: noqa: ANN401 - the requests and answers of Slack are JSON

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.alerts.fallback import words
from chalicelib.alerts.sinks import TEXT_LIMIT, Message
from chalicelib.model.errors import ConfigurationError
from tests.alerts import samples
from tests.alerts.figures import figure
from tests.alerts.samples import other_kinds
from tests.alerts.stage import START
from tests.alerts.world import World, lone_messages

Refuse = Callable[[str, dict[str, Any]], str]
NEVER = "metadata_must_be_sent_from_app"


def posts(word: str) -> Refuse:
    return lambda method, _: word if method == "chat.postMessage" else ""


def metadata(word: str) -> Refuse:
    return lambda _, arguments: word if "metadata" in arguments else ""


def threads(word: str) -> Refuse:
    return lambda _, arguments: word if arguments.get("thread_ts") else ""


@pytest.mark.parametrize("word", ["msg_too_long", "invalid_arguments", "too_many_contact_cards", NEVER])
def test_what_is_refused_in_every_form_is_read_in_the_mail(world: World, word: str) -> None:
    """Once a day, with Slack's word and the alert itself; Slack is asked every ten minutes, and takes it in the end."""
    world.slack.refuse = posts(word)
    world.tell(samples.vpn_degraded())
    world.pump()
    told_at = world.clock()
    world.settle(60)
    calls = len(world.slack.calls)

    [mail] = world.sns.inbox
    figure(f"{word}: {calls} calls in an hour, mail {mail['Subject']!r}")
    assert told_at - START < timedelta(minutes=1)
    assert f"The answer was: {word}." in mail["Message"]
    assert "VPN hq-dc1: 1 of 2 tunnels down" in mail["Message"]
    assert calls <= 7 * 3
    world.slack.refuse = posts("")
    world.settle(15)
    assert len(world.slack.messages) == 1
    assert len(world.sns.inbox) == 1


def test_each_alert_that_is_refused_is_read_in_a_mail_of_its_own(world: World) -> None:
    """The mail is all that people get of them."""
    world.slack.refuse = posts("invalid_arguments")
    world.tell(*other_kinds(3))
    world.pump()
    world.settle(60)

    assert len(world.sns.inbox) == 3


@pytest.mark.parametrize("word", ["metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema", NEVER])
def test_a_message_goes_out_without_the_metadata_that_is_refused(world: World, word: str) -> None:
    """With its blocks, and with its key in the text, by which it is found again after a lost answer: not doubled."""
    world.slack.refuse = metadata(word)
    world.slack.lose_answers = 1
    world.tell(samples.vpn_degraded())
    world.pump()
    world.settle(3)
    world.tell(samples.vpn_down(world.clock()))
    world.pump()

    message, reply = world.slack.messages
    assert message.header == "🔴 CRITICAL · VPN hq-dc1: all tunnels down"
    assert message.states[-1] == "🟠 ERROR · VPN hq-dc1: 1 of 2 tunnels down"
    assert reply.thread_ts == message.ts
    assert world.sns.inbox == []


@pytest.mark.parametrize(
    "word",
    [
        "thread_not_found",
        "cannot_reply_to_message",
        "restricted_action_thread_locked",
        "restricted_action_non_threadable_channel",
    ],
)
def test_what_a_thread_does_not_take_goes_into_the_channel(world: World, word: str) -> None:
    world.slack.refuse = threads(word)
    world.tell(samples.vpn_degraded())
    world.pump()
    world.clock.sleep(300)
    world.tell(samples.vpn_down(world.clock()))
    world.pump()
    world.settle(30)

    message, reply = lone_messages(world.slack)
    assert message.header == "🔴 CRITICAL · VPN hq-dc1: all tunnels down"
    assert "Worse than before." in reply.text
    assert len(world.slack.calls) <= 5
    assert not world.stored(samples.vpn_down().fingerprint).pending


def test_members_of_a_storm_whose_thread_is_closed_stand_in_the_channel(world: World) -> None:
    world.slack.refuse = threads("thread_not_found")
    world.tell(*[samples.alert(subject_id=f"vpn-{number}") for number in range(8)])
    world.pump(minutes=60)
    world.settle(3)

    assert len(lone_messages(world.slack)) == 9, "eight and the roll"


def test_who_may_not_look_posts_all_the_same(world: World) -> None:
    """Without the scope for the history a lost answer may double a message; it never keeps one back."""
    world.slack.refuse = lambda method, _: "missing_scope" if method.startswith("conversations") else ""
    world.slack.fail = 1
    world.tell(samples.vpn_degraded())
    world.pump()
    world.settle(5)

    assert len(world.slack.messages) == 1
    [mail] = world.sns.inbox
    assert mail["Subject"].endswith("missing_scope")


@pytest.mark.parametrize(
    ("word", "subject"),
    [
        ("restricted_action_read_only_channel", "restricted_action_read_only_channel"),
        ("messages_tab_disabled", "messages_tab_disabled"),
        ("a_word_of_tomorrow", "unreachable"),
        ("update_failed", "unreachable"),
    ],
)
def test_slacks_own_word_is_in_the_mail(world: World, word: str, subject: str) -> None:
    world.slack.error = word
    world.tell(samples.vpn_degraded())
    world.pump()
    world.settle(20)

    [mail] = world.sns.inbox
    assert mail["Subject"] == f"netreflex cannot deliver alerts: {subject}"
    assert word in mail["Message"]


# ---- told once per cause ---------------------------------------------------------------------------------------------
def test_updates_that_succeed_do_not_make_failing_posts_news_again(world: World) -> None:
    """Posts fail for an hour while updates are taken: one mail."""
    world.tell(samples.vpn_degraded())
    world.pump()
    world.slack.fail = 10**6
    world.tell(*other_kinds(3))
    world.pump()
    for minute in range(12):
        world.clock.sleep(300)
        world.tell(samples.alert(at=world.clock(), title=f"at {minute}"))
        world.sweep()
        world.pump(minutes=4)

    figure(f"posts fail, updates succeed, an hour: {len(world.sns.inbox)} mail")
    assert len(world.sns.inbox) == 1
    assert world.slack.count("ok") > 3


def test_a_fault_that_was_repaired_and_comes_back_is_told_again(world: World) -> None:
    """The secret is unreadable, repaired, and unreadable again five hours later."""
    open_sink, broken = world.open_sink, [True]

    def reading(fresh: bool) -> Any:  # noqa: FBT001 - as Surroundings calls it
        if broken[0]:
            raise ConfigurationError("the Slack secret netreflex/slack must be JSON")
        return open_sink(fresh)

    world.open_sink = reading  # type: ignore[method-assign]
    world.tell(samples.vpn_degraded())
    world.pump()
    world.settle(60)
    first = len(world.sns.inbox)
    broken[0] = False
    world.settle(20)
    shown = len(world.slack.messages)
    world.clock.sleep(5 * 3600)
    broken[0] = True
    world.tell(samples.vpn_down(world.clock()))
    world.pump()
    world.settle(60)

    figure(f"unreadable for an hour: {first} mail; again five hours later: {len(world.sns.inbox) - first} more")
    assert (first, shown, len(world.sns.inbox)) == (1, 1, 2)
    assert "netreflex/slack must be JSON" in world.sns.inbox[0]["Message"]


@pytest.mark.parametrize(("hours", "mails"), [(23, 1), (25, 2), (49, 3)])
def test_a_fault_that_lasts_is_told_once_a_day(world: World, hours: int, mails: int) -> None:
    world.slack.error = "not_in_channel"
    world.tell(samples.vpn_degraded())
    world.pump()
    for _ in range(hours * 12):  # as the sweep comes: every five minutes
        world.clock.sleep(300)
        world.sweep()
        world.pump()

    assert len(world.sns.inbox) == mails


@pytest.mark.parametrize("word", ["is_archived", "invalid_auth", "restricted_action", "a_word", "AuthorizationError"])
def test_a_mail_says_what_to_do(word: str) -> None:
    said = words(word, None, word="and why", runbook="https://e.com/runbook#delivery").split("\n")

    assert said[0] == f"netreflex cannot deliver its alerts: {word}. The answer was: and why."
    assert len(said[1]) > 20
    assert said[-1] == "Runbook: https://e.com/runbook#delivery"


def test_a_plain_form_is_short_enough_for_an_update() -> None:
    """Slack refuses an update whose text is beyond 4,000 characters; lines are left out whole."""
    message = Message(key="k", version=1, text="head", blocks=({},), body="x" * 1300, steps=("&amp;" * 100,) * 9)
    plain = message.plain()

    assert len(plain.text) <= TEXT_LIMIT < 4000
    assert plain.text.endswith("&amp;" * 100)
    assert plain.plainer("x") is not None
    assert plain.plainer("x") != plain
