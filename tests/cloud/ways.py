"""The two ways in which netreflex gets into AWS, each with the command of the Makefile: `make deploy` and `make package`.

Each is gone under the policy that is there for it (deploy/deployer.json, deploy/deployer-package.json), and no other. Both end in the same system under the same names, so one set of scenarios is played on both. IAM is in force: each function
runs under the role that its way made of ``.chalice/policy-*.json``, and enters member accounts through their role.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from demo.names_scene import Names
from demo.show import Inbox
from demo.slack import DemoSlack
from demo.world import DATA, DEV, POLICY, World
from tests.aws.checkout import checkout, surroundings
from tests.aws.deploy import Deployment
from tests.aws.local import HUB, LocalAws
from tests.aws.wheels import run
from tests.cloud.deployer import Deployer, enter
from tests.cloud.outside import Outside, soon
from tests.iam.guard import EXTERNAL_ID, member_role

STAGE = "dev"
# netreflex's own account is one of the policy's, so that the functions' own roles are used there.
_POLICY = POLICY.replace("accounts:\n", f'accounts:\n  "{HUB}": {{name: hub}}\n', 1)
_BUCKET, _KEY, _PARAMETER = "netreflex-dev-policies", "policy.yaml", "/netreflex/dev/policy"
_STACK, _ARTIFACTS = "netreflex-dev", "netreflex-dev-artifacts"
_CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass(frozen=True)
class Stage(Deployment, Outside):
    """A deployed stage with the world around it: VPCs of three accounts, a subscriber of the topic, a channel in Slack."""

    way: str
    slack: DemoSlack

    @cached_property
    def world(self) -> World:
        return World(self.aws)

    @cached_property
    def names(self) -> Names:
        """The private zone of the policy's names, which must be there before netreflex looks for it."""
        return Names(self.aws, self.world)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self)

    @cached_property
    def remembered(self) -> dict[str, Any]:
        """What one test did and others look at, by the test's own name for it."""
        return {}


def bring_up(way: str, aws: LocalAws, slack: DemoSlack) -> Stage:
    """A stage that was deployed one of the ways, each with its policy in another place."""
    project = checkout(aws.directory / "checkout")
    settings = {
        "NETREFLEX_MODE": "enforce",
        "NETREFLEX_POLICY": SOURCES[way](aws),
        "NETREFLEX_EXTERNAL_ID": EXTERNAL_ID,
        **slack.settings,
    }
    _configure(project, settings)
    for account in (DEV, DATA):
        make_member_role(aws, account)
    WAYS[way](aws, project)
    _let_alarms_be_deleted(aws)
    stage = Stage(aws, STAGE, project, settings, way, slack)
    _ = stage.inbox, stage.names  # people listen, and have their zone, from the beginning
    return stage


def _in_parameter_store(aws: LocalAws) -> str:
    aws.client("ssm").put_parameter(Name=_PARAMETER, Value=_POLICY, Type="SecureString")
    return f"ssm:{_PARAMETER}"


def _in_bucket(aws: LocalAws) -> str:
    aws.client("s3").create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": aws.region})
    aws.client("s3").put_object(Bucket=_BUCKET, Key=_KEY, Body=_POLICY.encode())
    return f"s3://{_BUCKET}/{_KEY}"


SOURCES: Mapping[str, Callable[[LocalAws], str]] = {"chalice": _in_parameter_store, "package": _in_bucket}


def _configure(project: Path, settings: Mapping[str, str]) -> None:
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"][STAGE]["environment_variables"].update(settings)
    path.write_text(json.dumps(config, indent=2))


