"""Many handshakes at once: each made once, none without time for it, and names that lead to load balancers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest

from chalicelib.model.certificates import Contact, Target
from chalicelib.model.inventory import LoadBalancer
from chalicelib.model.network import Place
from chalicelib.observe.lookups import Lookups
from chalicelib.observe.probes import AT_ONCE, SECONDS_FOR_ONE, Names, Probes
from chalicelib.observe.roots import mozilla_roots
from chalicelib.observe.tls import Resolution
from tests.observe.tls_servers import context, serving, tls
from tests.pki import Authority

ROOT = Authority.root()
PLACE = Place(account="111122223333", region="eu-west-1")


@pytest.fixture
def port() -> Iterator[int]:
    with serving(tls(context([ROOT.leaf("a.example.com")]))) as port:
        yield port


class Held:
    """A resolver that answers nobody before the test ends."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.asked: Counter[str] = Counter()

    def __call__(self, host: str, _port: int) -> Resolution:
        self.asked[host] += 1
        self.over.wait()
        return Resolution(addresses=("127.0.0.1",), canonical=host)


@pytest.fixture
def held_up() -> Iterator[Held]:
    held = Held()
    yield held
    held.over.set()


class Dns:
    """DNS in memory; it counts who was asked for."""

    def __init__(self, **answers: tuple[str, str]) -> None:
        self.answers = {name.replace("_", "."): answer for name, answer in answers.items()}
        self.asked: Counter[str] = Counter()

    def __call__(self, host: str, _port: int) -> Resolution:
        self.asked[host] += 1
        canonical, address = self.answers.get(host, (host, "127.0.0.1"))
        return Resolution(addresses=(address,) if address else (), canonical=canonical)


def probes(dns: Dns, told: list[tuple[int, int, Target | None]] | None = None) -> Probes:
    heard = [] if told is None else told
    return Probes(refuse=lambda _: "", names=Names(dns), progress=lambda *how_far: heard.append(how_far))


def test_each_target_is_probed_once_and_each_name_resolved_once(port: int) -> None:
    dns = Dns()
    told: list[tuple[int, int, Target | None]] = []
    made = probes(dns, told)
    targets = [Target(host="a.example.com", port=port, name=f"{n}.example.com") for n in range(40)]
    answers = made.probe_all([*targets, *targets], lambda: 1000.0)
    assert set(answers) == set(targets)
    assert {one.contact for one in answers.values()} == {Contact.SERVED}
    assert dns.asked == {"a.example.com": 1}
    assert told[0] == (0, 40, targets[0])
    assert told[-1] == (40, 40, None)
    assert [done for done, *_ in told] == sorted(done for done, *_ in told)
    again = made.probe_all(targets[:3], lambda: 0.0)
    assert again == {target: answers[target] for target in targets[:3]}


def test_a_second_batch_counts_its_own_handshakes(port: int) -> None:
    told: list[tuple[int, int, Target | None]] = []
    made = probes(Dns(), told)
    first, second = (
        [Target(host="a.example.com", port=port, name=f"{n}.{batch}.example.com") for n in range(3)] for batch in "ab"
    )
    made.probe_all(first, lambda: 1000.0)
    told.clear()
    made.probe_all([*first, *second], lambda: 1000.0)
    assert (told[0][:2], told[-1]) == ((0, 3), (3, 3, None))


class CtrlC:
    """Progress that is interrupted by a person when it is first told."""

    def __call__(self, _done: int, _of: int, _now: Target | None) -> None:
        raise KeyboardInterrupt


def test_an_interrupted_run_waits_for_no_handshake_and_begins_no_more(held_up: Held) -> None:
    made = Probes(refuse=lambda _: "", names=Names(held_up), progress=CtrlC())
    targets = [Target(host=f"{n}.example.com", port=443, name="a") for n in range(40)]
    with pytest.raises(KeyboardInterrupt):
        made.probe_all(targets, lambda: 1000.0)
    assert sum(held_up.asked.values()) <= AT_ONCE


def test_a_dead_resolver_is_told_as_no_answer_and_holds_up_nothing_else(held_up: Held, port: int) -> None:
    """More stuck names than there are threads for handshakes, and those that resolve are probed all the same."""

    def ask(host: str, port: int) -> Resolution:
        return held_up(host, port) if host.startswith("stuck") else Resolution(addresses=("127.0.0.1",), canonical=host)

    made = Probes(refuse=lambda _: "", names=Names(Lookups(ask, seconds=0.02)))
    stuck = [Target(host=f"stuck{n}.example.com", port=port, name="a") for n in range(AT_ONCE + 4)]
    sound = [Target(host=f"{n}.example.com", port=port, name="a") for n in range(AT_ONCE + 4)]
    answers = made.probe_all([*stuck, *sound], lambda: 1000.0)
    assert {answers[one].contact for one in stuck} == {Contact.NO_ANSWER}
    assert {answers[one].contact for one in sound} == {Contact.SERVED}
    assert answers[stuck[0]].detail == "DNS did not answer for stuck0.example.com within 0.02 s"
    assert set(held_up.asked.values()) == {1}


def test_no_handshake_begins_without_time_for_it(port: int) -> None:
    left = count(int(SECONDS_FOR_ONE) + 4, -1)
    targets = [Target(host="a.example.com", port=port, name=f"{n:02d}.example.com") for n in range(40)]
    answers = probes(Dns()).probe_all(targets, lambda: float(next(left)))
    assert sorted(answers) == targets[:5]


def balancer(name: str, scheme: str = "internet-facing") -> LoadBalancer:
    return LoadBalancer(arn=f"arn:{name}", place=PLACE, dns_name=f"{name}.elb.amazonaws.com", scheme=scheme)


WEB, API, INNER = balancer("web"), balancer("api"), balancer("inner", "internal")


def test_a_name_leads_to_a_load_balancer_by_itself_a_cname_or_its_addresses() -> None:
    dns = Dns(
        cname_example_com=("dualstack.Web.elb.amazonaws.com.", "198.51.100.1"),
        alias_example_com=("alias.example.com", "198.51.100.2"),
        other_example_com=("other.example.com", "198.51.100.9"),
        gone_example_com=("", ""),
        web_elb_amazonaws_com=("", "198.51.100.1"),
        api_elb_amazonaws_com=("", "198.51.100.2"),
    )
    domains = [
        "dualstack.web.elb.amazonaws.com",
        "cname.example.com",
        "alias.example.com",
        "other.example.com",
        "gone.example.com",
    ]
    assert probes(dns).balancers_behind(domains, (WEB, API, INNER)) == {
        "dualstack.web.elb.amazonaws.com": WEB,
        "cname.example.com": WEB,
        "alias.example.com": API,
    }
    assert dns.asked["inner.elb.amazonaws.com"] == 0
    assert dns.asked["dualstack.web.elb.amazonaws.com"] == 0


def test_no_address_is_asked_for_where_every_name_is_clear() -> None:
    dns = Dns()
    assert probes(dns).balancers_behind(["web.elb.amazonaws.com"], (WEB, API)) == {"web.elb.amazonaws.com": WEB}
    assert not dns.asked


def test_mozillas_list_is_there_and_is_read_once() -> None:
    assert len(mozilla_roots().names) > 100
    assert mozilla_roots() is mozilla_roots()
