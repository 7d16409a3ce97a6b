"""The policy's text is read from wherever the setting says; what is no text there is a fault with a name."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws

from chalicelib.model.errors import NetreflexError
from chalicelib.observe.policy_source import read_policy_text

OLD, NEW = "version: 1\n", "version: 1\nregions: [eu-west-1]\n"
BUCKET = "netreflex-policies"


@pytest.fixture
def client() -> Iterator[Callable[[str], Any]]:
    with mock_aws():
        clients: dict[str, Any] = {}

        def one(service: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type
            if service not in clients:
                clients[service] = boto3.client(service, "us-east-1")  # type: ignore[call-overload]
            return clients[service]

        yield one


def test_a_file_of_the_bundle(client: Callable[[str], Any], tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(NEW)
    assert read_policy_text("policy.yaml", client, tmp_path) == NEW


def test_parameter_store_its_newest_version_or_a_given_one_or_that_of_a_label(
    client: Callable[[str], Any], tmp_path: Path
) -> None:
    for text in (OLD, NEW):
        client("ssm").put_parameter(Name="/netreflex/policy", Value=text, Type="SecureString", Overwrite=True)
    assert read_policy_text("ssm:/netreflex/policy", client, tmp_path) == NEW
    assert read_policy_text("ssm:/netreflex/policy:1", client, tmp_path) == OLD
    for version, text in ((1, OLD), (2, NEW)):
        client("ssm").label_parameter_version(Name="/netreflex/policy", ParameterVersion=version, Labels=["live"])
        assert read_policy_text("ssm:/netreflex/policy:live", client, tmp_path) == text


def test_s3_its_newest_version_or_a_given_one(client: Callable[[str], Any], tmp_path: Path) -> None:
    client("s3").create_bucket(Bucket=BUCKET)
    client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    old, _ = (client("s3").put_object(Bucket=BUCKET, Key="a/b.yaml", Body=text.encode()) for text in (OLD, NEW))
    assert read_policy_text(f"s3://{BUCKET}/a/b.yaml", client, tmp_path) == NEW
    assert read_policy_text(f"s3://{BUCKET}/a/b.yaml?versionId={old['VersionId']}", client, tmp_path) == OLD


@pytest.mark.parametrize("body", [NEW.encode(), b"\xff\xfe"], ids=["text", "no text"])
def test_appconfig_as_it_is_deployed(client: Callable[[str], Any], tmp_path: Path, body: bytes) -> None:
    with Stubber(client("appconfigdata")) as stub:
        wanted = {"ApplicationIdentifier": "net", "EnvironmentIdentifier": "prod"}
        asked = {
            **wanted,
            "ConfigurationProfileIdentifier": "policy",
            "RequiredMinimumPollIntervalInSeconds": 30,
        }
        stub.add_response("start_configuration_session", {"InitialConfigurationToken": "t"}, asked)
        answer = {"Configuration": StreamingBody(io.BytesIO(body), len(body))}
        stub.add_response("get_latest_configuration", answer, {"ConfigurationToken": "t"})
        if body == NEW.encode():
            assert read_policy_text("appconfig:net/prod/policy", client, tmp_path) == NEW
        else:
            with pytest.raises(NetreflexError, match=r"appconfig:net/prod/policy is not text in UTF-8"):
                read_policy_text("appconfig:net/prod/policy", client, tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        "absent.yaml",
        "ssm:/netreflex/absent",
        f"s3://{BUCKET}/absent.yaml",
        f"s3://{BUCKET}/image",
        "s3://Not a bucket/x",
        "appconfig:net/prod",
        "image",
    ],
)
def test_what_cannot_be_read_is_one_of_our_faults(client: Callable[[str], Any], tmp_path: Path, source: str) -> None:
    """Any other exception would get past the keeper of the last good policy."""
    client("s3").create_bucket(Bucket=BUCKET)
    client("s3").put_object(Bucket=BUCKET, Key="image", Body=b"\xff\xfe")
    (tmp_path / "image").write_bytes(b"\xff\xfe")
    with pytest.raises(NetreflexError):
        read_policy_text(source, client, tmp_path)
