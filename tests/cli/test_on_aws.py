"""`certificates` as it is composed for AWS: what it asks, that it writes nothing, and what --tell alone may write."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.acm.models import acm_backends

from netreflex_cli.around import Around
from netreflex_cli.command_line import run
from tests.app.test_certificate_handlers import distribution
from tests.cli.screen import POLICY
from tests.flows.certificate_world import DATA, DEV, EU
from tests.lab import TABLE, Lab
from tests.pki import Authority


class Operator:
    """Somebody with the settings of the deployed functions."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.policy = lab, folder / "policy.yaml"
        self.policy.write_text(POLICY)
        self.settings = {
            "NETREFLEX_POLICY": str(self.policy),
            "NETREFLEX_STATE_TABLE": TABLE,
            "NETREFLEX_ALERTS_TOPIC_ARN": lab.topic,
            "NETREFLEX_MEMBER_ROLE": "netreflex-test-member",
            "NETREFLEX_EXTERNAL_ID": "test-external-id",
        }
        self.said = ""

    def looks(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """The exit status and the JSON; every call is counted."""
        out, err = io.StringIO(), io.StringIO()
        with self.lab.counting():
            status = run(["certificates", "--json", *arguments], Around(environment=self.settings, out=out, err=err))
        self.said = err.getvalue()
        return status, json.loads(out.getvalue() or "{}")


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    with Lab(POLICY, world=lambda _: None) as lab:
        yield Operator(lab, tmp_path)


def ending_tomorrow(lab: Lab) -> str:
    """An imported certificate in use; its ARN."""
    today = datetime.now(UTC).replace(microsecond=0)
    ending = Authority.root().leaf("shop.example.com", start=today - timedelta(days=80), end=today + timedelta(days=1))
    made = lab.client("acm", DEV).import_certificate(Certificate=ending.pem, PrivateKey=ending.key_pem)
    user = f"arn:aws:elasticloadbalancing:{EU}:{DEV}:loadbalancer/app/shop/50dc6c495c0c9188"
    acm_backends[DEV][EU].get_certificate(made["CertificateArn"]).in_use_by.append(user)
    return str(made["CertificateArn"])


def test_a_look_reads_every_place_once_and_writes_nothing(operator: Operator) -> None:
    arn = ending_tomorrow(operator.lab)
    operator.settings["NETREFLEX_MODE"] = "enforce"
    status, seen = operator.looks()
    assert (status, [(one["kind"], one["id"]) for one in seen["findings"]]) == (1, [("imported_expiring", arn)])
    assert seen["told"] is None
    assert operator.lab.alerts() == []
    assert operator.lab.writes == {}
    assert operator.lab.calls == {
        "sts:GetCallerIdentity": 1,
        "sts:AssumeRole": 2,
        "cloudfront:ListDistributions": 2,
        "elbv2:DescribeLoadBalancers": 4,
        "elb:DescribeLoadBalancers": 4,
        "acm:ListCertificates": 4,
        "acm:DescribeCertificate": 1,
    }


def test_a_policy_from_outside_is_read_and_not_put_on_the_shelf(operator: Operator) -> None:
    operator.lab.client("ssm").put_parameter(Name="/netreflex/policy", Value=POLICY, Type="String")
    status, seen = operator.looks("--policy", "ssm:/netreflex/policy")
    assert (status, seen["findings"]) == (0, [])
    assert operator.lab.calls["ssm:GetParameter"] == 1
    assert [name for name in operator.lab.calls if name.startswith(("dynamodb:", "sns:"))] == []


def test_tell_writes_to_the_road_alone(operator: Operator) -> None:
    arn = ending_tomorrow(operator.lab)
    status, seen = operator.looks("--tell")
    [alert] = operator.lab.alerts()
    assert (status, alert["subject"]["id"], seen["told"]) == (1, arn, [alert["fp"]])
    assert {name.partition(":")[0] for name in operator.lab.writes} == {"dynamodb", "sns"}
    assert operator.lab.writes["sns:Publish"] == 1
    operator.looks("--tell")
    assert operator.lab.alerts() == []


def test_an_origin_on_this_machine_is_not_probed_by_hand_either(operator: Operator) -> None:
    made = distribution(operator.lab, "localhost")
    status, seen = operator.looks()
    assert status == 2
    [unprobed] = seen["not_probed"]
    assert (unprobed["distribution"], unprobed["kind"]) == (made, "cannot_probe")
    assert "belongs to this machine" in unprobed["what"]


def test_an_account_that_lets_nobody_in_is_named_and_the_other_is_seen(operator: Operator) -> None:
    ending_tomorrow(operator.lab)
    operator.lab.denied = {("sts:AssumeRole", DATA)}
    status, seen = operator.looks()
    assert (status, seen["complete"], len(seen["findings"])) == (2, False, 1)
    assert seen["not_read"] == [
        f"sts:AssumeRole was refused in account {DATA} (AccessDenied): grant it to netreflex's role there, then run again"
    ]


def test_without_a_member_role_it_says_which_setting_is_missing(operator: Operator) -> None:
    del operator.settings["NETREFLEX_MEMBER_ROLE"]
    status, seen = operator.looks()
    assert status == 2
    assert {one.partition(": ")[2] for one in seen["not_read"]} == {"set NETREFLEX_MEMBER_ROLE to reach it"}
