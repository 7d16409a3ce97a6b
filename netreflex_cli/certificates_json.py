"""What one look saw, as JSON."""

from __future__ import annotations

from typing import Any

from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Finding
from netreflex_cli.certificates_seen import Seen, Subject

SCHEMA = "netreflex.certificates/1"


def as_json(seen: Seen) -> dict[str, Any]:
    """One object; ``findings`` are flat and in the order of the text, ``not_probed`` has the same form."""
    return {
        "schema": SCHEMA,
        "at": seen.at.isoformat(),
        "complete": seen.complete,
        "exit_status": seen.exit_status,
        "counts": seen.counts | {severity.value: seen.by_severity[severity] for severity in Severity},
        "findings": [_finding(subject, one) for subject in seen.subjects for one in subject.findings],
        "not_probed": [_finding(subject, one) for subject in seen.subjects for one in subject.unprobed],
        "not_read": list(seen.unread),
        "not_found": list(seen.absent),
        "told": None if seen.told is None else list(seen.told),
    }


def _finding(subject: Subject, finding: Finding) -> dict[str, Any]:
    return {
        "subject": subject.kind,
        "id": subject.id,
        "account": subject.account,
        "distribution": subject.distribution,
        "origin": subject.origin,
        "host": subject.host,
        "port": subject.port,
        "name": finding.name,
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "basis": finding.basis.value,
        "what": finding.what,
        "evidence": finding.evidence,
        "remedy": finding.remedy,
        "deadline": finding.deadline.isoformat() if finding.deadline else None,
        "notes": list(subject.notes),
    }
