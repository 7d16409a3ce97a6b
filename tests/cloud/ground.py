"""A place to deploy to, on a local AWS of its own, with every call recorded and any operation made to fail.

IAM is in force: everything is done under ``deploy/deployer.json`` and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.check import missing
from deploy.configuration import read_configuration
from deploy.declared import Function, declared_functions
from deploy.faults import DeploymentFault
from deploy.place import Place, place_of
from deploy.steps import check_stage, deploy, destroy
from tests.aws.checkout import surroundings
from tests.aws.local import LocalAws
from tests.cloud.deployer import RECORDER, Deployer
from tests.cloud.outside import Outside

_READS = ("Describe", "Get", "List", "Head", "Batch")
_NOWHERE = {"AWS_ENDPOINT_URL_EVENTBRIDGE": "http://127.0.0.1:9"}

Call = tuple[str, str, Mapping[str, Any]]
"""A call to AWS: service, operation, parameters."""


@dataclass(frozen=True)
class Broken:
    """A deployment that was broken off: at which operation, what it said, and how the stack stood then."""

    at: str
    told: str
    stack: str


@dataclass
class Ground(Outside):
    """A project, the AWS it is deployed to, and what the deployment asked and said."""

    deployer: Deployer
    project: Path
    stage: str
    asked: list[Call] = field(default_factory=list)
    remembered: dict[str, Any] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    fails: str = ""

    @property
    def aws(self) -> LocalAws:  # type: ignore[override]
        return self.deployer.aws

    @cached_property
    def place(self) -> Place:
        session = self.deployer.session
        session.events.register("before-parameter-build", self._before)
        with self._here():
            return place_of(self.stage, session)

    @contextmanager
    def _here(self, more: Mapping[str, str] | None = None) -> Iterator[None]:
        """The environment of somebody who deploys, for as long as the deployment takes."""
        with pytest.MonkeyPatch.context() as patch:
            recording = {"PYTHONPATH": str(RECORDER), "RECORDED_CALLS": str(self._recorded)}
            ours = {**surroundings(self.aws, self.project), **self.deployer.credentials, **recording}
            for name, value in {**ours, **(more or {})}.items():
                patch.setenv(name, value)
            yield

    @property
    def _recorded(self) -> Path:
        return self.aws.directory / f"calls-{self.stage}.jsonl"

    @property
    def by_chalice(self) -> list[Call]:
        """What Chalice asked of AWS so far."""
        lines = self._recorded.read_text().splitlines() if self._recorded.exists() else []
        return [(service, operation, params) for service, operation, params in map(json.loads, lines)]

    @property
    def calls(self) -> list[Call]:
        """All that was asked of AWS so far by the deployment itself, and by Chalice."""
        return [*self.asked, *self.by_chalice]

    def _before(self, model: Any, params: Mapping[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore's operation model
        self.asked.append((model.service_model.service_name, model.name, dict(params)))
        if model.name == self.fails:
            error = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
            raise ClientError(error, model.name)  # type: ignore[arg-type]
        if not model.name.startswith(_READS):
            self.writes.append(model.name)

    def deploy(self, *, fails: str = "", astray: Mapping[str, str] | None = None, xray: str = "") -> list[str]:
        """One run of the deployment, in which one operation may be refused; what it wrote itself, beside Chalice."""
        place = self.place
        self.writes.clear()
        self.said.clear()
        self.fails = fails
        try:
            with self._here(astray):
                deploy(self.project, place, self.said.append, xray=xray)
        finally:
            self.fails = ""
        return list(self.writes)

    def broken_off(self, at: str) -> Broken:
        """A run that ends at an operation that fails, at an action that the role lost, or at ``chalice``, which finds no EventBridge."""
        with self._here():
            self.place.client("events")  # it is made now, so that only Chalice's own is led astray
        taken = self.deployer.without(at) if ":" in at else nullcontext()
        fails = "" if ":" in at or at == "chalice" else at
        with taken, pytest.raises(DeploymentFault) as fault:
            self.deploy(fails=fails, astray=_NOWHERE if at == "chalice" else None)
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return Broken(at, str(fault.value), ",".join(one["StackStatus"] for one in stacks))

    def destroy(self, *, keep_table: bool = True) -> None:
        """Take the stage away, all but its table."""
        place = self.place
        with self._here():
            destroy(self.project, place, self.said.append, keep_table=keep_table)

    def look(self) -> None:
        """Read the stage back."""
        place = self.place
        with self._here():
            check_stage(self.project, place, self.said.append)

    @property
    def functions(self) -> tuple[Function, ...]:
        """What app.py declares."""
        with self._here():
            return declared_functions(read_configuration(self.project, self.stage))

    def missing(self) -> list[str]:
        """What reading everything back finds wrong."""
        place, functions = self.place, self.functions
        with self._here():
            return missing(place, read_configuration(self.project, self.stage), functions)

    def name(self, part: str) -> str:
        return self.place.name(part)
