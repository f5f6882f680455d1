"""Security group rules in one form, whether they stand inline or as resources of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from . import kinds
from .resources import Known, Resource, Undecided, Unknown, has_unknown, members, read, value
from .stack import Graph

HTTPS: Final = 443
_ALL: Final = ("-1", "all")

Direction = Literal["ingress", "egress"]


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

    def lets_https(self) -> bool:
        """Whether protocol and ports include HTTPS; raises Undecided."""
        protocol = value(self.source, f"{self.at}ipProtocol", value(self.source, f"{self.at}protocol"))
        if str(protocol) in _ALL:
            return True
        low, high = value(self.source, f"{self.at}fromPort", -1), value(self.source, f"{self.at}toPort", -1)
        return str(protocol) in ("tcp", "6") and low <= HTTPS <= high

    def is_anywhere(self) -> bool:
        """Whether every IPv4 address is meant."""
        return "0.0.0.0/0" in self.peer_values("cidrIpv4", "cidrBlocks")


def group_rules(graph: Graph, group: Resource) -> tuple[GroupRule, ...]:
    """All rules of `group`; raises Undecided while inline ones are unknown."""
    return graph.once(("group_rules", group.urn), lambda: tuple(_rules(graph, group)))


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
            if value(group, f"{at}self") is True:
                peers = [*peers, group]
            yield GroupRule(direction=direction, source=group, at=at, peers=tuple(peers))
    for one in graph.attached(group, "securityGroupId", kinds.GROUP_INGRESS):
        yield GroupRule(direction="ingress", source=one, at="", peers=_peers(graph, one, "referencedSecurityGroupId"))
    for one in graph.attached(group, "securityGroupId", kinds.GROUP_EGRESS):
        yield GroupRule(direction="egress", source=one, at="", peers=_peers(graph, one, "referencedSecurityGroupId"))
    for one in graph.attached(group, "securityGroupId", kinds.GROUP_RULE):
        yield GroupRule(
            direction=value(one, "type"), source=one, at="", peers=_peers(graph, one, "sourceSecurityGroupId")
        )


def _peers(graph: Graph, one: Resource, prop: str) -> tuple[Resource, ...]:
    try:
        return tuple(graph.resolve(one, prop, kinds.SECURITY_GROUP))
    except Undecided:
        return ()
