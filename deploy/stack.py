"""One CloudFormation stack, brought to a template by a change set, whatever state an earlier run left it in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from deploy.faults import DeploymentFault, doing, lacking
from deploy.place import Place

Template = dict[str, Any]

_STANDS = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
_NEVER_STOOD = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
_MINUTES = 15
INLINE_LIMIT = 51_200  # bytes of TemplateBody (CloudFormation quotas)


class Stack:
    """A stack by name."""

    def __init__(self, place: Place, name: str) -> None:
        self._client = place.client("cloudformation")
        self.name = name

    def ensure(self, template: Template, parameters: Mapping[str, str], say: Callable[[str], None]) -> int:
        """Make the stack what the template says; how many resources were changed."""
        with doing(f"stack {self.name}"):
            stack = self._settled()
            status = str(stack["StackStatus"]) if stack else ""
            if stack and status in _NEVER_STOOD:
                say(f"stack {self.name} is {status}: an earlier run could not create it; it is removed and made anew")
                self.delete()
                stack = None
            elif stack and status not in _STANDS and status != "REVIEW_IN_PROGRESS":
                raise DeploymentFault(self._stuck(status))
            if stack and status != "REVIEW_IN_PROGRESS" and self._is_already(stack, template, parameters):
                return 0
            kind = "UPDATE" if stack and status != "REVIEW_IN_PROGRESS" else "CREATE"
            return self._change(kind, template, parameters)

    def status(self) -> str:
        """The stack's status; empty where there is no stack."""
        with doing(f"stack {self.name}"):
            stack = self._found()
        return str(stack["StackStatus"]) if stack else ""

    @property
    def stands(self) -> bool:
        """Whether the stack was made completely once, and is not in the middle of anything."""
        return self.status() in _STANDS

    def delete(self) -> bool:
        """Remove the stack; False where there was none."""
        with doing(f"stack {self.name}"):
            if self._found() is None:
                return False
            self._client.delete_stack(StackName=self.name)
            gone = self._settled()
            if gone and gone["StackStatus"] != "DELETE_COMPLETE":
                reasons = self._reasons()
                raise DeploymentFault(
                    f"stack {self.name} is {gone['StackStatus']}: {reasons}\n{lacking(reasons)}".rstrip()
                )
        return True

    def template(self) -> Template:
        """The template that the stack was last given."""
        body = self._client.get_template(StackName=self.name, TemplateStage="Original")["TemplateBody"]
        return dict(json.loads(body)) if isinstance(body, str) else dict(body)

    # ---- how ---------------------------------------------------------------------------------------------------------
    def _found(self) -> Mapping[str, Any] | None:
        try:
            return dict(self._client.describe_stacks(StackName=self.name)["Stacks"][0])
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    def _settled(self) -> Mapping[str, Any] | None:
        """The stack once nothing is in progress. Somebody else's deployment is waited for, too."""
        for pause in _pauses():
            stack = self._found()
            status = str(stack["StackStatus"]) if stack else ""
            if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
                return stack
            time.sleep(pause)
        raise DeploymentFault(f"stack {self.name} is still in progress after {_MINUTES} minutes; run again later")

    def _is_already(self, stack: Mapping[str, Any], template: Template, parameters: Mapping[str, str]) -> bool:
        given = {one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", ())}
        same = all(given.get(key) == value for key, value in parameters.items())
        return same and stack["StackStatus"] != "UPDATE_ROLLBACK_COMPLETE" and self.template() == template

    def _change(self, kind: str, template: Template, parameters: Mapping[str, str]) -> int:
        body = json.dumps(template, separators=(",", ":"))
        if len(body.encode()) > INLINE_LIMIT:
            raise DeploymentFault(
                f"the template of {self.name} has {len(body)} bytes; CloudFormation takes {INLINE_LIMIT}"
            )
        named = {"StackName": self.name, "ChangeSetName": f"netreflex-{time.time_ns()}"}
        self._client.create_change_set(
            **named,
            ChangeSetType=kind,
            TemplateBody=body,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )
        made = self._ready(named)
        if made["Status"] == "FAILED":
            self._client.delete_change_set(**named)
            reason = str(made.get("StatusReason", ""))
            if "No updates" in reason or "didn't contain changes" in reason:
                return 0
            raise DeploymentFault(f"stack {self.name} was not changed: {reason}")
        self._client.execute_change_set(**named)
        ended = self._settled()
        if ended is None or ended["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            reasons = self._reasons()
            raise DeploymentFault(
                f"stack {self.name} is {ended['StackStatus'] if ended else 'gone'}: {reasons}\n"
                f"{lacking(reasons)}Remove the cause and run the same command again; CloudFormation has undone its own part."
            )
        return len(made["Changes"])

    def _ready(self, named: Mapping[str, str]) -> Mapping[str, Any]:
        for pause in _pauses():
            found = dict(self._client.describe_change_set(**named))
            if not str(found["Status"]).endswith(("_PENDING", "_IN_PROGRESS")):
                return found
            time.sleep(pause)
        raise DeploymentFault(f"CloudFormation did not prepare the changes of {self.name} within {_MINUTES} minutes")

    def _reasons(self) -> str:
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [event for event in events if "FAILED" in event["ResourceStatus"] and "cancelled" not in str(event)]
        return "; ".join(f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason', '')}" for one in failed[:5])

    def _stuck(self, status: str) -> str:
        way = (
            f"aws cloudformation continue-update-rollback --stack-name {self.name}"
            if status == "UPDATE_ROLLBACK_FAILED"
            else f"aws cloudformation delete-stack --stack-name {self.name}"
        )
        return f"stack {self.name} is {status} ({self._reasons()}). Run `{way}`, then the same command again."


def stack_of(place: Place, physical_id: str) -> str:
    """The name of the stack that holds a resource; empty where none does, or where we may look into our own stacks alone."""
    try:
        found = place.client("cloudformation").describe_stack_resources(PhysicalResourceId=physical_id)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ValidationError", "AccessDenied"}:
            raise
        return ""
    return str(next((one["StackName"] for one in found["StackResources"]), ""))


def _pauses() -> list[float]:
    """Short at first, then every five seconds, for as long as a stack may take."""
    first = [0.1, 0.2, 0.5, 1.0, 2.0]
    return [*first, *[5.0] * (_MINUTES * 12)]
