"""The stages that all tests of this folder look at: one for each way of deploying, each on a local AWS of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from demo.slack import demo_slack
from demo.world import POLICY
from tests.aws.checkout import checkout
from tests.aws.deploy import Deployment, deploy
from tests.aws.local import LocalAws
from tests.cloud.deployer import enter
from tests.cloud.ground import Broken, Ground
from tests.cloud.ways import WAYS, Stage, bring_up


@pytest.fixture(scope="session")
def stages() -> Iterator[Callable[[str], Stage]]:
    """The stage of a way, deployed when it is first asked for; tests run in any order and change neither back."""
    made: dict[str, Stage] = {}
    with ExitStack() as open_until_the_end:

        def stage_of(way: str) -> Stage:
            if way not in made:
                aws = open_until_the_end.enter_context(LocalAws(enforcing=True))
                made[way] = bring_up(way, aws, open_until_the_end.enter_context(demo_slack(aws)))
            return made[way]

        yield stage_of


@pytest.fixture(params=WAYS)
def stage(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Stage:
    """Every test that looks at a stage is about both ways."""
    return stages(request.param)


@pytest.fixture(scope="session")
def begun() -> Iterator[Ground]:
    """A checkout to deploy from and a local AWS to deploy to, for the tests of the deployment itself."""
    with LocalAws(enforcing=True) as aws:
        yield Ground(enter(aws, "deployer"), checkout(aws.directory / "checkout"), "prod")


@pytest.fixture(scope="session")
def breaks(begun: Ground) -> list[Broken]:
    """The first deployment, which is broken off at every step, one after another, and then completed."""
    steps = (
        "CreateChangeSet",
        "ExecuteChangeSet",
        "iam:CreateRole",
        "chalice",
        "PutFunctionEventInvokeConfig",
        "PutTargets",
    )
    broken = [begun.broken_off(at) for at in steps]
    begun.deploy()
    return broken


@pytest.fixture
def whole(begun: Ground, breaks: list[Broken]) -> Ground:
    """The stage as the completed deployment left it; who changes it deploys it again."""
    assert breaks
    return begun


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    """A stage that tests change and put right again."""
    with LocalAws() as aws:
        yield deploy(aws, policy=POLICY)
