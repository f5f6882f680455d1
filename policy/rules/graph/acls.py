"""Network ACLs in one form, and what they let through.

Entries are read in the order of their numbers, and the first that matches decides; what none matches is refused.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from . import kinds
from .groups import Range, parsed_ranges
from .resources import Resource, members, value
from .stack import Graph

ACL: Final = "aws:ec2/networkAcl:NetworkAcl"
DEFAULT_ACL: Final = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
_RULE: Final = "aws:ec2/networkAclRule:NetworkAclRule"
_ASSOCIATION: Final = "aws:ec2/networkAclAssociation:NetworkAclAssociation"

Ports = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a network ACL."""

    number: int
    egress: bool
    allows: bool
    ports: Ports
    """Ports of TCP; every port for an entry about every protocol."""
    ranges: tuple[Range, ...]


def entries(graph: Graph, acl: Resource) -> list[Entry]:
    """The entries about TCP, those that stand inline and those of their own, by number; raises Undecided."""
    inline = [
        (acl, f"{direction}[{i}].", direction == "egress", "ruleNo", "action")
        for direction in ("ingress", "egress")
        for i in range(len(members(acl, direction)))
    ]
    separate = [
        (one, "", value(one, "egress", False) is True, "ruleNumber", "ruleAction")
        for one in graph.attached(acl, "networkAclId", _RULE)
    ]
    read_entries = (_entry(*one) for one in (*inline, *separate))
    return sorted((one for one in read_entries if one is not None), key=lambda one: one.number)


def _entry(source: Resource, at: str, egress: bool, number: str, action: str) -> Entry | None:
    protocol = str(value(source, f"{at}protocol")).lower()
    if protocol not in ("-1", "all", "tcp", "6"):
        return None
    every = protocol in ("-1", "all")
    texts = [text for name in ("cidrBlock", "ipv6CidrBlock") if (text := value(source, at + name)) is not None]
    return Entry(
        number=int(value(source, at + number)),
        egress=egress,
        allows=value(source, at + action) == "allow",
        ports=(0, 65535)
        if every
        else (int(value(source, f"{at}fromPort", 0)), int(value(source, f"{at}toPort", 65535))),
        ranges=tuple(parsed_ranges(texts, source)),
    )


def acl_of(graph: Graph, subnet: Resource) -> Resource | None:
    """The network ACL of a subnet; None for the default one as EC2 makes it, which lets everything through."""
    for one in graph.attached(subnet, "subnetId", _ASSOCIATION):
        for acl in graph.resolve(one, "networkAclId", ACL):
            return acl
    listed = [acl for acl in graph.of_type(ACL, DEFAULT_ACL) if subnet in graph.resolve(acl, "subnetIds", kinds.SUBNET)]
    defaults = [
        acl
        for vpc in graph.resolve(subnet, "vpcId", kinds.VPC)
        for acl in graph.dependents(vpc, DEFAULT_ACL, prop="defaultNetworkAclId")
    ]
    return next(iter((*listed, *defaults)), None)


def admits_all(listed: list[Entry], *, egress: bool, ports: Ports, to: Range) -> bool:
    """Whether all of the ports are let through to (or from) all of the addresses."""
    waiting = [to]
    for one in listed:
        if one.egress is not egress or one.ports[1] < ports[0] or ports[1] < one.ports[0]:
            continue
        whole = one.ports[0] <= ports[0] and ports[1] <= one.ports[1]
        for addresses in one.ranges:
            if any(_overlap(addresses, rest) for rest in waiting):
                if not one.allows:
                    return False
                if whole:
                    waiting = [part for rest in waiting for part in _without(rest, addresses)]
    return not waiting


def _overlap(one: Range, other: Range) -> bool:
    return one.version == other.version and one.overlaps(other)


def _without(whole: Range, part: Range) -> Iterator[Range]:
    if not _overlap(whole, part):
        yield whole
    elif not whole.subnet_of(part):  # type: ignore[arg-type]  # `_overlap`: both are of one version
        yield from whole.address_exclude(part)  # type: ignore[arg-type]  # as above
