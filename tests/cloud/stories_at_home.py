"""What happens in netreflex's own account, where no role is assumed and the functions' own roles do the work."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.alerts.slack import SlackBot
from demo.cloudtrail import peering_requested
from demo.vpn_scene import VpnConnections, alarm_told
from demo.world import DEV
from tests.aws.local import HUB, REGION
from tests.cloud.outside import soon
from tests.cloud.stories import Told, come_due, once, tell
from tests.cloud.stories_of_certificates import distribution, distribution_updated
from tests.cloud.ways import Stage
from tests.slack.workspace import CHANNEL, TOKEN


@dataclass(frozen=True)
class Vpn:
    """A connection that loses its tunnels and is deleted, seen by events or by the sweep alone."""

    lost: Told
    gone: Told


@once
def vpn_told(stage: Stage) -> Vpn:
    vpn = _down(stage)
    lost = tell(stage, alarm_told(vpn.id, "ALARM", HUB))
    vpn.delete()
    return Vpn(lost, tell(stage, alarm_told(vpn.id, "OK", HUB)))


@once
def vpn_swept(stage: Stage) -> Vpn:
    vpn = _down(stage)
    lost = come_due(stage, "sweep")
    vpn.delete()
    return Vpn(lost, come_due(stage, "sweep"))


def _down(stage: Stage) -> VpnConnections:
    vpn = VpnConnections(stage.client("ec2"))
    vpn.set(vpn.id, changed=datetime.now(UTC) - timedelta(minutes=12))
    return vpn


@once
def origin_without_a_name(stage: Stage) -> Told:
    """An origin whose name cannot be one: no DNS server is asked, so the answer is the same everywhere."""
    cloudfront = stage.aws.client("cloudfront", HUB, "us-east-1")
    made = cloudfront.create_distribution(DistributionConfig=distribution(f"{'x' * 64}.example.com", 443))
    return tell(stage, distribution_updated(made["Distribution"]["Id"], HUB))


@once
def slack_refused(stage: Stage) -> str:
    """Slack has revoked the token when an alert comes; what the second topic says of it."""
    sqs, queue = stage.client("sqs"), f"arn:aws:sqs:{REGION}:{HUB}:mailbox"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    url = sqs.create_queue(QueueName="mailbox", Attributes={"Policy": policy})["QueueUrl"]
    stage.client("sns").subscribe(TopicArn=stage.topic_arn("fallback"), Protocol="sqs", Endpoint=queue)
    found: list[dict[str, Any]] = []

    def told() -> bool:
        found.extend(sqs.receive_message(QueueUrl=url).get("Messages", []))
        return bool(found)

    # Whatever else met the refusal, or the gate that it closes, would be put off for ten minutes as well.
    soon(lambda: not stage.unshown(), "alerts of other stories are still on their way")
    with stage.slack.refusing("token_revoked"):
        asking = stage.world.vpc("late", DEV, ("10.99.0.0/16",), {"env": "lab"})
        tell(stage, peering_requested(stage.world.request(asking, stage.world.tidb)))
        soon(told, "the second topic was not told")
    # Slack is tried again after ten minutes. Nobody waits for that here, and all that comes after would.
    gate = {"pk": {"S": f"CH#{SlackBot(token=TOKEN, channel=CHANNEL, base_url='').gate}"}, "sk": {"S": "GATE"}}
    table = {"TableName": stage.name("state"), "Key": gate, "ReturnValues": "ALL_OLD"}
    assert "Attributes" in stage.client("dynamodb").delete_item(**table), "the gate has another name"
    return str(json.loads(found[0]["Body"])["Message"])


STORIES = (vpn_told, vpn_swept, origin_without_a_name, slack_refused)
