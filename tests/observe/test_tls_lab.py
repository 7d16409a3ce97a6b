"""Real servers, one for every row of the table: each gives exactly its kinds, and repaired gives none."""

from __future__ import annotations

import errno
import functools
import socket
import ssl
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID

from chalicelib.decide.certificates import Grounds, judge_probe
from chalicelib.decide.origins import Sent
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Contact, Finding, Probe, Target
from chalicelib.model.inventory import Origin, OriginKind
from chalicelib.model.policy import CertificatePolicy
from chalicelib.observe.tls import Resolution, TlsProber
from chalicelib.observe.tls_handshake import CLOUDFRONT_CIPHERS
from tests.observe.tls_servers import (
    Talk,
    at_most,
    by_name,
    context,
    demanding,
    dripping,
    plain,
    refusing_names,
    serving,
    tls,
)
from tests.pki import DAY, NOW, Authority, Issued, rsa_1024, self_signed, sha1_leaf

NAME = "origin.example.com"
ROOT = Authority.root()
CA = ROOT.intermediate()
LOWER = CA.intermediate("Test Lower CA")
OLD_CA = ROOT.intermediate("Test Ended CA", end=NOW - DAY)
COMING_CA = ROOT.intermediate("Test Coming CA", start=NOW + DAY)
PRIVATE = Authority.root("Corp Root", "Corp")
PRIVATE_CA = PRIVATE.intermediate("Corp Issuing CA", organization="Corp")
LEAF = CA.leaf(NAME)
GROUNDS = Grounds(roots=ROOT.roots, policy=CertificatePolicy(), now=NOW)
LOOPBACK = Resolution(addresses=("127.0.0.1",), canonical=NAME)


def prober(*, seconds: float = 3.0, resolution: Resolution = LOOPBACK) -> TlsProber:
    """A prober that may visit loopback, where every name of these tests leads."""
    return TlsProber(refuse=lambda _: "", resolve=lambda _host, _port: resolution, seconds=seconds)


def served(*authorities: Authority, leaf: Issued | None = None) -> Talk:
    return tls(context([leaf or CA.leaf(NAME), *(one.issued for one in authorities)]))


def probed(talk: Talk, *, name: str = NAME, protocols: tuple[str, ...] = ("TLSv1.2",), seconds: float = 3.0) -> Probe:
    with serving(talk) as port:
        return prober(seconds=seconds).probe(Target(host=NAME, port=port, name=name, protocols=protocols))


def judged(probe: Probe, *, other: str = "") -> list[Finding]:
    origin = Origin(origin_id="web", domain_name=NAME, kind=OriginKind.CUSTOM, https_port=probe.target.port)
    sent = Sent(name=probe.target.name, other=other)
    return list(judge_probe(probe, origin, sent, GROUNDS))


def kinds(findings: list[Finding]) -> list[tuple[str, str]]:
    return sorted((one.kind.value, one.severity.value) for one in findings)


C, E, W, I = "critical", "error", "warning", "info"  # noqa: E741 - the letters of the table
GOOD = functools.partial(served, CA)


def tls12(talk: ssl.SSLContext) -> Talk:
    return tls(at_most(talk, ssl.TLSVersion.TLSv1_2))


def only_13() -> Talk:
    made = context([CA.leaf(NAME), CA.issued])
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return tls(made)


def demanding_13() -> Talk:
    made = demanding(context([CA.leaf(NAME), CA.issued]), ROOT)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return tls(made)


def asking_13() -> Talk:
    made = demanding(context([CA.leaf(NAME), CA.issued]), ROOT)
    made.verify_mode = ssl.CERT_OPTIONAL
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return lambda connection: made.wrap_socket(connection, server_side=True).close()


def leaf(*names: str, **options: object) -> Callable[[], Talk]:
    return lambda: served(CA, leaf=CA.leaf(*(names or (NAME,)), **options))  # type: ignore[arg-type]


