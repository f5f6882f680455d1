"""Tasks at once are the least of all limits that apply."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

import settings
from conventions import address_ranges
from conventions.concurrency import network_places, tasks_at_once

WIDE = tuple(address_ranges.split(IPv4Network("10.0.0.0/16"), 3))


def test_the_regions_interfaces_bind_before_the_addresses_of_wide_subnets() -> None:
    assert sum(address_ranges.usable_addresses(subnet) for subnet in WIDE) == 12_273
    assert network_places(WIDE, endpoint_interfaces=9) == 4_991


def test_narrow_subnets_bind_before_the_interfaces() -> None:
    narrow = address_ranges.split(IPv4Network("10.0.0.0/24"), 2)
    assert network_places(narrow, endpoint_interfaces=3) == 2 * (128 - 5) - 3


@pytest.mark.parametrize(
    ("quota", "places", "at_once"), [(6, 4_991, 3), (100_000, 4_991, 4_991), (100_000, 40_000, 10_000), (1, 4_991, 0)]
)
def test_the_least_limit_counts(quota: int, places: int, at_once: int) -> None:
    assert tasks_at_once(2048, quota, places) == at_once


def test_a_concurrency_that_the_subnets_cannot_hold_is_refused() -> None:
    lines = {
        "network": {"cidr": "10.0.0.0/24", "zones": 2},
        "workflow": {"fargateVcpuQuota": 4_000},
        "jobs": {"risk-calculation": {"fanOut": {"concurrency": 1_000}}},
    }
    with pytest.raises(settings.SettingsError, match="hold 246 tasks at once") as refused:
        settings.parse(lines, stack="dev")
    assert "jobs.risk-calculation.fanOut.concurrency = 1000" in str(refused.value)
