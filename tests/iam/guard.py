"""Judges every call that netreflex makes by the policies that it ships: the functions' files, and the member template.

::

    with lab, Guard("test") as guard, guard.running("peering"):
        lab.request_arrives(peering)
    assert ("member", "ec2:AcceptVpcPeeringConnection") in guard.asked

Credentials that come out of AssumeRole act as the role that was assumed; all others as the function that runs. A refusal
has the code and the words of the service that was asked: EC2's do not name the permission.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import botocore.client
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends

from deploy.member import member_template
from deploy.member_parameters import SWITCHES
from tests.aws.local import HUB, ROOT
from tests.iam.evaluate import grants, lets_in, listed, verdict
from tests.iam.operations import Need, Where, needs

MEMBER = "member"
EXTERNAL_ID = "test-external-id"
_JSON = frozenset({"json", "rest-json"})


@dataclass(frozen=True, order=True)
class Grant:
    """One thing that a policy allows: an action on a pattern of resources, in one statement of one role."""

    role: str
    sid: str
    action: str
    resource: str


def grants_of(role: str, policy: Mapping[str, Any]) -> set[Grant]:
    """All that a policy allows."""
    return {
        Grant(role, statement["Sid"], action, resource)
        for statement in policy["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


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


def vpcs_of_peering(peering_id: str) -> tuple[str, str]:
    """The ARNs of the requester's and of the accepter's VPC."""
    for _account, _region, backend in ec2_backends.iter_backends():
        found = backend.vpc_pcxs.get(peering_id)
        if found is not None:
            ends = ((found.vpc, found.ec2_backend), (found.peer_vpc, found.peer_vpc.ec2_backend))
            requester, accepter = (
                f"arn:aws:ec2:{where.region_name}:{where.account_id}:vpc/{vpc.id}" for vpc, where in ends
            )
            return requester, accepter
    raise KeyError(peering_id)


class Guard:
    """Refuses what the shipped policies do not allow.

    ``needed`` holds all that was asked for, each with its role, ``used`` every grant by which it was allowed, ``asked`` the
    (role, action) pairs that were, ``refused`` those that were not, ``denied`` the same in words. ``calls`` counts every
    call meanwhile, the test's own too.
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self.trust, self.member = member_role(stage)
        self._functions: dict[str, Any] = {}
        self._running = ""
        self._accounts: dict[str, str] = {}
        self._lock = threading.Lock()
        self.needed: list[tuple[str, Need]] = []
        self.used: set[Grant] = set()
        self.asked: set[tuple[str, str]] = set()
        self.refused: set[tuple[str, str]] = set()
        self.denied: list[str] = []
        self.calls = 0

    def policy(self, role: str) -> dict[str, Any]:
        """The policy of a role, to be narrowed by a test."""
        if role == MEMBER:
            return dict(self.member)
        if role not in self._functions:
            self._functions[role] = copy.deepcopy(function_policy(role))
        return dict(self._functions[role])

    def take_away(self, role: str, action: str, sid: str | None = None) -> None:
        """Remove an action from every statement of a role, or from one."""
        for statement in self.policy(role)["Statement"]:
            if sid in {None, statement["Sid"]}:
                statement["Action"] = [one for one in listed(statement["Action"]) if one != action]

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
            guard.calls += 1
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
        model = client.meta.service_model
        account = self._accounts.get(client._request_signer._credentials.access_key)
        role = MEMBER if account else self._running
        where = Where(account or HUB, client.meta.region_name, vpcs_of_peering)
        for need in needs(model.service_name, operation, params, where):
            if not self.allows(role, need):
                raise _refusal(model, operation, self._arn(role, account or HUB), need)

    def allows(self, role: str, need: Need) -> bool:
        """Judge one need of a role, and note it."""
        context, policy = need.context, self.policy(role)
        said = verdict(policy, need.action, need.resource, context)
        if said == "allow" and need.action == "sts:AssumeRole" and not self._lets_in(context):
            said = "not trusted"
        with self._lock:
            self.needed.append((role, need))
            if said == "allow":
                self.asked.add((role, need.action))
                found = grants(policy, need.action, need.resource, context)
                self.used |= {Grant(role, sid, need.action, pattern) for sid, pattern in found}
            else:
                self.refused.add((role, need.action))
                self.denied.append(f"{role}: {need.action} on {need.resource}")
        return said == "allow"

    def _arn(self, role: str, account: str) -> str:
        return f"arn:aws:iam::{account}:role/netreflex-{self._stage}-{role}"

    def _lets_in(self, context: Mapping[str, Any]) -> bool:
        caller = self._arn(self._running, HUB)
        return lets_in(self.trust, caller, {**context, "aws:principalarn": caller})


def _refusal(model: Any, operation: str, who: str, need: Need) -> ClientError:  # noqa: ANN401
    """As the service itself refuses: EC2 hides the permission in an encoded message, all others name it."""
    words = f"User: {who} is not authorized to perform: {need.action} on resource: {need.resource}"
    code = "AccessDeniedException" if model.metadata["protocol"] in _JSON else "AccessDenied"
    if model.service_name == "ec2":
        code, words = "UnauthorizedOperation", "You are not authorized to perform this operation."
    if model.service_name == "sns":
        code = "AuthorizationError"
    answer = {"Error": {"Code": code, "Message": words}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return ClientError(answer, operation)  # type: ignore[arg-type]
