"""One SAM template with the whole system in it, and a zip with the application and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from deploy.package import logical_id
from deploy.resources import resources_template
from tests.deploy.conftest import STAGE, Packaged

_APPLICATION = re.compile(r"app\.py|chalice/\S+|chalicelib/\S+")
_DEVELOPMENT = (
    "boto3",
    "botocore",
    "moto",
    "pytest",
    "hypothesis",
    "mypy",
    "ruff",
    "coverage",
    "cfnlint",
    "parliament",
)
_ZIP_MEGABYTES = 12.0


def test_cloudformation_takes_the_template(packaged: Packaged, tmp_path: Path) -> None:
    file = tmp_path / "sam.json"
    file.write_text(json.dumps(packaged.template))
    command = [str(Path(sys.executable).with_name("cfn-lint")), "-t", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
    assert (done.returncode, done.stdout) == (0, "")


def test_every_function_is_there_under_its_name_with_a_role_of_its_own(packaged: Packaged) -> None:
    functions = packaged.of_type("AWS::Serverless::Function")
    assert functions.keys() == {logical_id(one.name) for one in packaged.functions}
    for one in packaged.functions:
        properties = functions[logical_id(one.name)]
        assert properties["FunctionName"] == f"netreflex-{STAGE}-{one.name}"
        assert properties["Handler"] == f"app.{one.name}", "a handler elsewhere would be deployed past the middleware"
        assert properties["Role"] == {"Fn::GetAtt": [f"{logical_id(one.name)}Role", "Arn"]}
    roles = packaged.of_type("AWS::IAM::Role")
    assert {role["RoleName"] for role in roles.values()} == {
        f"netreflex-{STAGE}-{one.name}" for one in packaged.functions
    }


def test_no_event_has_a_way_to_get_lost(packaged: Packaged) -> None:
    queue = {"Fn::GetAtt": ["DeadLettersQueue", "Arn"]}
    for function in packaged.of_type("AWS::Serverless::Function").values():
        assert function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"] == {"Type": "SQS", "Destination": queue}
        for event in function["Events"].values():
            if event["Type"] != "SQS":
                assert event["Properties"]["DeadLetterConfig"] == {"Arn": queue}
                assert event["Properties"]["RetryPolicy"].keys() == {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"}
    topics = packaged.of_type("AWS::SNS::Subscription").values()
    assert all(one["RedrivePolicy"] == {"deadLetterTargetArn": queue} for one in topics)


def test_rules_are_named_as_chalice_deploy_names_them(packaged: Packaged) -> None:
    functions = packaged.of_type("AWS::Serverless::Function")
    for one in packaged.functions:
        for event in functions[logical_id(one.name)]["Events"].values():
            name = event["Properties"].get("RuleName") or event["Properties"].get("Name")
            assert name == (f"netreflex-{STAGE}-{one.name}-event" if one.rule else None)


def test_logs_are_kept_for_thirty_days(packaged: Packaged) -> None:
    groups = packaged.of_type("AWS::Logs::LogGroup")
    assert len(groups) == len(packaged.functions)
    assert {group["RetentionInDays"] for group in groups.values()} == {30}


def test_sizes_are_set_for_what_each_function_does(packaged: Packaged) -> None:
    functions = packaged.of_type("AWS::Serverless::Function")
    for one in functions.values():
        assert one["MemorySize"] >= 512
        assert 60 <= one["Timeout"] <= 900
    assert all(functions[writer]["ReservedConcurrentExecutions"] for writer in ("Peering", "Sweep"))
    assert functions["Notify"]["Events"]["NotifySqsEventSource"]["Properties"]["Queue"] == {
        "Fn::Sub": "${NotifyQueue.Arn}"
    }


def test_the_topic_of_the_functions_is_the_stacks_own(packaged: Packaged) -> None:
    for function in packaged.of_type("AWS::Serverless::Function").values():
        variables = function["Environment"]["Variables"]
        assert variables["NETREFLEX_ALERTS_TOPIC_ARN"] == {"Ref": "AlertsTopic"}
        assert variables["NETREFLEX_STATE_TABLE"] == f"netreflex-{STAGE}-state"


def test_alarms_watch_every_function_both_queues_the_sweep_and_the_delivery(packaged: Packaged) -> None:
    alarms = packaged.of_type("AWS::CloudWatch::Alarm")
    names = {alarm["AlarmName"]["Fn::Sub"].removeprefix("netreflex-${Stage}-") for alarm in alarms.values()}
    assert names == {
        *(f"{one.name}-{what}" for one in packaged.functions for what in ("errors", "throttles")),
        *(f"{one.name}-{what}" for one in packaged.functions if one.rule for what in ("event-lost", "failure-lost")),
        "dead-letters-waiting",
        "notify-dead-letters-waiting",
        "delivery-late",
        "delivery-failed",
        "delivery-lost",
        "sweep-missing",
        "sweep_certificates-missing",
    }
    assert all(alarm["AlarmActions"] == [{"Ref": "FallbackTopic"}] for alarm in alarms.values())


def test_the_dashboard_is_json_and_speaks_of_every_function(packaged: Packaged) -> None:
    body = packaged.of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    assert len(json.loads(body)["widgets"]) == 7
    assert all(f"-{one.name}" in body for one in packaged.functions if one.name)


def test_no_logical_id_of_ours_hides_one_of_chalices(packaged: Packaged) -> None:
    ours = resources_template([one.name for one in packaged.functions])["Resources"].keys()
    taken = {logical_id(one.name) for one in packaged.functions}
    assert not ours & {name + part for name in taken for part in ("", "Role", "LogGroup")}


def test_the_bundle_holds_the_application_and_its_requirements_only(packaged: Packaged) -> None:
    with zipfile.ZipFile(packaged.zip_file) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {"app.py", "chalicelib", "chalice"} <= tops
    assert not tops & {"tests", "events", "deploy", "demo", "tools", "docs", "bench", ".chalice", ".git", *_DEVELOPMENT}
    ours = [name for name in names if name.startswith(("app", "chalicelib"))]
    assert all(_APPLICATION.fullmatch(name) for name in ours)
    assert not [name for name in names if "test" in Path(name).name.lower() and name.startswith("chalicelib")]


def test_the_size_of_the_bundle_is_printed_and_bounded(packaged: Packaged) -> None:
    megabytes = packaged.zip_file.stat().st_size / 1e6
    assert any(f"{megabytes:.1f} MB" in line for line in packaged.said)
    assert megabytes < _ZIP_MEGABYTES
