"""Puts back the records that keep ACM from renewing a certificate, where the policy allows it."""

from __future__ import annotations

from chalicelib.decide.validation_records import missing_records, names_to_look_at, plan_validation, zone_names
from chalicelib.flows.certificate_ports import CertificateWorld
from chalicelib.flows.checked import Checked
from chalicelib.model.errors import NetreflexError
from chalicelib.model.inventory import AcmCertificate, ValidationRecord


def repair_validation(certificate: AcmCertificate, world: CertificateWorld, done: Checked) -> tuple[str, ...]:
    """Restore what is missing. What was found and done, a sentence for each record; nothing where the policy says no."""
    if not world.policy.certificates.repair:
        return ()
    return tuple(_repaired(record, certificate, world, done) for record in missing_records(certificate))


def _repaired(record: ValidationRecord, certificate: AcmCertificate, world: CertificateWorld, done: Checked) -> str:
    try:
        zones = world.zones.nearest(zone_names(record))
        held = world.zones.held(zones[0], names_to_look_at(record, zones[0])) if len(zones) == 1 else ()
    except NetreflexError as error:
        return f"the zone of {record.name} cannot be read: {error}"
    plan = plan_validation(record, zones, held, certificate.arn, world.owner())
    if plan.action is None:
        return plan.note
    done.planned.append(plan.action)
    outcome = world.executor.perform((plan.action,))
    done.performed += outcome.performed
    done.failed += outcome.failed
    if outcome.failed:
        return f"{plan.note}, and could not be restored: {outcome.failed[0].error}"
    return f"{plan.note}; netreflex {'restored it' if outcome.performed else 'would restore it (this run changes nothing)'}"
