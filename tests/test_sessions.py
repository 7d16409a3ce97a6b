"""Whose credentials are used where: accounts are checked before a role is assumed and after, and each is assumed once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    UnauthorizedSSOTokenError,
)

from chalicelib.model.errors import (
    AccessRefused,
    AwsFailure,
    ConfigurationError,
    NetreflexError,
    NoMemberRole,
    RetryLater,
)
from chalicelib.model.network import Place
from chalicelib.sessions import CONFIG, MemberRole, Sessions, translated

HUB, DEV, DATA = "123456789012", "111122223333", "444455556666"
START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SECRET, TOKEN = "wJalrXUtnFEMI-not-a-real-key", "FwoGZXIvYXdzEXAMPLE"


@dataclass
class Sts:
    """STS as far as sessions ask it; ``answers_from`` is the account in the ARN of its answer."""

    clock: list[datetime]
    asked: list[dict[str, str]] = field(default_factory=list)
    answers_from: str | None = None
    error: Exception | None = None
    gate: threading.Event | None = None

    def assume_role(self, **arguments: str) -> dict[str, Any]:
        self.asked.append(arguments)
        if self.gate:
            self.gate.wait(5)
        if self.error:
            raise self.error
        account = self.answers_from or arguments["RoleArn"].split(":")[4]
        return {
            "AssumedRoleUser": {"Arn": f"arn:aws:sts::{account}:assumed-role/member/netreflex"},
            "Credentials": {
                "AccessKeyId": f"ASIA{account}{len(self.asked)}",
                "SecretAccessKey": SECRET,
                "SessionToken": TOKEN,
                "Expiration": self.clock[0] + timedelta(hours=1),
            },
        }

    @staticmethod
    def get_caller_identity() -> dict[str, str]:
        return {"Account": HUB}


@dataclass
class Made:
    """A client, as what it was made with."""

    service: str
    region: str | None
    key: str


class Session:
    """boto3's session as far as sessions use it."""

    def __init__(self, sts: Sts, region: str = "eu-west-1") -> None:
        self.sts, self.region_name = sts, region
        self.made: list[Made] = []

    def get_partition_for_region(self, region_name: str) -> str:
        return boto3.Session().get_partition_for_region(region_name)

    def client(self, service: str, *, region_name: str | None, config: object, **arguments: str) -> Any:  # noqa: ANN401
        assert config is CONFIG
        if service == "sts":
            return self.sts
        self.made.append(Made(service, region_name, arguments.get("aws_access_key_id", "")))
        return self.made[-1]


@dataclass
class Bench:
    sts: Sts
    session: Session
    sessions: Sessions
    clock: list[datetime]


ROLE = MemberRole(name="member", external_id="ours-1")


def bench(*, role: MemberRole | None = ROLE, home: str | None = HUB, region: str = "eu-west-1") -> Bench:
    clock = [START]
    sts = Sts(clock)
    session = Session(sts, region)
    sessions = Sessions(
        home_account=home,
        member_role=role,
        allowed_accounts=lambda: frozenset({HUB, DEV, DATA}),
        now=lambda: clock[0],
        session=cast("boto3.Session", session),
    )
    return Bench(sts, session, sessions, clock)


def _place(account: str, region: str = "eu-west-1") -> Place:
    return Place(account=account, region=region)


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "AssumeRole")


@pytest.mark.parametrize(
    "account",
    ["", "1", "11112222333", "1111222233334", "111122223333:role/admin", "*", "١١١١٢٢٢٢٣٣٣٣", "111122223333\n"],
)
def test_what_is_no_account_id_is_refused_before_any_call(account: str) -> None:
    made = bench()
    with pytest.raises(ConfigurationError, match="no role was assumed"):
        made.sessions.client("ec2", _place(account))
    assert (made.sts.asked, made.session.made) == ([], [])


def test_an_account_outside_the_policy_is_refused_before_any_call() -> None:
    made = bench()
    with pytest.raises(ConfigurationError, match="777788889999"):
        made.sessions.client("ec2", _place("777788889999"))
    assert made.sts.asked == []


def test_a_role_of_another_account_than_the_asked_one_is_not_used() -> None:
    made = bench()
    made.sts.answers_from = "999900001111"
    with pytest.raises(ConfigurationError, match="999900001111; not used"):
        made.sessions.client("ec2", _place(DEV))
    assert made.session.made == []


def test_the_role_and_the_external_id_come_from_the_settings() -> None:
    made = bench()
    made.sessions.client("ec2", _place(DEV))
    assert made.sts.asked == [
        {"RoleArn": f"arn:aws:iam::{DEV}:role/member", "RoleSessionName": "netreflex", "ExternalId": "ours-1"}
    ]


def test_without_an_external_id_none_is_sent() -> None:
    made = bench(role=MemberRole(name="member", external_id=None))
    made.sessions.client("ec2", _place(DEV))
    assert "ExternalId" not in made.sts.asked[0]


def test_one_role_serves_every_service_and_region_of_its_account() -> None:
    made = bench()
    first = made.sessions.client("ec2", _place(DEV))
    assert made.sessions.client("ec2", _place(DEV)) is first
    made.sessions.client("ec2", _place(DEV, "us-east-1"))
    made.sessions.client("elbv2", _place(DEV))
    made.sessions.client("ec2", _place(DATA))
    assert len(made.sts.asked) == 2
    assert [(one.service, one.region) for one in made.session.made] == [
        ("ec2", "eu-west-1"),
        ("ec2", "us-east-1"),
        ("elbv2", "eu-west-1"),
        ("ec2", "eu-west-1"),
    ]


