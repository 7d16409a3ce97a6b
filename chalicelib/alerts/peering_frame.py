"""What every alert about a VPC peering has in common: its subject, its two sides in words, its commands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.alerts.texts import capital, width
from chalicelib.decide.approved_cidrs import side_cidrs
from chalicelib.decide.cidr import listed
from chalicelib.decide.peering import PeeringDecision
from chalicelib.decide.reach import Path
from chalicelib.model.actions import AcceptPeering, Action, RouteAction
from chalicelib.model.alert import MOST_CAUSE, MOST_STEPS, Alert, AlertStatus, Field, Link, Severity, Subject
from chalicelib.model.facts import PeeringFacts, PeeringStatus, Side
from chalicelib.model.policy import Policy
from chalicelib.model.report import Failure

_AND_MORE = "And {} more, which are in the report in netreflex's log."
_PER_TABLE = ", for each of their route tables (ROUTE_TABLE_ID)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that an alert about a peering is made of.

    ``names`` says of each name of the rule where it leads; ``associations`` are the commands with which the owner of a
    VPC that is not ours makes them resolve there.
    """

    facts: PeeringFacts
    decision: PeeringDecision
    performed: Sequence[Action] = ()
    failed: Sequence[Failure] = ()
    paths: Sequence[Path] = ()
    names: Sequence[str] = ()
    associations: Sequence[str] = ()
    enforce: bool = True

    @property
    def accepted(self) -> bool:
        """Did this very run accept the request?"""
        return any(isinstance(action, AcceptPeering) for action in self.performed)

    @property
    def finished(self) -> bool:
        """Nothing failed, and nothing that was looked at keeps packets from arriving."""
        return not self.failed and not any(path.obstacle for path in self.paths)

    @property
    def for_the_other_owner(self) -> tuple[str, ...]:
        """Every command that the owner of a side that is not ours has to run, in its order."""
        return (*self.decision.foreign, *self.associations)

    @property
    def other_account(self) -> str:
        """The account of the side that is not ours, where those commands belong; empty where both are ours."""
        return next((side.ref.account for side in self.facts.sides if not side.managed), "")


def alert_of(
    told: Told,
    policy: Policy,
    now: datetime,
    *,
    status: AlertStatus,
    severity: Severity,
    title: str,
    summary: str,
    cause: str,
    remedy: Iterable[str] = (),
    evidence: str = "",
) -> Alert:
    accepter = told.facts.accepter.ref
    peering_id = told.facts.peering.peering_id
    rule = told.decision.rule
    fields = [_side_field(told, policy, side) for side in Side]
    if rule is not None:
        fields.append(Field(name="Rule", value=rule.name))
    fields += [Field(name="Name", value=line) for line in told.names]
    fields.append(Field(name="Peering", value=peering_id))
    return Alert(
        kind=kinds.PEERING,
        status=status,
        severity=severity,
        subject=Subject(
            type="vpc-peering-connection",
            id=peering_id,
            name=sides(told, policy),
            arn=f"arn:aws:ec2:{accepter.region}:{accepter.account}:vpc-peering-connection/{peering_id}",
            account=accepter.account,
            region=accepter.region,
            env=policy.accounts[accepter.account].name if accepter.account in policy.accounts else "",
        ),
        title=title,
        summary=summary,
        at=now,
        cause=cause,
        remedy=tuple(capital(step) for step in remedy),
        links=(kinds.peering_console(accepter.region, peering_id), *_tables(told)),
        evidence=evidence,
        fields=tuple(fields),
    )


def _tables(told: Told) -> tuple[Link, ...]:
    """The route tables in which something is in the way; of several actions about one table one link."""
    actions = [one.action for one in told.decision.plan.refusals] + [one.action for one in told.failed]
    found = [(one.place.region, one.table_id) for one in actions if isinstance(one, RouteAction)]
    blocked = [path.wanted for path in told.paths if path.obstacle]
    found += [(told.facts.side(wanted.side).ref.region, wanted.table_id) for wanted in blocked]
    return tuple(kinds.route_table_console(region, table_id) for region, table_id in dict.fromkeys(found))[:3]


