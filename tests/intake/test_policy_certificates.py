"""The certificate section of the policy: what is accepted and what a probe may visit, with every misfit at its path."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest

from chalicelib.intake.policy_file import parse_policy
from chalicelib.model.policy import AcceptedProblem
from tests.intake.policies import changed, example, faults_of, told

WRONG = [
    ([{"kinds": ["weak_keys"]}], "certificates.accept[0].kinds[0]", "is not a kind of problem"),
    ([{"kinds": ["weak_key"], "distributions": ["d111.cloudfront.net"]}], "certificates.accept[0].distributions[0]", "write it like E2"),
    ([{}], "certificates.accept[0]", "accepts every problem there is"),
    ([{"kinds": [], "names": []}], "certificates.accept[0]", "accepts every problem there is"),
]  # fmt: skip
OPENED = [
    ("8.8.8.0/24", "is not a private network"),
    ("0.0.0.0/0", "is not a private network"),
    ("169.254.0.0/16", "no probe may visit"),
    ("127.0.0.0/8", "no probe may visit"),
    ("fd00::/8", "no probe may visit"),
    ("10.0.0.1/8", "has host bits set"),
]


def test_the_example_is_read() -> None:
    policy = parse_policy(json.dumps(example())).certificates
    assert policy.accept == (
        AcceptedProblem(kinds=("weak_key",), distributions=("E2EXAMPLE1ABCD",), names=("legacy.example.com",)),
    )
    assert policy.probe_private == (ip_network("10.40.8.0/22"),)
    assert policy.repair is False


@pytest.mark.parametrize(("accept", "path", "said"), WRONG)
def test_what_accepts_wrongly_is_told(accept: object, path: str, said: str) -> None:
    assert said in told(faults_of(changed(("certificates.accept", accept))), path)


@pytest.mark.parametrize(("network", "said"), OPENED)
def test_a_network_that_must_not_be_probed_is_told(network: str, said: str) -> None:
    faults = faults_of(changed(("certificates.probe_private", [network])))
    assert said in told(faults, "certificates.probe_private[0]")


@pytest.mark.parametrize(
    ("key", "value"), [("accept", "weak_key"), ("accept", [5]), ("accept", [{"kinds": 5}]), ("probe_private", [5])]
)
def test_a_wrong_type_is_told_once(key: str, value: Any) -> None:  # noqa: ANN401 - whatever YAML may hold
    assert len(faults_of(changed((f"certificates.{key}", value)))) == 1


def test_private_networks_of_both_kinds_are_opened() -> None:
    policy = parse_policy(json.dumps(changed(("certificates.probe_private", ["10.0.0.0/8", "fc00:1::/32"]))))
    assert len(policy.certificates.probe_private) == 2
