"""What of queues and topics CloudFormation does not notice when somebody changes it: where messages go that nobody takes.

Compared is what keeps messages from being lost or read: lifetimes, dead-letter queues, encryption, and what the statements of a
policy say. Who adds something of their own, such as a key or a statement, is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from deploy.difference import Difference
from deploy.place import Place
from deploy.stack import Template

Attributes = dict[str, Any]

_ENCRYPTED = ("SqsManagedSseEnabled", "KmsMasterKeyId")


def message_differences(place: Place, template: Template) -> Iterator[Difference]:
    """Everything of the template's queues, topics and subscriptions to be written; what is missing is told by the check."""
    wanted = resolved(template["Resources"], place)
    for kind, compare in (
        ("AWS::SQS::Queue", _queue),
        ("AWS::SQS::QueuePolicy", _queue_policy),
        ("AWS::SNS::Topic", _topic),
        ("AWS::SNS::TopicPolicy", _topic_policy),
        ("AWS::SNS::Subscription", _subscription),
    ):
        for resource in wanted.values():
            if resource["Type"] == kind:
                yield from compare(place, resource["Properties"])


def resolved(resources: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The resources with CloudFormation's functions carried out; every name follows from the stage."""
    return {name: _resolved(resource, resources, place) for name, resource in resources.items()}


def _resolved(value: Any, resources: Mapping[str, Any], place: Place) -> Any:  # noqa: ANN401 - JSON
    match value:
        case {"Fn::Sub": str(text)}:
            for name, content in _pseudo(place).items():
                text = text.replace(f"${{{name}}}", content)
            return text
        case {"Ref": str(name)} if name in resources:
            return _arn(resources[name], place)
        case {"Ref": str(name)}:
            return _pseudo(place)[name]
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            return _arn(resources[name], place)
        case dict():
            return {key: _resolved(content, resources, place) for key, content in value.items()}
        case list():
            return [_resolved(content, resources, place) for content in value]
        case _:
            return value


def _pseudo(place: Place) -> dict[str, str]:
    return {
        "Stage": place.stage,
        "AWS::Partition": place.partition,
        "AWS::Region": place.region,
        "AWS::AccountId": place.account,
    }


def _arn(resource: Mapping[str, Any], place: Place) -> str:
    """The ARN of a queue or a topic; anything else has a name and no ARN of interest here."""
    properties = resource["Properties"]
    for key, service in (("QueueName", "sqs"), ("TopicName", "sns")):
        if key in properties:
            return place.arn(service, _resolved(properties[key], {}, place))
    return ""


# ---- queues ----------------------------------------------------------------------------------------------------------
def _queue(place: Place, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    name = wanted["QueueName"]
    found = _queue_attributes(place, name)
    if found is None:
        return
    short: dict[str, str] = {}
    for key in ("VisibilityTimeout", "MessageRetentionPeriod"):
        if key in wanted and found.get(key) != str(wanted[key]):
            short[key] = str(wanted[key])
    if not any(found.get(key, "false") not in {"", "false"} for key in _ENCRYPTED):
        short["SqsManagedSseEnabled"] = "true"
    if "RedrivePolicy" in wanted and not _same_words(found.get("RedrivePolicy"), wanted["RedrivePolicy"]):
        short["RedrivePolicy"] = json.dumps(wanted["RedrivePolicy"])
    if short:
        yield _queue_difference(place, name, short)


def _queue_policy(place: Place, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    for arn in wanted["Queues"]:
        name = arn.rpartition(":")[2]
        found = _queue_attributes(place, name)
        if found is not None and not has_statements(found.get("Policy"), wanted["PolicyDocument"]):
            yield _queue_difference(place, name, {"Policy": json.dumps(wanted["PolicyDocument"])})


def _queue_attributes(place: Place, name: str) -> Attributes | None:
    sqs = place.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as error:
        if "NonExistentQueue" in error.response["Error"]["Code"] or "QueueDoesNotExist" in str(error):
            return None
        raise
    return dict(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])


def _queue_difference(place: Place, name: str, attributes: Mapping[str, str]) -> Difference:
    def write() -> object:
        sqs = place.client("sqs")
        return sqs.set_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], Attributes=dict(attributes)
        )

    return Difference(f"queue {name}: {', '.join(attributes)}", write)


# ---- topics ----------------------------------------------------------------------------------------------------------
def _topic(place: Place, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    key = wanted.get("KmsMasterKeyId")
    arn = place.arn("sns", wanted["TopicName"])
    found = _topic_attributes(place, arn)
    if key and found is not None and not found.get("KmsMasterKeyId"):
        yield _topic_difference(place, arn, "KmsMasterKeyId", key)


def _topic_policy(place: Place, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    for arn in wanted["Topics"]:
        found = _topic_attributes(place, arn)
        if found is not None and not has_statements(found.get("Policy"), wanted["PolicyDocument"]):
            yield _topic_difference(place, arn, "Policy", json.dumps(wanted["PolicyDocument"]))


def _topic_attributes(place: Place, arn: str) -> Attributes | None:
    try:
        return dict(place.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"])
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"NotFound", "NotFoundException"}:
            raise
        return None


def _topic_difference(place: Place, arn: str, name: str, value: str) -> Difference:
    write = partial(place.client("sns").set_topic_attributes, TopicArn=arn, AttributeName=name, AttributeValue=value)
    return Difference(f"topic {arn.rpartition(':')[2]}: {name}", write)


def _subscription(place: Place, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    sns, topic = place.client("sns"), wanted["TopicArn"]
    if _topic_attributes(place, topic) is None:
        return
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    for one in (one for page in pages for one in page["Subscriptions"] if one["Endpoint"] == wanted["Endpoint"]):
        arn = one["SubscriptionArn"]
        found = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"].get("RedrivePolicy")
        if not _same_words(found, wanted["RedrivePolicy"]):
            value = json.dumps(wanted["RedrivePolicy"])
            write = partial(sns.set_subscription_attributes, SubscriptionArn=arn, AttributeName="RedrivePolicy")
            yield Difference(
                f"subscription of {wanted['Endpoint'].rpartition(':')[2]}: RedrivePolicy",
                partial(write, AttributeValue=value),
            )


# ---- comparing -------------------------------------------------------------------------------------------------------
def _same_words(found: str | None, wanted: Mapping[str, Any]) -> bool:
    """AWS gives numbers back as words, or not."""
    has = json.loads(found) if found else {}
    return {key: str(has.get(key)) for key in wanted} == {key: str(value) for key, value in wanted.items()}


def has_statements(found: str | None, wanted: Mapping[str, Any]) -> bool:
    """Whether every statement of ours is there and says what it should; others are their owner's."""
    has = {one.get("Sid"): _plain(one) for one in (json.loads(found)["Statement"] if found else [])}
    return all(has.get(one["Sid"]) == _plain(one) for one in wanted["Statement"])


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A part of a policy without the forms that mean the same (IAM policy grammar): lists of one, order, case of actions."""
    match value:
        case {"AWS": "*", **rest} if not rest:
            return "*"
        case dict():
            return {key: _plain(content) for key, content in value.items()}
        case [only]:
            return _plain(only)
        case list():
            return sorted(map(_plain, value), key=str)
        case _:
            return str(value).lower()
