"""Security group rules in one form, however they are written: inline, as resources of their own, or in the legacy type.

https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any, Final, Literal, TypeAlias

from . import kinds
from .resources import Known, Resource, Undecided, Unknown, has_unknown, members, read, value
from .stack import Graph

HTTPS: Final = 443
_ALL: Final = ("-1", "all")
_TCP: Final = ("tcp", "6")

Direction = Literal["ingress", "egress"]
Range: TypeAlias = IPv4Network | IPv6Network

_PREFIX_LIST: Final = "aws:ec2/managedPrefixList:ManagedPrefixList"
_SECOND_RANGE: Final = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
_GROUPS: Final = ("referencedSecurityGroupId", "sourceSecurityGroupId", "securityGroups")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRule:
    """One rule of a security group."""

    direction: Direction
    source: Resource
    """The group itself for an inline rule, otherwise the rule's resource."""
    at: str
    """Where in `source` the rule stands; empty for a resource of its own."""
    peers: tuple[Resource, ...]
    """Security groups of the stack that the rule names; for an inline rule only where its values are known."""

    @property
    def description(self) -> str:
        """Path of the rule's description in `source`."""
        return f"{self.at}description"

    def peer_values(self, *names: str) -> list[Any]:
        """What stands under any of the property names, as one list; raises Undecided."""
        return [member for name in names for member in members(self.source, self.at + name)]

    def ports(self) -> tuple[int, int] | None:
        """The first and last port of TCP that the rule lets through; None for another protocol; raises Undecided."""
        protocol = value(self.source, f"{self.at}ipProtocol", value(self.source, f"{self.at}protocol"))
        if str(protocol).lower() in _ALL:
            return 0, 65535
        if str(protocol).lower() not in _TCP:
            return None
        return int(value(self.source, f"{self.at}fromPort", 0)), int(value(self.source, f"{self.at}toPort", 0))

    def admits_https(self) -> bool:
        """Whether protocol and ports include HTTPS; raises Undecided."""
        ports = self.ports()
        return ports is not None and ports[0] <= HTTPS <= ports[1]

    def admits_only_https(self) -> bool:
        """Whether nothing but HTTPS is let through; raises Undecided."""
        protocol = value(self.source, f"{self.at}ipProtocol", value(self.source, f"{self.at}protocol"))
        return str(protocol).lower() in _TCP and self.ports() == (HTTPS, HTTPS)

    def ranges(self, graph: Graph) -> list[Range]:
        """The addresses that the rule names, also by a prefix list of this stack; raises Undecided."""
        texts = self.peer_values("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
        for prefix_list in self._own_prefix_lists(graph):
            texts += [value({"entry": entry}, "entry.cidr") for entry in members(prefix_list, "entries")]
        return parsed_ranges(texts, self.source)

    def _own_prefix_lists(self, graph: Graph) -> list[Resource]:
        top = self.direction if self.at else ""
        edges = [
            one
            for prop in ((top,) if top else ("prefixListId", "prefixListIds"))
            for one in graph.targets(self.source, prop, _PREFIX_LIST)
        ]
        try:
            listed = self.peer_values("prefixListId", "prefixListIds")
        except Undecided:
            listed = []
        return edges or [one for name in listed for one in graph.named(name, _PREFIX_LIST)]

    def managed_prefix_lists(self, graph: Graph) -> bool:
        """Whether the rule names prefix lists that AWS keeps, such as S3's."""
        named = any(
            isinstance(read(self.source, self.at + name), Known | Unknown) for name in ("prefixListId", "prefixListIds")
        )
        return named and not self._own_prefix_lists(graph)

    def listed_prefix_lists(self) -> list[str]:
        """The ids of prefix lists that the rule names, as far as they are known."""
        listed = [read(self.source, self.at + name) for name in ("prefixListId", "prefixListIds")]
        return [
            name
            for one in listed
            if isinstance(one, Known)
            for name in (one.value if isinstance(one.value, list) else [one.value])
            if isinstance(name, str) and name
        ]

    def foreign_groups(self, graph: Graph) -> list[str]:
        """Security groups that the rule names and that are not of this stack; raises Undecided."""
        if self.peers:
            return []
        return [
            name
            for name in self.peer_values(*_GROUPS)
            if isinstance(name, str) and not graph.named(name, kinds.SECURITY_GROUP)
        ]


def parsed_ranges(texts: Iterable[Any], source: Resource) -> list[Range]:
    """The ranges behind texts such as `10.0.0.0/16`; text that is none is left to the properties' tables."""
    ranges: list[Range] = []
    for text in texts:
        if not isinstance(text, str):
            raise Undecided("cidrBlocks", source.urn)
        try:
            ranges.append(ip_network(text, strict=False))
        except ValueError:
            continue
    return ranges


def covered(target: Range, ranges: Sequence[Range]) -> bool:
    """Whether the ranges together hold every address of `target`."""
    same = [one for one in ranges if one.version == target.version]
    return any(target.subnet_of(one) for one in collapse_addresses(same))  # type: ignore[type-var, arg-type]  # of one version


def vpc_ranges(graph: Graph, vpc: Resource) -> list[Range]:
    """The addresses of a VPC, with ranges that are associated later; raises Undecided."""
    texts = [value(vpc, "cidrBlock"), value(vpc, "ipv6CidrBlock")]
    texts += [value(one, "cidrBlock") for one in graph.attached(vpc, "vpcId", _SECOND_RANGE)]
    return parsed_ranges([text for text in texts if text is not None], vpc)


def group_rules(graph: Graph, group: Resource) -> tuple[GroupRule, ...]:
    """All rules of `group`; raises Undecided while inline ones are unknown."""
    return graph.cached(("group_rules", group.urn), lambda: tuple(_rules(graph, group)))


def _rules(graph: Graph, group: Resource) -> Iterator[GroupRule]:
    for direction in ("ingress", "egress"):
        for i in range(len(members(group, direction))):
            at = f"{direction}[{i}]."
            named = read(group, f"{at}securityGroups")
            peers = (
                [other for member in named.value for other in graph.named(member, kinds.SECURITY_GROUP)]
                if isinstance(named, Known) and not has_unknown(named.value)
                else graph.targets(group, direction, kinds.SECURITY_GROUP)
                if isinstance(named, Known | Unknown)
                else []
            )
            yield GroupRule(
                direction=direction, source=group, at=at, peers=(*peers, *_itself(group, group, f"{at}self"))
            )
    for one in graph.attached(group, "securityGroupId", kinds.GROUP_INGRESS):
        yield GroupRule(direction="ingress", source=one, at="", peers=_peers(graph, one, "referencedSecurityGroupId"))
    for one in graph.attached(group, "securityGroupId", kinds.GROUP_EGRESS):
        yield GroupRule(direction="egress", source=one, at="", peers=_peers(graph, one, "referencedSecurityGroupId"))
    for one in graph.attached(group, "securityGroupId", kinds.GROUP_RULE):
        peers = [*_peers(graph, one, "sourceSecurityGroupId"), *_itself(group, one, "self")]
        yield GroupRule(direction=value(one, "type"), source=one, at="", peers=tuple(peers))


def _itself(group: Resource, holder: Resource, path: str) -> tuple[Resource, ...]:
    return (group,) if value(holder, path) is True else ()


def _peers(graph: Graph, one: Resource, prop: str) -> tuple[Resource, ...]:
    try:
        return tuple(graph.resolve(one, prop, kinds.SECURITY_GROUP))
    except Undecided:
        return ()
