"""The search for a path from a certificate to a trusted root: ``x509.verification``, offline and at any time. Pure.

No path is built by us; which rules count is chosen here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from chalicelib.decide.certificate_names import WILDCARD_PROBE
from chalicelib.decide.certificate_x509 import attribute, load, parse
from chalicelib.model.certificates import Certificate


@dataclass(frozen=True)
class Roots:
    """The certificates that are trusted, by whatever list; ``names`` and ``organizations`` are theirs."""

    store: Store = field(repr=False)
    names: frozenset[bytes]
    organizations: frozenset[str]

    @classmethod
    def of(cls, certificates: Iterable[x509.Certificate]) -> Roots:
        trusted = tuple(certificates)
        return cls(
            store=Store(list(trusted)),
            names=frozenset(one.subject.public_bytes() for one in trusted),
            organizations=frozenset(
                filter(None, (attribute(one.subject, NameOID.ORGANIZATION_NAME) for one in trusted))
            ),
        )

    @classmethod
    def from_pem(cls, pem: bytes) -> Roots:
        """The roots of a PEM bundle, such as Mozilla's list in ``certifi``."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # an old root's serial is zero
            return cls.of(x509.load_pem_x509_certificates(pem))


@dataclass(frozen=True)
class Path:
    """A path that was found, leaf first and root last, or (empty) what the library said instead."""

    certificates: tuple[Certificate, ...] = ()
    said: str = ""

    def __bool__(self) -> bool:
        return bool(self.certificates)


def find_path(
    leaf: Certificate,
    others: Sequence[Certificate],
    roots: Roots,
    at: datetime,
    *,
    name: str = "",
    depth: int | None = None,
) -> Path:
    """A path from the leaf to a trusted root at a time.

    With ``name`` all rules of the web count. Without it only the path does: names and usages of the leaf are left to
    the rules that judge them alone.
    """
    builder = PolicyBuilder().store(roots.store).time(at.astimezone(UTC).replace(tzinfo=None))
    if depth is not None:
        builder = builder.max_chain_depth(depth)
    try:
        if name:
            return _verified(builder, _subject(name), leaf, others)
        own = _own_name(leaf)
        rules = _ANY_LEAF if own is not None else ExtensionPolicy.permit_all()
        builder = builder.extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=rules)
        if own is not None:
            return _verified(builder, own, leaf, others)
        # A client's verifier asks for no name; there is no other without one.
        found = builder.build_client_verifier().verify(load(leaf), [load(one) for one in others])
        return Path(certificates=_parsed(found.chain))
    except (VerificationError, ValueError) as error:
        return Path(said=str(error).split(" (encountered")[0][:300])


_ANY_LEAF = ExtensionPolicy.permit_all().require_present(
    x509.SubjectAlternativeName, Criticality.AGNOSTIC, lambda _policy, _certificate, _extension: None
)


def _verified(
    builder: PolicyBuilder, subject: x509.DNSName | x509.IPAddress, leaf: Certificate, others: Sequence[Certificate]
) -> Path:
    found = builder.build_server_verifier(subject).verify(load(leaf), [load(one) for one in others])
    return Path(certificates=_parsed(found))


def _parsed(found: Iterable[x509.Certificate]) -> tuple[Certificate, ...]:
    return tuple(parse(one.public_bytes(Encoding.DER)) for one in found)


def _subject(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _own_name(leaf: Certificate) -> x509.DNSName | x509.IPAddress | None:
    """A name that the leaf has, so that the search for a path does not end at the name."""
    for name in leaf.dns_names:
        plain = name.replace("*", WILDCARD_PROBE, 1) if name.startswith("*.") else name
        labels = plain.split(".")
        if "*" not in plain and all(labels) and plain.isascii() and " " not in plain:
            return x509.DNSName(plain)
    return x509.IPAddress(ip_address(leaf.ip_names[0])) if leaf.ip_names else None
