"""DNS questions that end: the system's resolver has no time-out of ours, and a question to it cannot be taken back.

Each question has a daemon thread of its own. One that is not answered in time is given up; its thread ends when the resolver
does, and keeps neither the others waiting nor the interpreter from its exit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from chalicelib.model.certificates import Contact
from chalicelib.observe.tls import Resolution, resolve

SECONDS = 5.0  # glibc asks again after 5 s by default (resolv.conf, timeout): who answers at all answers by then
MOST_STUCK = 64  # questions that were given up and still hold a thread; beyond them none is asked


class Lookups:
    """Asks ``ask`` within a bound. Safe under threads; who asks decides how many questions are open at once."""

    def __init__(
        self,
        ask: Callable[[str, int], Resolution] = resolve,
        *,
        seconds: float = SECONDS,
        most_stuck: int = MOST_STUCK,
    ) -> None:
        self._ask, self._seconds, self._most_stuck = ask, seconds, most_stuck
        self._stuck: set[Future[Resolution]] = set()
        self._lock = threading.Lock()

    def __call__(self, host: str, port: int) -> Resolution:
        """What DNS answers. No answer in time is an answer too: ``NO_ANSWER`` and why."""
        with self._lock:
            stuck = len(self._stuck)
        if stuck >= self._most_stuck:
            return _unanswered(f"{host} was not looked up: DNS left {stuck} names unanswered before it")
        answer: Future[Resolution] = Future()
        threading.Thread(target=self._look_up, args=(host, port, answer), name=f"dns {host}", daemon=True).start()
        try:
            return answer.result(self._seconds)
        except TimeoutError:
            if answer.done():
                raise
        with self._lock:
            self._stuck.add(answer)
        answer.add_done_callback(self._answered_late)
        return _unanswered(f"DNS did not answer for {host} within {self._seconds:g} s")

    def _look_up(self, host: str, port: int, answer: Future[Resolution]) -> None:
        try:
            answer.set_result(self._ask(host, port))
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            answer.set_exception(error)

    def _answered_late(self, answer: Future[Resolution]) -> None:
        with self._lock:
            self._stuck.discard(answer)


def _unanswered(detail: str) -> Resolution:
    return Resolution(contact=Contact.NO_ANSWER, detail=detail)
