"""Breaks the k-th API call of in-process moto, below botocore's retries: crash, throttle, lost answer, reset, 500.

::

    with mock_aws(), VirtualTime(), Faults() as faults:
        faults.plan = crash_at(3, "after")  # the process dies after call 3 took effect, before its answer is seen
        try:
            handler(event, context)
        except Crash:
            pass
        faults.plan = None
        handler(event, context)  # the next run has to heal it

``faults.log`` lists (service, operation) of every HTTP attempt, retries included; calls count from 0. A plan is any
callable (index, service, operation, params) -> Fault | None, for example a TokenBucket. A ``before-send`` handler would
not do: botocore calls every one of them, so moto would do the write as well. One lock serializes all calls.
"""

from __future__ import annotations

import functools
import re
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

import botocore.endpoint
import botocore.retries.bucket
import botocore.retries.standard
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber


class Crash(BaseException):
    """A simulated SIGKILL or Lambda time-out: botocore and ``except Exception`` let a BaseException pass."""


@dataclass(frozen=True)
class Fault:
    """``before``: the call never reaches AWS. ``after``: it took effect and the answer is lost."""

    kind: Literal["crash", "throttle", "timeout", "connect", "reset", "500"]
    when: Literal["before", "after"] = "before"


Plan = Callable[[int, str, str, dict[str, str]], Fault | None]
Answer = tuple[int, str, str]  # status, content type, body

_SERVER_ERROR: Answer = (
    500,
    "text/xml",
    "<Response><Errors><Error><Code>InternalError</Code><Message>x</Message></Error></Errors></Response>",
)
_XML_THROTTLE = (
    "<ErrorResponse{xmlns}><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
    "<RequestId>r</RequestId></ErrorResponse>"
)
_THROTTLE: dict[str, Answer] = {  # in the form in which each service answers
    "ec2": (
        503,
        "text/xml",
        (
            "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message>"
            "</Error></Errors><RequestID>r</RequestID></Response>"
        ),
    ),
    "route53": (400, "text/xml", _XML_THROTTLE.format(xmlns=' xmlns="https://route53.amazonaws.com/doc/2013-04-01/"')),
    "dynamodb": (
        400,
        "application/x-amz-json-1.0",
        '{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Rate exceeded"}',
    ),
    "*": (400, "text/xml", _XML_THROTTLE.format(xmlns="")),
}


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes | bytearray) else str(value or "")


def _identify(request: AWSPreparedRequest) -> tuple[str, str, dict[str, str]]:
    """(service, operation, params) of a signed request; REST services give "METHOD /path" as the operation."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4", _text(request.headers.get("Authorization")))
    service = scope.group(1) if scope else "?"
    target, body = _text(request.headers.get("X-Amz-Target")), _text(request.body)  # type: ignore[arg-type]
    if target:
        return service, target.rsplit(".", 1)[-1], {}
    if body.startswith("Action=") or "&Action=" in body:
        params = dict(urllib.parse.parse_qsl(body))
        return service, params["Action"], params
    return service, f"{request.method} {urllib.parse.urlparse(request.url).path}", {}


class Faults:
    """Logs every attempt and lets ``plan`` break it. Use it innermost, inside ``mock_aws()``."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []
        self.plan: Plan | None = None
        self._lock = threading.RLock()
        self._original = BotocoreStubber.process_request

    def __enter__(self) -> Self:
        faults = self

        def process_request(stubber: BotocoreStubber, request: AWSPreparedRequest) -> object:
            return faults._attempt(stubber, request)

        self._original = BotocoreStubber.process_request
        BotocoreStubber.process_request = process_request
        return self

    def __exit__(self, *_: object) -> None:
        BotocoreStubber.process_request = self._original

    def _attempt(self, stubber: BotocoreStubber, request: AWSPreparedRequest) -> object:
        with self._lock:
            service, operation, params = _identify(request)
            index = len(self.log)
            self.log.append((service, operation))
            fault = self.plan(index, service, operation, params) if self.plan else None
            if fault is None:
                return self._original(stubber, request)
            if fault.when == "after":
                self._original(stubber, request)
            return _broken(fault, f"{fault.when} call {index} {service}:{operation}", service, request.url)


