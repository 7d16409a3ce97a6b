"""EC2 requests: DryRun never executes, and the Describe calls answer in pages.

moto executes most calls in spite of DryRun, and answers everything in one page whatever MaxResults says. AWS may end
a page early, so ``pages_of(n)`` makes every page at most n entries long: code that reads one page only is found out.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DryRunClientError, EC2ClientError
from moto.ec2.responses import EC2Response
from moto.ec2.responses.route_tables import RouteTables
from moto.ec2.responses.subnets import Subnets
from moto.ec2.responses.vpc_peering_connections import VPCPeeringConnections
from moto.ec2.responses.vpcs import VPCs

_LOWEST = 5
_PAGED = (  # class, method, key of the list, highest MaxResults (EC2 API reference)
    (VPCPeeringConnections, "describe_vpc_peering_connections", "VpcPeeringConnections", 1000),
    (RouteTables, "describe_route_tables", "RouteTables", 100),
    (VPCs, "describe_vpcs", "Vpcs", 1000),
    (Subnets, "describe_subnets", "Subnets", 1000),
)
_call_action = EC2Response.call_action


class _Pages:
    longest: int | None = None


@contextmanager
def pages_of(longest: int) -> Iterator[None]:
    """Answer at most ``longest`` entries per page, whatever the caller asks for."""
    before, _Pages.longest = _Pages.longest, longest
    try:
        yield
    finally:
        _Pages.longest = before


def _paged(answer: Callable[..., Any], key: str, highest: int) -> Callable[..., Any]:
    def page(self: EC2Response) -> ActionResult:
        asked = self._get_param("MaxResults")
        if asked is not None and not _LOWEST <= int(asked) <= highest:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Value ( {asked} ) for parameter maxResults is invalid. Expecting a value from {_LOWEST} to {highest}.",
            )
        entries = answer(self).result[key]
        start = _start(self._get_param("NextToken"), key)
        length = min(int(asked or len(entries) or 1), _Pages.longest or len(entries) or 1)
        end = start + length
        shown = {key: entries[start:end]}
        return ActionResult(shown if end >= len(entries) else {**shown, "NextToken": _token(end, key)})

    return page


def _token(start: int, key: str) -> str:
    return base64.urlsafe_b64encode(f"{key}:{start}".encode()).decode()


def _start(token: str | None, key: str) -> int:
    if not token:
        return 0
    try:
        of, _, start = base64.urlsafe_b64decode(token).decode().partition(":")
        if of == key:
            return int(start)
    except ValueError:
        pass
    raise EC2ClientError("InvalidNextToken", f"The token '{token}' is invalid.")


def _call_unless_dry(self: EC2Response) -> tuple[int, dict[str, Any], str]:
    if self._get_param("DryRun", if_none=False) not in (True, "true", "True"):
        return _call_action(self)  # type: ignore[no-any-return]
    status, headers, body = self.serialized(ActionResult(DryRunClientError()))
    headers["status"] = str(status)
    return status, headers, body


def install() -> None:
    EC2Response.call_action = _call_unless_dry
    for owner, method, key, highest in _PAGED:
        setattr(owner, method, _paged(getattr(owner, method), key, highest))
