"""What notify, dead_letters and sweep meet of alerts and of dead letters."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from chalicelib.alerts import roll
from chalicelib.alerts.store import AlertStore
from chalicelib.flows.dead_letters import look_at_dead_letters
from chalicelib.model.report import Report
from chalicelib.wiring import utc_now
from tests.iam.play import Play, Scenario
from tests.iam.scenarios.peerings import lab_of, sweep
from tests.lab import TABLE, Lab
from tests.slack.server import serve
from tests.slack.workspace import CHANNEL, TOKEN, LocalSlack


class _Ticking:
    """Time that goes on by a second with every look at it, so that nobody has to wait for a gate to open."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


def _in_secrets_manager(token: str, lab: Lab) -> str:
    secret = json.dumps({"bot_token": token, "channel": CHANNEL})
    lab.client("secretsmanager").create_secret(Name="netreflex-test-slack", SecretString=secret)
    return "netreflex-test-slack"


def _in_ssm(token: str, lab: Lab) -> str:
    secret = json.dumps({"bot_token": token, "channel": CHANNEL})
    lab.client("ssm").put_parameter(Name="/netreflex/test/slack", Value=secret, Type="SecureString")
    return "ssm:/netreflex/test/slack"


def _shown(play: Play, *, secret: Callable[[Lab], str]) -> None:
    """An alert is shown in Slack, or the second topic hears why it cannot be."""
    with lab_of() as lab, serve(LocalSlack()) as slack:
        _, inbox = lab.topic_with_inbox("netreflex-test-fallback")
        play.inboxes.append(inbox)
        _show(play, lab, secret(lab), slack.base_url)
        play.seen += [f"in Slack: {one.text}" for one in slack.messages]


def _through_amazon_q(play: Play) -> None:
    with lab_of() as lab:
        topic, inbox = lab.topic_with_inbox("netreflex-test-amazon-q")
        play.inboxes += [inbox, lab.topic_with_inbox("netreflex-test-fallback")[1]]
        _show(play, lab, topic, "")


def _sixth_of_a_storm(play: Play) -> None:
    """Five others came within the minute: the alerts become one message, which names all that wait."""
    with lab_of() as lab, serve(LocalSlack(interval=0.001, burst=10)) as slack:
        _show(play, lab, _in_secrets_manager(TOKEN, lab), slack.base_url, others=5)
        play.seen += [f"in Slack: {one.text}" for one in slack.messages]


def _show(play: Play, lab: Lab, secret: str, url: str, others: int = 0) -> None:
    peering = lab.world.request(lab.world.lab, lab.world.tidb)
    lab.denied.add(("ec2:RejectVpcPeeringConnection", lab.world.accepter))  # so that something fires
    lab.request_arrives(peering)
    told = lab.alerts()[0]
    message = json.dumps({"Message": json.dumps(told)})
    store = AlertStore(lab.client("dynamodb"), TABLE)
    stored = store.get(told["fp"])
    assert stored is not None
    if others:
        now = datetime.now(UTC)
        members = tuple(replace(roll.member(stored, now), fp=f"other-{number}") for number in range(others))
        store.put(roll.join(None, roll.STORM, roll.subject_of(stored.alert), members, now))
    lab.now = _Ticking()

    play.settings["NETREFLEX_SLACK_SECRET"] = secret

    def notify() -> str:
        runtime = lab.fresh_runtime(slack_secret=secret, slack_api=url or None)
        return str(runtime.delivery("one").notify(message))

    play.run(lab, notify)


def _dead_letters(play: Play) -> None:
    """Queues with something in them, told; and their end."""
    with lab_of() as lab:
        names = ("netreflex-test-dead-letters", "netreflex-test-notify-dead-letters")
        queues = [lab.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in names]
        for queue in queues:
            lab.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
        play.run(lab, partial(_look, lab))
        for queue in queues:
            lab.client("sqs").purge_queue(QueueUrl=queue)
        play.run(lab, partial(_look, lab))


def _look(lab: Lab) -> Report:
    return look_at_dead_letters(lab.runtime.queues(), lab.runtime.road(), utc_now())


def _left_on_the_road(play: Play) -> None:
    """An alert that nobody collects for a quarter of an hour: published again, and the second topic hears of it."""
    with lab_of() as lab:
        _, inbox = lab.topic_with_inbox("netreflex-test-fallback")
        play.inboxes.append(inbox)
        lab.request_arrives(lab.world.request(lab.world.lab, lab.world.tidb))
        lab.alerts()
        lab.now = lambda: datetime.now(UTC) + timedelta(minutes=15)
        play.run(lab, partial(sweep, lab))


NOTIFY = (
    Scenario("shown with the secret of Secrets Manager", partial(_shown, secret=partial(_in_secrets_manager, TOKEN))),
    Scenario("shown with the secret of Parameter Store", partial(_shown, secret=partial(_in_ssm, TOKEN))),
    Scenario("refused by Slack", partial(_shown, secret=partial(_in_secrets_manager, "xoxb-revoked"))),
    Scenario("sixth of a storm", _sixth_of_a_storm),
    Scenario("shown through Amazon Q", _through_amazon_q),
)
DEAD_LETTERS = (Scenario("dead letters", _dead_letters),)
LEFT = (Scenario("an alert left on the road", _left_on_the_road),)
