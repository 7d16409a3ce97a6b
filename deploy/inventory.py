"""What of the stack's resources is there, by asking each service and not CloudFormation, which does not notice a deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deploy.place import Place
from deploy.stack import Template


@dataclass(frozen=True)
class Absent:
    """A resource of the template that is not there."""

    logical_id: str
    kind: str
    name: str

    @property
    def stands_alone(self) -> bool:
        """Whether nothing else in the template refers to it."""
        return self.kind in {"alarm", "dashboard"}


def absent(place: Place, template: Template) -> Iterator[Absent]:
    """Every named resource of the template that its service does not know."""
    for kind, key, there in _LOOKUPS:
        known = there(place)
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] == kind:
                name = resource["Properties"][key]["Fn::Sub"].replace("${Stage}", place.stage)
                if name not in known:
                    yield Absent(logical_id, kind.rpartition("::")[2].lower(), name)


def without(template: Template, gone: list[Absent]) -> Template:
    """The template without these resources."""
    ids = {one.logical_id for one in gone}
    kept = {name: resource for name, resource in template["Resources"].items() if name not in ids}
    return {**template, "Resources": kept}


def _tables(place: Place) -> set[str]:
    pages = place.client("dynamodb").get_paginator("list_tables").paginate()
    return {name for page in pages for name in page["TableNames"]}


def _topics(place: Place) -> set[str]:
    pages = place.client("sns").get_paginator("list_topics").paginate()
    return {topic["TopicArn"].rpartition(":")[2] for page in pages for topic in page["Topics"]}


def _queues(place: Place) -> set[str]:
    pages = place.client("sqs").get_paginator("list_queues").paginate(QueueNamePrefix=place.prefix)
    return {url.rpartition("/")[2] for page in pages for url in page.get("QueueUrls", ())}


def _alarms(place: Place) -> set[str]:
    pages = place.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=place.prefix)
    return {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}


def _dashboards(place: Place) -> set[str]:
    found = place.client("cloudwatch").list_dashboards(DashboardNamePrefix=place.prefix)
    return {one["DashboardName"] for one in found["DashboardEntries"]}


_LOOKUPS: tuple[tuple[str, str, Callable[[Place], set[str]]], ...] = (
    ("AWS::DynamoDB::Table", "TableName", _tables),
    ("AWS::SNS::Topic", "TopicName", _topics),
    ("AWS::SQS::Queue", "QueueName", _queues),
    ("AWS::CloudWatch::Alarm", "AlarmName", _alarms),
    ("AWS::CloudWatch::Dashboard", "DashboardName", _dashboards),
)
