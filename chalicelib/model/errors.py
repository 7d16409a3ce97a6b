"""Errors that netreflex raises, and what each means for the caller.

::

    NetreflexError
    ├── ConfigurationError   settings or policy are wrong: a person must change them
    ├── AccessRefused        AWS did not let us: names the account and the action that is missing
    │   └── NoMemberRole     another account, and no setting says which role to assume there
    ├── RetryLater           not finished, nothing lost: the same call later goes on from here
    └── AwsFailure           AWS answered with an error that no rule of ours covers

A refusal (a reason not to act) is data in the plan and never an exception.
"""

from __future__ import annotations

HOME = "home"  # what stands for netreflex's own account where its number is not asked for


def in_account(account: str) -> str:
    """The account of a call as people read it."""
    return "in netreflex's own account" if account == HOME else f"in account {account}"


class NetreflexError(Exception):
    """The root; its text says what happened and what to do, and never carries a secret."""


class ConfigurationError(NetreflexError):
    """Settings or policy are wrong; the text names every fault."""


class AccessRefused(NetreflexError):
    """AWS refused an operation for want of a permission. ``region`` is empty where the service has none."""

    def __init__(self, *, account: str, operation: str, code: str, region: str = "") -> None:
        self.account, self.operation, self.code, self.region = account, operation, code, region
        super().__init__(
            f"{operation} was refused {in_account(account)} ({code}): grant it to netreflex's role there, then run again"
        )


class NoMemberRole(AccessRefused):
    """An account that is not netreflex's own cannot be entered, because no role is named in the settings."""

    def __init__(self, account: str) -> None:
        super().__init__(account=account, operation="sts:AssumeRole", code="NETREFLEX_MEMBER_ROLE is not set")
        self.args = (f"account {account} is not netreflex's own: set NETREFLEX_MEMBER_ROLE to reach it",)


class RetryLater(NetreflexError):
    """Not finished within this run's bound; the next run goes on from the state in AWS."""


class AwsFailure(NetreflexError):
    """AWS answered with an error; ``code`` is AWS's own."""

    def __init__(self, *, account: str, operation: str, code: str, message: str) -> None:
        self.account, self.operation, self.code = account, operation, code
        super().__init__(f"{operation} failed {in_account(account)}: {code}: {message}")
