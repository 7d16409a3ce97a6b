"""Real TLS servers on loopback, good and bad in every way that a row of the table knows."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.pki import Authority, Issued

Talk = Callable[[socket.socket], None]


def context(chain: Sequence[Issued], *, ciphers: str = "ALL:@SECLEVEL=0") -> ssl.SSLContext:
    """A server's context that serves the certificates in exactly this order; the first one's key is used."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers(ciphers)
    with tempfile.TemporaryDirectory() as folder:
        certificates, key = Path(folder) / "chain.pem", Path(folder) / "key.pem"
        certificates.write_bytes(b"".join(one.pem for one in chain))
        key.write_bytes(chain[0].key_pem)
        made.load_cert_chain(certificates, key)
    return made


def at_most(made: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        made.maximum_version = version
    return made


def demanding(made: ssl.SSLContext, authority: Authority) -> ssl.SSLContext:
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_verify_locations(cadata=authority.issued.pem.decode())
    return made


def by_name(default: ssl.SSLContext, others: dict[str, ssl.SSLContext], seen: list[str]) -> ssl.SSLContext:
    """A server that chooses its certificate by SNI, and notes the names it was asked for."""

    def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str, _: ssl.SSLContext) -> None:
        seen.append(name)
        if name in others:
            connection.context = others[name]

    default.sni_callback = choose
    return default


def refusing_names(made: ssl.SSLContext) -> ssl.SSLContext:
    made.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return made


def tls(made: ssl.SSLContext) -> Talk:
    def talk(connection: socket.socket) -> None:
        with suppress(OSError), made.wrap_socket(connection, server_side=True) as secured:
            secured.settimeout(2)
            secured.recv(1)

    return talk


def plain(answer: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.recv(4096)
            connection.sendall(answer)

    return talk


def dripping(connection: socket.socket) -> None:
    """One byte of a handshake after another, each in time and never an end."""
    with suppress(OSError):
        for byte in b"\x16\x03\x03\x40\x00" + b"\x02\x00\x00\x40" + bytes(64):
            connection.sendall(bytes([byte]))
            time.sleep(0.1)


@contextmanager
def serving(talk: Talk) -> Iterator[int]:
    """The port of a server that talks so to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        open_connections: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.settimeout(5)
                open_connections.append(connection)
                threading.Thread(target=converse, args=(connection,), daemon=True).start()

        def converse(connection: socket.socket) -> None:
            with suppress(OSError, ValueError), connection:  # the test has seen enough and hung up
                talk(connection)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for one in open_connections:
                one.close()
            accepting.join(2)
