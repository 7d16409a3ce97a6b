"""A small public-key infrastructure for tests: a root that the tests trust, intermediates, leaves of every good and bad kind.

Dates are relative to ``NOW``, a fixed moment that the rules are given as theirs.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chalicelib.decide.certificate_path import Roots

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_DOMAIN_VALIDATED = x509.ObjectIdentifier("2.23.140.1.2.1")


def p256() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_1024() -> Key:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key = field(repr=False)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def _name(common_name: str, organization: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else parts)


def _hash_for(key: Key) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


@dataclass(frozen=True)
class Authority:
    """A root or an intermediate that issues."""

    issued: Issued

    @classmethod
    def root(cls, common_name: str = "Test Root", organization: str = "Test Trust Services") -> Authority:
        key, name = p256(), _name(common_name, organization)
        return cls(Issued(_sign(name, name, key, key, NOW - 3000 * DAY, NOW + 3000 * DAY, authority=True), key))

    def intermediate(
        self,
        common_name: str = "Test Issuing CA",
        *,
        start: datetime = NOW - 900 * DAY,
        end: datetime = NOW + 900 * DAY,
        key: Key | None = None,
        organization: str = "Test Trust Services",
    ) -> Authority:
        key = key or p256()
        made = _sign(_name(common_name, organization), self.subject, key, self.issued.key, start, end, authority=True)
        return Authority(Issued(made, key))

    @property
    def subject(self) -> x509.Name:
        return self.issued.certificate.subject

    def leaf(
        self,
        *names: str,
        common_name: str = "",
        start: datetime = NOW - 30 * DAY,
        end: datetime = NOW + 60 * DAY,
        key: Key | None = None,
        usages: tuple[x509.ObjectIdentifier, ...] | None = (ExtendedKeyUsageOID.SERVER_AUTH,),
        public: bool = True,
    ) -> Issued:
        """A certificate for servers; without names it has no SAN."""
        key = key or p256()
        subject = _name(common_name, "")
        made = _sign(subject, self.subject, key, self.issued.key, start, end, names=names, usages=usages, public=public)
        return Issued(made, key)

    @property
    def roots(self) -> Roots:
        """What trusts this authority and no other."""
        return Roots.of([self.issued.certificate])


def self_signed(name: str) -> Issued:
    key, subject = p256(), _name(name, "")
    return Issued(_sign(subject, subject, key, key, NOW - DAY, NOW + 90 * DAY, names=(name,)), key)


def _sign(  # noqa: PLR0917 - all of it makes a certificate
    subject: x509.Name,
    issuer: x509.Name,
    key: Key,
    signer: Key,
    start: datetime,
    end: datetime,
    *,
    names: tuple[str, ...] = (),
    usages: tuple[x509.ObjectIdentifier, ...] | None = None,
    public: bool = False,
    authority: bool = False,
) -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    if authority:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        builder = builder.add_extension(_CA_USAGE, critical=True)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=not len(subject)
        )
    if usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if public:
        policy = x509.CertificatePolicies([x509.PolicyInformation(_DOMAIN_VALIDATED, None)])
        builder = builder.add_extension(policy, critical=False)
    return builder.sign(signer, _hash_for(signer))


_CA_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def dsa_leaf(issuer: Authority, name: str) -> bytes:
    """The DER of a leaf with a DSA key; such a key can serve nothing today."""
    key = dsa.generate_private_key(1024)  # noqa: S505 - weak on purpose
    builder = x509.CertificateBuilder().subject_name(_name(name, "")).issuer_name(issuer.subject)
    builder = builder.public_key(key.public_key()).serial_number(7).not_valid_before(NOW - DAY)
    builder = builder.not_valid_after(NOW + 90 * DAY)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.issued.key.public_key()), critical=False
    )
    return builder.sign(issuer.issued.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def sha1_leaf(issuer: Authority, name: str) -> Issued:
    """A leaf that is signed with SHA-1, which only the command line still does. Its dates are today's."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "ca.pem").write_bytes(issuer.issued.pem)
        (place / "ca.key").write_bytes(issuer.issued.key_pem)
        (place / "ext").write_text(f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n")
        key = p256()
        (place / "leaf.key").write_bytes(Issued(issuer.issued.certificate, key).key_pem)
        _openssl("req", "-new", "-key", place / "leaf.key", "-subj", f"/CN={name}", "-out", place / "leaf.csr")
        _openssl(
            *("x509", "-req", "-sha1", "-days", "90", "-in", place / "leaf.csr", "-CA", place / "ca.pem"),
            *("-CAkey", place / "ca.key", "-CAcreateserial", "-extfile", place / "ext", "-out", place / "leaf.pem"),
        )
        return Issued(x509.load_pem_x509_certificate((place / "leaf.pem").read_bytes()), key)


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)  # noqa: S603, S607 - our own words
