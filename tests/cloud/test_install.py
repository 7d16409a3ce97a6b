"""README's `Install in AWS`, line by line as it stands, on a local AWS."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.intake.patterns import PATTERNS
from tests.aws import aws_cli
from tests.aws.bus_policy import NotDeployable, bus_policy
from tests.aws.checkout import checkout, surroundings
from tests.aws.local import ROOT, LocalAws

pytestmark = pytest.mark.cloud

_OTHER = "111122223333"  # an account beside the hub
_STARTED = 240
_HUB_BUS = json.loads((ROOT / "deploy" / "hub-bus.json").read_text())


def chapter(title: str) -> str:
    text = (ROOT / "README.md").read_text()
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def lines() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", chapter("Install in AWS"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws() as local:
        yield local


@pytest.fixture
def shell(aws: LocalAws) -> dict[str, str]:
    """The environment of somebody with credentials and an ``aws`` command, in a fresh clone."""
    project = checkout(aws.directory / "checkout")
    commands = aws_cli.install(aws.directory / "bin")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "NETREFLEX_"))}
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    return {**inherited, **surroundings(aws, project), "PATH": path, "PWD": str(project)}


def test_every_line_of_the_chapter_works(aws: LocalAws, shell: dict[str, str]) -> None:
    for line in lines():
        member = {"AWS_ACCESS_KEY_ID": _OTHER} if "deploy/member.json" in line else {}
        done = subprocess.run(  # noqa: S602 - our own README
            line,
            shell=True,
            cwd=Path(shell["PWD"]),
            env={**shell, **member},
            capture_output=True,
            text=True,
            timeout=_STARTED,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        if line.startswith("make look"):
            assert "yours to do" not in done.stdout, done.stdout
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("dynamodb").list_tables()["TableNames"] == ["netreflex-prod-state"]
    # The local AWS finds no Region in a template's conditions, so the role is not made here; tests/iam judges it.
    rules = aws.client("events", account=_OTHER).list_rules(NamePrefix="netreflex-prod-forward-")["Rules"]
    assert len(rules) == len(PATTERNS)
    # No CloudFormation here makes a bus's policy: the template's statements were put on moto's bus (tests/aws/bus_policy.py).
    bus = moto_events(aws).describe_event_bus(Name="default")
    (statement,) = json.loads(bus["Policy"])["Statement"]
    assert statement["Condition"]["StringEquals"] == {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}
    assert statement["Resource"] == bus["Arn"]
    assert statement["Condition"]["ArnLike"]["aws:PrincipalArn"] == "arn:aws:iam::*:role/netreflex-prod-forward"


def moto_events(aws: LocalAws) -> Any:  # noqa: ANN401 - boto3's clients have no common type
    keys = {"aws_access_key_id": aws.hub, "aws_secret_access_key": "local"}
    return boto3.client("events", aws.region, endpoint_url=aws.moto_url, **keys)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("given", "who"),
    [
        ({"OrganizationId": "o-a1b2c3d4e5"}, "*"),
        ({"Accounts": "111122223333,444455556666"}, {"AWS": ["111122223333", "444455556666"]}),
    ],
)
def test_the_hubs_bus_is_opened_to_an_organisation_or_to_named_accounts(given: dict[str, str], who: object) -> None:
    (statement,) = bus_policy(_HUB_BUS, {"Stage": "prod", **given}, "123456789012", "eu-west-1")["Statement"]
    assert statement["Principal"] == who


def test_the_hubs_bus_is_never_opened_to_everybody() -> None:
    with pytest.raises(NotDeployable, match="the bus is never open to everybody"):
        bus_policy(_HUB_BUS, {"Stage": "prod"}, "123456789012", "eu-west-1")
