"""The C2SP certificate-verification vectors of December 2023 (Apache-2.0), and what our rules say of one."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.decide.certificate_chain import Question, judge_chain
from chalicelib.decide.certificate_path import Roots
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Problem
from chalicelib.model.policy import CertificatePolicy

VECTORS = Path(__file__).resolve().parents[1] / "x509_limbo" / "limbo-2023-12.json"
ANY_TIME = datetime(
    2026, 11, 23, tzinfo=UTC
)  # the cases without a time of their own hold certificates of a thousand years


@cache
def cases() -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in json.loads(VECTORS.read_text())["testcases"]}


def taken(case: dict[str, Any]) -> bool:
    given = case["validation_time"]
    now = datetime.fromisoformat(given) if given else ANY_TIME
    chain = tuple(ssl.PEM_cert_to_DER_cert(pem) for pem in (case["peer_certificate"], *case["untrusted_intermediates"]))
    question = Question(chain=chain, name=case["expected_peer_name"]["value"], depth=case["max_chain_depth"])
    roots = Roots.from_pem("\n".join(case["trusted_certs"]).encode())
    findings = judge_chain(question, roots, CertificatePolicy(), now)
    return not any(
        (one.severity.rank >= Severity.ERROR.rank and one.kind not in {Problem.CHAIN_WRONG_ORDER, Problem.EXPIRING})
        or one.kind is Problem.CN_ONLY
        for one in findings
    )
