"""Every sample event wakes the handlers that it should and no other, and becomes the trigger that it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.intake.parse import parse_peering_event
from chalicelib.intake.patterns import PATTERNS
from chalicelib.model.network import Place
from chalicelib.model.triggers import (
    Ignored,
    PeeringAccepted,
    PeeringDeleted,
    PeeringRejected,
    PeeringRequested,
    PeeringTrigger,
)
from tests.intake.matcher import NAMES, event, woken

# Sample -> the handlers that it wakes. A failed call, a dry run and what is no EventBridge event wake nobody.
WOKEN: dict[str, set[str]] = {
    "acm/approaching-expiration": {"certificates"},
    "acm/available-renewal": {"certificates"},
    "acm/expired": {"certificates"},
    "acm/renewal-action-required": {"certificates"},
    "api/describe-vpc-peering-failed": set(),
    "api/describe-vpn-connections": set(),
    "chat/custom-notification": set(),
    "cloudfront/update-distribution": {"origins"},
    "cloudwatch/vpn-connection-alarm-degraded": {"vpn"},
    "cloudwatch/vpn-tunnel-alarm": {"vpn"},
    "cloudwatch/vpn-tunnel-alarm-insufficient-data": {"vpn"},
    "cloudwatch/vpn-tunnel-alarm-ok": {"vpn"},
    "ec2/vpc-peering-accept": {"peering"},
    "ec2/vpc-peering-accept-invalid-state": set(),
    "ec2/vpc-peering-create-cross-account": {"peering"},
    "ec2/vpc-peering-create-dry-run": set(),
    "ec2/vpc-peering-create-limit-exceeded": set(),
    "ec2/vpc-peering-create-overlapping-cidr": {"peering"},
    "ec2/vpc-peering-create-same-account": {"peering"},
    "ec2/vpc-peering-delete": {"peering"},
    "ec2/vpc-peering-modify-options": set(),
    "ec2/vpc-peering-modify-options-not-active": set(),
    "ec2/vpc-peering-reject": {"peering"},
    "elbv2/add-listener-certificates": {"origins"},
    "elbv2/create-load-balancer": {"load_balancers"},
    "elbv2/modify-listener": {"origins"},
    "health/acm-renewal-action": {"certificates"},
    "health/vpn-redundancy-loss": {"vpn"},
    "health/vpn-single-tunnel": {"vpn"},
    "lambda/alarm-action": set(),
    "networkmanager/vpn-ipsec-down": {"vpn"},
    "networkmanager/vpn-ipsec-up": {"vpn"},
    "route53/associate-vpc-with-hosted-zone": set(),
    "route53/change-resource-record-sets": set(),
    "schedule/reconcile": set(),
    "sns/vpn-alarm": set(),
    "sns/wrapped-eventbridge": set(),
    "sqs/eventbridge-dlq-message": set(),
}
DEV = Place(account="111122223333", region="eu-west-1")
DATA = Place(account="444455556666", region="eu-west-1")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


TRIGGERS = {
    "ec2/vpc-peering-create-cross-account": PeeringRequested(
        peering_id="pcx-0bb22cc33dd44ee55", places=(DEV, DATA), at=at("2026-03-02T09:18:02")
    ),
    "ec2/vpc-peering-create-same-account": PeeringRequested(
        peering_id="pcx-0aa11bb22cc33dd44", places=(DEV,), at=at("2026-03-02T09:15:41")
    ),
    "ec2/vpc-peering-create-overlapping-cidr": PeeringRequested(
        peering_id="pcx-0dd44ee55ff660077", places=(DEV, DATA), at=at("2026-03-02T09:31:55")
    ),
    "ec2/vpc-peering-accept": PeeringAccepted(
        peering_id="pcx-0bb22cc33dd44ee55", places=(DATA, DEV), at=at("2026-03-02T10:02:19")
    ),
    "ec2/vpc-peering-reject": PeeringRejected(
        peering_id="pcx-0cc33dd44ee55ff66", places=(DATA,), at=at("2026-03-02T10:05:47")
    ),
    "ec2/vpc-peering-delete": PeeringDeleted(
        peering_id="pcx-0bb22cc33dd44ee55", places=(DEV,), at=at("2026-03-05T16:11:05")
    ),
}
IGNORED = {
    "ec2/vpc-peering-accept-invalid-state": "the call did not succeed: 'Client.InvalidStateTransition'",
    "ec2/vpc-peering-create-dry-run": "the call did not succeed: 'Client.DryRunOperation'",
    "ec2/vpc-peering-create-limit-exceeded": "the call did not succeed: 'Client.OutstandingVpcPeeringConnectionLimitExceeded'",
    "ec2/vpc-peering-modify-options": "'ModifyVpcPeeringConnectionOptions' is not a call that netreflex reacts to",
    "ec2/vpc-peering-modify-options-not-active": "the call did not succeed: 'Client.OperationNotPermitted'",
    "elbv2/create-load-balancer": "not an EC2 call told by CloudTrail: source 'aws.elasticloadbalancing'",
    "schedule/reconcile": "not an EC2 call told by CloudTrail: source 'aws.events'",
    "sns/wrapped-eventbridge": "not an EC2 call told by CloudTrail: source 'None'",
}


def test_every_sample_event_has_its_line_here() -> None:
    assert sorted(WOKEN) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_event_wakes_the_handlers_it_should_and_no_other(name: str) -> None:
    assert woken(event(name)) == WOKEN[name]


@pytest.mark.parametrize("handler", PATTERNS)
def test_every_handler_is_woken_by_some_sample(handler: str) -> None:
    assert any(handler in handlers for handlers in WOKEN.values())


@pytest.mark.parametrize("name", NAMES)
def test_an_event_becomes_its_trigger_or_is_ignored_with_a_reason(name: str) -> None:
    found = parse_peering_event(event(name))

    if name in TRIGGERS:
        assert found == TRIGGERS[name]
        assert type(found) is type(TRIGGERS[name])
    else:
        assert isinstance(found, Ignored)
        assert found.reason.startswith(IGNORED.get(name, "not an EC2 call told by CloudTrail: source "))


@pytest.mark.parametrize("name", NAMES)
def test_the_pattern_lets_nothing_in_that_the_parser_ignores(name: str) -> None:
    assert ("peering" in woken(event(name))) == isinstance(parse_peering_event(event(name)), PeeringTrigger)
