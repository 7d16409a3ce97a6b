"""What one run did: every handler returns it as JSON, in the form that the public contract fixes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from chalicelib.model.actions import Action
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision, Refusal
from chalicelib.model.triggers import Ignored, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An action that was tried and did not succeed; ``error`` says what to do about it."""

    action: Action
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of one trigger."""

    trigger: Trigger | Ignored
    decision: Decision
    rule: str | None = None
    reasons: tuple[str, ...] = ()
    planned: tuple[Action, ...] = ()
    performed: tuple[Action, ...] = ()
    unchanged: int = 0
    refused: tuple[Refusal, ...] = ()
    failed: tuple[Failure, ...] = ()
    alerts: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The Report of the public contract, ready for ``json.dumps``."""
        return {
            "trigger": tagged("trigger", self.trigger),
            "decision": self.decision.value,
            "rule": self.rule,
            "reasons": list(self.reasons),
            "planned": [tagged("action", action) for action in self.planned],
            "performed": [tagged("action", action) for action in self.performed],
            "unchanged": self.unchanged,
            "refused": [_refused(refusal) for refusal in self.refused],
            "failed": [{"action": tagged("action", one.action), "error": one.error} for one in self.failed],
            "alerts": list(self.alerts),
            "proof": list(self.proof),
        }


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"action": tagged("action", refusal.action), "reason": refusal.reason, "remedy": refusal.remedy}


def tagged(key: str, value: object) -> dict[str, Any]:
    """A value as a flat JSON object that names its own type: ``{"action": "CreateRoute", ...}``."""
    return {key: type(value).__name__, **_plain_fields(value)}


def _plain_fields(value: object) -> dict[str, Any]:
    if not is_dataclass(value):
        message = f"not a value of the model: {value!r}"
        raise TypeError(message)
    plain: dict[str, Any] = {}
    for field in fields(value):
        content = getattr(value, field.name)
        if isinstance(content, Place):
            plain.update(account=content.account, region=content.region)
        else:
            plain[field.name] = _plain(content)
    return plain


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON is what it is
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, IPv4Network | IPv6Network):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
