"""CIDRs and the names of places in AWS, which facts, policy and actions share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network
Tags = Mapping[str, str]

ACCOUNT_ID = re.compile(r"[0-9]{12}", re.ASCII)
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+", re.ASCII)
VPC_ID = re.compile(r"vpc-[0-9a-f]{8,17}", re.ASCII)
DISTRIBUTION_ID = re.compile(r"[A-Z0-9]{8,25}", re.ASCII)
PEERING_ID = re.compile(r"pcx-[0-9a-f]{8,17}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """An account and a Region: where one set of credentials and one endpoint reach."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class VpcRef:
    """A VPC and the place it is in."""

    place: Place
    vpc_id: str

    @property
    def account(self) -> str:
        return self.place.account

    @property
    def region(self) -> str:
        return self.place.region

    def __str__(self) -> str:
        return f"{self.vpc_id} ({self.place})"
