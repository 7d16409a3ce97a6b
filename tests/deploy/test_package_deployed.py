"""The packaged template makes the same system as `make deploy`, as one stack."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.aws.awsbus import event
from tests.aws.local import LocalAws
from tests.deploy.conftest import STAGE, Packaged

pytestmark = pytest.mark.cloud

_SECONDS = 60


def test_a_pipeline_gets_the_same_system_from_the_template(packaged: Packaged) -> None:
    with LocalAws() as aws:
        _deploy(aws, packaged)
        functions = {one["FunctionName"] for one in aws.client("lambda").list_functions()["Functions"]}
        assert functions == {f"netreflex-{STAGE}-{one.name}" for one in packaged.functions}
        rules = {one["Name"] for one in aws.client("events").list_rules()["Rules"]}
        assert {f"netreflex-{STAGE}-{one.rule}" for one in packaged.functions if one.rule} <= rules
        due = json.dumps(event("aws.events", "Scheduled Event", {}, region=aws.region))
        answer = aws.client("lambda").invoke(FunctionName=f"netreflex-{STAGE}-dead_letters", Payload=due)
        assert json.loads(answer["Payload"].read())["reasons"] == ["nothing lies in 2 dead-letter queues"]


def _deploy(aws: LocalAws, packaged: Packaged) -> None:
    """`aws cloudformation package` and `deploy`, with the code and the template in a bucket."""
    template = json.loads(json.dumps(packaged.template))
    s3, cloudformation = aws.client("s3"), aws.client("cloudformation")
    s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_object(Bucket="artifacts", Key="deployment.zip", Body=packaged.zip_file.read_bytes())
    for function in (one for one in template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"):
        function["Properties"]["CodeUri"] = "s3://artifacts/deployment.zip"
    body = json.dumps(template, separators=(",", ":"))
    s3.put_object(Bucket="artifacts", Key="template.json", Body=body.encode())
    cloudformation.create_stack(
        StackName="netreflex",
        TemplateURL=f"{aws.ministack_url}/artifacts/template.json",
        Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    assert _ended(cloudformation) == "CREATE_COMPLETE", _failures(cloudformation)


def _ended(cloudformation: Any) -> str:  # noqa: ANN401 - boto3's clients have no common type
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        status = str(cloudformation.describe_stacks(StackName="netreflex")["Stacks"][0]["StackStatus"])
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(0.2)
    return "too late"


def _failures(cloudformation: Any) -> list[str]:  # noqa: ANN401 - see above
    events = cloudformation.describe_stack_events(StackName="netreflex")["StackEvents"]
    return [str(one.get("ResourceStatusReason")) for one in events if "FAILED" in one["ResourceStatus"]]
