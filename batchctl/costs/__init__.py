"""Money and time: a month without runs, a night under stated assumptions, and how long it takes."""

from .delivery import ReleaseAssumptions, release_cost
from .idle import endpoint_zones, idle_cost, nat_alternative, network_only
from .night import (
    DEFAULT_SCENARIOS,
    DEFAULT_SHARD,
    DEFAULT_VCPU,
    RunAssumptions,
    config_warning,
    run_cost,
    run_minutes,
    task_hour,
    time_summary,
)
from .table import HOURS_A_MONTH, CostRow, CostTable, readable

__all__ = [
    "DEFAULT_SCENARIOS",
    "DEFAULT_SHARD",
    "DEFAULT_VCPU",
    "HOURS_A_MONTH",
    "CostRow",
    "CostTable",
    "ReleaseAssumptions",
    "RunAssumptions",
    "config_warning",
    "endpoint_zones",
    "idle_cost",
    "nat_alternative",
    "network_only",
    "readable",
    "release_cost",
    "run_cost",
    "run_minutes",
    "task_hour",
    "time_summary",
]
