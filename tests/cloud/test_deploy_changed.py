"""A stage that somebody changed by hand is read back, repaired, taken away and put back."""

from __future__ import annotations

import shutil

import pytest

from tests.cloud.ground import Ground

pytestmark = pytest.mark.cloud


def test_what_somebody_took_away_is_named_and_a_changed_function_replaces_all_of_it(whole: Ground) -> None:
    """The record of Chalice is lost on top of it, as in a fresh clone; and a role's file, which nobody committed."""
    before = whole.function("peering")["CodeSha256"]
    whole.client("lambda").update_function_configuration(FunctionName=whole.name("vpn"), Timeout=7)
    whole.client("events").disable_rule(Name=whole.name("sweep-event"))
    whole.client("cloudwatch").delete_alarms(AlarmNames=[whole.name("sweep-missing")])
    role = f".chalice/roles/{whole.stage}/notify.json"
    (whole.project / role).unlink()
    assert sorted(whole.missing()) == [
        f"{role} is not what its pattern and the stage's settings say",
        f"alarm {whole.name('sweep-missing')} is missing",
        f"function {whole.name('vpn')}: Timeout is 7, and 60 is configured",
        f"not set: rule {whole.name('sweep-event')}: enabled",
    ]
    shutil.rmtree(whole.project / ".chalice" / "deployed")
    with (whole.project / "app.py").open("a") as file:
        file.write("\n# changed\n")
    written = whole.deploy()
    assert (whole.project / role).exists()
    assert whole.function("peering")["CodeSha256"] != before
    assert (whole.function("vpn")["Timeout"], len(whole.mappings("notify"))) == (60, 1)
    assert {"TagResource", "PutTargets"} <= set(written), "Chalice had reset the targets of its rules"
    assert whole.target("peering-event")["DeadLetterConfig"]
    assert whole.missing() == []
    assert whole.deploy() == []


def test_a_stage_that_was_taken_away_keeps_its_table_and_comes_back(whole: Ground) -> None:
    table = {"pk": {"S": "memory"}, "sk": {"S": "of a route"}}
    whole.client("dynamodb").put_item(TableName=whole.name("state"), Item=table)
    whole.destroy()
    assert _left(whole) == {f"table {whole.name('state')}"}
    whole.deploy()
    found = whole.client("dynamodb").get_item(TableName=whole.name("state"), Key=table)
    assert found["Item"] == table


def _left(ground: Ground) -> set[str]:
    prefix = ground.place.prefix
    found = [
        *(("function", one["FunctionName"]) for one in ground.client("lambda").list_functions()["Functions"]),
        *(("rule", one["Name"]) for one in ground.client("events").list_rules()["Rules"]),
        *(("role", one["RoleName"]) for one in ground.client("iam").list_roles()["Roles"]),
        *(("group", one["logGroupName"]) for one in ground.client("logs").describe_log_groups()["logGroups"]),
        *(("table", one) for one in ground.client("dynamodb").list_tables()["TableNames"]),
        *(("topic", one["TopicArn"].rpartition(":")[2]) for one in ground.client("sns").list_topics()["Topics"]),
        *(("queue", url.rpartition("/")[2]) for url in ground.client("sqs").list_queues().get("QueueUrls", [])),
        *(("alarm", one["AlarmName"]) for one in ground.client("cloudwatch").describe_alarms()["MetricAlarms"]),
    ]
    return {f"{kind} {name}" for kind, name in found if prefix in name}
