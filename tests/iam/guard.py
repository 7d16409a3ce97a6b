"""Judges every call that netreflex makes by the policies that it ships: the functions' files, and the member template.

::

    with lab, Guard("test") as guard, guard.running("peering"):
        lab.request_arrives(peering)
    assert ("member", "ec2:AcceptVpcPeeringConnection") in guard.used

Credentials that come out of AssumeRole act as the role that was assumed; all others as the function that runs.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import botocore.client
from botocore.exceptions import ClientError

from deploy.member import member_template
from deploy.member_parameters import SWITCHES
from tests.aws.local import HUB, ROOT
from tests.iam.evaluate import lets_in, verdict
from tests.iam.operations import Need, Where, needs

MEMBER = "member"
EXTERNAL_ID = "test-external-id"


def function_policy(function: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / ".chalice" / f"policy-{function}.json").read_text()))


def resolved(value: Any, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """A part of a template as CloudFormation would fill it in."""
    match value:
        case {"Ref": name}:
            return parameters[name]
        case {"Fn::Sub": text}:
            for name, given in parameters.items():
                text = text.replace(f"${{{name}}}", str(given))
            return text
        case {"Fn::If": [_, yes, no]}:
            return resolved(yes if parameters["RouteTables"] == "tagged" else no, parameters)
        case dict():
            return {key: resolved(one, parameters) for key, one in value.items() if one != {"Ref": "AWS::NoValue"}}
        case list():
            return [resolved(one, parameters) for one in value]
        case _:
            return value


def member_role(stage: str, *, switches: Mapping[str, str] | None = None, **given: object) -> tuple[Any, Any]:
    """Trust and permissions of the member role, as the template makes them."""
    template = member_template()
    parameters: dict[str, Any] = {
        name: one.get("Default", "").split(",") if one["Type"] == "CommaDelimitedList" else one.get("Default")
        for name, one in template["Parameters"].items()
    }
    parameters |= {"Stage": stage, "HubAccount": HUB, "ExternalId": EXTERNAL_ID, "AWS::Partition": "aws"}
    parameters |= dict.fromkeys(SWITCHES, "yes") | dict(switches or {}) | {"AWS::NoValue": None} | given
    resources = template["Resources"]
    role = resources["MemberRole"]["Properties"]
    documents = [role["Policies"][0]["PolicyDocument"]]
    documents += [
        resources[f"{switch}Policy"]["Properties"]["PolicyDocument"]
        for switch in SWITCHES
        if parameters[switch] == "yes"
    ]
    statements = [resolved(one, parameters) for document in documents for one in document["Statement"]]
    for statement in statements:
        if statement.get("Condition", 0) is None:
            del statement["Condition"]
    return resolved(role["AssumeRolePolicyDocument"], parameters), {"Statement": statements}


class Guard:
    """Refuses what the shipped policies do not allow; ``used`` holds (role, action) of what was allowed and asked for."""

    def __init__(self, stage: str, requester_vpc: str = "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-any") -> None:
        self._stage, self._requester_vpc = stage, requester_vpc
        self.trust, self.member = member_role(stage)
        self._functions: dict[str, Any] = {}
        self._running = ""
        self._accounts: dict[str, str] = {}
        self._lock = threading.Lock()
        self.used: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, Need]] = []
        self.denied: list[str] = []

    def policy(self, role: str) -> dict[str, Any]:
        """The policy of a role, to be narrowed by a test."""
        if role == MEMBER:
            return dict(self.member)
        if role not in self._functions:
            self._functions[role] = copy.deepcopy(function_policy(role))
        return dict(self._functions[role])

    def take_away(self, role: str, action: str) -> None:
        """Remove an action from every statement of a role."""
        for statement in self.policy(role)["Statement"]:
            given = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            statement["Action"] = [one for one in given if one != action]

    @contextmanager
    def running(self, function: str) -> Iterator[None]:
        """Everything that is asked of AWS meanwhile is asked by this function."""
        self._running = function
        try:
            yield
        finally:
            self._running = ""

    def __enter__(self) -> Self:
        hooked: Any = botocore.client.BaseClient
        self._original = original = hooked._make_api_call
        guard = self

        def call(client: Any, operation: str, params: Any) -> Any:  # noqa: ANN401
            if not guard._running:
                return original(client, operation, params)
            guard._judge(client, operation, params)
            answer = original(client, operation, params)
            if operation == "AssumeRole":
                guard._accounts[answer["Credentials"]["AccessKeyId"]] = params["RoleArn"].split(":")[4]
            return answer

        hooked._make_api_call = call
        return self

    def __exit__(self, *error: object) -> None:
        hooked: Any = botocore.client.BaseClient
        hooked._make_api_call = self._original

    def _judge(self, client: Any, operation: str, params: Mapping[str, Any]) -> None:  # noqa: ANN401
        service = client.meta.service_model.service_name
        account = self._accounts.get(client._request_signer._credentials.access_key)
        role = MEMBER if account else self._running
        where = Where(account or HUB, client.meta.region_name, lambda _: self._requester_vpc)
        for need in needs(service, operation, params, where):
            if not self._allows(role, need):
                code = "UnauthorizedOperation" if service == "ec2" else "AccessDenied"
                error = {"Error": {"Code": code, "Message": f"{role} may not {need.action} on {need.resource}"}}
                raise ClientError(error, operation)  # type: ignore[arg-type]

    def judge(self, action: str, resource: str) -> None:
        """Judge what no emulator answers: the call is known from the code, and its verdict is what counts."""
        if self._running and not self._allows(self._running, Need(action, resource)):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": action}}, action)

    def _allows(self, role: str, need: Need) -> bool:
        context = need.context
        said = verdict(self.policy(role), need.action, need.resource, context)
        if said == "allow" and need.action == "sts:AssumeRole" and not self._lets_in(context):
            said = "not trusted"
        with self._lock:
            if said == "allow":
                self.used.add((role, need.action))
                self.asked.append((role, need))
            else:
                self.denied.append(f"{role}: {need.action} on {need.resource}")
        return said == "allow"

    def _lets_in(self, context: Mapping[str, Any]) -> bool:
        caller = f"arn:aws:iam::{HUB}:role/netreflex-{self._stage}-{self._running}"
        return lets_in(self.trust, caller, {**context, "aws:principalarn": caller})
