"""What a decision about a peering asks beyond what is read of every peering: each answer costs a call, and decides something."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from chalicelib.clients import HomeClients
from chalicelib.decide.approved_cidrs import marked_side
from chalicelib.decide.case import Questions
from chalicelib.model.errors import AccessRefused
from chalicelib.model.facts import Ledger, PeeringFacts, PrefixList, Quota, Side, SideFacts, Subnet
from chalicelib.model.network import Place, VpcRef
from chalicelib.observe import ec2
from chalicelib.observe.ledger import read_ledger
from chalicelib.observe.quotas import get_quota
from chalicelib.observe.workers import in_parallel


class PeeringAnswers:
    """Answers questions. Without a ``state_table`` nothing is remembered."""

    def __init__(self, clients: HomeClients, state_table: str | None) -> None:
        self._clients, self._state_table = clients, state_table

    def answer(self, facts: PeeringFacts, questions: Questions) -> PeeringFacts:
        """The same facts with what was asked."""
        if questions.ledger:
            return replace(facts, ledger=self._ledger(facts.peering.peering_id))
        if questions.tags:
            return self._with_own_tags(facts)
        for which in sorted(questions.prefix_lists):
            facts = _with_side(facts, replace(facts.side(which), prefix_lists=self._prefix_lists(facts.side(which))))

        def ask(side: Side, code: str | None) -> tuple[Side, tuple[Subnet, ...] | Quota]:
            ref = facts.side(side).ref
            return side, self._subnets(ref) if code is None else self._quota(ref.place, code)

        asked = [(side, None) for side in sorted(questions.subnets)] + sorted(questions.quotas)
        for side, found in in_parallel([partial(ask, side, code) for side, code in asked]):
            old = facts.side(side)
            new = replace(old, quotas=(*old.quotas, found)) if isinstance(found, Quota) else replace(old, subnets=found)
            facts = _with_side(facts, new)
        return facts

    def _ledger(self, peering_id: str) -> Ledger:
        if self._state_table is None:
            return Ledger()
        return read_ledger(self._clients.home("dynamodb"), self._state_table, peering_id)

    def _with_own_tags(self, facts: PeeringFacts) -> PeeringFacts:
        """The same facts with the tags that our side's account has set, asked for by themselves."""
        side, peering_id = marked_side(facts), facts.peering.peering_id
        own = ec2.describe_tags(self._clients.client("ec2", side.ref.place), side.ref.place, peering_id)
        view = replace(side.view, tags={**side.view.tags, **own}) if side.view else None
        return replace(_with_side(facts, replace(side, view=view)), tags_read=True)

    def _prefix_lists(self, side: SideFacts) -> tuple[PrefixList, ...]:
        """The prefix lists that the tables of a side name. As with a quota a refusal is no obstacle: nothing is known then."""
        place, ids = side.ref.place, {one for table in side.tables for one in table.prefix_lists}
        try:
            return ec2.describe_prefix_lists(self._clients.client("ec2", place), place, ids)
        except AccessRefused:
            return ()

    def _subnets(self, ref: VpcRef) -> tuple[Subnet, ...]:
        return ec2.describe_subnets(self._clients.client("ec2", ref.place), ref.place, {ref.vpc_id})

    def _quota(self, place: Place, code: str) -> Quota:
        return get_quota(self._clients.client("service-quotas", place), place.account, code)


def _with_side(facts: PeeringFacts, new: SideFacts) -> PeeringFacts:
    return replace(facts, requester=new) if new.side is Side.REQUESTER else replace(facts, accepter=new)
