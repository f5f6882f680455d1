"""Rules of security groups and routes as sentences: who reaches what over the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from batchctl.preview.snapshot import Snapshot
from policy.rules import Resource, kinds

from .line import Concern, code

TYPES: Final = frozenset(
    {
        kinds.GROUP_EGRESS,
        kinds.GROUP_INGRESS,
        kinds.GROUP_RULE,
        kinds.SECURITY_GROUP,
        kinds.DEFAULT_SECURITY_GROUP,
        kinds.ROUTE,
        kinds.ROUTE_TABLE,
    }
)
PROPERTIES: Final[Mapping[str, frozenset[str]]] = {
    kinds.SECURITY_GROUP: frozenset({"ingress", "egress"}),
    kinds.DEFAULT_SECURITY_GROUP: frozenset({"ingress", "egress"}),
    kinds.ROUTE_TABLE: frozenset({"routes"}),
}
"""Where only some properties decide about access; of other types every property does, but a description and tags."""
_OTHERS: Final = (
    "cidrIpv4",
    "cidrIpv6",
    "cidrBlocks",
    "ipv6CidrBlocks",
    "prefixListId",
    "prefixListIds",
    "referencedSecurityGroupId",
    "sourceSecurityGroupId",
    "securityGroups",
)
_WAYS: Final = (
    "gatewayId",
    "natGatewayId",
    "transitGatewayId",
    "vpcPeeringConnectionId",
    "networkInterfaceId",
    "vpcEndpointId",
    "egressOnlyGatewayId",
)


def is_about_access(resource: Resource, prop: str) -> bool:
    """Whether the property says who reaches what."""
    if resource.type not in TYPES or prop in ("tags", "description", "name"):
        return False
    return prop in PROPERTIES.get(resource.type, frozenset({prop}))


def describe(
    base: Snapshot, head: Snapshot, before: Resource | None, after: Resource | None
) -> Iterator[tuple[Concern, str]]:
    """What can be reached now and what no longer."""
    earlier = set(_reaches(base, before)) if before else set()
    later = set(_reaches(head, after)) if after else set()
    for who, what in sorted(later - earlier):
        yield Concern.NETWORK, f"{who} can now reach {what}"
    for who, what in sorted(earlier - later):
        yield Concern.OTHER, f"{who} can no longer reach {what}"


def _reaches(snapshot: Snapshot, resource: Resource) -> Iterator[tuple[str, str]]:
    props = resource.props
    if resource.type in (kinds.GROUP_EGRESS, kinds.GROUP_INGRESS, kinds.GROUP_RULE):
        group = _name(snapshot, resource, "securityGroupId")
        inward = resource.type == kinds.GROUP_INGRESS or props.get("type") == "ingress"
        yield from _rule(snapshot, resource, props, group, inward=inward)
    elif resource.type == kinds.ROUTE:
        yield _route(snapshot, resource, props, _name(snapshot, resource, "routeTableId"))
    elif resource.type == kinds.ROUTE_TABLE:
        for route in _members(props.get("routes")):
            yield _route(snapshot, resource, route, code(resource.name))
    else:
        for prop in ("ingress", "egress"):
            for rule in _members(props.get(prop)):
                yield from _rule(snapshot, resource, rule, code(resource.name), inward=prop == "ingress")


def _members(value: Any) -> list[Mapping[str, Any]]:
    return [member for member in value if isinstance(member, Mapping)] if isinstance(value, list) else []


def _rule(
    snapshot: Snapshot, resource: Resource, rule: Mapping[str, Any], group: str, *, inward: bool
) -> Iterator[tuple[str, str]]:
    for prop in _OTHERS:
        value = rule.get(prop)
        for one in value if isinstance(value, list) else [value] if value else []:
            other = _name(snapshot, resource, prop, one)
            yield (other, f"{group} on {_ports(rule)}") if inward else (group, f"{other} on {_ports(rule)}")


def _ports(rule: Mapping[str, Any]) -> str:
    protocol = str(rule.get("ipProtocol", rule.get("protocol", "-1")))
    if protocol == "-1":
        return "every port"
    first, last = rule.get("fromPort"), rule.get("toPort")
    return f"{protocol} {first}" if first == last else f"{protocol} {first} to {last}"


def _route(snapshot: Snapshot, resource: Resource, route: Mapping[str, Any], table: str) -> tuple[str, str]:
    to = route.get("destinationCidrBlock") or route.get("cidrBlock") or route.get("destinationPrefixListId") or "?"
    way = next((_name(snapshot, resource, prop, route[prop]) for prop in _WAYS if route.get(prop)), "?")
    return f"what routes by {table}", f"{_everywhere(to)} through {way}"


def _name(snapshot: Snapshot, resource: Resource, prop: str, value: object = None) -> str:
    """The logical name of what the property points at; its value where the program does not make that."""
    value = resource.props.get(prop) if value is None else value
    for target in snapshot.graph.targets(resource, prop):
        if value in (target.props.get("id"), target.props.get("arn")):
            return code(target.name)
    return _everywhere(value)


def _everywhere(value: object) -> str:
    return f"{code(value)} (the whole internet)" if value in ("0.0.0.0/0", "::/0") else code(value)
