"""One TLS handshake like CloudFront's: what does the origin serve for this name?

The name is resolved once, every address is held against the filter, and the connection goes to the address that was held,
so that a second answer of DNS changes nothing. Nothing but a handshake is sent, within three seconds and 64 KiB.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.decide.addresses import port_refusal
from chalicelib.model.certificates import Contact, Handshake, Probe, Target
from chalicelib.observe.tls_handshake import ANY_CIPHERS, CLOUDFRONT_CIPHERS, Exchange, client, shake

SECONDS = 3.0  # for one connection and its handshake
_ADDRESSES_TRIED = 2
_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What DNS answered: addresses in its order, the name at the end of the CNAMEs, or why there are none."""

    addresses: tuple[str, ...] = ()
    canonical: str = ""
    contact: Contact = Contact.SERVED
    detail: str = ""


def resolve(host: str, port: int) -> Resolution:
    """Ask the system's resolver once."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    except socket.gaierror as error:
        absent = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
        contact = Contact.DNS_ERROR if absent else Contact.NO_ANSWER
        return Resolution(contact=contact, detail=f"{host} does not resolve: {error.strerror}")
    except UnicodeError:
        return Resolution(contact=Contact.DNS_ERROR, detail=f"{host[:80]!r} is not a host name")
    addresses = dict.fromkeys(str(address[0]) for *_, address in found)
    return Resolution(addresses=tuple(addresses), canonical=next((one[3] for one in found if one[3]), host))


class TlsProber:
    """Makes handshakes. ``refuse`` says of an address why it must not be visited (empty: it may be)."""

    def __init__(
        self,
        *,
        refuse: Callable[[str], str],
        resolve: Callable[[str, int], Resolution] = resolve,
        seconds: float = SECONDS,
    ) -> None:
        self._refuse, self._resolve, self._seconds = refuse, resolve, seconds

    def probe(self, target: Target) -> Probe:
        """What the origin serves for a target; never raises for what the network does."""
        refused = port_refusal(target.port) or _unspoken(target)
        if refused:
            return Probe(target=target, contact=Contact.NOT_VISITED, detail=refused)
        answer = self._resolve(target.host, target.port)
        if not answer.addresses:
            return Probe(target=target, contact=answer.contact, detail=answer.detail)
        why = {address: self._refuse(address) for address in answer.addresses}
        allowed = sorted((address for address, reason in why.items() if not reason), key=lambda one: ":" in one)
        met = Probe(
            target=target,
            contact=Contact.NOT_VISITED,
            detail="; ".join(reason for reason in why.values() if reason)[:300],
            canonical=answer.canonical,
            addresses=answer.addresses,
        )
        for address in allowed[:_ADDRESSES_TRIED]:
            met = self._visit(address, met)
            if met.contact not in {Contact.NO_ANSWER, Contact.REFUSED}:
                break
        return met

    def _visit(self, address: str, base: Probe) -> Probe:
        """One handshake like CloudFront's, and wider ones where that failed, to learn why."""
        target = base.target
        narrow = self._exchange(address, target, CLOUDFRONT_CIPHERS, _VERSIONS[_highest(target)])
        met = replace(base, address=address, contact=narrow.contact, detail=narrow.detail, chain=narrow.chain)
        met = replace(met, version=narrow.version, cipher=narrow.cipher)
        if narrow.contact is not Contact.SERVED:
            return met
        if narrow.completed:
            fits = narrow.version in target.protocols
            return replace(met, handshake=Handshake.COMPLETED if fits else Handshake.PROTOCOL)
        if narrow.asked_for_certificate:
            return replace(met, handshake=Handshake.CLIENT_CERTIFICATE)
        wide = self._exchange(address, target, ANY_CIPHERS, ssl.TLSVersion.TLSv1_3)
        return replace(
            met,
            handshake=self._why(address, target, wide),
            version=wide.version,
            cipher=wide.cipher,
            chain=wide.chain,
            detail=", ".join(narrow.alerts) or narrow.detail,
        )

    def _why(self, address: str, target: Target, wide: Exchange) -> Handshake:
        if wide.asked_for_certificate and not wide.completed:
            return Handshake.CLIENT_CERTIFICATE
        if not wide.completed:
            return Handshake.FAILED
        if wide.version == "TLSv1.3":
            old = self._exchange(address, target, ANY_CIPHERS, ssl.TLSVersion.TLSv1_2)
            if not old.completed:
                return Handshake.TLS13_ONLY
            wide = old
        return Handshake.CIPHER if wide.version in target.protocols else Handshake.PROTOCOL

    def _exchange(self, address: str, target: Target, ciphers: str, highest: ssl.TLSVersion) -> Exchange:
        seen = Exchange()
        deadline = time.monotonic() + self._seconds
        try:
            with socket.create_connection((address, target.port), timeout=self._seconds) as connection:
                shake(connection, target.name, client(ciphers, highest, seen), seen, deadline)
        except TimeoutError as error:
            bound = str(error) if "KiB" in str(error) else f"no answer within {self._seconds:g} s"
            seen.contact, seen.detail = Contact.NO_ANSWER, f"{address}: {bound}"
        except ConnectionRefusedError:
            seen.contact, seen.detail = Contact.REFUSED, f"{address} refused the connection to port {target.port}"
        except ConnectionError as error:
            seen.contact, seen.detail = Contact.RESET, f"{address} closed the connection ({type(error).__name__})"
        except OSError as error:
            seen.contact, seen.detail = Contact.NO_ANSWER, f"{address} cannot be reached: {error.strerror or error}"
        return seen


def _unspoken(target: Target) -> str:
    return "" if set(target.protocols) & set(_VERSIONS) else f"no probe can speak {', '.join(target.protocols)}"


def _highest(target: Target) -> str:
    return max((one for one in target.protocols if one in _VERSIONS), key=lambda one: _VERSIONS[one])
