"""Which hosted zone and which load balancer a name of the policy means: exactly one of each, or a refusal that says which.

Nothing is guessed. A zone or a load balancer that could not be read is not one that is absent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.decide.approval import unmatched_tag
from chalicelib.model.names import (
    BalancerState,
    LoadBalancer,
    NamesFacts,
    Scheme,
    Unread,
    Zone,
    ZoneChoice,
    place_of,
)
from chalicelib.model.plan import RefusalKind
from chalicelib.model.policy import LoadBalancerChoice, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a name (or a VPC) is not served: what kind, why, and what a person can do. ``passing`` goes away by itself."""

    kind: RefusalKind
    reason: str
    remedy: str = ""
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """No load balancer at all is what the policy chooses. That was read, not assumed: ``there`` are all that are."""

    obstacle: Obstacle
    there: tuple[LoadBalancer, ...] = ()


def choose_zone(name: Name, looked: tuple[Zone, ...] | Unread) -> Zone | Obstacle:
    """The zone of a name, out of those that its choice finds."""
    choice = ZoneChoice.of(name)
    where = choice.zone if choice.account is None else f"{choice.zone} in account {choice.account}"
    if isinstance(looked, Unread):
        return _unread(f"hosted zone {where}", looked)
    public = [zone for zone in looked if not zone.private]
    fit = [zone for zone in looked if (zone.private or name.public) and _has_vpc(zone, choice.vpc)]
    if len(fit) == 1:
        return fit[0]
    if fit:
        listed = "; ".join(_described(zone) for zone in sorted(fit, key=lambda zone: zone.zone_id))
        return Obstacle(
            kind=RefusalKind.ZONE,
            reason=f"there are {len(fit)} hosted zones {where}: {listed}",
            remedy=f"say which one in the policy: names, {name.id}, zone: <its id>",
        )
    if public:
        return Obstacle(
            kind=RefusalKind.ZONE,
            reason=f"the hosted zone {where} is public ({public[0].zone_id}), and the policy allows private ones only",
            remedy="make a private hosted zone of that name; or, where everybody may know the name, set public: true",
        )
    wanted = f" associated with {choice.vpc}" if choice.vpc and looked else ""
    return Obstacle(
        kind=RefusalKind.ZONE,
        reason=f"there is no hosted zone {where}{wanted}",
        remedy="create the zone, or correct the policy's zone, zone_account or zone_vpc",
    )


def _has_vpc(zone: Zone, vpc_id: str | None) -> bool:
    return vpc_id is None or not zone.private or any(vpc.vpc_id == vpc_id for vpc in zone.vpcs or ())


def _described(zone: Zone) -> str:
    kind = "private" if zone.private else "public"
    vpcs = ", ".join(vpc.vpc_id for vpc in zone.vpcs or ())
    return f"{zone.zone_id} ({kind}{', with ' + vpcs if vpcs else ''})"


def choose_balancer(name: Name, facts: NamesFacts) -> LoadBalancer | Obstacle | Nothing:
    """The load balancer of a name: internal, and active or (where none is) on its way to be."""
    choice = name.load_balancer
    looked = facts.balancers.get(place_of(choice), Unread(reason="it was not asked"))
    if isinstance(looked, Unread):
        return _unread(f"the load balancers of {place_of(choice)}", looked)
    found = [one for one in looked if selects(choice, one)]
    if not found:
        reason = f"there is no load balancer {described(choice)} in {place_of(choice)}"
        remedy = "create it with scheme internal, or correct the policy's load_balancer"
        return Nothing(obstacle=_obstacle(reason, remedy), there=looked)
    internal = [one for one in found if one.scheme is Scheme.INTERNAL]
    if not internal:
        reason = f"{_listed(found)} is {found[0].scheme}; only scheme internal is served"
        return _obstacle(reason, "create an internal load balancer for the service, or let the policy choose another")
    for state in (BalancerState.ACTIVE, BalancerState.PROVISIONING):
        fit = [one for one in internal if one.state is state]
        if len(fit) > 1:
            reason = f"{len(fit)} load balancers are {described(choice)}: {_listed(fit)}"
            return _obstacle(reason, "let the policy choose one by its ARN, or remove the tags from the others")
        if fit:
            return fit[0]
    reason = f"{_listed(internal)} is {internal[0].state}; only active and provisioning ones are served"
    return _obstacle(reason, "see why in the console of the load balancer; the next sweep looks again")


def selects(choice: LoadBalancerChoice, balancer: LoadBalancer) -> bool:
    """Is this a load balancer that the policy means?"""
    if choice.arn is not None:
        return balancer.arn == choice.arn
    if choice.name is not None:
        return balancer.name == choice.name
    return balancer.tags is not None and unmatched_tag(balancer.tags, choice.tags) is None


def described(choice: LoadBalancerChoice) -> str:
    if choice.arn is not None:
        return f"with the ARN {choice.arn}"
    if choice.name is not None:
        return f"named {choice.name}"
    return "tagged " + ", ".join(f"{key}={value}" for key, value in sorted(choice.tags.items()))


def chosen_zone(name: Name, facts: NamesFacts) -> Zone | Obstacle:
    return choose_zone(name, facts.zones.get(ZoneChoice.of(name), Unread(reason="it was not asked")))


def _listed(balancers: Iterable[LoadBalancer]) -> str:
    return ", ".join(sorted(one.arn for one in balancers))


def _obstacle(reason: str, remedy: str) -> Obstacle:
    return Obstacle(kind=RefusalKind.LOAD_BALANCER, reason=reason, remedy=remedy)


def _unread(what: str, unread: Unread) -> Obstacle:
    return Obstacle(
        kind=RefusalKind.ACCESS,
        reason=f"{what} could not be read, so nothing is concluded: {unread.reason}",
        remedy="grant what is missing; every sweep tries again by itself",
        passing=unread.passing,
    )
