"""Events come in any order and any number of times: people see the newest state, and nothing that was never so."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.alerts import life
from chalicelib.alerts.life import Reason
from chalicelib.alerts.sinks import Message, Sink
from chalicelib.alerts.state import Stored
from chalicelib.model.alert import Alert, AlertStatus, Severity
from tests.alerts.samples import alert
from tests.alerts.stage import START, VirtualClock
from tests.alerts.world import World
from tests.slack.workspace import CHANNEL, TOKEN, LocalSlack

STATES = st.tuples(st.sampled_from(AlertStatus), st.sampled_from([Severity.ERROR, Severity.CRITICAL]))


@st.composite
def arrivals(draw: st.DrawFn) -> list[Alert]:
    """A story of one subject, told out of order and with copies. Steps lie at least the counting time apart."""
    story, minute = [], 0
    for status, severity in draw(st.lists(STATES, min_size=1, max_size=8)):
        minute += draw(st.sampled_from([1, 2, 7, 20, 600]))
        at = START + timedelta(minutes=minute)
        story.append(alert(status=status, severity=severity, at=at, title=f"{status.value} {severity.value}"))
    copies = draw(st.lists(st.sampled_from(story), max_size=6))
    return draw(st.permutations(story + copies))


@given(arrivals())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_newest_observation_is_what_is_remembered(told: list[Alert]) -> None:
    """Folding in any order ends in the newest state, and versions only grow."""
    stored: Stored | None = None
    for one in told:
        before = stored
        folded = life.fold(stored, one, START)
        stored = folded.stored
        assert before is None or stored.version >= before.version
        assert folded.news == (before is None or stored.version > before.version) or folded.reason is Reason.NEVER_FIRED

    newest = max(told, key=lambda one: one.at)
    assert stored is not None
    assert stored.alert.content_hash == newest.content_hash
    assert stored.alert.at == newest.at


@given(arrivals(), st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_the_last_message_shows_the_newest_state(told: list[Alert], choice: st.DataObject) -> None:
    """Through table, topic, queue and Slack, with deliveries at any point in between."""
    clock = VirtualClock()
    slack = LocalSlack(clock=clock.epoch)
    world = InProcess(slack=slack, clock=clock)
    seen_firing = False
    for one in told:
        world.tell(one)
        seen_firing = seen_firing or world.stored(one.fingerprint).version > 0
        if choice.draw(st.booleans()):
            world.pump()
    world.pump()
    clock.sleep(20 * 60)
    world.sweep()
    world.pump()

    messages = [one for one in slack.messages if not one.thread_ts]
    if not seen_firing:
        assert messages == []
        return
    newest = max(told, key=lambda one: one.at)
    assert messages[-1].header.endswith(newest.title)
    assert not any("FLAPPING" in one.header for one in messages)
    assert [one.header for one in messages[:-1] if "ERROR" in one.header or "CRITICAL" in one.header] == []


class InProcess(World):
    """The world without sockets: the sink calls the local Slack's own method."""

    def open_sink(self, fresh: bool) -> Sink:  # noqa: FBT001 - as Surroundings calls it
        del fresh
        return Direct(self.slack)


class Direct:
    """A bot that reaches the local Slack without HTTP."""

    edits = True
    gate = "slack:direct"

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack

    def post(self, message: Message, *, thread: str = "") -> str:
        return str(self._call("chat.postMessage", message, thread_ts=thread)["ts"])

    def update(self, ts: str, message: Message) -> None:
        self._call("chat.update", message, ts=ts)

    def find(self, key: str, *, since: float, thread: str = "") -> str | None:
        del since, thread
        return next((one.ts for one in self._slack.messages if one.key == key), None)

    def _call(self, method: str, message: Message, **more: str) -> dict[str, object]:
        payload = {"event_type": "network_alert", "event_payload": {"id": message.key}}
        arguments = {"channel": CHANNEL, "text": message.text, "blocks": list(message.blocks), "metadata": payload}
        answer = self._slack.answer(f"/api/{method}", arguments | more, TOKEN)
        assert answer is not None
        assert isinstance(answer[2], dict)
        assert answer[2]["ok"], answer
        return answer[2]
