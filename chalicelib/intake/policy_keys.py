"""What each key of the policy file says, and how it is written: the source of fault texts and of the JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.intake.policy_values import CIDR_PATTERN, DURATION_PATTERN
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Problem
from chalicelib.model.network import ACCOUNT_ID, DISTRIBUTION_ID, REGION, VPC_ID
from chalicelib.model.vpn import VpnProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """``says`` is its meaning, ``like`` an example value as YAML, ``schema`` what JSON Schema can say beyond the type."""

    says: str
    like: str
    schema: Mapping[str, Any] = field(default_factory=dict)


def _text(pattern: str) -> dict[str, str]:
    return {"type": "string", "pattern": f"^({pattern})$"}


_ACCOUNT, _REGION, _VPC = _text(ACCOUNT_ID.pattern), _text(REGION.pattern), _text(VPC_ID.pattern)
_CIDR, _DURATION = _text(CIDR_PATTERN), _text(DURATION_PATTERN)
_FRACTION = {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
_PROBLEMS = {"items": {"enum": [problem.value for problem in Problem]}}
_DISTRIBUTION = _text(DISTRIBUTION_ID.pattern)
MENTION_PATTERN = r"<!(here|channel|everyone)>|<!subteam\^S[A-Z0-9]+(\|@?[A-Za-z0-9._-]+)?>|<@[UW][A-Z0-9]+>"
_MENTIONS = {
    "propertyNames": {"enum": [severity.value for severity in Severity]},
    "additionalProperties": _text(MENTION_PATTERN),
}
_SEVERITIES = {
    "propertyNames": {"enum": [problem.value for problem in VpnProblem]},
    "additionalProperties": {"enum": [severity.value for severity in Severity]},
}
# In plain words: an https address without a fragment, because each link adds its chapter's.
URL_PATTERN = r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/%?&=+,:@-]*)?"
MAX_TTL = 604_800  # a week; Route 53 itself takes 0 to 2147483647 (ResourceRecordSet, TTL)
MAX_RULE_NAME = 128

_REMINDER = "After how long an alert of this severity that still fires is told again, ascending; none: []."

KEYS: Mapping[str, Key] = {
    "Policy.version": Key(says="The version of the file's format: 1.", like="1"),
    "Policy.accounts": Key(
        says="Where netreflex may act, by account id. Of an account that is not here it reads and changes nothing.",
        like='{"111122223333": {name: dev}}',
        schema={"propertyNames": _ACCOUNT},
    ),
    "Policy.regions": Key(
        says="The Regions in which netreflex may act, in each of the accounts.",
        like="[eu-west-1, us-east-1]",
        schema={"items": _REGION},
    ),
    "Policy.peering": Key(says="Which requests for a VPC peering are approved.", like="{default: hold, rules: []}"),
    "Policy.names": Key(
        says="CNAMEs that lead to internal load balancers; a rule opens them by their id.",
        like=(
            "[{id: tidb, zone: dev.example.internal, zone_account: '111122223333', name: tidb.dev.example.internal, "
            "load_balancer: {account: '444455556666', region: eu-west-1, name: tidb}}]"
        ),
    ),
    "Policy.vpn": Key(says="How Site-to-Site VPN tunnels are judged.", like="{grace: 5m}"),
    "Policy.certificates": Key(says="When a certificate is warned of.", like="{warn_fraction: 0.25}"),
    "Policy.alerts": Key(
        says="When an alert is told again, who is called, and what it links to.",
        like="{reminders: {critical: [1h, 4h]}}",
    ),
    "Account.name": Key(says="What people call the account.", like="dev", schema={"minLength": 1}),
    "PeeringPolicy.default": Key(says="What happens to a request that no rule matches.", like="hold"),
    "PeeringPolicy.rules": Key(
        says="The rules in order; the first whose every condition holds decides.",
        like="[{name: dev-to-tidb, decision: hold}]",
    ),
    "Rule.name": Key(
        says="The rule's name; peerings made under it carry it as a tag.",
        like="dev-to-tidb",
        schema={"minLength": 1, "maxLength": MAX_RULE_NAME},
    ),
    "Rule.decision": Key(says="What happens to a request that the rule matches.", like="approve"),
    "Rule.requester": Key(
        says="Conditions on the side that asks. A rule that approves must name its accounts.",
        like='{accounts: ["111122223333"]}',
    ),
    "Rule.accepter": Key(says="Conditions on the side that is asked.", like='{accounts: ["444455556666"]}'),
    "Rule.routes": Key(says="The routes that an approved peering gets, by side.", like="{accepter: {tables: main}}"),
    "Rule.dns_resolution": Key(
        says="On which sides DNS resolution is switched on; auto: where a CIDR lies outside RFC 1918.", like="auto"
    ),
    "Rule.names": Key(says="Ids of the names that an approved peering opens.", like="[tidb]"),
    "Match.accounts": Key(
        says="The side's account is one of these.", like='["111122223333"]', schema={"items": _ACCOUNT}
    ),
    "Match.regions": Key(says="The side's Region is one of these.", like="[eu-west-1]", schema={"items": _REGION}),
    "Match.vpcs": Key(says="The side's VPC is one of these.", like="[vpc-0a1b2c3d4e5f60718]", schema={"items": _VPC}),
    "Match.vpc_tags": Key(says="The side's VPC has all these tags; values are glob patterns.", like='{env: "dev*"}'),
    "Match.cidrs_within": Key(
        says="Every CIDR of the side's VPC lies within one of these. A list without an IPv6 range says nothing about IPv6.",
        like="[10.16.0.0/12]",
        schema={"items": _CIDR},
    ),
    "Routes.requester": Key(says="Routes on the requester's side.", like="{tables: all, to: [10.40.8.0/22]}"),
    "Routes.accepter": Key(says="Routes on the accepter's side.", like="{tables: {subnet_tags: {tier: data}}}"),
    "Routes.ipv6": Key(says="Whether IPv6 CIDRs are routed too.", like="true"),
    "SideRoutes.tables": Key(
        says="Which route tables get the routes: all, the main one, those with tags, or those in force for subnets with tags.",
        like="{subnet_tags: {tier: data}}",
    ),
    "SideRoutes.to": Key(
        says="The portions of the peer's CIDRs that are routed; none given: all of its CIDRs.",
        like="[10.40.8.0/22]",
        schema={"items": _CIDR},
    ),
    "TablesByTag.tags": Key(says="Tags of the route table.", like="{tier: data}", schema={"minProperties": 1}),
    "TablesBySubnetTag.subnet_tags": Key(says="Tags of the subnet.", like="{tier: data}", schema={"minProperties": 1}),
    "Name.id": Key(says="What rules call this name.", like="tidb", schema={"minLength": 1}),
    "Name.zone": Key(says="The private hosted zone, by name or by id.", like="dev.example.internal"),
    "Name.zone_account": Key(
        says="The account of the hosted zone; needed where the zone is given by name.",
        like='"111122223333"',
        schema={"anyOf": [_ACCOUNT, {"type": "null"}]},
    ),
    "Name.zone_vpc": Key(
        says="A VPC that the hosted zone is associated with; needed where an account has several zones of one name.",
        like="vpc-0a1b2c3d4e5f60718",
        schema={"anyOf": [_VPC, {"type": "null"}]},
    ),
    "Name.name": Key(says="The full name of the CNAME; it lies in the hosted zone.", like="tidb.dev.example.internal"),
    "Name.ttl": Key(says="The record's TTL in seconds.", like="60", schema={"minimum": 1, "maximum": MAX_TTL}),
    "Name.public": Key(says="Whether the hosted zone may be a public one.", like="false"),
    "Name.load_balancer": Key(
        says="The load balancer that the name leads to; its scheme must be internal.",
        like='{account: "444455556666", region: eu-west-1, name: tidb}',
    ),
    "LoadBalancerChoice.account": Key(says="The load balancer's account.", like='"444455556666"', schema=_ACCOUNT),
    "LoadBalancerChoice.region": Key(says="The load balancer's Region.", like="eu-west-1", schema=_REGION),
    "LoadBalancerChoice.name": Key(says="The load balancer, by its name.", like="tidb"),
    "LoadBalancerChoice.tags": Key(says="The load balancer, by tags that only it has.", like="{service: tidb}"),
    "LoadBalancerChoice.arn": Key(
        says="The load balancer, by its ARN.",
        like="arn:aws:elasticloadbalancing:eu-west-1:444455556666:loadbalancer/net/tidb/50dc6c495c0c9188",
    ),
    "VpnPolicy.grace": Key(says="How long a tunnel may be down before it is told.", like="5m", schema=_DURATION),
    "VpnPolicy.maintenance": Key(
        says="How long AWS's maintenance of a tunnel keeps its loss quiet; at most 4h.", like="30m", schema=_DURATION
    ),
    "VpnPolicy.flapping": Key(says="When a tunnel is said to be flapping.", like="{changes: 3, within: 30m}"),
    "VpnPolicy.single_tunnel_ok": Key(
        says="VPN connections that may run on one tunnel.", like="{tags: {redundancy: none}}"
    ),
    "VpnPolicy.single_device_ok": Key(
        says="VPN connections that may depend on one customer device.", like="{ids: [vpn-0a1b2c3d4e5f60718]}"
    ),
    "VpnPolicy.alarms": Key(
        says="Whether each tunnel gets a CloudWatch alarm; false removes those that netreflex made.", like="true"
    ),
    "VpnPolicy.severity": Key(
        says="Another severity for a kind of problem.", like="{cgw_single_point_of_failure: info}", schema=_SEVERITIES
    ),
    "Flapping.changes": Key(
        says="So many changes of a tunnel's state are flapping.", like="3", schema={"minimum": 2, "maximum": 50}
    ),
    "Flapping.within": Key(says="The time in which they are counted; 15m to 3h.", like="30m", schema=_DURATION),
    "VpnChoice.ids": Key(says="These VPN connections.", like="[vpn-0a1b2c3d4e5f60718]"),
    "VpnChoice.tags": Key(
        says="VPN connections with all these tags; values are glob patterns.", like="{redundancy: none}"
    ),
    "CertificatePolicy.warn_fraction": Key(
        says="A warning is raised when less than this fraction of a certificate's life is left.",
        like="0.25",
        schema=_FRACTION,
    ),
    "CertificatePolicy.error_fraction": Key(
        says="An error is raised when less than this fraction of a certificate's life is left.",
        like="0.10",
        schema=_FRACTION,
    ),
    "CertificatePolicy.accept": Key(
        says="Problems that people know and live with; they are not told.", like="[{kinds: [weak_key]}]"
    ),
    "CertificatePolicy.probe_private": Key(
        says="Private networks that a probe of an origin may visit; without them it visits public addresses only.",
        like="[10.40.8.0/22]",
        schema={"items": _CIDR},
    ),
    "CertificatePolicy.repair": Key(
        says="Whether a missing validation record of ACM is restored in a public hosted zone of ours.", like="false"
    ),
    "AcceptedProblem.kinds": Key(
        says="The problem is one of these; none given: any.", like="[weak_key]", schema=_PROBLEMS
    ),
    "AcceptedProblem.distributions": Key(
        says="The distribution is one of these; none given: any.",
        like="[E2EXAMPLE1ABCD]",
        schema={"items": _DISTRIBUTION},
    ),
    "AcceptedProblem.names": Key(
        says="The name that is asked for matches one of these glob patterns; none given: any.",
        like='["*.legacy.example.com"]',
    ),
    "AlertPolicy.reminders": Key(says="When a firing alert is told again, by severity.", like="{critical: [1h, 4h]}"),
    "AlertPolicy.mention": Key(
        says="Who is called in Slack, by severity.", like='{critical: "<!subteam^S0123>"}', schema=_MENTIONS
    ),
    "AlertPolicy.runbook": Key(
        says="Where people read the runbook (docs/runbook.md); alerts link to its chapters.",
        like="https://git.example.com/network/netreflex/docs/runbook.md",
        schema=_text(URL_PATTERN),
    ),
    **{
        f"Reminders.{severity}": Key(says=_REMINDER, like="[1h, 4h]", schema={"items": _DURATION})
        for severity in Severity
    },
}
