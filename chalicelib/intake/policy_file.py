"""The policy file becomes a ``Policy``, or a report of every fault in it.

Reading it takes three looks, none of which stops at the first fault: the YAML, the types (pydantic), and whether the parts
fit each other and AWS. A policy with any fault is not used at all: half a policy could approve what the whole refuses.
"""

from __future__ import annotations

import hashlib
from typing import Any

from chalicelib.intake.policy_checks import check_general
from chalicelib.intake.policy_checks_certificates import check_certificates
from chalicelib.intake.policy_checks_names import check_names
from chalicelib.intake.policy_checks_peering import check_peering
from chalicelib.intake.policy_faults import Fault, Findings, PolicyFaults
from chalicelib.intake.policy_text import read_document
from chalicelib.intake.policy_values import read_values
from chalicelib.model.policy import Policy

__all__ = ["Fault", "PolicyFaults", "json_schema", "parse_policy", "policy_hash"]

_HASH_LENGTH = 12


def parse_policy(text: str) -> Policy:
    """The policy that a file's text says; raises PolicyFaults with all that is wrong in it, and nothing else."""
    from chalicelib.intake.policy_shape import shape

    findings = Findings()
    document = read_document(text, findings)
    policy = shape(read_values(document, findings), findings)
    check_general(document, findings)
    check_peering(document, findings)
    check_names(document, findings)
    check_certificates(document, findings)
    faults = findings.faults(document)
    if policy is None or faults:
        raise PolicyFaults(faults)
    return policy


def policy_hash(text: str) -> str:
    """What tells one version of the file from another, short enough for a tag."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_HASH_LENGTH]


def json_schema() -> dict[str, Any]:
    """The file's format as JSON Schema (draft 2020-12), as published in docs/policy.schema.json."""
    from chalicelib.intake.policy_schema import build_schema

    return build_schema()