def test_reads_side_by_side_assume_one_role() -> None:
    made = bench()
    made.sts.gate = threading.Event()
    with ThreadPoolExecutor(8) as readers:
        jobs = [readers.submit(made.sessions.client, "ec2", _place(DEV)) for _ in range(8)]
        made.sts.gate.set()
        clients = {id(job.result(5)) for job in jobs}
    assert len(made.sts.asked) == 1
    assert len(clients) == 1


def test_a_slow_account_does_not_hold_up_another() -> None:
    made = bench()
    made.sessions.client("ec2", _place(DATA))
    made.sts.gate = threading.Event()
    with ThreadPoolExecutor(1) as reader:
        slow = reader.submit(made.sessions.client, "ec2", _place(DEV))
        assert made.sessions.client("ec2", _place(DATA)).region == "eu-west-1"
        assert made.sessions.client("ec2", _place(HUB)).key == ""
        made.sts.gate.set()
        slow.result(5)


@pytest.mark.parametrize(("after", "asked"), [(timedelta(minutes=54), 1), (timedelta(minutes=56), 2)])
def test_credentials_are_renewed_five_minutes_before_they_end(after: timedelta, asked: int) -> None:
    made = bench()
    old = made.sessions.client("ec2", _place(DEV))
    made.clock[0] += after
    new = made.sessions.client("ec2", _place(DEV))
    assert len(made.sts.asked) == asked
    assert (new.key != old.key) is (asked == 2)


def test_clients_of_replaced_credentials_are_not_kept() -> None:
    made = bench()
    for _ in range(5):
        made.sessions.client("ec2", _place(DEV))
        made.clock[0] += timedelta(hours=1)
    assert len(made.session.made) == 5
    assert len(made.sessions._clients) == 2  # STS, and EC2 by the newest credentials


def test_a_role_that_was_refused_is_asked_for_again() -> None:
    made = bench()
    made.sts.error = _refusal("AccessDenied")
    with pytest.raises(AccessRefused, match=f"sts:AssumeRole was refused in account {DEV}"):
        made.sessions.client("ec2", _place(DEV))
    made.sts.error = None
    assert made.sessions.client("ec2", _place(DEV)).key.startswith("ASIA")


def test_the_own_account_needs_no_role() -> None:
    made = bench()
    assert made.sessions.client("ec2", _place(HUB)).key == ""
    assert made.sts.asked == []


def test_without_a_role_only_the_own_account_is_reached() -> None:
    made = bench(role=None, home=None)
    assert made.sessions.client("ec2", _place(HUB)).key == ""
    with pytest.raises(NoMemberRole, match="set NETREFLEX_MEMBER_ROLE to reach it"):
        made.sessions.client("ec2", _place(DEV))
    assert made.sts.asked == []


def test_home_is_the_sdks_own_region_and_credentials() -> None:
    made = bench()
    assert made.sessions.home("dynamodb") == Made("dynamodb", "eu-west-1", "")


def test_no_secret_shows_in_a_representation() -> None:
    made = bench()
    made.sessions.client("ec2", _place(DEV))
    shown = repr(vars(made.sessions)) + repr(made.sessions)
    assert SECRET not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDenied", AccessRefused),
        ("UnauthorizedOperation", AccessRefused),
        ("AuthFailure", AccessRefused),
        ("RequestLimitExceeded", RetryLater),
        ("ThrottlingException", RetryLater),
        ("InternalError", RetryLater),
        ("ServiceUnavailable", RetryLater),
        ("RouteLimitExceeded", AwsFailure),
    ],
)
def test_an_error_of_aws_becomes_one_of_ours(code: str, kind: type[NetreflexError]) -> None:
    with pytest.raises(kind, match=code) as caught, translated(DEV, "ec2:CreateRoute"):
        raise _refusal(code)
    assert "ec2:CreateRoute" in str(caught.value)
    assert DEV in str(caught.value)
    assert caught.value.__cause__ is None


def test_trouble_of_awss_own_passes_whatever_its_name_is() -> None:
    error = ClientError(
        {"Error": {"Code": "Strange"}, "ResponseMetadata": {"HTTPStatusCode": 503}},  # type: ignore[typeddict-item]
        "DescribeVpcs",
    )
    with pytest.raises(RetryLater, match="Strange"), translated(DEV, "ec2:DescribeVpcs"):
        raise error


def test_no_answer_means_run_again() -> None:
    with pytest.raises(RetryLater, match="EndpointConnectionError"), translated(DEV, "ec2:DescribeVpcs"):
        raise EndpointConnectionError(endpoint_url="https://ec2.eu-west-1.amazonaws.com")


def test_an_error_that_is_not_awss_stays_itself() -> None:
    with pytest.raises(KeyError), translated(DEV, "ec2:DescribeVpcs"):
        raise KeyError


def test_retries_and_time_outs_are_explicit_and_short_of_the_functions_own() -> None:
    config = vars(CONFIG)["_user_provided_options"]
    assert config["retries"] == {"total_max_attempts": 5, "mode": "standard"}
    assert (config["connect_timeout"], config["read_timeout"]) == (3, 10)


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        NoRegionError(),
        UnauthorizedSSOTokenError(),
        PartialCredentialsError(provider="env", cred_var="x"),
    ],
)
def test_what_is_not_set_up_is_for_a_person_to_mend(error: Exception) -> None:
    with pytest.raises(ConfigurationError, match="log in to AWS"), translated("home", "sts:GetCallerIdentity"):
        raise error


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("", "aws")],
)
def test_a_role_is_of_the_partition_in_which_netreflex_runs(region: str, partition: str) -> None:
    made = bench(region=region)
    made.sessions.client("ec2", _place(DEV))
    assert [asked["RoleArn"] for asked in made.sts.asked] == [f"arn:{partition}:iam::{DEV}:role/member"]
