"""How many tasks of a job run at once: the least of what the vCPU quota, the network and the Distributed Map allow."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Final

from . import address_ranges, fargate

MAP_CHILDREN: Final = 10_000
"""Child executions of a Distributed Map at once.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""
NETWORK_INTERFACES: Final = 5_000
"""Of a region, by default; a task has one.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""


def network_places(subnets: Sequence[IPv4Network], endpoint_interfaces: int) -> int:
    """Tasks that find an address and a network interface at once, beside so many interfaces of endpoints."""
    addresses = sum(address_ranges.usable_addresses(subnet) for subnet in subnets)
    return max(0, min(addresses, NETWORK_INTERFACES) - endpoint_interfaces)


def tasks_at_once(cpu: int, vcpu_quota: int, places: int) -> int:
    """Tasks of `cpu` CPU units at once; `places` is what `network_places` says. 0 when the quota holds not even one."""
    return min(int(vcpu_quota // fargate.vcpus(cpu)), places, MAP_CHILDREN)
