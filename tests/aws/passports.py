"""Whose an access key is that ministack's STS gave out: moto asks there, so that a role's session is in its account in both.

``install(file)`` before the server starts; the file holds ministack's URL once it is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import boto3
from moto.core.responses import BaseResponse

_SESSION = re.compile(r"Credential=(ASIA[0-9A-Z]+)/", re.ASCII)


def install(file: Path) -> None:
    """Let moto look up the keys of sessions that it did not make itself."""
    known: Callable[[BaseResponse], str] = BaseResponse.get_current_account

    @cache
    def account_of(key: str) -> str:
        sts = boto3.client("sts", endpoint_url=file.read_text())
        return str(sts.get_access_key_info(AccessKeyId=key)["Account"])

    def current_account(self: BaseResponse) -> str:
        signed = _SESSION.search(str(self.headers.get("Authorization", "")))
        return account_of(signed.group(1)) if signed and file.exists() else known(self)

    BaseResponse.get_current_account = current_account
