"""X-Ray on a deployed stage: switched on, kept by the next deployment of the functions, switched off without a trace."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.session import Session
from chalice.awsclient import TypedAWSClient

from deploy.configuration import read_configuration
from deploy.declared import Function, declared_functions
from deploy.place import Place, place_of
from deploy.roles import inline_policy
from deploy.tracing import DOCUMENT, POLICY, tracing_differences
from tests.aws.awsbus import event
from tests.aws.deploy import Deployment

pytestmark = pytest.mark.cloud

DUE = event("aws.events", "Scheduled Event", {}, region="eu-west-1")


@pytest.fixture
def place(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, value in deployment.aws.environment.items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(aws_access_key_id=deployment.aws.hub, aws_secret_access_key="local")
    return place_of(deployment.stage, session)


@pytest.fixture
def functions(deployment: Deployment) -> tuple[Function, ...]:
    return declared_functions(read_configuration(deployment.project, deployment.stage))


def bring(place: Place, functions: tuple[Function, ...], *, on: bool) -> int:
    """Mend what differs; how much did."""
    found = 0
    for difference in tracing_differences(place, functions, on=on):
        difference.mend()
        found += 1
    return found


def state(place: Place, function: Function) -> tuple[str, bool]:
    """How a function is traced, and whether its role may write traces."""
    name = place.name(function.name)
    found = place.client("lambda").get_function_configuration(FunctionName=name)
    return found["TracingConfig"]["Mode"], inline_policy(place, name, place.name(POLICY)) == DOCUMENT


def test_a_stage_is_traced_while_it_asks_for_it(
    deployment: Deployment, place: Place, functions: tuple[Function, ...]
) -> None:
    assert bring(place, functions, on=False) == 0, "off is how Chalice leaves it"
    assert bring(place, functions, on=True) == 2 * len(functions)
    deployment.chalice_deploy()
    assert bring(place, functions, on=True) == 0, "Chalice takes nothing of it away"
    assert {state(place, one) for one in functions} == {("Active", True)}
    answer = place.client("lambda").invoke(FunctionName=place.name("dead_letters"), Payload=json.dumps(DUE))
    assert json.loads(answer["Payload"].read())["decision"] == "observed", "no library is missing"
    bring(place, functions, on=False)
    assert {state(place, one) for one in functions} == {("PassThrough", False)}
    assert bring(place, functions, on=False) == 0


def test_chalice_delete_takes_the_permission_with_the_role(place: Place) -> None:
    """AWS deletes no role that has a policy left."""
    iam, role = place.client("iam"), place.name("gone")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    for policy in (role, place.name(POLICY)):
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(DOCUMENT))
    session = Session()
    session.set_credentials(place.account, "local")
    TypedAWSClient(session).delete_role(role)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=role)
