"""Reading a policy out of AppConfig, proved on the fake, which is as strict as AWS's reference, and on ministack's AppConfig.

ministack has applications, versions, deployments, sessions and tokens that are good once. It takes a question that comes too
early and lets no token grow old: those cases are the fake's alone.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.flows.policy import RELOAD_SECONDS
from chalicelib.model.errors import NetreflexError, RetryLater
from chalicelib.observe.policy_appconfig import AppConfigReader
from chalicelib.observe.policy_source import read_policy_text
from tests.aws.appconfig import HostedConfiguration
from tests.aws.local import LocalAws
from tests.observe.fake_appconfig import DAY, FakeAppConfig

OLD, NEW = "version: 1\n", "version: 1\nregions: [eu-west-1]\n"
START, ASK = "start_configuration_session", "get_latest_configuration"
MINUTE = RELOAD_SECONDS + 0.001


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Place(ABC):
    """Where versions are deployed and read; it counts the calls, and loses or repeats the next question where it is told to."""

    application = "net"

    def __init__(self) -> None:
        self.clock, self.calls = Clock(), list[str]()
        self._reader = AppConfigReader(self.clock)
        self.loses = self.repeats = False

    @property
    @abstractmethod
    def client(self) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        """Who is asked."""

    @abstractmethod
    def deploy(self, text: str) -> None:
        """Let a text be the newest."""

    def start_configuration_session(self, **asked: object) -> Any:  # noqa: ANN401 - see above
        self.calls.append(START)
        return self.client.start_configuration_session(**asked)

    def get_latest_configuration(self, **asked: object) -> Any:  # noqa: ANN401 - see above
        self.calls.append(ASK)
        if self.repeats:
            self.repeats = False
            self.client.get_latest_configuration(**asked)
        answer = self.client.get_latest_configuration(**asked)
        if self.loses:
            self.loses = False
            raise ReadTimeoutError(endpoint_url="https://appconfigdata")
        return answer

    def read(self, profile: str = "policy", *, later: float = 0.0) -> str:
        """What is read after some seconds."""
        self.clock.now += later
        source = f"appconfig:{self.application}/prod/{profile}"
        return read_policy_text(source, {"appconfigdata": self}.__getitem__, Path(), self._reader)

    def asked(self) -> list[str]:
        """The calls since this was last asked."""
        calls, self.calls = self.calls, []
        return calls


class InFake(Place):
    def __init__(self) -> None:
        super().__init__()
        self.fake = FakeAppConfig(self.clock)

    @property
    def client(self) -> FakeAppConfig:
        return self.fake

    def deploy(self, text: str) -> None:
        self.fake.versions.append(text.encode())


class InMinistack(Place):
    _numbers = itertools.count()

    def __init__(self, aws: LocalAws) -> None:
        super().__init__()
        self.application = f"net-{next(self._numbers)}"
        self._aws, self._hosted = aws, HostedConfiguration(aws, self.application)

    @property
    def client(self) -> Any:  # noqa: ANN401 - see above
        return self._aws.client("appconfigdata")

    def deploy(self, text: str) -> None:
        self._hosted.deploy(text)


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws() as local:
        yield local


@pytest.fixture(params=["fake", pytest.param("ministack", marks=pytest.mark.cloud)])
def empty(request: pytest.FixtureRequest) -> Place:
    return InFake() if request.param == "fake" else InMinistack(request.getfixturevalue("aws"))


@pytest.fixture
def place(empty: Place) -> Place:
    empty.deploy(OLD)
    return empty


def test_the_first_reading_opens_a_session_and_each_later_one_is_one_question(place: Place) -> None:
    assert place.read() == OLD
    assert place.asked() == [START, ASK]
    assert place.read(later=MINUTE) == OLD, "where nothing changed, AppConfig answers with no text at all"
    assert place.asked() == [ASK]


def test_a_newly_deployed_version_is_read_by_the_same_session_and_so_is_the_one_rolled_back_to(place: Place) -> None:
    place.read()
    for text in (NEW, OLD, NEW):
        place.deploy(text)
        place.asked()
        assert place.read(later=MINUTE) == text
        assert place.asked() == [ASK]


def test_before_aws_wants_to_be_asked_again_the_known_text_is_the_answer(place: Place) -> None:
    place.read()
    place.deploy(NEW)
    place.asked()
    assert place.read(later=1) == OLD
    assert place.asked() == []
    assert place.read(later=MINUTE) == NEW


def test_a_lost_answer_is_told_as_one_and_the_next_reading_opens_another_session(place: Place) -> None:
    """Its token is used, and with the answer went the next one, and the new text."""
    place.read()
    place.deploy(NEW)
    place.loses = True
    with pytest.raises(RetryLater, match="appconfig:GetLatestConfiguration"):
        place.read(later=MINUTE)
    place.asked()
    assert place.read(later=1) == NEW
    assert place.asked() == [START, ASK]


def test_a_token_that_was_used_by_a_repeated_question_costs_a_new_session_and_nothing_else(place: Place) -> None:
    """The SDK repeats a question whose answer was lost, with the same token."""
    place.read()
    place.deploy(NEW)
    place.repeats = True
    place.asked()
    assert place.read(later=MINUTE) == NEW
    assert place.asked() == [ASK, START, ASK]


def test_what_is_not_there_is_one_of_our_faults(place: Place) -> None:
    with pytest.raises(NetreflexError, match="appconfig:StartConfigurationSession"):
        place.read("another")


def test_where_nothing_was_ever_deployed_it_says_so_until_something_is(empty: Place) -> None:
    """AWS's reference names ResourceNotFoundException for a Deployment too; ministack answers with no text."""
    for _ in range(2):
        with pytest.raises(NetreflexError, match=f"AppConfig has no text for {empty.application}/prod/policy: deploy"):
            empty.read(later=MINUTE)
    empty.deploy(NEW)
    assert empty.read(later=1) == NEW


