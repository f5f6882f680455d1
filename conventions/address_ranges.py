"""Splits the VPC's address range into one subnet for each zone, and refuses ranges that cannot work.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html (/16 to /28) and
https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html (five addresses of a subnet are AWS's).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from itertools import combinations, islice
from typing import Final

LARGEST_PREFIX: Final = 16
SMALLEST_PREFIX: Final = 28
RESERVED_ADDRESSES: Final = 5
DEFAULT_SUBNET_PREFIX: Final = 20


def split(cidr: IPv4Network, count: int) -> list[IPv4Network]:
    """The first `count` equal subnets of `cidr`: /20 where they fit, otherwise the largest size of which there are
    enough.

    Raises ValueError when even /28 subnets are too few.
    """
    needed = cidr.prefixlen + max(count - 1, 0).bit_length()
    prefix = max(needed, min(DEFAULT_SUBNET_PREFIX, SMALLEST_PREFIX))
    if prefix > SMALLEST_PREFIX:
        raise ValueError(f"{cidr} cannot hold {count} subnets of /{SMALLEST_PREFIX} or larger")
    return list(islice(cidr.subnets(new_prefix=prefix), count))


def problem_with(cidr: IPv4Network, subnets: Sequence[IPv4Network]) -> str | None:
    """Why `subnets` cannot be a VPC's subnets, as a sentence; None when they can."""
    for subnet in subnets:
        if not subnet.subnet_of(cidr):
            return f"{subnet} is not inside {cidr}"
        if not LARGEST_PREFIX <= subnet.prefixlen <= SMALLEST_PREFIX:
            return f"{subnet} is not between /{LARGEST_PREFIX} and /{SMALLEST_PREFIX}"
    for one, other in combinations(subnets, 2):
        if one.overlaps(other):
            return f"{one} overlaps {other}"
    return None


def usable_addresses(subnet: IPv4Network) -> int:
    """How many network interfaces the subnet can hold."""
    return subnet.num_addresses - RESERVED_ADDRESSES
