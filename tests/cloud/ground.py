"""A place to deploy to, on a local AWS of its own, with every write counted and any operation made to fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy.check import missing
from deploy.configuration import read_configuration
from deploy.declared import Function, declared_functions
from deploy.faults import DeploymentFault
from deploy.place import Place, place_of
from deploy.steps import deploy, destroy
from tests.aws.checkout import surroundings
from tests.aws.local import LocalAws
from tests.cloud.outside import Outside

_READS = ("Describe", "Get", "List", "Head", "Batch")
_NOWHERE = {"AWS_ENDPOINT_URL_EVENTBRIDGE": "http://127.0.0.1:9"}


@dataclass(frozen=True)
class Broken:
    """A deployment that was broken off: at which operation, what it said, and how the stack stood then."""

    at: str
    told: str
    stack: str


@dataclass
class Ground(Outside):
    """A project, the AWS it is deployed to, and what the deployment asked and said."""

    aws: LocalAws
    project: Path
    stage: str
    writes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    fails: str = ""

    @cached_property
    def place(self) -> Place:
        session = boto3.Session(aws_access_key_id=self.aws.hub, aws_secret_access_key="local")
        session.events.register("before-parameter-build", self._before)
        with self._here():
            return place_of(self.stage, session)

    @contextmanager
    def _here(self, more: Mapping[str, str] | None = None) -> Iterator[None]:
        """The environment of somebody who deploys, for as long as the deployment takes."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**surroundings(self.aws, self.project), **(more or {})}.items():
                patch.setenv(name, value)
            yield

    def _before(self, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's operation model
        if model.name == self.fails:
            error = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
            raise ClientError(error, model.name)  # type: ignore[arg-type]
        if not model.name.startswith(_READS):
            self.writes.append(model.name)

    def deploy(self, *, fails: str = "", astray: Mapping[str, str] | None = None) -> list[str]:
        """One run of the deployment, in which one operation may be refused; what it wrote itself, beside Chalice."""
        place = self.place
        self.writes.clear()
        self.said.clear()
        self.fails = fails
        try:
            with self._here(astray):
                deploy(self.project, place, self.said.append)
        finally:
            self.fails = ""
        return list(self.writes)

    def broken_off(self, at: str) -> Broken:
        """A run that ends at an operation that AWS refuses, or at ``chalice``, which then finds no EventBridge."""
        with self._here():
            self.place.client("events")  # it is made now, so that only Chalice's own is led astray
        with pytest.raises(DeploymentFault) as fault:
            self.deploy(**({"astray": _NOWHERE} if at == "chalice" else {"fails": at}))
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return Broken(at, str(fault.value), ",".join(one["StackStatus"] for one in stacks))

    def destroy(self) -> None:
        """Take the stage away, all but its table."""
        place = self.place
        with self._here():
            destroy(self.project, place, self.said.append, keep_table=True)

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