# ---- what only the fake is strict about ------------------------------------------------------------------------------
def _early(fake: FakeAppConfig, clock: Clock) -> None:
    fake.seconds = lambda: clock() - RELOAD_SECONDS  # AWS's clock is behind ours


def _a_day_later(_fake: FakeAppConfig, clock: Clock) -> None:
    clock.now += DAY


@pytest.mark.parametrize("refused", [_early, _a_day_later])
def test_what_aws_refuses_as_early_or_expired_is_read_by_a_new_session(refused: Callable[..., None]) -> None:
    place = InFake()
    place.deploy(OLD)
    place.read()
    place.deploy(NEW)
    refused(place.fake, place.clock)
    place.asked()
    assert place.read(later=MINUTE) == NEW
    assert place.asked() == [ASK, START, ASK]
    assert place.read(later=MINUTE) == NEW
    assert place.asked() == [ASK]


def test_aws_may_want_to_be_asked_less_often_than_the_policy_is_read() -> None:
    place = InFake()
    place.fake.interval = 150
    place.deploy(OLD)
    place.read()
    place.deploy(NEW)
    place.asked()
    read = [place.read(later=MINUTE) for _ in range(5)]
    assert read == [OLD, OLD, NEW, NEW, NEW]
    assert place.asked() == [ASK]


def test_each_container_has_a_session_of_its_own() -> None:
    one, other = InFake(), InFake()
    one.deploy(OLD)
    other.deploy(NEW)
    assert [place.read(later=MINUTE) for place in (one, other, one, other)] == [OLD, NEW, OLD, NEW]
    assert one.asked() == other.asked() == [START, ASK, ASK]


class AtOnce(InFake):
    """While one thread asks, another one wants to read as well."""

    def __init__(self) -> None:
        super().__init__()
        self.read_beside: list[str] = []
        self.beside = Thread(target=lambda: self.read_beside.append(self.read()))

    def get_latest_configuration(self, **asked: object) -> Any:  # noqa: ANN401 - see above
        if self.fake.billed and not self.beside.ident:
            self.beside.start()
            self.beside.join(0.1)  # it would be through by then if nothing held it back
        return super().get_latest_configuration(**asked)


def test_threads_that_read_at_once_ask_once() -> None:
    place = AtOnce()
    place.deploy(OLD)
    place.read()
    place.deploy(NEW)
    place.asked()
    assert place.read(later=MINUTE) == NEW
    place.beside.join()
    assert (place.read_beside, place.asked()) == ([NEW], [ASK])


def test_in_a_day_of_readings_only_new_texts_are_billed() -> None:
    place = InFake()
    place.deploy(OLD)
    for number in range(DAY // 60):
        if number == 700:
            place.deploy(NEW)
        place.read(later=MINUTE)
    assert place.fake.billed == 2
