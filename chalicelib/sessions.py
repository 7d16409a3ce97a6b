"""AWS clients for any account and Region, and what an AWS error means.

One session per process: clients for assumed roles share its loader, because a new session for each account would parse the
service models again (measured: 20 times the cost of a client). Time-outs are short of any function's own, retries explicit,
since botocore's defaults differ between versions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from chalicelib import __version__
from chalicelib.model.errors import (
    HOME,
    AccessRefused,
    AwsFailure,
    ConfigurationError,
    NoMemberRole,
    RetryLater,
    in_account,
)
from chalicelib.model.network import ACCOUNT_ID, Place

CONFIG = Config(
    retries={"total_max_attempts": 5, "mode": "standard"},
    connect_timeout=3,
    read_timeout=10,
    user_agent_extra=f"netreflex/{__version__}",
    max_pool_connections=16,
)
_RENEW_BEFORE = timedelta(minutes=5)
_SERVER_ERROR = 500  # AWS's own trouble, whatever name it has
_ACCESS_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure"})
_NOT_SET_UP = (  # only a person can mend these: who runs netreflex by hand is not logged in
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
_PASSING_CODES = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "ServiceUnavailable",
        "Unavailable",
        "RequestTimeout",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRole:
    """The role that netreflex assumes in the accounts of the policy. Its name and ExternalId come from settings alone."""

    name: str
    external_id: str | None


@dataclass(frozen=True, slots=True)
class _Credentials:
    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: datetime

    def client_arguments(self) -> dict[str, str]:
        return {
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "aws_session_token": self.token,
        }


class Sessions:
    """Clients by service, account and Region. Safe under threads; one instance per process."""

    def __init__(
        self,
        *,
        home_account: str | None,
        member_role: MemberRole | None,
        allowed_accounts: Callable[[], frozenset[str]],
        now: Callable[[], datetime],
        session: boto3.Session | None = None,
    ) -> None:
        self._session = session or boto3.Session()
        self._home_account = home_account
        self._role = member_role
        self._allowed_accounts = allowed_accounts
        self._now = now
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._credentials: dict[str, _Credentials] = {}
        self._making = threading.RLock()
        self._account_locks: dict[str, threading.Lock] = {}

    @property
    def home_region(self) -> str:
        """The Region in which netreflex itself runs."""
        return self._session.region_name or ""

    @property
    def partition(self) -> str:
        """The partition of that Region: ``aws``, ``aws-cn``, ``aws-us-gov``; accounts of another are never reached."""
        return str(self._session.get_partition_for_region(self.home_region)) if self.home_region else "aws"

    def home(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        """A client of the account and Region in which netreflex itself runs."""
        return self._client(service, self.home_region, "", {})

    def client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        """A client of a place that the policy manages.

        Raises ConfigurationError where the account is not allowed, AccessRefused where its role does not let us in.
        """
        if not ACCOUNT_ID.fullmatch(place.account) or place.account not in self._allowed_accounts():
            raise ConfigurationError(f"account {place.account!r} is not in the policy's accounts; no role was assumed")
        if place.account == self._home() or self._role is None:
            if self._role is None and place.account != self._home():
                raise NoMemberRole(place.account)
            return self._client(service, place.region, "", {})
        credentials = self._assume(place, self._role)
        return self._client(service, place.region, credentials.access_key, credentials.client_arguments())

    def home_account(self) -> str:
        """The account in which netreflex itself runs; settings tell it, or one call does."""
        return self._home()

    def _home(self) -> str:
        with self._making:
            if self._home_account is None:
                with translated(HOME, "sts:GetCallerIdentity"):
                    self._home_account = str(self.home("sts").get_caller_identity()["Account"])
            return self._home_account

    def _client(self, service: str, region: str, key: str, arguments: dict[str, str]) -> Any:  # noqa: ANN401
        wanted = (service, region, key)
        with self._making:  # making a client is not thread-safe in boto3; using one is
            if wanted not in self._clients:
                self._clients[wanted] = self._session.client(
                    service,  # type: ignore[call-overload]
                    region_name=region or None,
                    config=CONFIG,
                    **arguments,
                )
            return self._clients[wanted]

    def _assume(self, place: Place, role: MemberRole) -> _Credentials:
        """Credentials of the member role, renewed five minutes before they end."""
        account = place.account
        with self._making:
            lock = self._account_locks.setdefault(account, threading.Lock())
        with lock:  # two reads side by side need one AssumeRole, not two
            held = self._credentials.get(account)
            if held is not None and held.expires_at - _RENEW_BEFORE > self._now():
                return held
            fresh = self._assume_now(place, role)
            self._credentials[account] = fresh
            if held is not None:
                self._forget_clients(held.access_key)
            return fresh

    def _forget_clients(self, key: str) -> None:
        """Clients of credentials that were replaced: whoever holds one goes on, nobody else gets it."""
        with self._making:
            self._clients = {wanted: client for wanted, client in self._clients.items() if wanted[2] != key}

    def _assume_now(self, place: Place, role: MemberRole) -> _Credentials:
        account, arguments = place.account, {"ExternalId": role.external_id} if role.external_id else {}
        with translated(account, "sts:AssumeRole", place.region):
            answer = self.home("sts").assume_role(
                RoleArn=f"arn:{self.partition}:iam::{account}:role/{role.name}",
                RoleSessionName="netreflex",
                **arguments,
            )
        got = str(answer["AssumedRoleUser"]["Arn"]).split(":")[4]
        if got != account:
            raise ConfigurationError(f"asked for a role in account {account} and was given one in {got}; not used")
        secret = answer["Credentials"]
        return _Credentials(
            access_key=secret["AccessKeyId"],
            secret_key=secret["SecretAccessKey"],
            token=secret["SessionToken"],
            expires_at=secret["Expiration"],
        )


def error_code(error: ClientError) -> str:
    """AWS's own code of an error, empty where it gave none."""
    return str(error.response.get("Error", {}).get("Code", ""))


class translated:  # noqa: N801 - reads as a phrase: with translated(account, operation)
    """Turn AWS's errors into ours: what is refused, what passes by itself, what is neither."""

    def __init__(self, account: str, operation: str, region: str = "") -> None:
        self.account, self.operation, self.region = account, operation, region

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ClientError):
            raise self.meaning(error) from None
        if isinstance(error, _NOT_SET_UP):
            raise ConfigurationError(
                f"{self.operation} cannot be asked: {str(error).rstrip('.')}; log in to AWS, and choose with AWS_PROFILE and AWS_DEFAULT_REGION"
            ) from None
        if isinstance(error, BotoCoreError):
            name = type(error).__name__
            raise RetryLater(f"{self.operation} {in_account(self.account)} got no answer ({name}); run again") from None

    def meaning(self, error: ClientError) -> AccessRefused | RetryLater | AwsFailure:
        code = error_code(error)
        if code in _ACCESS_CODES:
            return AccessRefused(account=self.account, operation=self.operation, code=code, region=self.region)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _PASSING_CODES or status >= _SERVER_ERROR:
            return RetryLater(f"{self.operation} {in_account(self.account)} was put off by AWS ({code}); run again")
        message = str(error.response.get("Error", {}).get("Message", ""))[:300]
        return AwsFailure(account=self.account, operation=self.operation, code=code, message=message)
