"""Many handshakes at once, each made once: distributions with the same origin and name share it.

DNS is asked once for each name in a run, and the same answer says which load balancer a name leads to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait

from chalicelib.model.certificates import Probe, Target
from chalicelib.model.inventory import LoadBalancer
from chalicelib.observe.lookups import Lookups
from chalicelib.observe.tls import Resolution, TlsProber
from chalicelib.observe.workers import workers

AT_ONCE = 16
SECONDS_FOR_ONE = 25.0  # what one target may take at worst: two addresses, three handshakes each, and DNS (5 s)
_DUALSTACK = "dualstack."


class Names:
    """DNS as one run sees it: a name is asked for once, however many want it at the same time."""

    def __init__(self, ask: Callable[[str, int], Resolution] | None = None) -> None:
        self._ask = ask or Lookups()
        self._known: dict[str, Future[Resolution]] = {}
        self._lock = threading.Lock()

    def resolve(self, host: str, port: int) -> Resolution:
        with self._lock:
            known = self._known.get(host)
            mine = self._known[host] = known or Future()
        if known is None:
            try:
                mine.set_result(self._ask(host, port))
            except BaseException as error:  # noqa: BLE001 - it is raised just below, and to whoever waits for it
                mine.set_exception(error)
        return mine.result()

    def resolve_all(self, hosts: Iterable[str]) -> dict[str, Resolution]:
        wanted = sorted(set(hosts))
        with workers(AT_ONCE) as pool:
            return dict(zip(wanted, pool.map(lambda host: self.resolve(host, 443), wanted), strict=True))


class Probes:
    """The handshakes of one run.

    ``progress`` hears how many of how many are made, and which of those that run was begun first (None: none is left).
    """

    def __init__(
        self,
        *,
        refuse: Callable[[str], str],
        names: Names | None = None,
        progress: Callable[[int, int, Target | None], None] = lambda _done, _of, _now: None,
    ) -> None:
        self._names = names or Names()
        self._prober = TlsProber(refuse=refuse, resolve=self._names.resolve)
        self._made: dict[Target, Probe] = {}
        self._progress = progress

    def probe_all(self, targets: Iterable[Target], seconds_left: Callable[[], float]) -> Mapping[Target, Probe]:
        """What each target answers; those that there was no time for are not in it."""
        wanted = sorted(set(targets))
        due = [target for target in wanted if target not in self._made]
        running: dict[Future[Probe], Target] = {}
        known = len(self._made)

        def await_one() -> None:
            self._progress(len(self._made) - known, len(due), next(iter(running.values())))
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            self._made |= {running.pop(one): one.result() for one in done}

        with workers(AT_ONCE) as pool:
            for target in due:
                if seconds_left() < SECONDS_FOR_ONE:
                    break
                running[pool.submit(self._prober.probe, target)] = target
                if len(running) >= AT_ONCE:
                    await_one()
            while running:
                await_one()
        self._progress(len(self._made) - known, len(due), None)
        return {target: self._made[target] for target in wanted if target in self._made}

    def balancers_behind(self, domains: Iterable[str], balancers: Iterable[LoadBalancer]) -> dict[str, LoadBalancer]:
        """Which load balancer a domain name leads to: by its own name, by a CNAME, or by its addresses (an alias record)."""
        by_name = {one.dns_name.lower(): one for one in balancers}
        found: dict[str, LoadBalancer] = {}
        answers = self._names.resolve_all(domain for domain in domains if _plain(domain) not in by_name)
        for domain in domains:
            direct = by_name.get(_plain(domain))
            answer = answers.get(domain)
            behind = direct or (by_name.get(_plain(answer.canonical)) if answer else None)
            if behind:
                found[domain] = behind
        unknown = [domain for domain, answer in answers.items() if domain not in found and answer.addresses]
        return found | (self._by_addresses(unknown, answers, by_name) if unknown else {})

    def _by_addresses(
        self, domains: Iterable[str], answers: Mapping[str, Resolution], by_name: Mapping[str, LoadBalancer]
    ) -> dict[str, LoadBalancer]:
        open_ones = [name for name, one in by_name.items() if one.scheme != "internal"]
        owners = {
            address: by_name[name]
            for name, answer in self._names.resolve_all(open_ones).items()
            for address in answer.addresses
        }
        matches = ((domain, [owners.get(address) for address in answers[domain].addresses]) for domain in domains)
        return {domain: owner[0] for domain, owner in matches if owner[0] is not None}


def _plain(name: str) -> str:
    return name.lower().rstrip(".").removeprefix(_DUALSTACK)
