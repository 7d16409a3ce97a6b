"""Each of Slack's answers belongs to a class, and each class has its own answer. Amazon Q gets its own form."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chalicelib.alerts import render
from chalicelib.alerts.amazon_q import AmazonQ, notification
from chalicelib.alerts.opening import sink_opener
from chalicelib.alerts.sinks import (
    Message,
    Misconfigured,
    Refused,
    SinkFault,
    Throttled,
    Unreachable,
    UpdateLost,
)
from chalicelib.alerts.slack import SlackBot, SlackWebhook
from chalicelib.alerts.slack_faults import fault
from chalicelib.alerts.state import Stored
from tests.alerts import samples
from tests.alerts.stage import START, VirtualClock
from tests.alerts.test_road import Refuses
from tests.alerts.world import Topics, World
from tests.slack.workspace import CHANNEL, TOKEN, LocalSlack

# Every word that Slack documents for chat.postMessage, chat.update and conversations.history, and what it means here. Words about
# files, streams and drafts, which are never sent, are left out.
WORDS: dict[type[SinkFault], str] = {
    Throttled: "ratelimited rate_limited",
    Unreachable: "internal_error fatal_error service_unavailable request_timeout team_added_to_org message_limit_exceeded"
    " external_channel_migrating a_word_of_tomorrow",
    Misconfigured: "invalid_auth not_authed token_revoked token_expired account_inactive missing_scope no_permission"
    " not_allowed_token_type channel_not_found not_in_channel is_archived is_inactive restricted_action"
    " restricted_action_read_only_channel restricted_action_thread_only_channel restricted_action_thread_locked"
    " restricted_action_non_threadable_channel restricted_action_of_tomorrow messages_tab_disabled accesslimited"
    " access_denied ekm_access_denied enterprise_is_restricted org_login_required team_access_not_granted team_not_found"
    " two_factor_setup_required method_deprecated deprecated_endpoint unknown_method channel_type_not_supported"
    " posting_to_general_channel_denied slack_connect_file_link_sharing_blocked slack_connect_lists_sharing_blocked",
    Refused: "invalid_blocks invalid_blocks_format invalid_attachments msg_too_long msg_blocks_too_long no_text"
    " invalid_arguments invalid_arg_name invalid_array_arg invalid_charset invalid_form_data invalid_post_type"
    " missing_post_type missing_charset superfluous_charset metadata_too_large metadata_must_be_sent_from_app"
    " invalid_metadata_format invalid_metadata_schema markdown_text_conflict too_many_attachments too_many_contact_cards"
    " duplicate_channel_not_found duplicate_message_not_found as_user_not_supported cant_broadcast_message"
    " invalid_cursor invalid_limit invalid_ts_latest invalid_ts_oldest",
    UpdateLost: "message_not_found cant_update_message edit_window_closed block_mismatch update_failed bad_timestamp"
    " streaming_state_conflict no_dual_broadcast_content_update thread_not_found thread_locked invalid_thread_ts"
    " cannot_reply_to_message",
}
ANSWERS: list[tuple[int, str, type[SinkFault]]] = [
    (429, "ratelimited", Throttled),
    (429, "<html>", Throttled),
    (500, "internal_error", Unreachable),
    (503, "<html>Service Unavailable</html>", Unreachable),
    (410, "channel_is_archived", Misconfigured),
    (403, "action_prohibited", Misconfigured),
    (404, "no_service", Misconfigured),
    (404, "", Misconfigured),
    (400, "invalid_payload", Refused),
    (400, "words of tomorrow", Refused),
    (413, "", Refused),
    *((200, word, class_) for class_, words in WORDS.items() for word in words.split()),
]


@pytest.mark.parametrize(("status", "error", "class_"), ANSWERS)
def test_every_answer_has_its_class(status: int, error: str, class_: type[SinkFault]) -> None:
    found = fault(status, error, {"Retry-After": "7"})

    assert type(found) is class_
    assert "<" not in found.cause, "an answer's text never gets into a cause"
    if isinstance(found, Throttled):
        assert found.retry_after == 7


@pytest.mark.parametrize(
    ("code", "class_"),
    [
        ("AuthorizationError", Misconfigured),
        ("AuthorizationErrorException", Misconfigured),
        ("NotFound", Misconfigured),
        ("NotFoundException", Misconfigured),
        ("KMSAccessDenied", Misconfigured),
        ("AccessDenied", Misconfigured),
        ("InvalidParameter", Refused),
        ("Throttled", Throttled),
        ("Throttling", Throttled),
        ("InternalError", Unreachable),
        ("canary with blanks", Unreachable),
    ],
)
def test_every_refusal_of_sns_has_its_class(code: str, class_: type[SinkFault]) -> None:
    with pytest.raises(SinkFault) as refused:
        AmazonQ(Refuses(code), "arn:aws:sns:eu-west-1:111122223333:netreflex-test-q").post(message())

    assert type(refused.value) is class_
    assert "canary" not in refused.value.cause


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("0", 1), ("", 30), ("soon", 30), ("99999", 3600), ("٣", 30)]
)
def test_a_strange_retry_after_is_bounded(header: str, seconds: float) -> None:
    found = fault(429, "ratelimited", {"Retry-After": header})

    assert isinstance(found, Throttled)
    assert found.retry_after == seconds


def message() -> Message:
    alert = samples.vpn_degraded()
    return render.message(Stored(alert=alert, first=START, since=START, worst=alert.severity))


@pytest.mark.parametrize("loses", [True, False], ids=["lost answer", "nobody listens"])
def test_only_a_lost_answer_leaves_a_doubt(slack: LocalSlack, *, loses: bool) -> None:
    """A connection that was never made has posted nothing; slack_sdk's own retries stay off: one call each."""
    slack.lose_answers, slack.burst = 9, 9
    base = slack.url if loses else "http://127.0.0.1:1"
    for sink in (
        SlackBot(token=TOKEN, channel=CHANNEL, base_url=base + "/api"),
        SlackWebhook(url=base + "/services/x"),
    ):
        slack.calls.clear()
        if loses and isinstance(sink, SlackWebhook):
            sink = SlackWebhook(url=slack.webhook_url)  # noqa: PLW2901 - the same sink, at an address that exists
        with pytest.raises(Unreachable) as lost:
            sink.post(message())
        assert lost.value.perhaps is loses
        assert len(slack.calls) == (1 if loses else 0)