def _side_field(told: Told, policy: Policy, side: Side) -> Field:
    ref = told.facts.side(side).ref
    account = policy.accounts.get(ref.account)
    where = f"{account.name} {ref.account}" if account else f"{ref.account} (not in the policy)"
    cidrs = listed(side_cidrs(told.facts, side))
    return Field(name=str(side).capitalize(), value=f"{ref.vpc_id} · {where} · {ref.region} · {cidrs}")


def sides(told: Told, policy: Policy) -> str:
    return f"{_short(told, policy, Side.REQUESTER)} -> {_short(told, policy, Side.ACCEPTER)}"


def _short(told: Told, policy: Policy, side: Side) -> str:
    """A side in a word or two, for a title: the VPC's Name where we can read it, else its id, and the account's name."""
    facts = told.facts.side(side)
    account = policy.accounts.get(facts.ref.account)
    name = facts.vpc.tags.get("Name", "") if facts.vpc else ""
    return f"{(name or facts.ref.vpc_id)[:24]} ({account.name if account else facts.ref.account})"


def stranger(told: Told, policy: Policy) -> str:
    """The requester's account where the policy does not know it, else empty."""
    account = told.facts.requester.ref.account
    return "" if account in policy.accounts else account


def once_in_force(change: str, then: str) -> str:
    """A step that changes the policy. Where it lies is a setting, so both ways into force are told."""
    return f"{change}; once that is in force (a policy in the bundle: after `make deploy`), {then}"


def traffic(told: Told) -> str:
    """What flows and what does not, as far as the route tables prove it; empty where nothing was looked at."""
    status, paths = told.facts.peering.status, told.paths
    if status is not PeeringStatus.ACTIVE and not told.accepted:
        return "No traffic flows."
    blocked = [path.wanted for path in paths if path.obstacle]
    if not paths or len(blocked) == len(paths):
        return "No traffic flows." if paths else ""
    if not blocked:
        both = len({path.wanted.side for path in paths}) == len(Side)
        return f"Packets arrive {'in both directions ' if both else ''}from every selected route table."
    deaf = [
        side
        for side in Side
        if (own := [path for path in paths if path.wanted.side is side]) and all(p.obstacle for p in own)
    ]
    if deaf:
        return f"No packet from the {deaf[0]} arrives, so no connection works."
    tables = ", ".join(dict.fromkeys(f"{one.table_id} of the {one.side}" for one in blocked))
    return f"Not all packets from {tables} arrive; those from the other route tables do."


def by_hand(verb: str, facts: PeeringFacts) -> str:
    accepter = facts.accepter.ref
    return (
        f"in account {accepter.account}: `aws ec2 {verb}-vpc-peering-connection --region {accepter.region} "
        f"--vpc-peering-connection-id {facts.peering.peering_id}`"
    )


def for_the_other_owner(told: Told) -> Iterator[str]:
    """What they have to run, as far as a message has room; all of it is in the report."""
    commands, account = told.for_the_other_owner, told.other_account
    room = len(commands) if len(commands) <= MOST_STEPS else MOST_STEPS - 1
    for command in commands[:room]:
        yield f"The owner of account {account} runs{_PER_TABLE if 'ROUTE_TABLE_ID' in command else ''}: `{command}`"
    if commands[room:]:
        yield f"And {len(commands) - room} more, which are among the reasons of the report in netreflex's log."


def sentences(texts: Iterable[str]) -> str:
    """The texts as sentences of a cause: whole ones, the first first, as many as it has room for. The report has all."""
    said = [f"{capital(text.rstrip('.'))}." for text in texts]
    room = MOST_CAUSE - len(_AND_MORE)
    whole, used = 0, 0
    for sentence in said:
        used += width(sentence) + 1
        if used > room and whole:
            break
        whole += 1
    left = len(said) - whole
    return " ".join([*said[:whole], *([_AND_MORE.format(left)] if left else [])])
