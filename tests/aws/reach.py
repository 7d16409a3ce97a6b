"""Free ports of 127.0.0.1, and whether something answers there."""

from __future__ import annotations

import socket
import ssl
import urllib.request


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]  # type: ignore[no-any-return]


def answers(url: str, certificate: str | None) -> bool:
    """Whether a server answers; over TLS, with this certificate as the one that is trusted."""
    trust = ssl.create_default_context(cafile=certificate) if certificate else None
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=2):
            return True
    except OSError:
        return False
