"""What a night should look like: shard size, batch and vCPU of the fan-out job, from measured times of the jobs.

Arithmetic only. A task costs its start, then its shards; starting one takes longer than valuing a hundred thousand
trades, so few large tasks are cheaper than many small ones until the window asks for more at once. The proposal is the
cheapest that ends within the window; of equally cheap ones the fastest, then the one with the smallest shards, because
a shard is what an interrupted task does again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from batchctl.errors import OperatorError
from batchctl.preview.prices import TABLE, Price

TIMINGS_FILE: Final = Path(__file__).with_name("timings.json")
"""Written by `python -m benchmarks.jobs_timings`, with machine and date."""
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
class Timings:
    """How long the reference jobs take; seconds on one vCPU."""

    machine: str
    date: str
    container: float
    """From RunTask to the container's first instruction. Not measurable without AWS: an assumption."""
    start: float
    """From the container's start to the job's first shard."""
    shard: float
    """For each shard, whatever its size: requests and bookkeeping; not shared by threads."""
    row: float
    """For each trade: read and summed; not shared by threads."""
    draw: float
    """For each instrument and scenario, once a task; shared by threads."""
    gain: float
    """For each instrument of a shard and scenario; shared by threads."""
    ingest_row: float
    report: float
    """For the report, whatever the number of results."""
    report_result: float
    """For each result that the report reads."""


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


def load_timings(path: Path = TIMINGS_FILE) -> Timings:
    """The measured times; raises OperatorError when the file is not what the benchmark writes."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        timings = Timings(**content)
    except (OSError, ValueError, TypeError) as error:
        raise OperatorError(
            f"{path}: cannot be read as measured times: {error}. Write it with `python -m benchmarks.jobs_timings`."
        ) from error
    for item in fields(Timings):
        value = getattr(timings, item.name)
        if item.name not in ("machine", "date") and (
            isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf")
        ):
            raise OperatorError(f"{path}: {item.name} = {value!r} is no time in seconds; valid: 0.25.")
    return timings


def propose(
    trades: int,
    scenarios: int,
    vcpu_quota: int,
    window_minutes: float,
    timings: Timings,
    *,
    instruments: int = 400,
    prices: Mapping[str, Price] = TABLE,
) -> Proposal:
    """The cheapest night within the window; raises OperatorError for an argument that no night can have."""
    for name, value, valid in (
        ("trades", trades, 1_000_000),
        ("scenarios", scenarios, 20_000),
        ("the vCPU quota", vcpu_quota, 6),
        ("the window in minutes", window_minutes, 60),
        ("instruments", instruments, 400),
    ):
        if not value > 0:
            raise OperatorError(f"{name} must be greater than 0, got {value}; valid: {valid}.")
    ways = list(_ways(trades, scenarios, vcpu_quota, window_minutes, timings, instruments, prices))
    if not ways:
        raise OperatorError(f"{trades:,} trades do not fit in {MAX_SHARDS:,} shards of {SHARD_SIZES[-1]:,} trades.")
    within = [way for way in ways if way.fits]
    if within:
        return min(within, key=_preference)
    return min(ways, key=lambda way: (way.makespan_minutes, way.usd, way.vcpu, way.batch))


def _preference(way: Proposal) -> tuple[float, float, int, int]:
    """Cheapest to a tenth of a cent, then fastest to a tenth of a minute, then with the smallest checkpoints."""
    return (round(way.usd, 3), round(way.makespan_minutes, 1), way.shard_size, way.vcpu)


def _ways(
    trades: int,
    scenarios: int,
    quota: int,
    window: float,
    timings: Timings,
    instruments: int,
    prices: Mapping[str, Price],
) -> Iterator[Proposal]:
    hourly = prices["fargate.x86.vcpu"].usd + GIGABYTES_PER_VCPU * prices["fargate.x86.memory"].usd
    ingestion = timings.container + timings.start + trades * timings.ingest_row
    for size in SHARD_SIZES:
        shards = -(-trades // size)
        if shards > MAX_SHARDS:
            continue
        for batch in (batch for batch in BATCHES if batch <= shards):
            for vcpu in (vcpu for vcpu in VCPUS if vcpu <= max(quota, VCPUS[0])):
                tasks, at_once = -(-shards // batch), max(1, quota // vcpu)
                rows = min(trades, size * batch)
                work = _work(rows, batch, scenarios, vcpu, timings, min(instruments, size))
                if work > MOST_LOST_SECONDS and size * batch > SHARD_SIZES[0]:
                    continue
                task = timings.container + timings.start + work
                fan_out = -(-tasks // at_once) * task + min(tasks, at_once) / LAUNCHES_PER_SECOND
                report = timings.container + timings.start + timings.report + tasks * timings.report_result
                makespan = (ingestion + fan_out + report) / 60
                share = trades / (tasks * rows)
                billed = tasks * vcpu * (task - work * (1 - share)) + ingestion + report
                yield Proposal(
                    shard_size=size,
                    batch=batch,
                    vcpu=vcpu,
                    tasks=tasks,
                    at_once=min(tasks, at_once),
                    task_seconds=task,
                    makespan_minutes=makespan,
                    usd=billed / 3600 * hourly,
                    fits=makespan <= window,
                )


def _work(rows: int, batch: int, scenarios: int, vcpu: int, timings: Timings, instruments: int) -> float:
    """Seconds of a task after its start."""
    shared = instruments * scenarios * (timings.draw + batch * timings.gain)
    return batch * timings.shard + rows * timings.row + shared / vcpu
