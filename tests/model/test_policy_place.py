"""The setting names a place, and perhaps one version, which can never change."""

from __future__ import annotations

import pytest

from chalicelib.model.policy_place import PolicyPlace, policy_place

_OF_ANOTHER = "arn:aws:ssm:eu-west-1:123456789012:parameter/netreflex/policy"


@pytest.mark.parametrize(
    ("source", "where", "version", "outside", "fixed"),
    [
        ("chalicelib/policy.yaml", "chalicelib/policy.yaml", "", False, False),
        ("chalicelib/odd?versionId=3", "chalicelib/odd?versionId=3", "", False, False),
        ("ssm:/netreflex/policy", "ssm:/netreflex/policy", "", True, False),
        ("ssm:/netreflex/policy:3", "ssm:/netreflex/policy", "3", True, True),
        ("ssm:netreflex-policy:12", "ssm:netreflex-policy", "12", True, True),
        ("ssm:/netreflex/policy:live", "ssm:/netreflex/policy", "live", True, False),
        (f"ssm:{_OF_ANOTHER}", f"ssm:{_OF_ANOTHER}", "", True, False),
        (f"ssm:{_OF_ANOTHER}:3", f"ssm:{_OF_ANOTHER}", "3", True, True),
        ("s3://netreflex-a/b.yaml", "s3://netreflex-a/b.yaml", "", True, False),
        ("s3://netreflex-a/b.yaml?versionId=x1", "s3://netreflex-a/b.yaml", "x1", True, True),
        ("s3://netreflex-a/b.yaml?versionId=null", "s3://netreflex-a/b.yaml", "null", True, False),
        ("appconfig:net/prod/policy", "appconfig:net/prod/policy", "", True, False),
    ],
)
def test_a_place_and_whether_it_can_change(
    source: str, where: str, version: str, *, outside: bool, fixed: bool
) -> None:
    place = policy_place(source)
    assert (place, place.outside, place.fixed) == (PolicyPlace(where, version), outside, fixed)
