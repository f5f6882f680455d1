"""Fargate's task sizes, and what a capacity setting means as a capacity provider strategy.

ECS refuses a wrong pair of CPU and memory only when the task definition is registered, after half a stack exists; so
the table is here and is checked before anything is created. Source: docs/aws-facts.md#fargate-task-sizes
"""

from __future__ import annotations

from typing import Final, TypedDict

CPU_UNITS_PER_VCPU: Final = 1024
MIB_PER_GB: Final = 1024


class CapacityProviderStrategyItem(TypedDict):
    """One entry of a strategy, as pulumi-aws takes it."""

    capacity_provider: str
    weight: int
    base: int


_GB: Final[dict[int, tuple[float, ...]]] = {
    256: (0.5, 1, 2),
    512: tuple(range(1, 5)),
    1024: tuple(range(2, 9)),
    2048: tuple(range(4, 17)),
    4096: tuple(range(8, 31)),
    8192: tuple(range(16, 61, 4)),
    16384: tuple(range(32, 121, 8)),
    32768: (60, 120, 244),
}

SIZES: Final[dict[int, tuple[int, ...]]] = {
    cpu: tuple(int(gb * MIB_PER_GB) for gb in sizes) for cpu, sizes in _GB.items()
}
"""CPU units (1024 = 1 vCPU) to the memory sizes, in MiB, that go with them, ascending."""


def is_valid(cpu: int, memory: int) -> bool:
    """Whether Fargate runs a task of `cpu` units and `memory` MiB."""
    return memory in SIZES.get(cpu, ())


def nearest_memory(cpu: int, memory: int) -> int:
    """The smallest memory in MiB that goes with `cpu` and holds `memory`, or the largest there is.

    Raises KeyError when `cpu` is no Fargate size.
    """
    sizes = SIZES[cpu]
    return next((size for size in sizes if size >= memory), sizes[-1])


def vcpus(cpu: int) -> float:
    """CPU units as vCPU."""
    return cpu / CPU_UNITS_PER_VCPU


def gigabytes(memory: int) -> float:
    """MiB as GB, the unit that Fargate bills."""
    return memory / MIB_PER_GB


def strategy(capacity: str) -> list[CapacityProviderStrategyItem]:
    """`capacity` ("on-demand" or "spot-with-fallback") as a capacity provider strategy.

    On demand, one task is the base, so that a strategy edited by hand to prefer Spot still keeps the deadline's first
    task off it. With Spot, a service's first task runs on FARGATE and every further one on FARGATE_SPOT: Spot alone
    never falls back by itself. The workflow gives each task a strategy of its own.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
    """
    if capacity == "on-demand":
        return [{"capacity_provider": "FARGATE", "weight": 1, "base": 1}]
    return [
        {"capacity_provider": "FARGATE", "weight": 0, "base": 1},
        {"capacity_provider": "FARGATE_SPOT", "weight": 1, "base": 0},
    ]
