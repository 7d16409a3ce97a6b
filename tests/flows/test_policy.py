"""A broken policy never leaves netreflex without one that was good, and somebody is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.flows.policy import EVERY_TIME, RELOAD_SECONDS, NoShelf, PolicyKeeper
from chalicelib.model.errors import ConfigurationError, NetreflexError, RetryLater

GOOD = 'version: 1\naccounts: {"111122223333": {name: dev}}\nregions: [eu-west-1]\n'
BETTER = GOOD.replace("dev", "apps")
BROKEN = "version: 1\nacounts: {}\n"


class Source:
    """A policy file somewhere, and a clock beside it."""

    def __init__(self, text: str) -> None:
        self.text, self.now, self.reads = text, 0.0, 0

    def read(self) -> str:
        self.reads += 1
        if not self.text:
            raise ConfigurationError("there is nothing to read")
        return self.text

    def seconds(self) -> float:
        return self.now


class Kept:
    """A shelf that is a variable."""

    def __init__(self, text: str | None = None) -> None:
        self.text, self.puts = text, 0

    def load(self) -> str | None:
        return self.text

    def keep(self, text: str, version: str) -> None:
        assert version
        self.text, self.puts = text, self.puts + 1


def keeper(source: Source, shelf: Kept | NoShelf | None = None, *, every: float = RELOAD_SECONDS) -> PolicyKeeper:
    return PolicyKeeper(source.read, shelf or NoShelf(), source.seconds, reload_seconds=every)


def names(kept: PolicyKeeper) -> list[str]:
    return [account.name for account in kept.state().policy.accounts.values()]


def test_a_policy_from_outside_is_read_again_after_a_minute_and_not_before() -> None:
    source = Source(GOOD)
    kept = keeper(source)
    assert names(kept) == ["dev"]
    source.text, source.now = BETTER, RELOAD_SECONDS
    assert names(kept) == ["dev"]
    source.now = RELOAD_SECONDS + 1
    assert names(kept) == ["apps"]
    assert source.reads == 2


def test_a_file_is_read_for_every_run_because_that_costs_nothing() -> None:
    source = Source(GOOD)
    kept = keeper(source, every=EVERY_TIME)
    assert names(kept) == ["dev"]
    source.text = BETTER
    assert names(kept) == ["apps"]


@pytest.mark.parametrize("broken", [BROKEN, "", "- not a mapping"], ids=["a fault", "unreadable", "no mapping"])
def test_a_broken_version_keeps_the_last_good_one_and_says_why(broken: str) -> None:
    source = Source(GOOD)
    kept = keeper(source)
    good = kept.state()
    source.text, source.now = broken, RELOAD_SECONDS + 1
    state = kept.state()
    assert (state.policy, state.version) == (good.policy, good.version)
    assert state.fault


def test_the_end_of_the_fault_is_seen() -> None:
    source = Source(GOOD)
    kept = keeper(source)
    kept.state()
    source.text, source.now = BROKEN, 61
    assert kept.state().fault
    source.text, source.now = GOOD, 122
    assert not kept.state().fault


def test_a_cold_container_goes_on_with_what_an_earlier_one_kept() -> None:
    shelf = Kept(GOOD)
    state = keeper(Source(BROKEN), shelf).state()
    assert [account.name for account in state.policy.accounts.values()] == ["dev"]
    assert "acounts" in state.fault
    assert shelf.puts == 0


def test_a_good_version_is_kept_once_and_not_at_every_look() -> None:
    source, shelf = Source(GOOD), Kept()
    kept = keeper(source, shelf)
    for minute in range(5):
        source.now = minute * (RELOAD_SECONDS + 1)
        kept.state()
    assert (shelf.puts, source.reads) == (1, 5)


class Full(Kept):
    """A shelf that takes nothing, until there is room."""

    room = False

    def keep(self, text: str, version: str) -> None:
        if not self.room:
            raise RetryLater(f"{len(text)} characters of {version} were put off")
        super().keep(text, version)


def test_a_good_version_is_in_force_even_where_it_cannot_be_kept() -> None:
    state = keeper(Source(BETTER), Full(GOOD)).state()
    assert [account.name for account in state.policy.accounts.values()] == ["apps"]
    assert not state.fault
    assert "no copy could be kept" in state.unkept
    assert "were put off" in state.unkept


def test_what_could_not_be_kept_is_kept_at_the_next_look() -> None:
    source, shelf = Source(BETTER), Full(GOOD)
    kept = keeper(source, shelf)
    assert kept.state().unkept
    shelf.room, source.now = True, RELOAD_SECONDS + 1
    assert (kept.state().unkept, shelf.text) == ("", BETTER)


@pytest.mark.parametrize("shelf", [NoShelf, Kept], ids=["no shelf", "an empty shelf"])
def test_without_any_good_version_nothing_is_decided(shelf: Callable[[], Kept | NoShelf]) -> None:
    with pytest.raises(NetreflexError, match="acounts"):
        keeper(Source(BROKEN), shelf()).state()
