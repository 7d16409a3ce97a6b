"""A TLS handshake by hand: every byte is counted, every second too, and a handshake that fails still shows what it saw.

``ssl`` alone would raise and forget the chain. What the origin sent before it failed is what people need to know.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from chalicelib.decide.certificate_names import WILDCARD_PROBE
from chalicelib.model.certificates import Contact

MAX_BYTES = 64 * 1024
MAX_CHAIN = 10
# CloudFront guide, "Supported protocols and ciphers between CloudFront and the origin". Names that this OpenSSL does not
# know (RC4) are passed over by it; security level 0 lets small keys and old signatures through to the rules about them.
CLOUDFRONT_CIPHERS = ":".join(
    [f"ECDHE-{kind}-AES{size}" for kind in ("ECDSA", "RSA") for size in ("128-GCM-SHA256", "256-GCM-SHA384")]
    + [
        f"ECDHE-{kind}-AES{size}"
        for kind in ("ECDSA", "RSA")
        for size in ("128-SHA256", "256-SHA384", "128-SHA", "256-SHA")
    ]
    + ["AES256-SHA", "AES128-SHA", "DES-CBC3-SHA", "RC4-MD5", "@SECLEVEL=0"]
)
ANY_CIPHERS = "ALL:@SECLEVEL=0"
_TLS_RECORDS = frozenset({0x15, 0x16})  # alert, handshake: all that a server may begin with
_WARNINGS = threading.Lock()


@dataclass(slots=True)
class Exchange:
    """What one handshake showed, failed ones too."""

    contact: Contact = Contact.SERVED
    detail: str = ""
    completed: bool = False
    version: str = ""
    cipher: str = ""
    chain: tuple[bytes, ...] = ()
    asked_for_certificate: bool = False
    alerts: list[str] = field(default_factory=list)


def client(ciphers: str, highest: ssl.TLSVersion, seen: Exchange) -> ssl.SSLContext:
    """A client that trusts nothing and takes everything: what is served is judged afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are offered where CloudFront offers them
        context.maximum_version = highest
    context.set_ciphers(ciphers)

    def note(*message: Any) -> None:  # noqa: ANN401 - connection, direction, version, content, kind, bytes
        _, direction, _, content, kind, _ = message
        if direction == "read" and getattr(kind, "name", "") == "CERTIFICATE_REQUEST":
            seen.asked_for_certificate = True
        if direction == "read" and getattr(content, "name", "") == "ALERT":
            seen.alerts.append(str(getattr(kind, "name", kind)))

    context._msg_callback = note  # type: ignore[attr-defined]  # noqa: SLF001 - the one way to see a CertificateRequest
    return context


def shake(connection: socket.socket, name: str, context: ssl.SSLContext, seen: Exchange, deadline: float) -> None:
    """Hand bytes to and fro until the handshake ends, within the deadline and the bound."""
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    server_name = name.replace("*", WILDCARD_PROBE, 1)
    speaker = context.wrap_bio(received, sent, server_hostname=server_name)
    total = 0
    try:
        while not seen.completed:
            try:
                speaker.do_handshake()
                seen.completed = True
            except ssl.SSLWantReadError:
                total = _pass_on(connection, received, sent, total, deadline)
        connection.sendall(sent.read())
        seen.version, seen.cipher = speaker.version() or "", (speaker.cipher() or ("",))[0]
        if seen.asked_for_certificate and seen.version == "TLSv1.3":
            _listen(connection, speaker, received, seen)
    except _NotTls as error:
        seen.contact, seen.detail = Contact.NOT_TLS, str(error)
    except ssl.SSLEOFError:
        seen.contact, seen.detail = Contact.RESET, "the connection was closed during the handshake"
    except ssl.SSLError as error:
        seen.detail = error.reason or type(error).__name__
    finally:
        seen.chain = _chain(speaker)


class _NotTls(Exception):
    """The answer is not TLS."""


def _pass_on(
    connection: socket.socket, received: ssl.MemoryBIO, sent: ssl.MemoryBIO, total: int, deadline: float
) -> int:
    """One round: what is to be sent goes out, what comes is taken in. How many bytes have come in all."""
    connection.settimeout(max(deadline - time.monotonic(), 0.001))
    connection.sendall(sent.read())
    data = connection.recv(8192)
    if not data and not total:
        raise ConnectionResetError
    if not total and data[0] not in _TLS_RECORDS:
        raise _NotTls(f"the answer is not TLS; it begins with {data[:40].decode('ascii', 'replace')!r}")
    if total + len(data) > MAX_BYTES:
        raise TimeoutError(f"more than {MAX_BYTES // 1024} KiB came before the handshake ended")
    if data:
        received.write(data)
    else:
        received.write_eof()
    return total + len(data)


def _listen(connection: socket.socket, speaker: ssl.SSLObject, received: ssl.MemoryBIO, seen: Exchange) -> None:
    """In TLS 1.3 a server says only after the handshake that it will not go on without a certificate of the client."""
    with suppress(TimeoutError, ConnectionError):
        while data := connection.recv(8192):
            received.write(data)
            try:
                speaker.read(1)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                seen.completed = False
            return


def _chain(speaker: ssl.SSLObject) -> tuple[bytes, ...]:
    """The chain as served. ``ssl`` has a public way to it from Python 3.13 on; the same call is inside before."""
    inner: Any = speaker if hasattr(speaker, "get_unverified_chain") else speaker._sslobj  # type: ignore[attr-defined]  # noqa: SLF001
    served = inner.get_unverified_chain() or ()
    return tuple(one if isinstance(one, bytes) else one.public_bytes(_der()) for one in served[:MAX_CHAIN])


def _der() -> int:
    """The constant that asks for DER in the call that Python 3.11 and 3.12 keep inside."""
    import _ssl

    return int(_ssl.ENCODING_DER)