def make_member_role(aws: LocalAws, account: str) -> None:
    """The member role as its template has it.

    ministack takes ``aws:PrincipalArn`` of a session for the session's ARN, where AWS takes the role's. So the sessions of
    the same roles are named beside them; who else may enter is judged as AWS does it in tests/iam.
    """
    trust, permissions = member_role(STAGE)
    (statement,) = trust["Statement"]
    roles = statement["Condition"].pop("ArnEquals")["aws:PrincipalArn"]
    sessions = [f"arn:aws:sts::{aws.hub}:assumed-role/{role.rpartition('/')[2]}/*" for role in roles]
    statement["Condition"]["ArnLike"] = {"aws:PrincipalArn": [*roles, *sessions]}
    iam, name = aws.client("iam", account), f"netreflex-{STAGE}-member"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    document = json.dumps({"Version": "2012-10-17", **permissions})
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=document)


def _let_alarms_be_deleted(aws: LocalAws) -> None:
    """The names in a DeleteAlarms are not read by ministack, which judges it as one on everything; tests/iam reads them."""
    allowed = {"Effect": "Allow", "Action": "cloudwatch:DeleteAlarms", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    for account, role in ((aws.hub, "vpn"), (aws.hub, "sweep"), (DEV, "member"), (DATA, "member")):
        name = f"netreflex-{STAGE}-{role}"
        aws.client("iam", account).put_role_policy(RoleName=name, PolicyName="ministack", PolicyDocument=document)


def _command(aws: LocalAws, project: Path, credentials: Mapping[str, str], *arguments: str) -> None:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "NETREFLEX_"))}
    environment = {**inherited, **surroundings(aws, project), **credentials}
    run([sys.executable, "-m", "deploy", *arguments, "--stage", STAGE], project, environment)


def _chalice(aws: LocalAws, project: Path) -> None:
    _command(aws, project, enter(aws, "deployer").credentials, "deploy")


def _package(aws: LocalAws, project: Path) -> None:
    deployer = enter(aws, "deployer-package")
    _command(aws, project, deployer.credentials, "package", "--out", "dist")
    template = json.loads((project / "dist" / "sam.json").read_text())
    aws.client("s3").create_bucket(Bucket=_ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": aws.region})
    create_stack(deployer, template, (project / "dist" / "deployment.zip").read_bytes())


WAYS: Mapping[str, Callable[[LocalAws, Path], None]] = {"chalice": _chalice, "package": _package}


def create_stack(deployer: Deployer, template: Mapping[str, Any], code: bytes) -> None:
    """`aws cloudformation package` and `deploy`: code and template into a bucket, and a change set that is executed."""
    template = json.loads(json.dumps(template))
    s3, cloudformation = deployer.client("s3"), deployer.client("cloudformation")
    s3.put_object(Bucket=_ARTIFACTS, Key="deployment.zip", Body=code)
    for function in (one for one in template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"):
        function["Properties"]["CodeUri"] = f"s3://{_ARTIFACTS}/deployment.zip"
    s3.put_object(Bucket=_ARTIFACTS, Key="template.json", Body=json.dumps(template).encode())
    change_set = {"StackName": _STACK, "ChangeSetName": "first"}
    cloudformation.create_change_set(
        **change_set,
        ChangeSetType="CREATE",
        TemplateURL=f"{deployer.aws.ministack_url}/{_ARTIFACTS}/template.json",
        Capabilities=_CAPABILITIES,
    )
    soon(lambda: cloudformation.describe_change_set(**change_set)["Status"] == "CREATE_COMPLETE", "no change set")
    cloudformation.execute_change_set(**change_set)
    soon(lambda: not _status(cloudformation).endswith("IN_PROGRESS"), "the stack is too slow")
    assert _status(cloudformation) == "CREATE_COMPLETE", _failures(cloudformation)


def _status(cloudformation: Any) -> str:  # noqa: ANN401 - boto3's clients have no common type
    return str(cloudformation.describe_stacks(StackName=_STACK)["Stacks"][0]["StackStatus"])


def _failures(cloudformation: Any) -> list[str]:  # noqa: ANN401 - see above
    events = cloudformation.describe_stack_events(StackName=_STACK)["StackEvents"]
    return [str(one.get("ResourceStatusReason")) for one in events if "FAILED" in one["ResourceStatus"]]
