"""Accounts by access key: a 12-digit key is that account, as in ministack, so that one key means one account in both."""

from __future__ import annotations

import re

from moto.core.responses import BaseResponse

_CREDENTIAL = re.compile(r"Credential=([0-9]{12})/", re.ASCII)
_account_by_known_key = BaseResponse.get_current_account


def _current_account(self: BaseResponse) -> str:
    signed = _CREDENTIAL.search(str(self.headers.get("Authorization", "")))
    return signed.group(1) if signed else _account_by_known_key(self)


def install() -> None:
    BaseResponse.get_current_account = _current_account
