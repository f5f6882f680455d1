"""How long a night's shards take, what history they use and what they cost: `python -m benchmarks.makespan`.

A simulation of launch rates and quotas (docs/aws-facts.md#fargate-quotas) around numbers that are measured, not
assumed: a shard's seconds are those of our own jobs (batchctl/timings.json, for shards of the default size), and the
history events and state transitions of a run, of a shard and of a failed attempt come from running the deployed
definition on the local interpreter. Only the start of a container is an assumption. Inline maps put every shard's
events into the run's own history, which ends at 25,000; a Distributed Map gives each child a history of its own. Which
mode a number of shards gets is read out of the same definition.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from batchctl.costs import DEFAULT_SCENARIOS, DEFAULT_SHARD, RunAssumptions
from batchctl.costs.makespan import Load, Rates, makespan
from batchctl.costs.prices import Prices, load_prices
from batchctl.sizing import propose
from batchctl.timings import Timings, load_timings
from benchmarks._definition import JOB, Measured, deployed, measure
from conventions import fargate
from settings.jobs import Job

__all__ = ["HISTORY_LIMIT", "Measured", "Scene", "quota_for", "ways"]

HISTORY_LIMIT = 25_000
"""Events of one Standard execution; source: Step Functions quotas."""


INLINE_CONCURRENCY = 40
"""Iterations that an inline map runs at once; source: Step Functions quotas."""


PROPOSED: Final = (1_000_000, 10_000_000, 100_000_000)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One way of running a number of shards."""

    shards: int
    mode: str
    batch: int
    concurrency: int
    seconds: float
    events: float
    usd: float
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What does not change between the rows."""

    job: Job
    load: Load
    measured: Measured
    prices: Prices


def ways(shards: int, rates: Rates, scene: Scene) -> Iterator[Result]:
    """Inline, and distributed with several batch sizes; the chosen one is what the definition does by default."""
    job, measured, prices = scene.job, scene.measured, scene.prices
    vcpus, memory = fargate.vcpus(job.cpu), fargate.gigabytes(job.memory)
    fitting = int(rates.vcpu_quota // vcpus)
    hourly = vcpus * prices["fargate.x86.vcpu"].usd + memory * prices["fargate.x86.memory"].usd
    default_batch = job.fan_out.batch if job.fan_out else 1
    for mode, batch in (("inline", 1), ("distributed", 1), ("distributed", 10), ("distributed", 100)):
        tasks = -(-shards // batch)
        concurrency = min(fitting, INLINE_CONCURRENCY) if mode == "inline" else fitting
        seconds, worked = makespan(shards, batch, concurrency, rates, scene.load)
        transitions = measured.transitions_of_run + tasks * measured.transitions_of_shard
        inline_chosen = shards <= measured.inline_limit
        yield Result(
            shards=shards,
            mode=mode,
            batch=batch,
            concurrency=concurrency,
            seconds=seconds,
            events=measured.events_of_run + (tasks * measured.events_of_shard if mode == "inline" else 0),
            usd=worked / 3600 * hourly + transitions / 1000 * prices["states.transition"].usd,
            chosen=inline_chosen if mode == "inline" else not inline_chosen and batch == default_batch,
        )


def quota_for(shards: int, job: Job, window: float, rates: Rates, load: Load) -> int | None:
    """The least vCPU quota with which the shards are done within `window` seconds; None when no quota suffices."""
    batch = job.fan_out.batch if job.fan_out else 1
    low, high = 1, min(-(-shards // batch), 10_000)
    if makespan(shards, batch, high, rates, load)[0] > window:
        return None
    while low < high:
        middle = (low + high) // 2
        if makespan(shards, batch, middle, rates, load)[0] <= window:
            high = middle
        else:
            low = middle + 1
    return int(low * fargate.vcpus(job.cpu))


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"


def main(
    *,
    stack: Annotated[str, typer.Option(help="Committed stack whose definition is run.")] = "prod",
    shards: Annotated[list[int], typer.Option(help="Numbers of shards.")] = [10, 1_000, 10_000],  # noqa: B006
    quota: Annotated[list[int], typer.Option(help="vCPU quotas; a new account has 6.")] = [6, 200],  # noqa: B006
    shard_seconds: Annotated[
        float | None, typer.Option(help="Mean seconds of work of a shard. Default: as measured, for a default shard.")
    ] = None,
    startup_seconds: Annotated[
        float | None, typer.Option(help="Seconds from RunTask to the job's first shard. Default: see timings.json.")
    ] = None,
    spread: Annotated[float, typer.Option(help="Standard deviation of a shard's seconds, as a share.")] = 0.2,
) -> None:
    """Prints makespan, history and cost of inline and distributed maps, and which one is chosen."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    os.environ.pop("AWS_ENDPOINT_URL", None)
    blueprint, config = deployed(stack)
    measured, prices, job = measure(blueprint), load_prices(None), config.jobs[JOB]
    timings = load_timings()
    usual = RunAssumptions()
    load = Load(
        shard_seconds=usual.shard_seconds if shard_seconds is None else shard_seconds,
        startup_seconds=usual.startup_seconds if startup_seconds is None else startup_seconds,
        spread=spread,
    )
    scene = Scene(job=job, load=load, measured=measured, prices=prices)
    console = Console(width=max(Console().width, 110))
    console.print(
        f"Measured on the definition of {stack}: {measured.events_of_run:g} history events a run, "
        f"{measured.events_of_shard:g} a shard in an inline map, {measured.events_of_failure:g} a failed attempt; "
        f"inline up to {measured.inline_limit} shards.\n{load.shard_seconds:.3g} s of work a shard (± {spread:.0%}; by "
        f"default {DEFAULT_SHARD:,} trades, measured on {timings.date} on {timings.machine}), "
        f"{load.startup_seconds:.3g} s to start a task, {timings.container:g} s of them assumed; "
        f"on-demand prices of {prices['fargate.x86.vcpu'].read_in}."
    )
    table = Table("shards", "vCPU quota", "mode", "batch", "at once", "makespan", "events", "USD", "chosen")
    for count in shards:
        for vcpus in quota:
            for way in ways(count, Rates(vcpu_quota=vcpus), scene):
                over = way.events > HISTORY_LIMIT
                table.add_row(
                    f"{count:,}",
                    str(vcpus),
                    way.mode,
                    str(way.batch),
                    str(way.concurrency),
                    _hours(way.seconds),
                    f"[red]{way.events:,.0f} (too many)[/]" if over else f"{way.events:,.0f}",
                    f"{way.usd:,.2f}",
                    "[green]yes[/]" if way.chosen else "",
                )
        table.add_section()
    console.print(table)
    window = config.workflow.deadline.window_seconds
    for count in shards:
        needed = quota_for(count, job, window, Rates(vcpu_quota=0), load)
        words = f"{needed} vCPU" if needed else "no quota: batch or shrink the shards"
        console.print(f"{count:,} shards within the window of {_hours(window)} need {words}.")
    console.print(_proposals(timings, window / 60))


def _proposals(timings: Timings, window: float) -> Table:
    """What `batchctl size` answers for some nights."""
    table = Table(
        "trades", "quota", "shard size", "batch", "vCPU", "tasks", "at once", "the night", "USD", title="size"
    )
    for trades in PROPOSED:
        for quota in (6, 200):
            way = propose(trades, DEFAULT_SCENARIOS, quota, window, timings)
            numbers = (trades, quota, way.shard_size, way.batch, way.vcpu, way.tasks, way.at_once)
            table.add_row(*(f"{number:,}" for number in numbers), _hours(60 * way.makespan_minutes), f"{way.usd:.3f}")
    return table


if __name__ == "__main__":
    typer.run(main)
