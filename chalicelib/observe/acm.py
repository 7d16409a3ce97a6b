"""What ACM (and the IAM store) say of certificates, as facts.

The list tells dates and use; only what it leaves open is read one by one. Without all key types in the filter ACM lists
only RSA of 1024 and 2048 bits (ACM API reference, ListCertificates).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model.inventory import AcmCertificate, ValidationRecord
from chalicelib.model.network import Place
from chalicelib.sessions import error_code, translated

KEY_TYPES = ("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


def list_certificates(client: Any, place: Place) -> tuple[AcmCertificate, ...]:  # noqa: ANN401
    """Every certificate of a place, as far as the list tells."""
    with translated(place.account, "acm:ListCertificates"):
        pages = client.get_paginator("list_certificates").paginate(Includes={"keyTypes": list(KEY_TYPES)})
        return tuple(_summary(item, place) for page in pages for item in page["CertificateSummaryList"])


def describe_certificate(client: Any, place: Place, arn: str) -> AcmCertificate | None:  # noqa: ANN401
    """One certificate with users, renewal and serial; None where it is gone."""
    try:
        with translated(place.account, "acm:DescribeCertificate"):
            return _detail(_described(client, arn), place)
    except _Gone:
        return None


class _Gone(Exception):
    """There is no such certificate."""


def _described(client: Any, arn: str) -> Mapping[str, Any]:  # noqa: ANN401
    try:
        found: Mapping[str, Any] = client.describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            raise _Gone from None
        raise
    return found


def list_iam_certificates(client: Any, place: Place, ids: Iterable[str]) -> tuple[AcmCertificate, ...]:  # noqa: ANN401
    """Those of the IAM store that are asked for. Its list tells the end and no names."""
    wanted = frozenset(ids)
    if not wanted:
        return ()
    with translated(place.account, "iam:ListServerCertificates"):
        pages = client.get_paginator("list_server_certificates").paginate()
        found = [item for page in pages for item in page["ServerCertificateMetadataList"]]
    return tuple(
        AcmCertificate(
            arn=item["ServerCertificateId"],
            place=place,
            type="IAM",
            status="ISSUED",
            domain=item["ServerCertificateName"],
            names_complete=False,
            not_before=_utc(item.get("UploadDate")),
            not_after=_utc(item.get("Expiration")),
            in_use=True,
        )
        for item in found
        if item["ServerCertificateId"] in wanted
    )


def _summary(item: Mapping[str, Any], place: Place) -> AcmCertificate:
    names = tuple(item.get("SubjectAlternativeNameSummaries") or filter(None, (item.get("DomainName"),)))
    return AcmCertificate(
        arn=item["CertificateArn"],
        place=place,
        type=item.get("Type", ""),
        status=item.get("Status", ""),
        domain=item.get("DomainName", ""),
        names=names,
        names_complete=not item.get("HasAdditionalSubjectAlternativeNames", False),
        not_before=_utc(item.get("NotBefore")),
        not_after=_utc(item.get("NotAfter")),
        key=item.get("KeyAlgorithm", ""),
        in_use=bool(item.get("InUse", False)),
        eligible=item.get("RenewalEligibility") == "ELIGIBLE",
    )


def _detail(item: Mapping[str, Any], place: Place) -> AcmCertificate:
    renewal = item.get("RenewalSummary") or {}
    options = renewal.get("DomainValidationOptions") or item.get("DomainValidationOptions") or ()
    users = tuple(item.get("InUseBy") or ())
    return AcmCertificate(
        arn=item["CertificateArn"],
        place=place,
        type=item.get("Type", ""),
        status=item.get("Status", ""),
        domain=item.get("DomainName", ""),
        names=tuple(item.get("SubjectAlternativeNames") or ()),
        not_before=_utc(item.get("NotBefore")),
        not_after=_utc(item.get("NotAfter")),
        key=item.get("KeyAlgorithm", ""),
        in_use=bool(users),
        eligible=item.get("RenewalEligibility") == "ELIGIBLE",
        detailed=True,
        serial=_serial(item.get("Serial", "")),
        issuer=item.get("Issuer", ""),
        in_use_by=users,
        renewal_status=renewal.get("RenewalStatus", ""),
        renewal_reason=renewal.get("RenewalStatusReason", "") or item.get("FailureReason", ""),
        renewed_at=_utc(renewal.get("UpdatedAt")),
        validations=tuple(_validation(one) for one in options),
    )


def _validation(item: Mapping[str, Any]) -> ValidationRecord:
    record = item.get("ResourceRecord") or {}
    return ValidationRecord(
        domain=item.get("DomainName", ""),
        status=item.get("ValidationStatus", ""),
        name=record.get("Name", ""),
        value=record.get("Value", ""),
        method=item.get("ValidationMethod", "DNS"),
    )


def _serial(text: str) -> str:
    """ACM writes pairs of hexadecimal digits with colons between them."""
    return text.replace(":", "").lower().lstrip("0")


def _utc(value: object) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None
