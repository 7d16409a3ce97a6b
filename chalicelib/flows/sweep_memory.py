"""What netreflex remembers of the peerings that a sweep sees, for all of them at once.

A peering whose tags tell of its approval is not asked after. Of one without them only the ledger knows whether netreflex
approved it, and a company may have many peerings that netreflex never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from chalicelib.decide.approved_cidrs import RULE_TAG
from chalicelib.flows.ports import World
from chalicelib.model.facts import Ledger, PeeringFacts, PeeringStatus
from chalicelib.observe.snapshots import Snapshot


def remembered_of(snapshots: Iterable[Snapshot], world: World) -> Mapping[str, Ledger]:
    """What was approved of every active peering that shows no tag of ours."""
    views = [view for snapshot in snapshots for view in snapshot.peerings]
    tagged = {view.peering_id for view in views if RULE_TAG in view.tags}
    active = {view.peering_id for view in views if view.status is PeeringStatus.ACTIVE}
    return world.reader.remembered(sorted(active - tagged))


def with_memory(facts: PeeringFacts | None, ledgers: Mapping[str, Ledger]) -> PeeringFacts | None:
    """The same facts with what was read at once for all."""
    return facts and replace(facts, ledger=ledgers.get(facts.peering.peering_id))
