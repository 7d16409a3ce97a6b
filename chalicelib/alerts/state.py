"""An alert as it is remembered between observations: its life so far, and what people have been shown of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.model.alert import Alert, AlertStatus, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The times that damp an alert. They are properties of people's attention, not of AWS.

    ``count_every``: an unchanged observation is written at most so often.
    ``reopen``: a problem that comes back within this time is the same episode, and so the same message.
    ``flap_changes`` changes within ``flap_within`` are flapping, which ends after ``quiet`` without a change.
    ``leftover``: how long the queue may take before the sweep looks after an alert itself.
    """

    count_every: timedelta = timedelta(seconds=60)
    reopen: timedelta = timedelta(minutes=10)
    flap_changes: int = 3
    flap_within: timedelta = timedelta(minutes=15)
    quiet: timedelta = timedelta(minutes=15)
    leftover: timedelta = timedelta(seconds=60)
    keep_resolved: timedelta = timedelta(days=30)
    keep_unfired: timedelta = timedelta(days=2)
    look_again: timedelta = timedelta(hours=24)


TIMES = Times()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What people were last shown, so that the next message says what is new against it.

    ``worst`` is the worst severity announced in this episode; ``warned`` says that the thread announced its silence.
    """

    status: AlertStatus
    severity: Severity
    worst: Severity
    flapping: bool = False
    warned: bool = False
    reminded: int = 0
    members: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One alert named in a roll (one message for many alerts at once)."""

    fp: str
    label: str
    severity: Severity
    joined: datetime
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One alert in the state table.

    ``version`` grows with every change that people should see, ``delivered`` follows it; version 0 is an alert that
    was never to be seen. ``first`` begins the episode, ``since`` the present status and severity. ``ts`` is Slack's
    name of our message, ``thread`` that of the message it stands under. ``revision`` guards every write.
    ``attempts`` counts claims whose end is unknown: above 1, the message may already be there. ``failures`` counts
    sends that failed in a row, the first of them at ``failing_since``.
    """

    alert: Alert
    first: datetime
    since: datetime
    worst: Severity
    count: int = 1
    flips: int = 0
    flip_times: tuple[datetime, ...] = ()
    flapping: bool = False
    reminded: int = 0
    members: tuple[Member, ...] = ()
    episode: int = 1
    version: int = 1
    revision: int = 0
    due: datetime | None = None
    expires: datetime | None = None

    delivered: int = 0
    shown: Shown | None = None
    ts: str = ""
    thread: str = ""
    lease: datetime | None = None
    owner: str = ""
    attempts: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    not_before: datetime | None = None

    @property
    def fp(self) -> str:
        return self.alert.fingerprint

    @property
    def identity(self) -> str:
        """What one message is found by in Slack: the problem and its episode."""
        return f"{self.fp}#{self.episode}"

    @property
    def pending(self) -> bool:
        """True while people have not been shown the newest version."""
        return self.version > self.delivered

    @property
    def firing(self) -> bool:
        return self.alert.status is AlertStatus.FIRING