def _broken(fault: Fault, where: str, service: str, url: str) -> tuple[int, dict[str, str], str]:
    raised = {
        "crash": Crash(f"crash {where}"),
        "timeout": ReadTimeoutError(endpoint_url=url),
        "connect": ConnectTimeoutError(endpoint_url=url),
        "reset": ConnectionClosedError(endpoint_url=url),
    }
    if fault.kind in raised:
        raise raised[fault.kind]
    answer = _SERVER_ERROR if fault.kind == "500" else _THROTTLE.get(service, _THROTTLE["*"])
    status, content_type, body = answer
    return status, {"content-type": content_type}, body


def at(k: int, fault: Fault) -> Plan:
    """The plan that breaks call k only."""
    return lambda index, _service, _operation, _params: fault if index == k else None


def crash_at(k: int, when: Literal["before", "after"] = "before") -> Plan:
    return at(k, Fault("crash", when))


class TokenBucket:
    """A plan that throttles when AWS would: (burst, refill per second) per (service, operation).

    ``TokenBucket(virtual_time.now, {("ec2", "CreateRoute"): (50, 5), ("route53", "*"): (50, 10)})``
    """

    def __init__(
        self,
        clock: Callable[[], float],
        limits: Mapping[tuple[str, str], tuple[float, float]],
        default: tuple[float, float] = (100, 20),
    ) -> None:
        self.denied = self.passed = 0
        self._clock, self._limits, self._default = clock, limits, default
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def __call__(self, _index: int, service: str, operation: str, _params: dict[str, str]) -> Fault | None:
        key = (service, operation) if (service, operation) in self._limits else (service, "*")
        capacity, rate = self._limits.get(key, self._default)
        now = self._clock()
        tokens, then = self._buckets.get(key, (capacity, now))
        tokens = min(capacity, tokens + (now - then) * rate)
        enough = tokens >= 1
        self._buckets[key] = (tokens - 1 if enough else tokens, now)
        self.passed += enough
        self.denied += not enough
        return None if enough else Fault("throttle")


class VirtualTime:
    """A virtual clock for botocore's retries: minutes of backoff pass in milliseconds, with pinned jitter.

    Covers the endpoint's backoff sleep (standard and legacy mode) and the token bucket of adaptive mode. Create clients
    inside the block, because adaptive mode binds its clock when the client is made. It patches ``botocore.endpoint``'s
    ``time`` and not ``time.sleep``, which others need, and the bucket's ``_acquire``, which waits on a Condition. The
    clock starts small: at 1.8e9 the step of a float stalls adaptive mode.
    """

    def __init__(self, jitter: float = 0.5) -> None:
        self.t = 1000.0
        self.slept: list[float] = []
        self.jitter = jitter
        self._lock = threading.Lock()
        self._undo: list[Callable[[], None]] = []

    def now(self) -> float:
        return self.t

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.t += max(0, seconds)
            self.slept.append(seconds)

    def __enter__(self) -> Self:
        virtual = self
        backoff_init = botocore.retries.standard.ExponentialBackoff.__init__

        class Clock:
            def sleep(self, amount: float) -> None:
                virtual.sleep(amount)

            def current_time(self) -> float:
                return virtual.t

        class Time:
            sleep = staticmethod(virtual.sleep)

        def acquire(bucket: botocore.retries.bucket.TokenBucket, amount: float, _block: object) -> bool:
            bucket._refill()  # type: ignore[attr-defined]
            while amount > bucket._current_capacity:  # type: ignore[attr-defined]
                virtual.sleep(max(1e-3, bucket._sleep_amount(amount)))  # type: ignore[attr-defined]
                bucket._refill()  # type: ignore[attr-defined]
            bucket._current_capacity -= amount  # type: ignore[attr-defined]
            return True

        def pinned(backoff: object, *args: object, **kwargs: object) -> None:
            backoff_init(backoff, *args, **kwargs)  # type: ignore[arg-type]
            backoff._random = lambda: virtual.jitter  # type: ignore[attr-defined]

        for owner, name, value in (
            (botocore.endpoint, "time", Time),
            (botocore.retries.bucket, "Clock", Clock),
            (botocore.retries.bucket.TokenBucket, "_acquire", acquire),
            (botocore.retries.standard.ExponentialBackoff, "__init__", pinned),
        ):
            self._undo.append(functools.partial(setattr, owner, name, getattr(owner, name)))
            setattr(owner, name, value)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._undo:
            self._undo.pop()()