ROWS: list[tuple[str, Callable[[], Talk], list[tuple[str, str]]]] = [
    ("a good chain", GOOD, []),
    ("a good chain of four", lambda: served(LOWER, CA, leaf=LOWER.leaf(NAME)), []),
    ("a wildcard of one label", leaf("*.example.com"), []),
    ("the wrong name", leaf("other.example.com"), [("name_mismatch", C)]),
    ("a wildcard for the parent", leaf("*.com.example.com"), [("name_mismatch", C)]),
    ("a wildcard two labels up", leaf("*.com"), [("name_mismatch", C)]),
    ("part of a label as wildcard", leaf("o*.example.com"), [("name_mismatch", C)]),
    ("the name in the CN, another in the SAN", leaf("a.example.com", common_name=NAME), [("name_mismatch", C)]),
    ("the name in the CN only", lambda: served(CA, leaf=CA.leaf(common_name=NAME)), [("cn_only", W)]),
    ("expired", leaf(end=NOW - DAY), [("expired", C)]),
    ("not yet valid", leaf(start=NOW + DAY), [("not_yet_valid", C)]),
    ("a fifth of its life left", leaf(start=NOW - 80 * DAY, end=NOW + 20 * DAY), [("expiring", W)]),
    ("a twentieth of its life left", leaf(start=NOW - 95 * DAY, end=NOW + 5 * DAY), [("expiring", E)]),
    ("one day left", leaf(start=NOW - 89 * DAY, end=NOW + DAY), [("expiring", C)]),
    ("an ended intermediate", lambda: served(OLD_CA, leaf=OLD_CA.leaf(NAME)), [("chain_expired", C)]),
    ("an intermediate to come", lambda: served(COMING_CA, leaf=COMING_CA.leaf(NAME)), [("not_yet_valid", C)]),
    ("signed by itself", lambda: served(leaf=self_signed(NAME)), [("self_signed", C)]),
    ("a private CA, root sent", lambda: served(PRIVATE_CA, PRIVATE, leaf=PRIVATE_CA.leaf(NAME)), [("untrusted_ca", C)]),
    ("a private CA, leaf alone", lambda: served(leaf=PRIVATE_CA.leaf(NAME, public=False)), [("untrusted_ca", C)]),
    ("the intermediate missing", lambda: served(leaf=CA.leaf(NAME)), [("chain_incomplete", C)]),
    ("the upper intermediate missing", lambda: served(LOWER, leaf=LOWER.leaf(NAME)), [("chain_incomplete", C)]),
    ("intermediates in the wrong order", lambda: served(CA, LOWER, leaf=LOWER.leaf(NAME)), [("chain_wrong_order", C)]),
    ("the root sent too", lambda: served(CA, ROOT), [("chain_extra", I)]),
    ("the leaf twice", lambda: tls(context([LEAF, LEAF, CA.issued])), [("chain_extra", I)]),
    ("a stranger at the end", lambda: served(CA, PRIVATE), [("chain_extra", I)]),
    ("a small RSA key", leaf(key=rsa_1024()), [("weak_key", W)]),
    ("P-384", leaf(key=ec.generate_private_key(ec.SECP384R1())), [("undocumented_key_type", W)]),
    ("for clients only", leaf(usages=(ExtendedKeyUsageOID.CLIENT_AUTH,)), [("wrong_eku", C)]),
    ("TLS 1.1 at most", lambda: tls(at_most(context([CA.leaf(NAME), CA.issued]), ssl.TLSVersion.TLSv1_1)),
     [("protocol_unsupported", C)]),
    ("TLS 1.3 only", only_13, [("protocol_unsupported", W)]),
    ("CHACHA20 only", lambda: tls12(context([CA.leaf(NAME), CA.issued], ciphers="ECDHE-ECDSA-CHACHA20-POLY1305")),
     [("cipher_unsupported", C)]),
    ("demands a client certificate", lambda: tls12(demanding(context([CA.leaf(NAME), CA.issued]), ROOT)),
     [("client_cert_required", C)]),
    ("demands one in TLS 1.3", demanding_13, [("client_cert_required", C)]),
    ("refuses the name", lambda: tls(refusing_names(context([CA.leaf(NAME), CA.issued]))), [("name_mismatch", C)]),
    ("an empty shelf of ciphers", lambda: tls12(context([CA.leaf(NAME, key=ed25519.Ed25519PrivateKey.generate()), CA.issued],
     ciphers="RSA")), [("cipher_unsupported", C)]),
    ("plain HTTP", lambda: plain(b"HTTP/1.1 400 Bad Request\r\n\r\n"), [("not_tls", E)]),
    ("closes at once", lambda: lambda connection: connection.close(), [("reset", E)]),
    ("closes after the hello", lambda: plain(b""), [("reset", E)]),
    ("closes in the middle of a message", lambda: plain(b"\x16\x03\x03\x00\x7a\x02"), [("reset", E)]),
    ("asks for a client certificate and goes on without", asking_13, [("protocol_unsupported", W)]),
    ("four thousand names", leaf(NAME, *(f"n{n}.example.com" for n in range(4000))), [("cannot_probe", I)]),
]  # fmt: skip

