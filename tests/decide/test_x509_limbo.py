"""The C2SP certificate-verification vectors of December 2023 (Apache-2.0), every case, against our rules.

A case passes where the rules refuse what it says must fail and take what it says must succeed. The vectors hand over a bag
of intermediates and not a served chain, so the order of the chain is not asked here; and they judge by the web's profile,
in which a common name counts for nothing. How long a case takes is measured by `make bench`.
"""

from __future__ import annotations

import pytest

from tests.decide.limbo import cases, taken

BEST_SINGLE_VERIFIER = 114
MUST_AGREE = ("webpki::san::", "rfc5280::validity::", "rfc5280::eku::", "webpki::online::")

_PEDANTIC = "taken: the vector itself calls the rule pedantic, and no CA or CloudFront is known to enforce it"
_KEY_IDS = "taken: RFC 5280 demands the key identifier of whoever issues; it changes no verdict, and the library asks only the leaf"
_SELF_ISSUED = (
    "refused: the library does not exempt self-issued intermediates from the length of the path; public CAs use none"
)
DEVIATIONS = {
    "pathlen::validation-ignores-pathlen-in-leaf": "refused: the leaf says that it is a CA, which the web's profile forbids",
    "pathlen::self-issued-certs-pathlen": _SELF_ISSUED,
    "pathlen::max-chain-depth-1-self-issued": _SELF_ISSUED,
    "rfc5280::aki::intermediate-missing-aki": _KEY_IDS,
    "rfc5280::aki::cross-signed-root-missing-aki": _PEDANTIC,
    "rfc5280::nc::permitted-dns-match-noncritical": "taken: the web's profile allows name constraints that are not critical",
    "rfc5280::nc::permitted-dn-match": "refused: constraints on directory names are not read; the leaf has no SAN either",
    "rfc5280::serial::zero": _PEDANTIC,
    "rfc5280::ski::root-missing-ski": _KEY_IDS,
    "rfc5280::ski::intermediate-missing-ski": _KEY_IDS,
    "webpki::aki::root-with-aki-all-fields": "taken: the root is trusted by being in the list, whatever it says of itself",
    "webpki::aki::root-with-aki-ski-mismatch": "taken: the root is trusted by being in the list, whatever it says of itself",
    "webpki::eku::ee-anyeku": _PEDANTIC,
    "webpki::eku::ee-without-eku": "taken: pedantic, and rfc5280::eku::ee-without-eku demands the opposite",
    "webpki::eku::root-has-eku": _PEDANTIC,
}


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("case_id", cases())
def test_a_vector_agrees_or_is_a_known_deviation(case_id: str) -> None:
    case = cases()[case_id]
    agrees = taken(case) == (case["expected_result"] == "SUCCESS")
    assert agrees != (case_id in DEVIATIONS)


def test_the_vectors_are_all_there_and_more_agree_than_by_any_single_verifier() -> None:
    assert len(cases()) == 135
    assert len(cases()) - len(DEVIATIONS) > BEST_SINGLE_VERIFIER
    assert not [one for one in DEVIATIONS if one not in cases() or one.startswith(MUST_AGREE)]
