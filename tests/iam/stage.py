"""The roles of the stage ``test``, as a deployment with given settings would make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import boto3

from demo.world import REGION
from deploy.configuration import Configuration, read_configuration
from deploy.place import Place
from deploy.stage_roles import stage_roles
from tests.aws.local import HUB, ROOT

STAGE = "test"


class AppConfig:
    """AppConfig with one application, environment and profile, whose ids are their names unless others are given."""

    def __init__(self, **ids: str) -> None:
        self._ids, self._asked = ids, ""

    def get_paginator(self, operation: str) -> AppConfig:
        self._asked = operation
        return self

    def paginate(self, **where: str) -> Iterator[dict[str, Any]]:
        """Three things on three pages, of which the one in the middle is ours."""
        if self._asked != "list_applications":
            assert where == {"ApplicationId": self._ids.get("netreflex", "netreflex")}
        names = {"list_applications": "netreflex", "list_environments": "prod", "list_configuration_profiles": "policy"}
        name = names[self._asked]
        for one, identity in (("other", "x1"), (name, self._ids.get(name, name)), ("another", "x2")):
            yield {"Items": [{"Id": identity, "Name": one}]}


def configured(settings: Mapping[str, str], *, hub_account: object = None, stage: str = STAGE) -> Configuration:
    """The project's configuration with one stage more."""
    found = read_configuration(ROOT, stage)
    own: dict[str, Any] = {"environment_variables": dict(settings)}
    own |= {"hub_account": hub_account} if hub_account is not None else {}
    return Configuration(ROOT, stage, {**found.document, "stages": {stage: own}})


def place(**ids: str) -> Place:
    return Place(STAGE, HUB, REGION, "aws", boto3.Session(), {"appconfig": AppConfig(**ids)})


def roles(settings: Mapping[str, str], hub_account: object = None) -> dict[str, dict[str, Any]]:
    """The policy of each function's role."""
    return stage_roles(configured(settings, hub_account=hub_account), place())