COMBINED: list[tuple[str, Callable[[], Talk], list[tuple[str, str]]]] = [
    ("expired and the wrong name", leaf("other.example.com", end=NOW - DAY), [("expired", C), ("name_mismatch", C)]),
    ("expired below an ended intermediate", lambda: served(OLD_CA, leaf=OLD_CA.leaf(NAME, end=NOW - 2 * DAY)),
     [("chain_expired", C), ("expired", C)]),
    ("expired and incomplete", lambda: served(leaf=CA.leaf(NAME, end=NOW - DAY)), [("chain_incomplete", C), ("expired", C)]),
    ("wrong order, small key, wrong name", lambda: served(CA, LOWER, leaf=LOWER.leaf("x.example.com", key=rsa_1024())),
     [("chain_wrong_order", C), ("name_mismatch", C), ("weak_key", W)]),
    ("for clients, from a private CA, not yet valid", lambda: served(PRIVATE_CA, leaf=PRIVATE_CA.leaf(
        NAME, start=NOW + DAY, usages=(ExtendedKeyUsageOID.CLIENT_AUTH,), public=False)),
     [("not_yet_valid", C), ("untrusted_ca", C), ("wrong_eku", C)]),
    ("TLS 1.1 and expired", lambda: tls(at_most(context([CA.leaf(NAME, end=NOW - DAY), CA.issued]), ssl.TLSVersion.TLSv1_1)),
     [("expired", C), ("protocol_unsupported", C)]),
    ("demands a certificate and serves a wrong one", lambda: tls12(demanding(context([CA.leaf("x.example.com")]), ROOT)),
     [("chain_incomplete", C), ("client_cert_required", C), ("name_mismatch", C)]),
]  # fmt: skip


@pytest.mark.parametrize(("talk", "expected"), [pytest.param(*row[1:], id=row[0]) for row in [*ROWS, *COMBINED]])
def test_a_server_gives_exactly_its_kinds(talk: Callable[[], Talk], expected: list[tuple[str, str]]) -> None:
    findings = judged(probed(talk()))
    assert kinds(findings) == expected
    assert all(one.what and one.basis for one in findings)
    assert all(one.remedy for one in findings if one.severity is not Severity.INFO)


def test_repaired_gives_nothing() -> None:
    before, after = CA.leaf("other.example.com", end=NOW - DAY), CA.leaf(NAME)
    assert kinds(judged(probed(served(CA, leaf=before)))) == [("expired", C), ("name_mismatch", C)]
    assert judged(probed(served(CA, leaf=after))) == []


def test_a_finding_names_the_proof_and_the_way_out() -> None:
    [found] = judged(probed(served(CA, LOWER, leaf=LOWER.leaf(NAME))))
    assert "0. (empty) <- CN=Test Lower CA" in found.evidence
    assert (
        "Serve in this order: (empty); then CN=Test Lower CA,O=Test Trust Services; then CN=Test Issuing CA"
        in found.remedy
    )
    [wrong] = judged(probed(served(CA, leaf=CA.leaf("a.example.com", "b.example.com"))))
    assert "it covers a.example.com, b.example.com" in wrong.what
    assert NAME in wrong.remedy


