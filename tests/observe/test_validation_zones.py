"""Public zones and what they hold at a name, out of Route 53."""

from __future__ import annotations

from typing import Any

import boto3
from moto import mock_aws

from chalicelib.model.network import Place
from chalicelib.observe.validation_zones import ValidationZones
from tests.aws import strict_moto  # noqa: F401 - moto becomes strict

NAME = "_a1.shop.example.com"


class Clients:
    def client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        key = place.account
        return boto3.client(service, place.region, aws_access_key_id=key, aws_secret_access_key="x")  # type: ignore[call-overload]


def test_only_public_zones_count_and_only_the_very_names_are_read() -> None:
    with mock_aws():
        accounts = ("111122223333", "444455556666")
        route53 = Clients().client("route53", Place(account=accounts[0], region="us-east-1"))
        vpc = {"VPCRegion": "eu-west-1", "VPCId": "vpc-0a1b2c3d"}
        route53.create_hosted_zone(
            Name="shop.example.com", CallerReference="1", VPC=vpc, HostedZoneConfig={"PrivateZone": True}
        )
        public = route53.create_hosted_zone(Name="example.com", CallerReference="2")["HostedZone"]["Id"].split("/")[-1]
        texts = [
            ("CNAME", NAME, "_b.acm-validations.aws."),
            ("TXT", f"_netreflex.{NAME}", '"x"'),
            ("TXT", f"{NAME}.deeper", '"y"'),
        ]
        sets = [
            {"Name": name.replace(f"{NAME}.deeper", "_z.example.com"), "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
            for kind, name, value in texts
        ]  # fmt: skip
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": one} for one in sets]}
        route53.change_resource_record_sets(HostedZoneId=public, ChangeBatch=batch)

        zones = ValidationZones(Clients(), accounts)
        assert zones.nearest(["other.example.com"]) == ()
        [zone] = zones.nearest(["shop.example.com", "example.com"])
        assert (zone.zone_id, zone.account, zone.private) == (public, accounts[0], False)
        held = zones.held(zone, [NAME, f"_netreflex.{NAME}"])
        assert [(one.name, one.type) for one in held] == [(NAME, "CNAME"), (f"_netreflex.{NAME}", "TXT")]
        assert held[0].values == ("_b.acm-validations.aws.",)
        assert zones.held(zone, ["_none.example.com"]) == ()
