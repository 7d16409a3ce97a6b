"""Questions to DNS end, whatever the resolver does; who is stuck harms neither the others nor the exit."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.decide.certificate_handshake import judge_contact
from chalicelib.model.certificates import Contact, Problem, Target
from chalicelib.observe.lookups import Lookups
from chalicelib.observe.probes import Names
from chalicelib.observe.tls import Resolution, TlsProber

ROOT = Path(__file__).parents[2]
FOUND = Resolution(addresses=("198.51.100.1",), canonical="a.example.com")


class Silent:
    """A resolver that answers nobody until ``over`` is set."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.answered = threading.Semaphore(0)
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> Resolution:
        self.asked.append(host)
        self.over.wait()
        self.answered.release()
        return FOUND


@pytest.fixture
def silent() -> Iterator[Silent]:
    resolver = Silent()
    yield resolver
    resolver.over.set()


def test_an_answer_in_time_is_the_answer() -> None:
    assert Lookups(lambda *_: FOUND)("a.example.com", 443) == FOUND


def test_no_answer_in_time_is_an_answer_too_and_is_no_dns_error(silent: Silent) -> None:
    answer = Lookups(silent, seconds=0.01)("a.example.com", 443)
    assert (answer.contact, answer.addresses) == (Contact.NO_ANSWER, ())
    assert answer.detail == "DNS did not answer for a.example.com within 0.01 s"


def test_it_is_told_as_cannot_probe_and_says_where_to_look(silent: Silent) -> None:
    prober = TlsProber(refuse=lambda _: "", resolve=Lookups(silent, seconds=0.01))
    [finding] = judge_contact(prober.probe(Target(host="a.example.com", port=443, name="a.example.com")))
    assert finding.kind is Problem.CANNOT_PROBE
    assert finding.remedy == "Check that names resolve where netreflex runs: a.example.com got no answer."


def test_beyond_a_bound_of_stuck_questions_none_is_asked_until_some_end(silent: Silent) -> None:
    lookups = Lookups(silent, seconds=0.01, most_stuck=3)
    for host in ("a", "b", "c", "d", "e"):
        assert lookups(host, 443).contact is Contact.NO_ANSWER
    assert silent.asked == ["a", "b", "c"]
    assert lookups("d", 443).detail == "d was not looked up: DNS left 3 names unanswered before it"
    silent.over.set()
    for thread in [one for one in threading.enumerate() if one.name.startswith("dns ")]:
        thread.join()
    assert lookups("d", 443) == FOUND


def test_what_the_question_raises_is_raised_even_a_time_out_of_its_own() -> None:
    def broken(host: str, port: int) -> Resolution:
        raise TimeoutError(host, port)

    with pytest.raises(TimeoutError, match="a"):
        Lookups(broken, seconds=5)("a", 443)


def test_a_name_that_many_want_at_once_is_asked_for_once(silent: Silent) -> None:
    names, got = Names(silent), []
    threads = [threading.Thread(target=lambda: got.append(names.resolve("a", 443))) for _ in range(8)]
    for one in threads:
        one.start()
    silent.over.set()
    for one in threads:
        one.join()
    assert got == [FOUND] * 8
    assert silent.asked == ["a"]


def test_what_one_asker_meets_all_meet() -> None:
    def broken(host: str, port: int) -> Resolution:
        raise LookupError(host, port)

    names = Names(broken)
    for _ in range(2):
        with pytest.raises(LookupError):
            names.resolve("a", 443)


def test_a_stuck_question_does_not_keep_the_interpreter_from_its_exit() -> None:
    program = (
        "import threading; from chalicelib.observe.lookups import Lookups; "
        "print(Lookups(lambda *_: threading.Event().wait(), seconds=0.01)('a', 443).contact)"
    )
    ask = [sys.executable, "-c", program]
    done = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own interpreter
    assert done.stdout == "no_answer\n"
