"""What a night should look like: shard size, batch and vCPU of the fan-out job, from measured times of the jobs.

Arithmetic only. A task costs its start, then its shards; starting one takes longer than valuing a million trades, so
few large tasks are cheaper than many small ones until the window asks for more at once. The proposal is the cheapest
that ends within the window; of equally cheap ones, to a cent, the fastest; then the one with the fewest shards a task,
and the smallest of these, because a shard is what an interrupted task does again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from batchctl.costs.prices import TABLE, Price
from batchctl.errors import OperatorError
from batchctl.timings import BILLED_AT_LEAST, DEFAULT_INSTRUMENTS, Timings, work_seconds

SHARD_SIZES: Final = (1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)
BATCHES: Final = (1, 2, 5, 10, 20, 50, 100)
VCPUS: Final = (1, 2, 4, 8, 16)
"""Fargate sizes that hold at least 2 GB a vCPU, source:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
GIGABYTES_PER_VCPU: Final = 2
MAX_SHARDS: Final = 100_000
"""Shard numbers have five digits in the keys."""
LAUNCHES_PER_SECOND: Final = 20.0
"""RunTask calls and Fargate launches, source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html"""
MOST_LOST_SECONDS: Final = 600.0
"""Work that an interrupted task may have to do again."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A night: settings, how long it takes and what it costs."""

    shard_size: int
    """`BATCH_SHARD_SIZE` of data-ingestion."""
    batch: int
    """Shards a task: `fanOut.batch`."""
    vcpu: int
    """Of a task; `cpu` is 1,024 times as much."""
    tasks: int
    at_once: int
    """Tasks that the quota lets run together."""
    task_seconds: float
    """Of the largest task, start included."""
    makespan_minutes: float
    """From the first to the last instruction: ingestion, fan-out and report."""
    usd: float
    """Fargate, on demand, Linux on x86, all three jobs."""
    fits: bool
    """Whether it ends within the window; if not, nothing does, and this is the fastest."""


def propose(
    trades: int,
    scenarios: int,
    vcpu_quota: int,
    window_minutes: float,
    timings: Timings,
    *,
    instruments: int = DEFAULT_INSTRUMENTS,
    inline_limit: int = 40,
    prices: Mapping[str, Price] = TABLE,
) -> Proposal:
    """The cheapest night within the window; raises OperatorError for an argument that no night can have.

    `inline_limit` is `fanOut.inlineLimit`: up to so many shards, each is a task of its own whatever `fanOut.batch` is.
    """
    for name, value, valid in (
        ("trades", trades, 1_000_000),
        ("scenarios", scenarios, 20_000),
        ("the vCPU quota", vcpu_quota, 6),
        ("the window in minutes", window_minutes, 60),
        ("instruments", instruments, DEFAULT_INSTRUMENTS),
    ):
        if not value > 0:
            raise OperatorError(f"{name} must be greater than 0, got {value}; valid: {valid}.")
    night = _Night(trades, scenarios, instruments, vcpu_quota, window_minutes, inline_limit)
    ways = list(_ways(night, timings, prices))
    if not ways:
        raise OperatorError(f"{trades:,} trades do not fit in {MAX_SHARDS:,} shards of {SHARD_SIZES[-1]:,} trades.")
    within = [way for way in ways if way.fits]
    if within:
        return min(within, key=_preference)
    return min(ways, key=lambda way: (way.makespan_minutes, way.usd, way.vcpu, way.batch))


def least_quota(
    trades: int, scenarios: int, window_minutes: float, timings: Timings, *, instruments: int = DEFAULT_INSTRUMENTS
) -> int | None:
    """The least vCPU quota, to a power of two, with which a night ends within the window; None when none suffices."""
    quotas = (2**power for power in range(15))
    fitting = (
        quota
        for quota in quotas
        if propose(trades, scenarios, quota, window_minutes, timings, instruments=instruments).fits
    )
    return next(fitting, None)


def _preference(way: Proposal) -> tuple[float, float, int, int, int]:
    """Cheapest to a cent, fastest to a tenth of a minute, then fewest shards a task, smallest shards, smallest task."""
    return (round(way.usd, 2), round(way.makespan_minutes, 1), way.batch, way.shard_size, way.vcpu)


@dataclass(frozen=True)
class _Night:
    trades: int
    scenarios: int
    instruments: int
    quota: int
    window: float
    inline_limit: int


def _ways(night: _Night, timings: Timings, prices: Mapping[str, Price]) -> Iterator[Proposal]:
    for size in SHARD_SIZES:
        shards = -(-night.trades // size)
        if shards > MAX_SHARDS:
            continue
        batches = (1,) if shards <= night.inline_limit else BATCHES
        for batch in (batch for batch in batches if batch <= shards):
            for vcpu in (vcpu for vcpu in VCPUS if vcpu <= max(night.quota, VCPUS[0])):
                rows = min(night.trades, size * batch)
                work = work_seconds(rows, batch, night.scenarios, vcpu, timings, min(night.instruments, size))
                if work <= MOST_LOST_SECONDS or size * batch == SHARD_SIZES[0]:
                    yield _way(night, size, batch, vcpu, work, timings, prices)


def _way(
    night: _Night, size: int, batch: int, vcpu: int, work: float, timings: Timings, prices: Mapping[str, Price]
) -> Proposal:
    shards = -(-night.trades // size)
    tasks, at_once = -(-shards // batch), max(1, night.quota // vcpu)
    start = timings.container + timings.start
    ingestion = start + night.trades * timings.ingest_row
    fan_out = -(-tasks // at_once) * (start + work) + min(tasks, at_once) / LAUNCHES_PER_SECOND
    report = start + timings.report + tasks * timings.report_result
    makespan = (ingestion + fan_out + report) / 60
    mean_work = work * night.trades / (tasks * min(night.trades, size * batch))
    hourly = prices["fargate.x86.vcpu"].usd + GIGABYTES_PER_VCPU * prices["fargate.x86.memory"].usd
    billed = tasks * vcpu * max(BILLED_AT_LEAST, start + mean_work)
    billed += max(BILLED_AT_LEAST, ingestion) + max(BILLED_AT_LEAST, report)
    return Proposal(
        shard_size=size,
        batch=batch,
        vcpu=vcpu,
        tasks=tasks,
        at_once=min(tasks, at_once),
        task_seconds=start + work,
        makespan_minutes=makespan,
        usd=billed / 3600 * hourly,
        fits=makespan <= night.window,
    )
