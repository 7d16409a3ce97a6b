"""X.509 by way of ``cryptography``: a certificate is read, and one signature is checked. No ASN.1 is read by us. Pure.

What needs a library for certificates is here and in ``certificate_path``, so that whoever judges no chain does not load it.
"""

from __future__ import annotations

import warnings

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtensionOID, NameOID

from chalicelib.model.certificates import Certificate

MAX_CHAIN = 10  # certificates of a served chain that are looked at; a hostile one could be long on purpose
WEAK_HASHES = frozenset({"sha1", "md5", "md2"})
_PUBLIC_POLICIES = "2.23.140.1."  # CA/Browser Forum: reserved certificate policies


class MalformedCertificate(ValueError):
    """These bytes are not a certificate that can be read."""


def parse(der: bytes) -> Certificate:
    """The certificate of some DER; raises MalformedCertificate."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # oddities are judged, not warned of
            return _certificate(der, x509.load_der_x509_certificate(der))
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise MalformedCertificate(str(error)[:200]) from None


def _certificate(der: bytes, read: x509.Certificate) -> Certificate:
    names = _san(read)
    key, bits = _key(read)
    return Certificate(
        der=der,
        subject=read.subject.rfc4514_string() or "(empty)",
        issuer=read.issuer.rfc4514_string() or "(empty)",
        subject_name=read.subject.public_bytes(),
        issuer_name=read.issuer.public_bytes(),
        issuer_organization=attribute(read.issuer, NameOID.ORGANIZATION_NAME),
        common_name=attribute(read.subject, NameOID.COMMON_NAME),
        dns_names=tuple(names.get_values_for_type(x509.DNSName)) if names else (),
        ip_names=tuple(map(str, names.get_values_for_type(x509.IPAddress))) if names else (),
        has_san=names is not None,
        not_before=read.not_valid_before_utc,
        not_after=read.not_valid_after_utc,
        serial=f"{read.serial_number:x}",
        key=key,
        key_bits=bits,
        signature_hash=_signature_hash(read),
        usages=_usages(read),
        public=_public(read),
    )


def attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _san(read: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def _usages(read: x509.Certificate) -> tuple[str, ...] | None:
    try:
        found = read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return tuple(usage.dotted_string for usage in found)


def _public(read: x509.Certificate) -> bool:
    """Does it bear what only public CAs give: logged in certificate transparency, or issued under the Forum's policies?"""
    oids = {extension.oid for extension in read.extensions}
    if ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS in oids:
        return True
    if ExtensionOID.CERTIFICATE_POLICIES not in oids:
        return False
    policies = read.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return any(policy.policy_identifier.dotted_string.startswith(_PUBLIC_POLICIES) for policy in policies)


def _key(read: x509.Certificate) -> tuple[str, int]:
    match key := read.public_key():
        case rsa.RSAPublicKey():
            return f"RSA-{key.key_size}", key.key_size
        case ec.EllipticCurvePublicKey():
            return f"EC-{key.curve.name}", key.key_size
        case dsa.DSAPublicKey():
            return f"DSA-{key.key_size}", key.key_size
        case _:  # Ed25519 and whatever comes; their length says nothing
            return type(key).__name__.removesuffix("PublicKey"), 0


def _signature_hash(read: x509.Certificate) -> str:
    """The hash of the signature; empty where the algorithm has none of its own or is not known."""
    try:
        algorithm = read.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return algorithm.name if algorithm else ""


def signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Do the issuer's name and signature fit?"""
    if certificate.issuer_name != issuer.subject_name:
        return False
    try:
        if certificate.signature_hash in WEAK_HASHES:
            _check_weak_signature(load(certificate), load(issuer))
        else:
            load(certificate).verify_directly_issued_by(load(issuer))
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _check_weak_signature(read: x509.Certificate, issuer: x509.Certificate) -> None:
    """Raise where a signature with SHA-1 or MD5 does not fit; the library's own check of certificates refuses them all."""
    key, algorithm = issuer.public_key(), read.signature_hash_algorithm
    if algorithm is not None and isinstance(key, rsa.RSAPublicKey):
        key.verify(read.signature, read.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)
    elif algorithm is not None and isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(read.signature, read.tbs_certificate_bytes, ec.ECDSA(algorithm))
    else:
        raise TypeError


def load(certificate: Certificate) -> x509.Certificate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(certificate.der)
