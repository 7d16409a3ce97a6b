"""One local AWS with one deployment for all tests of this folder; each test brings its own VPCs or its own request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.show import Inbox
from demo.world import POLICY, World
from tests.aws.deploy import Deployment, deploy
from tests.aws.local import LocalAws


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    with LocalAws() as local:
        yield local


@pytest.fixture(scope="session")
def deployment(aws: LocalAws) -> Deployment:
    return deploy(aws, policy=POLICY)


@pytest.fixture(scope="session")
def world(aws: LocalAws) -> World:
    return World(aws)


@pytest.fixture(scope="session")
def inbox(deployment: Deployment) -> Inbox:
    return Inbox(deployment)
