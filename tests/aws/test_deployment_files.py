"""What a deployment reads from the repository keeps its promises: names, scopes, and one set of names for both ways."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = json.loads((ROOT / "deploy" / "resources.json").read_text())
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text())
POLICIES = sorted((ROOT / ".chalice").glob("policy-*.json"))
FUNCTIONS = (
    "peering",
    "load_balancers",
    "vpn",
    "certificates",
    "origins",
    "sweep",
    "sweep_certificates",
    "notify",
    "dead_letters",
)
NAMES = ("TableName", "TopicName", "QueueName", "AlarmName", "Name", "RoleName")
READS = re.compile(r"[a-z0-9]+:(Describe|Get|List)[A-Za-z]*")


def test_no_resource_has_a_logical_id_that_chalice_package_uses() -> None:
    taken = {"".join(word.title() for word in function.split("_")) for function in FUNCTIONS}
    taken |= {f"{function}{part}" for function in taken for part in ("Role", "LogGroup")}
    assert not taken & TEMPLATE["Resources"].keys()


def test_every_name_is_made_of_the_application_and_the_stage() -> None:
    names = [
        properties[key]["Fn::Sub"]
        for resource in TEMPLATE["Resources"].values()
        for properties in [resource.get("Properties", {})]
        for key in NAMES
        if key in properties
    ]
    assert len(names) == len(set(names)) >= 6
    assert all(name.startswith("netreflex-${Stage}-") for name in names)


def test_the_state_table_is_kept_and_forgets_by_its_own_clock() -> None:
    table = TEMPLATE["Resources"]["StateTable"]
    assert table["DeletionPolicy"] == "RetainExceptOnCreate", (
        "a first deployment that fails must not leave one in its way"
    )
    assert table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_cloudformation_takes_the_template() -> None:
    lint = [str(Path(sys.executable).with_name("cfn-lint")), "-t", str(ROOT / "deploy" / "resources.json")]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
    assert (done.returncode, done.stdout) == (0, "")


def test_every_function_has_its_own_policy_file_in_all_stages() -> None:
    """What is alike in all stages stands at the top: a stage that is added later needs its settings alone."""
    files = {name: function["iam_policy_file"] for name, function in CONFIG["lambda_functions"].items()}
    assert len(files) == len(set(files.values()))
    assert set(files.values()) == {path.name for path in POLICIES}
    assert not any("lambda_functions" in stage for stage in CONFIG["stages"].values())


def test_topics_and_queues_are_reached_over_tls_alone() -> None:
    policies = [one for one in TEMPLATE["Resources"].values() if one["Type"].endswith(("QueuePolicy", "TopicPolicy"))]
    held = sum(one["Type"] in {"AWS::SQS::Queue", "AWS::SNS::Topic"} for one in TEMPLATE["Resources"].values())
    denied = [
        statement
        for one in policies
        for statement in one["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    assert len(policies) == len(denied) == held


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_policy_is_static_and_writes_only_where_a_name_or_a_kind_says(path: Path) -> None:
    policy = json.loads(path.read_text())
    assert not re.search(r'"(Fn::|Ref")', path.read_text())
    assert len({statement["Sid"] for statement in policy["Statement"]}) == len(policy["Statement"])
    for statement in policy["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in actions)
        if statement["Resource"] == "*":
            assert all(READS.fullmatch(action) for action in actions), statement["Sid"]
