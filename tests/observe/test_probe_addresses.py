"""No socket leaves the allowed set: not by address, not by disguise, not by a second answer of DNS."""

from __future__ import annotations

import socket
from functools import partial
from ipaddress import ip_network
from typing import Any

import pytest

from chalicelib.decide.addresses import refusal
from chalicelib.model.certificates import Contact, Target
from chalicelib.observe.tls import Resolution, TlsProber, resolve
from tests.observe.tls_servers import context, serving, tls
from tests.pki import Authority

REFUSED = [
    "169.254.169.254",
    "fd00:ec2::254",
    "100.64.0.1",
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104 - a table of addresses
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "198.18.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "224.0.0.1",
    "239.1.1.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.0.0.170",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1",
    "ff02::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "2001:db8::1",
    "169.254.170.2",
    "fc00::1",
    "not-an-address",
]
WHATEVER = tuple(map(ip_network, ("0.0.0.0/0", "::/0")))
OPENABLE = {"100.64.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "198.18.0.1", "192.0.2.1", "2001:db8::1", "fc00::1"}
TARGET = Target(host="origin.example.com", port=44300, name="origin.example.com")


@pytest.mark.parametrize("address", REFUSED)
def test_no_probe_visits(address: str) -> None:
    assert refusal(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_probe_may_visit(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize("address", REFUSED)
def test_a_policy_opens_private_networks_and_never_this_machine(address: str) -> None:
    assert (refusal(address, WHATEVER) == "") == (address in OPENABLE)


def test_a_policy_opens_only_what_it_lists() -> None:
    opened = (ip_network("10.40.8.0/22"),)
    assert [refusal(address, opened) == "" for address in ("10.40.8.1", "10.40.12.1", "fc00::1")] == [
        True,
        False,
        False,
    ]


class Sockets:
    """Notes every address that a socket is opened to, and opens none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[str] = []

        def note(address: tuple[str, int], **_: Any) -> socket.socket:  # noqa: ANN401
            self.opened.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "create_connection", note)


@pytest.mark.parametrize("address", REFUSED)
def test_no_socket_is_opened_to_a_refused_address(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = Sockets(monkeypatch)
    prober = TlsProber(refuse=refusal, resolve=lambda *_: Resolution(addresses=(address,)))
    assert prober.probe(TARGET).contact is Contact.NOT_VISITED
    assert sockets.opened == []


def test_the_resolver_is_asked_once_and_its_second_answer_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    sockets, asked = Sockets(monkeypatch), []

    def rebinding(host: str, _port: int) -> Resolution:
        asked.append(host)
        return Resolution(addresses=("8.8.8.8",) if len(asked) == 1 else ("127.0.0.1",))

    prober = TlsProber(refuse=refusal, resolve=rebinding)
    assert prober.probe(TARGET).contact is Contact.REFUSED
    assert (asked, sockets.opened) == (["origin.example.com"], ["8.8.8.8"])


def test_of_several_addresses_only_the_allowed_ones_are_visited_ipv4_first(monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = Sockets(monkeypatch)
    answer = Resolution(addresses=("2606:4700::1111", "127.0.0.1", "8.8.8.8", "10.0.0.1", "9.9.9.9"))
    TlsProber(refuse=refusal, resolve=lambda *_: answer).probe(TARGET)
    assert sockets.opened == ["8.8.8.8", "9.9.9.9"]


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f000001", "127.1", "localhost"])
def test_other_spellings_of_this_machine_are_seen_through(spelling: str) -> None:
    prober = TlsProber(refuse=partial(refusal, private=(ip_network("10.0.0.0/8"),)))
    probe = prober.probe(Target(host=spelling, port=44300, name="x.example.com"))
    assert probe.contact is Contact.NOT_VISITED


@pytest.mark.parametrize(("port", "protocols"), [(22, ("TLSv1.2",)), (80, ("TLSv1.2",)), (443, ("SSLv3",))])
def test_ports_and_protocols_that_no_probe_uses_resolve_nothing(port: int, protocols: tuple[str, ...]) -> None:
    def never(*_: object) -> Resolution:
        raise AssertionError

    probe = TlsProber(refuse=refusal, resolve=never).probe(Target(host="a", port=port, name="a", protocols=protocols))
    assert probe.contact is Contact.NOT_VISITED


def test_the_next_address_is_tried_where_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    root, connect = Authority.root(), socket.create_connection

    def refused_by_the_first(address: tuple[str, int], **rest: Any) -> socket.socket:  # noqa: ANN401
        if address[0] == "8.8.8.8":
            raise ConnectionRefusedError
        return connect(address, **rest)

    monkeypatch.setattr(socket, "create_connection", refused_by_the_first)
    with serving(tls(context([root.leaf("origin.example.com")]))) as port:
        both = Resolution(addresses=("8.8.8.8", "127.0.0.1"))
        prober = TlsProber(refuse=lambda _: "", resolve=lambda *_: both)
        probe = prober.probe(Target(host="origin.example.com", port=port, name="origin.example.com"))
    assert (probe.contact, probe.address) == (Contact.SERVED, "127.0.0.1")


@pytest.mark.parametrize(
    ("error", "contact"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Contact.DNS_ERROR),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), Contact.NO_ANSWER),
        (UnicodeError("label too long"), Contact.DNS_ERROR),
    ],
)
def test_what_dns_does_not_answer(error: Exception, contact: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    answer = resolve("gone.example.com", 443)
    assert (answer.contact, answer.addresses) == (contact, ())
    assert TlsProber(refuse=refusal).probe(Target(host="gone", port=443, name="gone")).contact is contact
