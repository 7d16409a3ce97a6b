"""The record that lets ACM renew: restored where the policy allows it, by a compare-and-swap, and never anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.decide.validation_records import missing_records, zone_names
from chalicelib.flows.certificates import react_to_certificate
from chalicelib.flows.sweep_certificates import sweep_certificates
from chalicelib.model.actions import ChangeRecordSets, Verb
from chalicelib.model.inventory import AcmCertificate, ValidationRecord
from chalicelib.model.names import RecordSet, Zone
from chalicelib.model.network import Place
from chalicelib.model.policy import CertificatePolicy
from chalicelib.model.triggers import CertificateChanged
from tests.flows.certificate_world import CERTIFICATE, DATA, DEV, EU, InMemory, acm

RECORD = ValidationRecord(
    domain="shop.example.com",
    status="PENDING_VALIDATION",
    name="_a1.shop.example.com.",
    value="_b2.xlfgrmvvlj.acm-validations.aws.",
)
VALUE = "_b2.xlfgrmvvlj.acm-validations.aws"
ZONE = Zone(zone_id="Z1", account=DEV, name="example.com", private=False)
TOLD = CertificateChanged(
    place=Place(account=DEV, region=EU), arns=(CERTIFICATE,), told="ACM Certificate Renewal Action Required"
)


def blocked(*records: ValidationRecord) -> AcmCertificate:
    return acm(days_left=20, renewal_status="PENDING_VALIDATION", validations=records or (RECORD,), in_use_by=())


def world(*zones: Zone, repair: bool = True) -> InMemory:
    aws = InMemory(distributions_of={DEV: [], DATA: []}, policy=CertificatePolicy(repair=repair))
    aws.certificates_of, aws.zones_of = [blocked()], list(zones or (ZONE,))
    return aws


def test_a_missing_record_is_created_with_its_mark_in_one_batch() -> None:
    aws = world()
    report = react_to_certificate(TOLD, aws.world())
    [action] = report.performed
    assert isinstance(action, ChangeRecordSets)
    assert (action.zone_id, action.place.account) == ("Z1", DEV)
    assert [(change.verb, change.record.type, change.record.name) for change in action.changes] == [
        (Verb.CREATE, "CNAME", "_a1.shop.example.com"),
        (Verb.CREATE, "TXT", "_netreflex._a1.shop.example.com"),
    ]
    assert action.changes[0].record.values == (VALUE,)
    assert CERTIFICATE in action.changes[1].record.values[0]
    [alert] = aws.road.told
    assert alert.cause.endswith("was missing in example.com (Z1); netreflex restored it.")


def test_a_name_and_its_wildcard_have_one_record_in_common() -> None:
    aws = world()
    aws.certificates_of = [blocked(RECORD, replace(RECORD, domain="*.shop.example.com"))]
    report = react_to_certificate(TOLD, aws.world())
    assert len(report.planned) == len(report.performed) == 1
    assert aws.road.told[0].cause.count("netreflex restored it") == 1


def test_a_second_run_creates_nothing() -> None:
    aws = world()
    react_to_certificate(TOLD, aws.world())
    report = sweep_certificates(aws.world())
    assert report.planned == report.performed == ()
    assert any("ACM tries again by itself" in reason for reason in report.reasons)


def test_without_the_policys_word_the_alert_carries_the_record_and_nothing_is_read() -> None:
    aws = world(repair=False)
    report = react_to_certificate(TOLD, aws.world())
    assert report.planned == ()
    assert aws.reads["zones"] == 0
    assert "_a1.shop.example.com. CNAME _b2." in aws.road.told[0].remedy[0]


def test_observe_mode_only_says_what_it_would_do() -> None:
    aws = world()
    aws.enforcing = False
    report = react_to_certificate(TOLD, aws.world())
    assert (len(report.planned), report.performed) == (1, ())
    assert "would restore it (this run changes nothing)" in aws.road.told[0].cause


def test_a_batch_that_is_refused_is_told() -> None:
    aws = world()
    aws.failing = "InvalidChangeBatch"
    report = react_to_certificate(TOLD, aws.world())
    assert len(report.failed) == 1
    assert "could not be restored: InvalidChangeBatch" in aws.road.told[0].cause


def at(name: str, kind: str, value: str) -> RecordSet:
    return RecordSet(name=name, type=kind, ttl=60, values=(value,))


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (at("_a1.shop.example.com", "CNAME", "_old.acm-validations.aws."), "not ours to change"),
        (at("_a1.shop.example.com", "TXT", '"x"'), "not ours to change"),
        (at("_netreflex._a1.shop.example.com", "TXT", '"x"'), "not ours to change"),
        (at("_a1.shop.example.com", "CNAME", VALUE + "."), "as ACM wants it"),
        (
            at("shop.example.com", "NS", "ns1.elsewhere.example."),
            "hands shop.example.com on to other name servers (NS)",
        ),
    ],
)
def test_what_is_there_is_never_touched(held: RecordSet, said: str) -> None:
    aws = world()
    aws.records = [held]
    report = react_to_certificate(TOLD, aws.world())
    assert report.planned == ()
    assert said in aws.road.told[0].cause


def test_other_records_on_the_way_and_the_zones_own_name_servers_are_no_obstacle() -> None:
    aws = world()
    aws.records = [at("shop.example.com", "A", "192.0.2.1"), at("example.com", "NS", "ns1.example.org.")]
    assert len(react_to_certificate(TOLD, aws.world()).performed) == 1
    nearest = world(replace(ZONE, name="shop.example.com"))
    nearest.records = [at("shop.example.com", "NS", "ns1.example.org.")]
    assert len(react_to_certificate(TOLD, nearest.world()).performed) == 1


def test_no_zone_or_several_are_for_people() -> None:
    aws = world(replace(ZONE, name="example.org"))
    react_to_certificate(TOLD, aws.world())
    assert "no public hosted zone of ours holds" in aws.road.told[0].cause
    aws = world(ZONE, replace(ZONE, zone_id="Z2", account=DATA))
    report = react_to_certificate(TOLD, aws.world())
    assert report.planned == ()
    assert "could lie in several hosted zones" in aws.road.told[0].cause


def test_a_zone_that_cannot_be_read_is_told() -> None:
    aws = world()
    aws.refused_reads = {"zones"}
    react_to_certificate(TOLD, aws.world())
    assert "cannot be read" in aws.road.told[0].cause


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORD, status="SUCCESS"),
        replace(RECORD, method="EMAIL"),
        replace(RECORD, name="www.shop.example.com."),
        replace(RECORD, name=""),
        replace(RECORD, name="_*.shop.example.com."),
        replace(RECORD, name=f"_{'x' * 70}.example.com."),
        replace(RECORD, value="attacker.example.net."),
        replace(RECORD, value="acm-validations.aws."),
        replace(RECORD, value="_b.acm-validations.aws.example.net."),
    ],
)
def test_no_other_form_of_record_is_ever_made(record: ValidationRecord) -> None:
    assert missing_records(blocked(record)) == ()


def test_the_nearest_zone_is_looked_for_first_and_no_top_level_domain() -> None:
    assert zone_names(RECORD) == ("shop.example.com", "example.com")