def test_our_message_is_found_by_its_key_on_any_page(world: World) -> None:
    """Among 450 other messages, in the channel and in a thread."""
    world.slack.burst = 1000
    sink = world.open_sink(fresh=False)
    ts = sink.post(message())
    for number in range(450):
        sink.post(Message(key=f"other-{number}", version=1, text="x"))
    reply = sink.post(Message(key="reply", version=1, text="x"), thread=ts)

    since = START.timestamp() - 60
    assert sink.find(message().key, since=since) == ts
    assert sink.find("reply", since=since, thread=ts) == reply
    assert sink.find("reply", since=since) is None


def test_amazon_q_gets_its_own_form() -> None:
    """Only keys that its user guide names; steps as next steps; one thread per episode."""
    topics = Topics(VirtualClock())

    AmazonQ(topics, "arn:aws:sns:eu-west-1:111122223333:netreflex-test-q").post(message())
    sent = notification(message())

    assert len(topics.published) == 1
    assert set(sent) == {"version", "source", "id", "content", "metadata"}
    assert sent["source"] == "custom"
    assert set(sent["content"]) == {"textType", "title", "description", "nextSteps", "keywords"}
    assert sent["content"]["title"] == "🟠 ERROR · VPN hq-dc1: 1 of 2 tunnels down"
    assert sent["content"]["nextSteps"][0].startswith("Check 198.51.100.7")
    assert sent["metadata"]["threadId"] == message().key


def test_what_tells_an_alert_does_not_import_slack() -> None:
    """slack_sdk costs every cold start that imports it; only sending does."""
    code = (
        "import sys, chalicelib.alerts.road, chalicelib.alerts.sweep, chalicelib.alerts.deliver, chalicelib.alerts.slack;"
        "print([name for name in ('slack_sdk', 'boto3', 'pydantic', 'chalice', 'aws_lambda_powertools')"
        " if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603

    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("netreflex/slack", "secretsmanager"),
        ("ssm:/netreflex/slack", "ssm"),
        ("/netreflex/slack", "ssm"),
        ("arn:aws:sns:eu-west-1:111122223333:netreflex-test-q", "sns"),
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:netreflex", "secretsmanager"),
    ],
)
def test_the_name_chooses_the_sink_and_its_one_client(name: str, service: str) -> None:
    """Only the client that is needed is made: each costs cold start."""
    made: list[str] = []

    open_sink = sink_opener(name, client=made.append)

    assert made == [service]
    assert service != "sns" or isinstance(open_sink(False), AmazonQ)  # noqa: FBT003 - as deliveries call it
