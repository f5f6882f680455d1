"""Where a stack is: its account, Region and partition, read off its own resources."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from . import kinds
from .stack import Graph


@dataclass(frozen=True, slots=True)
class Location:
    """Account, Region and partition; None for what no resource shows."""

    account: str | None
    region: str | None
    partition: str


_ARN = re.compile(r"arn:(aws[a-z-]*):[a-z0-9-]+:([a-z0-9-]*):(\d{12})?:")


def location_of(graph: Graph) -> Location:
    """What most of the stack's resources say: the ARNs that AWS gives, the zones of subnets, the names of buckets."""
    return graph.cached(("location_of",), lambda: _location(graph))


def _location(graph: Graph) -> Location:
    accounts: Counter[str] = Counter()
    regions: Counter[str] = Counter()
    partitions: Counter[str] = Counter()
    for one in graph:
        for text in (one.props.get("arn"), one.props.get("policy"), one.props.get("assumeRolePolicy")):
            for partition, region, account in _ARN.findall(text) if isinstance(text, str) else ():
                partitions[partition] += 1
                accounts.update([account] if account else [])
                regions.update([region] if region else [])
        if one.type == kinds.SUBNET and isinstance(zone := one.props.get("availabilityZone"), str):
            regions[zone.rstrip("abcdefghijklmnop")] += 100
        if one.type == kinds.BUCKET and isinstance(name := one.props.get("bucket"), str):
            accounts.update(dict.fromkeys(re.findall(r"-(\d{12})-", name), 100))
    return Location(_most(accounts), _most(regions), _most(partitions) or "aws")


def _most(counted: Counter[str]) -> str | None:
    return counted.most_common(1)[0][0] if counted else None
