"""ELBv2: the DNS name of a load balancer of scheme internal begins with ``internal-`` (moto leaves that out)."""

from __future__ import annotations

from moto.elbv2.models import FakeLoadBalancer

_init = FakeLoadBalancer.__init__


def _init_with_internal_name(self: FakeLoadBalancer, *args: object, **kwargs: object) -> None:
    _init(self, *args, **kwargs)
    if self.scheme == "internal" and not self.dns_name.startswith("internal-"):
        self.dns_name = f"internal-{self.dns_name}"


def install() -> None:
    FakeLoadBalancer.__init__ = _init_with_internal_name
