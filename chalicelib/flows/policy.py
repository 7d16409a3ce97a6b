"""The policy in force: the newest version without a fault, whatever happens to its source."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.intake.policy_file import parse_policy, policy_hash
from chalicelib.model.errors import AccessRefused, NetreflexError
from chalicelib.model.policy import Policy

LOG = logging.getLogger(__name__)
RELOAD_SECONDS = 60.0
EVERY_TIME = -1.0


class Shelf(Protocol):
    """Where the last good text outlives this container."""

    def load(self) -> str | None:
        """The last good text, None where there is none."""

    def keep(self, text: str, version: str) -> None:
        """Keep a good text."""


class NoShelf:
    """For a policy that is bundled with the code: git keeps its versions."""

    def load(self) -> str | None:
        """Nothing was kept."""
        return None

    def keep(self, text: str, version: str) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyState:
    """The policy in force and its hash.

    ``fault`` says why the newest text is not it, ``unkept`` why there is no copy of it to fall back on. ``refused``
    says that the fault is ours alone: we may not read the text, and others perhaps may.
    """

    policy: Policy
    version: str
    fault: str = ""
    unkept: str = ""
    refused: bool = False


class PolicyKeeper:
    """Reads the policy, at most once in ``reload_seconds``, and keeps the last good one.

    ``seconds`` is a clock that only goes forward. A file costs nothing to read, and may be read for every run.
    """

    def __init__(
        self, read: Callable[[], str], shelf: Shelf, seconds: Callable[[], float], *, reload_seconds: float
    ) -> None:
        self._read, self._shelf, self._seconds, self._reload_seconds = read, shelf, seconds, reload_seconds
        self._held: PolicyState | None = None
        self._read_at = 0.0
        self.changes = reload_seconds >= 0
        """Whether the text may change, or be kept from us, while this container lives."""

    def state(self) -> PolicyState:
        """What is in force now. Raises NetreflexError that says what is wrong where nothing good is left to go on with."""
        held = self._held
        if held is not None and self._seconds() - self._read_at <= self._reload_seconds:
            return held
        try:
            fresh = self._fresh(held)
        except NetreflexError as error:
            fresh = self._last_good(held, error)
        self._held, self._read_at = fresh, self._seconds()
        return fresh

    def _fresh(self, held: PolicyState | None) -> PolicyState:
        text = self._read()
        version = policy_hash(text)
        known = held is not None and held.version == version
        policy = held.policy if held is not None and known else parse_policy(text)
        unkept = "" if held is not None and known and not held.unkept else self._keep(text, version)
        return PolicyState(policy=policy, version=version, unkept=unkept)

    def _keep(self, text: str, version: str) -> str:
        """Why it could not be kept: the policy is good all the same, and the next reading tries again."""
        try:
            self._shelf.keep(text, version)
        except NetreflexError as error:
            LOG.warning("policy.not_kept", extra={"error": str(error)})
            return f"this policy holds, but no copy could be kept for the day when a newer one is broken: {error}"
        return ""

    def _last_good(self, held: PolicyState | None, error: NetreflexError) -> PolicyState:
        LOG.error("policy.unusable", extra={"error": str(error)})
        if held is None:
            text = self._shelf.load()
            if text is None:
                raise error
            held = PolicyState(policy=parse_policy(text), version=policy_hash(text))
        refused = isinstance(error, AccessRefused)
        return PolicyState(
            policy=held.policy, version=held.version, fault=str(error), unkept=held.unkept, refused=refused
        )
