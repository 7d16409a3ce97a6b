"""Which hosted zone and which load balancer a name of the policy means: exactly one of each, or a refusal that says which.

Nothing is guessed. A zone or a load balancer that could not be read is not one that is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.decide.approval import unmatched_tag
from chalicelib.model.names import (
    LOAD_BALANCER_ARN,
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

GRANT = "Grant what is missing to netreflex's role."


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a name (or a VPC) is not served: what kind, why, and what a person can do. ``passing`` goes away by itself.

    ``look`` is a command that shows what is in the way and changes nothing.
    """

    kind: RefusalKind
    reason: str
    remedy: str = ""
    look: str = ""
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
            remedy=f"Say which one in the policy: names, {name.id}, zone: <its id>.",
            look=_zones_command(choice),
        )
    if public:
        return Obstacle(
            kind=RefusalKind.ZONE,
            reason=f"the hosted zone {where} is public ({public[0].zone_id}), and the policy allows private ones only",
            remedy="Make a private hosted zone of that name; or, where everybody may know the name, set public: true.",
            look=_zones_command(choice),
        )
    wanted = f" associated with {choice.vpc}" if choice.vpc and looked else ""
    return Obstacle(
        kind=RefusalKind.ZONE,
        reason=f"there is no hosted zone {where}{wanted}",
        remedy="Create the zone, or correct the policy's zone, zone_account or zone_vpc.",
        look=_zones_command(choice),
    )


def _zones_command(choice: ZoneChoice) -> str:
    if choice.by_id:
        return f"aws route53 get-hosted-zone --id {choice.zone}"
    return f"aws route53 list-hosted-zones-by-name --dns-name {choice.zone}"


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
        return Nothing(obstacle=_none(choice), there=looked)
    internal = [one for one in found if one.scheme is Scheme.INTERNAL]
    if not internal:
        return Obstacle(
            kind=RefusalKind.SCHEME,
            reason=f"{_listed(found)} is {found[0].scheme}; only scheme internal is served",
            remedy="Create an internal load balancer for the service, or let the policy choose another.",
            look=show_balancers(found),
        )
    for state in (BalancerState.ACTIVE, BalancerState.PROVISIONING):
        fit = [one for one in internal if one.state is state]
        if len(fit) > 1:
            return _several(choice, fit)
        if fit:
            return fit[0]
    return Obstacle(
        kind=RefusalKind.LOAD_BALANCER_STATE,
        reason=f"{_listed(internal)} is {internal[0].state}; only active and provisioning ones are served",
        remedy="Put it right or replace it; AWS says why in its state.",
        look=show_balancers(internal),
    )


def _none(choice: LoadBalancerChoice) -> Obstacle:
    return Obstacle(
        kind=RefusalKind.LOAD_BALANCER,
        reason=f"there is no load balancer {described(choice)} in {place_of(choice)}",
        remedy="Create it with scheme internal, or correct the policy's load_balancer.",
        look=f"aws elbv2 describe-load-balancers --region {choice.region}",
    )


def _several(choice: LoadBalancerChoice, fit: Sequence[LoadBalancer]) -> Obstacle:
    """Which of them serves is for people to say: the newer one need not be ready."""
    remedy = "Let the policy choose one by its ARN."
    if choice.tags:
        key, region = min(choice.tags), choice.region
        command = f"aws elbv2 remove-tags --region {region} --tag-keys {key} --resource-arns ARN"
        if is_classic(fit[0]):
            command = f"aws elb remove-tags --region {region} --tags Key={key} --load-balancer-names NAME"
        remedy = f"Let the policy choose one by its ARN, or take the tag {key} away from all but one: `{command}`"
    return Obstacle(
        kind=RefusalKind.SEVERAL_LOAD_BALANCERS,
        reason=f"{len(fit)} load balancers are {described(choice)}: {_listed(fit)}",
        remedy=remedy,
        look=show_balancers(fit),
    )


def show_balancers(balancers: Sequence[LoadBalancer]) -> str:
    """A command that shows load balancers of one Region and generation; the first says which generation."""
    first = min(balancers, key=lambda one: one.arn)
    if is_classic(first):
        names = " ".join(sorted(one.name for one in balancers if is_classic(one)))
        return f"aws elb describe-load-balancers --region {first.place.region} --load-balancer-names {names}"
    arns = " ".join(sorted(one.arn for one in balancers if not is_classic(one)))
    return f"aws elbv2 describe-load-balancers --region {first.place.region} --load-balancer-arns {arns}"


def is_classic(balancer: LoadBalancer) -> bool:
    parts = LOAD_BALANCER_ARN.fullmatch(balancer.arn)
    return parts is not None and parts["kind"] is None


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


def _unread(what: str, unread: Unread) -> Obstacle:
    return Obstacle(
        kind=RefusalKind.ACCESS,
        reason=f"{what} could not be read, so nothing is concluded: {unread.reason}",
        remedy=GRANT,
        passing=unread.passing,
    )
