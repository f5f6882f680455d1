"""How long a fan-out takes: launch rates, throttled starts that are tried again, and tasks at once.

The rates are AWS's (docs/aws-facts.md#fargate-quotas); the waits of a refused start are those of the state machine.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

from conventions import concurrency
from settings import Settings
from settings.jobs import Job
from workflow import task_attempts


@dataclass(frozen=True, kw_only=True)
class Rates:
    """AWS's documented rates and the account's quota."""

    vcpu_quota: int
    launch_burst: int = 100
    launch_per_second: float = 20
    """Fargate task launches; source: ECS "Fargate throttling limits"."""
    run_task_per_second: float = 20
    """RunTask calls; source: ECS "request throttling"; `.sync` starts one task a call."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What the tasks do."""

    shard_seconds: float
    startup_seconds: float
    """Pulling the image and starting the container, for every task."""
    spread: float
    """Standard deviation of a shard's seconds, as a share of the mean."""


@dataclass(frozen=True, kw_only=True)
class Starts:
    """How the starts of many tasks went."""

    seconds: float
    """Until the last task has ended."""
    refused: int
    """Starts that were throttled."""
    lost: int
    """Tasks that were given up because every start was throttled."""


class _Bucket:
    """A token bucket that refills at `rate` a second."""

    def __init__(self, size: float, rate: float) -> None:
        self._size, self._rate, self._tokens, self._at = size, rate, size, 0.0

    def holds(self, now: float) -> bool:
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return self._tokens >= 1 - 1e-9

    def take(self) -> None:
        self._tokens -= 1


def launches(rates: Rates) -> Callable[[float], float]:
    """The earliest moment at or after a given one at which the next task may start: two token buckets in a row."""
    buckets = [(rates.launch_burst, rates.launch_per_second), (rates.run_task_per_second, rates.run_task_per_second)]
    # the moment at which a bucket would be full again; each start moves it by one token
    full_at = [0.0, 0.0]

    def next_start(earliest: float) -> float:
        start = max(
            [earliest, *(full - (size - 1) / rate for full, (size, rate) in zip(full_at, buckets, strict=True))]
        )
        for index, (_, rate) in enumerate(buckets):
            full_at[index] = max(full_at[index], start) + 1 / rate
        return start

    return next_start


def makespan(shards: int, batch: int, concurrency: int, rates: Rates, load: Load) -> tuple[float, float]:
    """Seconds until the last task has ended, and task seconds in all."""
    tasks = -(-shards // batch)
    chance, next_start = random.Random(1), launches(rates)
    free = [0.0] * min(concurrency, tasks)
    worked = 0.0
    for index in range(tasks):
        work = sum(
            max(0.0, chance.gauss(load.shard_seconds, load.spread * load.shard_seconds))
            for _ in range(min(batch, shards - index * batch))
        )
        duration = load.startup_seconds + work
        start = next_start(heapq.heappop(free))
        heapq.heappush(free, start + duration)
        worked += duration
    return max(free), worked


def throttled_starts(tasks: int, concurrency: int, task_seconds: float, rates: Rates, job: Job) -> Starts:
    """The same, start by start, as the state machine does it: a refused start waits with jitter and is tried again."""
    chance = random.Random(1)
    buckets = (
        _Bucket(rates.launch_burst, rates.launch_per_second),
        _Bucket(rates.run_task_per_second, rates.run_task_per_second),
    )
    waiting = [(0.0, index, 1) for index in range(min(tasks, concurrency))]
    unstarted, end, refused, lost = tasks - len(waiting), 0.0, 0, 0
    heapq.heapify(waiting)
    while waiting:
        now, index, attempt = heapq.heappop(waiting)
        if all(bucket.holds(now) for bucket in buckets):
            for bucket in buckets:
                bucket.take()
            free_at = now + task_seconds
            end = max(end, free_at)
        elif attempt > task_attempts.THROTTLED_ATTEMPTS:
            refused, lost, free_at = refused + 1, lost + 1, now
        else:
            refused += 1
            wait = min(
                task_attempts.LONGEST_THROTTLED_WAIT_SECONDS, job.retry.backoff_seconds * 2 ** min(attempt - 1, 20)
            )
            heapq.heappush(waiting, (now + max(1.0, chance.random() * wait), index, attempt + 1))
            continue
        if unstarted:
            heapq.heappush(waiting, (free_at, tasks - unstarted, 1))
            unstarted -= 1
    return Starts(seconds=end, refused=refused, lost=lost)


def night_seconds(config: Settings, shards: int, load: Load) -> float:
    """From the claim to the report: every job of the workflow in its order, the fan-out in as many tasks as fit."""
    total = 0.0
    rates = Rates(vcpu_quota=config.workflow.fargate_vcpu_quota)
    for name in config.workflow.order:
        job = config.jobs[name]
        if job.fan_out is None:
            total += load.startup_seconds + load.shard_seconds
            continue
        inline = shards <= job.fan_out.inline_limit
        places = concurrency.network_places(config.network.subnet_ranges, 0)
        at_once = job.fan_out.concurrency or concurrency.tasks_at_once(
            job.cpu, config.workflow.fargate_vcpu_quota, places
        )
        total += makespan(shards, 1 if inline else job.fan_out.batch, max(1, at_once), rates, load)[0]
    return total