def test_the_host_that_is_forwarded_may_be_covered_by_the_other_name() -> None:
    probe = probed(served(CA, leaf=CA.leaf(NAME)), name="shop.example.com")
    assert kinds(judged(probe)) == [("name_mismatch", C)]
    [found] = judged(probe, other=NAME)
    assert (found.severity, found.basis) == (Severity.WARNING, "assumed")


def test_a_certificate_signed_with_sha1_is_told_as_that() -> None:
    probe = probed(tls(context([sha1_leaf(CA, NAME), CA.issued])))
    found = [
        one for one in judged(probe) if one.kind not in {"expiring", "not_yet_valid", "expired"}
    ]  # its dates are today's
    assert kinds(found) == [("weak_signature", W)]


def test_the_name_travels_as_sni_and_a_wildcard_as_any_label() -> None:
    seen: list[str] = []
    right = context([CA.leaf("shop.example.com", "*.shop.example.com"), CA.issued])
    server = by_name(
        context([CA.leaf("default.example.net"), CA.issued]),
        {"shop.example.com": right, "netreflex-probe.shop.example.com": right},
        seen,
    )
    with serving(tls(server)) as port:
        for name, expected in (("shop.example.com", []), ("*.shop.example.com", []), (NAME, [("name_mismatch", C)])):
            probe = prober().probe(Target(host=NAME, port=port, name=name))
            assert kinds(judged(probe)) == expected
    assert seen == ["shop.example.com", "netreflex-probe.shop.example.com", NAME]


def test_old_protocols_are_offered_where_the_distribution_lists_them() -> None:
    old = tls(at_most(context([CA.leaf(NAME), CA.issued]), ssl.TLSVersion.TLSv1_1))
    probe = probed(old, protocols=("TLSv1", "TLSv1.1", "TLSv1.2"))
    assert (probe.version, kinds(judged(probe))) == ("TLSv1.1", [])
    any_version = tls(at_most(context([CA.leaf(NAME), CA.issued]), ssl.TLSVersion.TLSv1_3))
    assert probed(any_version, protocols=("TLSv1", "TLSv1.1")).version == "TLSv1.1"
    assert kinds(judged(probed(GOOD(), protocols=("TLSv1", "TLSv1.1")))) == [("protocol_unsupported", C)]


def test_an_origin_of_a_client_certificate_may_demand_it() -> None:
    probe = probed(tls12(demanding(context([CA.leaf(NAME), CA.issued]), ROOT)))
    origin = Origin(origin_id="web", domain_name=NAME, kind=OriginKind.CUSTOM, client_certificate_arn="arn:aws:acm:x")
    assert not list(judge_probe(probe, origin, Sent(name=NAME), GROUNDS))


@pytest.mark.parametrize("talk", [dripping, lambda connection: connection.recv(4096) and connection.recv(1)])
def test_an_origin_that_is_too_slow_is_not_called_broken(talk: Talk) -> None:
    probe = probed(talk, seconds=0.4)
    assert probe.contact is Contact.NO_ANSWER
    assert kinds(judged(probe)) == [("cannot_probe", I)]


def test_nobody_at_home_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    assert kinds(judged(prober().probe(Target(host=NAME, port=port, name=NAME)))) == [("port_refused", E)]


def test_an_unreachable_network_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    probe = prober().probe(Target(host=NAME, port=44300, name=NAME))
    assert kinds(judged(probe)) == [("cannot_probe", I)]
    assert "Network is unreachable" in probe.detail


def test_the_cipher_list_is_cloudfronts_as_far_as_openssl_knows_it() -> None:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.set_ciphers(CLOUDFRONT_CIPHERS)
    offered = {cipher["name"] for cipher in made.get_ciphers() if cipher["protocol"] != "TLSv1.3"}
    assert {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-SHA384", "AES128-SHA", "AES256-SHA"} <= offered
    assert not any("CHACHA20" in name or name.startswith(("DHE", "AES128-GCM", "AES256-GCM")) for name in offered)
