"""What the alerts' store promises, proved on moto's DynamoDB and on the fake that the heavy tests use."""

# ruff: noqa: ANN401 - the requests and answers of AWS and Slack are JSON

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from chalicelib.alerts import news
from chalicelib.alerts.causes import Causes, Known
from chalicelib.alerts.gates import HOLD, Gates
from chalicelib.alerts.roll import member
from chalicelib.alerts.state import Stored
from chalicelib.alerts.store import AlertStore, Conflict, Postponed, Sent
from chalicelib.model.alert import Severity
from chalicelib.model.errors import AccessRefused, AwsFailure, ConfigurationError, NetreflexError, RetryLater
from tests.alerts.fake_dynamodb import FakeDynamoDB
from tests.alerts.samples import alert, recovered
from tests.alerts.stage import VirtualClock
from tests.alerts.world import World
from tests.slack.server import serve
from tests.slack.workspace import LocalSlack

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TABLE = "netreflex-test-state"


def create_table(client: Any) -> None:
    """The state table as deployed: keys, the index ``due``, TTL aside."""
    kinds = {"pk": "S", "sk": "S", "due_shard": "S", "due": "N"}
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_shard", "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


@pytest.fixture(params=["fake", "moto"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    if request.param == "fake":
        yield FakeDynamoDB()
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="eu-west-1")
        create_table(dynamodb)
        yield dynamodb


@pytest.fixture
def store(client: Any) -> AlertStore:
    return AlertStore(client, TABLE)


def opened(**changes: Any) -> Stored:
    seen = alert(at=NOW)
    plain = Stored(alert=seen, first=NOW, since=NOW, worst=seen.severity, due=NOW + timedelta(seconds=60))
    return replace(plain, **changes)


def sent(stored: Stored, ts: str = "1.0") -> Sent:
    return Sent(version=stored.version, shown=news.shown(stored), ts=ts)


def test_what_is_put_is_read_back_whole(store: AlertStore) -> None:
    """Every field survives the item, the members of a roll and moments to the microsecond among them."""
    odd = opened(
        flips=2,
        flip_times=(NOW, NOW + timedelta(microseconds=123456)),
        flapping=True,
        expires=NOW + timedelta(days=30),
        thread="9.9",
        members=(member(opened(), NOW),),
    )

    written = store.put(odd)

    assert store.get(odd.fp) == written == replace(odd, revision=1)


def test_the_first_writer_wins_and_the_second_learns_what_is_there(store: AlertStore) -> None:
    first = store.put(opened())

    with pytest.raises(Conflict) as conflict:
        store.put(opened(count=9))

    assert conflict.value.stored == first


def test_a_write_over_an_old_revision_changes_nothing(store: AlertStore) -> None:
    first = store.put(opened())
    second = store.put(replace(first, count=2))

    with pytest.raises(Conflict) as conflict:
        store.put(replace(first, count=7))

    assert conflict.value.stored == second == store.get(first.fp)


def test_one_worker_at_a_time_has_an_alert(store: AlertStore) -> None:
    """A claim holds for its lease; afterwards it is anybody's, and counts as an attempt whose end is unknown."""
    fp = store.put(opened()).fp

    mine, claimed = store.claim(fp, "a", NOW)
    theirs, seen = store.claim(fp, "b", NOW + timedelta(seconds=59))
    later, again = store.claim(fp, "b", NOW + timedelta(seconds=61))

    assert (mine, theirs, later) == (True, False, True)
    assert claimed is not None
    assert seen is not None
    assert again is not None
    assert (claimed.attempts, seen.owner, again.attempts) == (1, "a", 2)


def test_nothing_is_claimed_where_nothing_is_or_nothing_is_new(store: AlertStore) -> None:
    shown = store.put(opened(delivered=1))

    assert store.claim("0" * 16, "a", NOW) == (False, None)
    assert store.claim(shown.fp, "a", NOW) == (False, shown)


def test_a_finished_delivery_is_remembered_and_leaves_the_index(store: AlertStore) -> None:
    fp = store.put(opened()).fp
    _, claimed = store.claim(fp, "a", NOW)
    assert claimed is not None

    after = store.finish(claimed, sent(claimed), None)

    assert after is not None
    assert after == store.get(fp)
    assert (after.delivered, after.ts, after.owner, after.lease, after.attempts) == (1, "1.0", "", None, 0)
    assert list(store.due(NOW + timedelta(days=9))) == []


def test_a_version_that_comes_during_delivery_keeps_its_due_time(store: AlertStore) -> None:
    """A crash right after the finish must still be found by the sweep."""
    stored = store.put(opened())
    _, claimed = store.claim(stored.fp, "a", NOW)
    assert claimed is not None
    newer = store.put(replace(claimed, version=2, due=NOW + timedelta(seconds=90)))

    after = store.finish(claimed, sent(claimed), NOW + timedelta(days=1))

    assert after is not None
    assert (after.delivered, after.version, after.due) == (1, 2, newer.due)


def test_an_episode_that_begins_during_delivery_does_not_inherit_the_message(store: AlertStore) -> None:
    stored = store.put(opened())
    _, claimed = store.claim(stored.fp, "a", NOW)
    assert claimed is not None
    store.put(replace(claimed, version=2, episode=2))

    after = store.finish(claimed, sent(claimed), None)

    assert after is not None
    assert (after.ts, after.delivered, after.owner) == ("", 0, "")


def test_a_lost_lease_cannot_be_finished(store: AlertStore) -> None:
    stored = store.put(opened())
    _, claimed = store.claim(stored.fp, "a", NOW)
    _, taken = store.claim(stored.fp, "b", NOW + timedelta(minutes=2))
    assert claimed is not None

    assert store.finish(claimed, sent(claimed), None) is None
    assert store.release(claimed) is None
    assert store.get(stored.fp) == taken


@pytest.mark.parametrize(("certain", "attempts"), [(True, 0), (False, 1)], ids=["nothing posted", "perhaps posted"])
def test_a_postponed_alert_waits(store: AlertStore, *, certain: bool, attempts: int) -> None:
    stored = store.put(opened())
    _, claimed = store.claim(stored.fp, "a", NOW)
    assert claimed is not None
    until = NOW + timedelta(seconds=30)

    after = store.release(claimed, Postponed(until=until, certain=certain))

    assert after is not None
    assert (after.due, after.not_before, after.attempts) == (until, until, attempts)
    assert (after.failures, after.failing_since) == (1, NOW)
    assert store.claim(stored.fp, "a", NOW + timedelta(seconds=29))[0] is False
    assert store.claim(stored.fp, "a", until)[0] is True


def test_the_sweep_finds_what_is_due_the_longest_waiting_first(store: AlertStore) -> None:
    """Across the pages of the index; what is due later, or never, is not found."""
    for number in range(120):
        due = NOW + timedelta(seconds=number) if number != 7 else None
        seen = alert(subject_id=f"vpn-{number}", at=NOW)
        store.put(Stored(alert=seen, first=NOW, since=NOW, worst=seen.severity, due=due))

    found = list(store.due(NOW + timedelta(seconds=99)))

    expected = [alert(subject_id=f"vpn-{number}", at=NOW).fingerprint for number in range(100) if number != 7]
    assert found == expected
    assert found[:3] == list(store.due(NOW + timedelta(seconds=99), limit=3))
    assert len(list(store.watched())) == 119


def test_a_gate_lets_one_pass_and_opens_when_it_was_left_for(client: Any) -> None:
    gates = Gates(client, TABLE)

    first = gates.take("slack:C1", "a", NOW)
    second = gates.take("slack:C1", "b", NOW)
    gates.leave("slack:C1", "a", NOW + timedelta(seconds=7))
    third = gates.take("slack:C1", "b", NOW + timedelta(seconds=6))
    fourth = gates.take("slack:C1", "b", NOW + timedelta(seconds=7))

    assert [first.open, second.open, third.open, fourth.open] == [True, False, False, True]
    assert third.until == NOW + timedelta(seconds=7)


def test_nobody_closes_a_gate_that_somebody_else_holds(client: Any) -> None:
    gates = Gates(client, TABLE)
    gates.take("g", "a", NOW)

    gates.leave("g", "stranger", NOW + timedelta(days=1))

    assert gates.take("g", "b", NOW + HOLD).open


def test_a_cause_is_remembered_with_when_it_was_met_and_told(client: Any) -> None:
    causes = Causes(client, TABLE)
    assert causes.read("is_archived") is None

    causes.write("is_archived", Known(met_at=NOW, told_at=NOW))
    told = causes.read("is_archived")
    causes.write("is_archived", Known(met_at=NOW + timedelta(minutes=1), told_at=None))

    assert told == Known(met_at=NOW, told_at=NOW)
    assert causes.read("is_archived") == Known(met_at=NOW + timedelta(minutes=1), told_at=None)
    assert causes.read("missing_scope") is None


def test_a_whole_story_runs_on_either_table(client: Any) -> None:
    """Every request of observe, deliver and sweep is one that DynamoDB understands."""
    clock = VirtualClock()
    with serve(LocalSlack(clock=clock.epoch)) as slack:
        world = World(slack=slack, clock=clock, client=client)
        world.tell(*[alert(subject_id=f"vpn-{number}", at=clock()) for number in range(7)])
        world.pump()
        slack.fail = 1
        clock.sleep(300)
        world.tell(
            alert(subject_id="vpn-0", at=clock(), severity=Severity.CRITICAL), recovered(subject_id="vpn-6", at=clock())
        )
        world.settle(20)

    headers = [one.header for one in slack.messages if not one.thread_ts]
    assert len(headers) == 6
    assert headers[0].startswith("🔴 CRITICAL")
    assert "6 of 7 still fire" in slack.messages[5].text


class Broken:
    """A table whose every answer is the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def refuse(**_: object) -> None:
            raise self._error

        return refuse


USES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "an alert is read": ("GetItem", lambda client: AlertStore(client, TABLE).get("0" * 16)),
    "an alert is written": ("PutItem", lambda client: AlertStore(client, TABLE).put(opened())),
    "an alert is claimed": ("UpdateItem", lambda client: AlertStore(client, TABLE).claim("0" * 16, "a", NOW)),
    "alerts are listed": ("Query", lambda client: list(AlertStore(client, TABLE).watched())),
    "a gate is taken": ("UpdateItem", lambda client: Gates(client, TABLE).take("g", "a", NOW)),
    "a gate is left": ("UpdateItem", lambda client: Gates(client, TABLE).leave("g", "a", NOW)),
    "a cause is read": ("GetItem", lambda client: Causes(client, TABLE).read("is_archived")),
    "a cause is noted": ("PutItem", lambda client: Causes(client, TABLE).write("c", Known(met_at=NOW, told_at=None))),
}


def answer(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "X")


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (answer("AccessDeniedException"), AccessRefused, "grant it to netreflex's role there"),
        (answer("ThrottlingException"), RetryLater, "run again"),
        (answer("ProvisionedThroughputExceededException"), RetryLater, "run again"),
        (answer("InternalServerError"), RetryLater, "run again"),
        (answer("ResourceNotFoundException"), ConfigurationError, "deploy it, or correct NETREFLEX_STATE_TABLE"),
        (answer("ValidationException"), AwsFailure, "ValidationException: no"),
        (ReadTimeoutError(endpoint_url="https://dynamodb"), RetryLater, "got no answer"),
    ],
    ids=["refused", "throttled", "too much at once", "AWS's fault", "no table", "another error", "no answer"],
)
def test_an_error_of_the_table_is_one_of_ours_that_says_what_to_do(
    use: str, error: Exception, kind: type[NetreflexError], says: str
) -> None:
    operation, ask = USES[use]
    with pytest.raises(kind, match=says) as raised:
        ask(Broken(error))

    assert f"dynamodb:{operation}" in str(raised.value)
