"""Chains that no server of today can serve, and what cannot be read at all."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from chalicelib.decide.certificate_chain import Question, judge_chain
from chalicelib.decide.certificate_x509 import MAX_CHAIN, MalformedCertificate, parse, signed_by
from chalicelib.decide.certificates import Grounds, judge_probe
from chalicelib.decide.origins import Sent
from chalicelib.model.certificates import Contact, Probe, Target
from chalicelib.model.inventory import LoadBalancer, Origin, OriginKind
from chalicelib.model.network import Place
from chalicelib.model.policy import CertificatePolicy
from tests.pki import NOW, Authority, Issued, dsa_leaf, sha1_leaf

NAME = "origin.example.com"
ROOT = Authority.root()
CA = ROOT.intermediate()
RSA_CA = ROOT.intermediate("RSA CA", key=rsa.generate_private_key(65537, 2048))
GRAPE = ec.generate_private_key(ec.SECP192R1())


def kinds(*chain: bytes, name: str = NAME) -> list[str]:
    found = judge_chain(Question(chain=chain, name=name), ROOT.roots, CertificatePolicy(), NOW)
    return sorted(one.kind for one in found)


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        pytest.param(dsa_leaf(CA, NAME), ["undocumented_key_type"], id="DSA"),
        pytest.param(CA.leaf(NAME, key=GRAPE).der, ["undocumented_key_type"], id="P-192"),
        pytest.param(
            CA.leaf(NAME, key=ed25519.Ed25519PrivateKey.generate()).der, ["undocumented_key_type"], id="Ed25519"
        ),
        pytest.param(sha1_leaf(CA, NAME).der, ["weak_signature"], id="SHA-1 by an EC key"),
    ],
)
def test_a_leaf_that_the_library_refuses_is_judged_by_its_issuers_path(leaf: bytes, expected: list[str]) -> None:
    dates = {"expiring", "expired", "not_yet_valid"}  # the certificate of the command line begins today
    assert [kind for kind in kinds(leaf, CA.issued.der) if kind not in dates] == expected


def test_without_its_issuer_there_is_no_path_to_judge() -> None:
    assert kinds(CA.leaf(NAME, key=GRAPE).der) == ["chain_incomplete", "undocumented_key_type"]


def test_sha1_signatures_of_rsa_keys_fit_their_signer_and_no_other() -> None:
    leaf, issuer = parse(sha1_leaf(RSA_CA, NAME).der), parse(RSA_CA.issued.der)
    assert signed_by(leaf, issuer)
    assert parse(RSA_CA.issued.der).key == "RSA-2048"
    twin = Authority(Issued(ROOT.intermediate("RSA CA").issued.certificate, RSA_CA.issued.key))
    assert not signed_by(leaf, parse(twin.issued.der))
    odd = ROOT.intermediate("RSA CA", key=ed25519.Ed25519PrivateKey.generate())
    assert not signed_by(leaf, parse(odd.issued.der))


def test_bytes_that_are_no_certificate_are_told_as_that() -> None:
    with pytest.raises(MalformedCertificate):
        parse(b"\x30\x03\x02\x01\x01")
    assert kinds(b"nonsense") == ["chain_invalid"]
    assert kinds(CA.leaf(NAME).der, CA.issued.der, b"nonsense") == ["chain_invalid"]


def test_a_leaf_that_breaks_a_rule_without_a_kind_is_invalid() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    bad = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(CA.subject)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(NOW.replace(year=2026, month=11, day=1))
        .not_valid_after(NOW.replace(year=2027))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    der = bad.sign(CA.issued.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    assert kinds(der, CA.issued.der) == ["chain_invalid"]


def test_no_more_than_ten_certificates_are_looked_at() -> None:
    chain = [CA.leaf(NAME).der, *(ROOT.intermediate(f"CA {n}").issued.der for n in range(MAX_CHAIN)), CA.issued.der]
    assert kinds(*chain) == ["chain_incomplete"]


def test_an_unreadable_leaf_behind_a_load_balancer_is_still_told() -> None:
    balancer = LoadBalancer(arn="lb", place=Place(account="1" * 12, region="eu-west-1"), dns_name=NAME, listeners=())
    grounds = Grounds(roots=ROOT.roots, policy=CertificatePolicy(), now=NOW, balancers={NAME: balancer})
    origin = Origin(origin_id="web", domain_name=NAME, kind=OriginKind.CUSTOM)
    probe = Probe(target=Target(host=NAME, port=443, name=NAME), contact=Contact.SERVED, chain=(b"nonsense",))
    assert [one.kind for one in judge_probe(probe, origin, Sent(name=NAME), grounds)] == ["chain_invalid"]


def test_a_signature_of_an_unknown_kind_has_no_hash_and_fits_nobody() -> None:
    known, unknown = (
        bytes.fromhex("2a8648ce3d040302"),
        bytes.fromhex("2a8648ce3d04037f"),
    )  # ecdsa-with-SHA256, and nothing
    odd = parse(CA.leaf(NAME).der.replace(known, unknown))
    assert odd.signature_hash == ""
    assert not signed_by(odd, parse(CA.issued.der))
