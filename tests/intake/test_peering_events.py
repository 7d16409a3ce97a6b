"""Events that are not as the samples are: other shapes of the same, broken ones, and forged ones."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.intake.parse import parse_peering_event
from chalicelib.model.network import ACCOUNT_ID, PEERING_ID, REGION, Place
from chalicelib.model.triggers import Ignored, PeeringDeleted, PeeringRequested, PeeringTrigger
from tests.intake.matcher import event, woken

CREATE, DELETE = "ec2/vpc-peering-create-cross-account", "ec2/vpc-peering-delete"
GONE = object()
DEV = Place(account="111122223333", region="eu-west-1")
DATA = Place(account="444455556666", region="eu-west-1")
PCX = "pcx-0bb22cc33dd44ee55"


def changed(path: str, value: object, name: str = CREATE) -> Any:  # noqa: ANN401
    """A sample with one value replaced, or removed where it is GONE."""
    altered = event(name)
    *way, last = path.split("/")
    inner = altered
    for key in way:
        inner = inner[key]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return altered


ANSWER = "detail/responseElements/vpcPeeringConnection"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("detail/eventVersion", "1.08", id="an older minor version"),
        pytest.param("detail/eventVersion", "1.99", id="a newer minor version"),
        pytest.param("detail/eventVersion", "1", id="a version without a minor number"),
        pytest.param(f"{ANSWER}/expirationTime", "2026-03-09T09:18:02Z", id="an expiry as text, not as milliseconds"),
        pytest.param(f"{ANSWER}/expirationTime", GONE, id="no expiry"),
        pytest.param(f"{ANSWER}/tagSet", {"items": [{"key": "env", "value": "dev"}]}, id="tags as a list of items"),
        pytest.param(f"{ANSWER}/tagSet", GONE, id="no tags"),
        pytest.param(
            f"{ANSWER}/requesterVpcInfo/cidrBlockSet", [{"cidrBlock": "10.10.0.0/16"}], id="CIDRs as a plain list"
        ),
        pytest.param(f"{ANSWER}/status", None, id="no status"),
        pytest.param(f"{ANSWER}/accepterVpcInfo/region", "eu-west-1", id="the accepter as it is"),
        pytest.param("detail/requestParameters", None, id="no request"),
        pytest.param("detail/requestParameters/peerOwnerId", GONE, id="no owner in the request"),
        pytest.param("detail/errorCode", None, id="an error code of null"),
        pytest.param("detail/awsRegion", GONE, id="no Region in the record"),
        pytest.param("detail/sharedEventID", "8b3a1f7c-aa88-7275-7c3e-cd67bbfa2e6f", id="a copy for another account"),
        pytest.param("detail/userIdentity", GONE, id="no caller"),
        pytest.param("region", "", id="an empty Region in the envelope"),
        pytest.param("resources", ["arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1"], id="resources in the envelope"),
        pytest.param("detail-unknown", {"new": True}, id="a member that AWS may add one day"),
    ],
)
def test_a_shape_that_aws_may_send_is_read_like_the_sample(path: str, value: object) -> None:
    assert parse_peering_event(changed(path, value)) == parse_peering_event(event(CREATE))


@pytest.mark.parametrize(
    ("path", "value", "places"),
    [
        pytest.param("account", "999999999999", ("999999999999/eu-west-1", str(DEV), str(DATA)), id="another account"),
        pytest.param("region", "us-east-1", ("111122223333/us-east-1", str(DEV), str(DATA)), id="another Region"),
        pytest.param(
            f"{ANSWER}/accepterVpcInfo/region", "us-west-2", (str(DEV), "444455556666/us-west-2"), id="a peer Region"
        ),
        pytest.param(f"{ANSWER}/accepterVpcInfo/region", GONE, (str(DEV),), id="a peer whose Region is not told"),
        pytest.param("account", GONE, (str(DEV), str(DATA)), id="no account in the envelope"),
    ],
)
def test_where_a_peering_may_be_seen_starts_at_the_place_of_the_call(
    path: str, value: object, places: tuple[str, ...]
) -> None:
    """A forwarded event keeps the account and the Region of its sender."""
    found = parse_peering_event(changed(path, value))

    assert isinstance(found, PeeringRequested)
    assert tuple(map(str, found.places)) == places


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-03-02T09:18:02Z", datetime(2026, 3, 2, 9, 18, 2, tzinfo=UTC)),
        ("2026-03-02T10:18:02+01:00", datetime(2026, 3, 2, 9, 18, 2, tzinfo=UTC)),
        ("2026-03-02T09:18:02", None),
        ("yesterday", None),
        ("\ud800", None),
        (1773047741000, None),
        (None, None),
        (GONE, None),
    ],
)
def test_the_time_of_an_event_is_an_instant_or_not_known(told: object, expected: datetime | None) -> None:
    found = parse_peering_event(changed("time", told))

    assert isinstance(found, PeeringRequested)
    assert found.at == expected
    assert found.at is None or found.at.utcoffset() in {timedelta(0), timedelta(hours=1)}


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("source", "aws.s3", "not an EC2 call told by CloudTrail: source 'aws.s3'"),
        ("source", GONE, "not an EC2 call told by CloudTrail: source 'None'"),
        ("source", ["aws.ec2"], "not an EC2 call told by CloudTrail: source 'list'"),
        (
            "detail-type",
            "EC2 Instance State-change Notification",
            "not an EC2 call told by CloudTrail: source 'aws.ec2'",
        ),
        ("detail", None, "the call was made to 'None', not to EC2"),
        ("detail", "CreateVpcPeeringConnection", "the call was made to 'None', not to EC2"),
        ("detail", [{}], "the call was made to 'None', not to EC2"),
        ("detail/eventSource", "iam.amazonaws.com", "the call was made to 'iam.amazonaws.com', not to EC2"),
        ("detail/eventVersion", "2.0", "CloudTrail eventVersion '2.0' is not known; only 1.x is"),
        ("detail/eventVersion", "10.1", "CloudTrail eventVersion '10.1' is not known; only 1.x is"),
        ("detail/eventVersion", 1.11, "CloudTrail eventVersion '1.11' is not known; only 1.x is"),
        ("detail/eventVersion", GONE, "CloudTrail eventVersion 'None' is not known; only 1.x is"),
        ("detail/errorCode", "Client.DryRunOperation", "the call did not succeed: 'Client.DryRunOperation'"),
        ("detail/errorCode", "", "the call did not succeed: ''"),
        ("detail/errorCode", False, "the call did not succeed: 'False'"),
        ("detail/errorCode", {"code": 1}, "the call did not succeed: 'dict'"),
        ("detail/eventName", "DescribeVpcPeeringConnections", "'DescribeVpcPeeringConnections' is not a call that"),
        ("detail/eventName", "createvpcpeeringconnection", "'createvpcpeeringconnection' is not a call that"),
        ("detail/eventName", None, "'None' is not a call that"),
        ("detail/eventName", ["CreateVpcPeeringConnection"], "'list' is not a call that"),
        ("detail/responseElements", None, "the CreateVpcPeeringConnection event names no VPC peering"),
        ("detail/responseElements", "dropped", "the CreateVpcPeeringConnection event names no VPC peering"),
        (ANSWER, [{"vpcPeeringConnectionId": PCX}], "the CreateVpcPeeringConnection event names no VPC peering"),
        (f"{ANSWER}/vpcPeeringConnectionId", GONE, "the CreateVpcPeeringConnection event names no VPC peering"),
        (f"{ANSWER}/vpcPeeringConnectionId", 7, "the CreateVpcPeeringConnection event names no VPC peering"),
    ],
)
def test_what_cannot_be_read_is_ignored_with_a_reason(path: str, value: object, reason: str) -> None:
    found = parse_peering_event(changed(path, value))

    assert isinstance(found, Ignored)
    assert found.reason.startswith(reason)


@pytest.mark.parametrize("nonsense", [None, True, 0, 1.5, "", "pcx-0bb22cc33dd44ee55", [], [{}], {}, {"Records": []}])
def test_what_is_no_event_at_all_is_ignored(nonsense: object) -> None:
    assert isinstance(parse_peering_event(nonsense), Ignored)


def test_an_event_without_any_place_is_ignored() -> None:
    nowhere = changed("account", "hub", DELETE)

    assert parse_peering_event(nowhere) == Ignored(
        reason="the DeleteVpcPeeringConnection event names no account and Region"
    )


EDITED = [
    "222222222222:role/x#",
    "222222222222\n",
    " 222222222222",
    "22222222222",
    "2222222222222",
    "２２２２２２２２２２２２",  # noqa: RUF001 - digits, but not ASCII ones
    "arn:aws:iam::222222222222:root",
    "*",
    "",
    222222222222,
    ["222222222222"],
    {"items": ["222222222222"]},
]


@pytest.mark.parametrize("account", EDITED)
def test_an_edited_account_is_no_place(account: object) -> None:
    found = parse_peering_event(changed("account", account, DELETE))
    inside = parse_peering_event(changed(f"{ANSWER}/accepterVpcInfo/ownerId", account))

    assert isinstance(found, Ignored)
    assert isinstance(inside, PeeringRequested)
    assert inside.places == (DEV,)


@pytest.mark.parametrize(
    "region", ["eu-west-1/../..", "eu-west-1.evil.example", "EU-WEST-1", "eu_west_1", "*", "", "1", None, 1]
)
def test_an_edited_region_is_no_place(region: object) -> None:
    found = parse_peering_event(changed(f"{ANSWER}/accepterVpcInfo/region", region))

    assert isinstance(found, PeeringRequested)
    assert found.places == (DEV,)


@pytest.mark.parametrize(
    "peering_id",
    [
        "pcx-*",
        "pcx-",
        "pcx-0BB22CC33DD44EE55",
        f"{PCX}\n",
        f"{PCX} --dry-run",
        "vpc-0bb22cc33dd44ee55",
        f"{PCX}0",
        "",
        None,
        3,
        [PCX],
    ],
)
def test_an_edited_peering_id_names_no_peering(peering_id: object) -> None:
    for altered in (
        changed(f"{ANSWER}/vpcPeeringConnectionId", peering_id),
        changed("detail/requestParameters/vpcPeeringConnectionId", peering_id, DELETE),
    ):
        assert isinstance(parse_peering_event(altered), Ignored)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("source", "custom.ec2", id="a custom source"),
        pytest.param("source", "aws.ec2.evil", id="a source that looks alike"),
        pytest.param("source", "AWS.EC2", id="a source in other letters"),
        pytest.param("detail-type", "AWS API Call via CloudTrail ", id="a detail-type that looks alike"),
        pytest.param("detail-type", "Peering Approved", id="another detail-type"),
        pytest.param("detail/eventSource", "ec2.amazonaws.com.evil.example", id="another event source"),
        pytest.param("detail/eventName", "CreateVpcPeeringConnection2", id="another call"),
        pytest.param("detail/errorCode", "Client.UnauthorizedOperation", id="a failed call"),
    ],
)
def test_a_forged_event_wakes_nobody_and_is_ignored_when_it_comes_all_the_same(path: str, value: object) -> None:
    forged = changed(path, value)

    assert woken(forged) == set()
    assert isinstance(parse_peering_event(forged), Ignored)


def test_a_foreign_word_is_quoted_short_and_printable() -> None:
    found = parse_peering_event(changed("source", "aws.\x1b[31mec2\n" + "x" * 1000))

    assert isinstance(found, Ignored)
    assert found.reason.isprintable()
    assert len(found.reason) < 150


def test_a_deeply_nested_word_is_not_spelled_out() -> None:
    deep: object = "aws.ec2"
    for _ in range(100_000):
        deep = [deep]

    assert parse_peering_event({"source": deep}) == Ignored(reason="not an EC2 call told by CloudTrail: source 'list'")


# ---- properties ------------------------------------------------------------------------------------------------------
WORDS = st.sampled_from(
    ["aws.ec2", "AWS API Call via CloudTrail", "ec2.amazonaws.com", "1.11", PCX, "111122223333", "eu-west-1"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | WORDS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    "source",
    "detail-type",
    "account",
    "region",
    "time",
    "detail",
    "detail/eventVersion",
    "detail/eventSource",
    "detail/eventName",
    "detail/errorCode",
    "detail/awsRegion",
    "detail/requestParameters",
    "detail/responseElements",
    ANSWER,
    f"{ANSWER}/vpcPeeringConnectionId",
    f"{ANSWER}/requesterVpcInfo",
    f"{ANSWER}/accepterVpcInfo",
    f"{ANSWER}/accepterVpcInfo/ownerId",
    f"{ANSWER}/accepterVpcInfo/region",
]


def holds(parsed: object) -> None:
    """The property: a trigger whose identifiers have the form of their kind, or a printable reason."""
    if isinstance(parsed, Ignored):
        assert parsed.reason.isprintable()
        return
    assert isinstance(parsed, PeeringTrigger)
    assert PEERING_ID.fullmatch(parsed.peering_id)
    assert parsed.places
    assert len(set(parsed.places)) == len(parsed.places)
    for place in parsed.places:
        assert ACCOUNT_ID.fullmatch(place.account)
        assert REGION.fullmatch(place.region)
    assert parsed.at is None or parsed.at.utcoffset() is not None


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_arbitrary_json_is_a_trigger_or_ignored(anything: object) -> None:
    holds(parse_peering_event(anything))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PATHS), JSON | st.just(GONE)), min_size=1, max_size=3))
def test_an_arbitrarily_spoiled_event_is_a_trigger_or_ignored(spoils: list[tuple[str, object]]) -> None:
    spoiled = event(CREATE)
    for path, value in spoils:
        *way, last = path.split("/")
        inner = spoiled
        for key in way:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner.pop(last, None)
            if value is not GONE:
                inner[last] = value

    before = deepcopy(spoiled)
    holds(parse_peering_event(spoiled))

    assert json.dumps(spoiled, default=str) == json.dumps(before, default=str)


def test_the_same_event_is_the_same_trigger_however_often_it_comes() -> None:
    assert len({parse_peering_event(event(DELETE)) for _ in range(3)}) == 1
    assert isinstance(parse_peering_event(event(DELETE)), PeeringDeleted)
