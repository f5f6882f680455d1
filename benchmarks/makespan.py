"""How long a night's shards take, what history they use and what they cost: `python -m benchmarks.makespan`.

A simulation of launch rates and quotas (docs/aws-facts.md#fargate-quotas) around numbers that are measured, not
assumed: the history events and state transitions of a run, of a shard and of a failed attempt come from running the
deployed definition on the local interpreter. Inline maps put every shard's events into the run's own history, which
ends at 25,000; a Distributed Map gives each child a history of its own. Which mode a number of shards gets is read out
of the same definition.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from moto import mock_aws
from rich.console import Console
from rich.table import Table

import settings
from batchctl import project as projects
from batchctl.preview.cost import RunAssumptions
from batchctl.preview.makespan import Load, Rates, makespan
from batchctl.preview.prices import Prices, load_prices
from batchctl.preview.recording import record
from conventions import fargate
from sandbox.furnishing import Blueprint, furnish
from sandbox.workflow.local_workflow import Execution, LocalWorkflow, RunTaskRequest, TaskResult
from settings.jobs import Job

USUAL = RunAssumptions()
"""What the cost of a night assumes."""
ROOT = Path(__file__).resolve().parent.parent
HISTORY_LIMIT = 25_000
"""Events of one Standard execution; source: Step Functions quotas."""
INLINE_CONCURRENCY = 40
"""Iterations that an inline map runs at once; source: Step Functions quotas."""
JOB = "risk-calculation"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Out of the histories of real executions of the definition."""

    events_of_run: float
    """Of a run, without its shards."""
    events_of_shard: float
    events_of_failure: float
    """Of one failed attempt and its wait."""
    transitions_of_run: float
    transitions_of_shard: float
    inline_limit: int


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


def measure(blueprint: Blueprint) -> Measured:
    """Runs the definition with few shards, more shards, a failing shard and many shards, and compares histories."""
    few, more = _execute(blueprint, 2), _execute(blueprint, 6)
    failing, many = _execute(blueprint, 2, fail_first=True), _execute(blueprint, 41)
    assert "risk-calculation: distributed" in many.states, "41 shards no longer go to the Distributed Map"
    return Measured(
        events_of_run=len(many.history),
        events_of_shard=(len(more.history) - len(few.history)) / 4,
        events_of_failure=len(failing.history) - len(few.history),
        transitions_of_run=len(many.states),
        transitions_of_shard=(len(more.states) - len(few.states)) / 4,
        inline_limit=_inline_limit(blueprint.definition()),
    )


def _inline_limit(definition: dict[str, Any]) -> int:
    """The number in the condition that chooses the inline map."""
    work = definition["States"]["Run"]["Branches"][0]["States"]
    for rule in work[f"{JOB}: how many shards"]["Choices"]:
        if rule["Next"] == f"{JOB}: inline":
            return int(rule["Condition"].removesuffix("%}").rpartition("<=")[2])
    return 0


def _execute(blueprint: Blueprint, shards: int, *, fail_first: bool = False) -> Execution:
    """One execution in an emulated account of its own; the first shard's first attempt fails when asked."""
    failed: list[int] = []
    with mock_aws():
        s3, date = boto3.client("s3", region_name="us-east-1"), datetime.now(UTC).date().isoformat()
        furnish(blueprint, partial(boto3.client, region_name="us-east-1"))
        s3.put_object(Bucket=blueprint.input_bucket, Key=f"incoming/{date}/manifest.json", Body=b"{}")

        def put(key: str, body: Any) -> None:
            s3.put_object(Bucket=blueprint.output_bucket, Key=key, Body=json.dumps(body).encode())

        def run_task(request: RunTaskRequest) -> TaskResult:
            run = request.environment["BATCH_RUN_ID"]
            if request.shards == [0] and fail_first and not failed:
                failed.append(0)
                return TaskResult(exit_code=75)
            put(f"shards/{run}/shards.json", [{"shard": n} for n in range(shards)])
            put(f"shards/{run}/summary.json", {"shards": shards, "numbers": list(range(shards))})
            put(f"reports/{date}/_SUCCESS", {"run_id": run, "report_uri": "s3://x/report.pdf"})
            return TaskResult()

        execution = LocalWorkflow(definition=blueprint.definition(), run_task=run_task).start({"business_date": date})
    assert execution.status == "SUCCEEDED", f"the local run failed: {execution.error}: {execution.cause}"
    return execution


def _deployed(stack: str) -> tuple[Blueprint, settings.Settings]:
    """What the stack deploys, and its settings."""
    project = projects.load(ROOT)
    config = project.stack(stack).config
    graph = record(ROOT, project=project.name, stack=stack, config=config, mode="resolved").graph(project.name)
    prefix = f"{settings.PROJECT}:"
    raw = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    return Blueprint(graph), settings.parse(raw, stack=stack)


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
    shard_seconds: Annotated[float, typer.Option(help="Mean seconds of work of a shard.")] = USUAL.shard_seconds,
    startup_seconds: Annotated[float, typer.Option(help="Seconds from RunTask to the job's first line.")] = (
        USUAL.startup_seconds
    ),
    spread: Annotated[float, typer.Option(help="Standard deviation of a shard's seconds, as a share.")] = 0.2,
) -> None:
    """Prints makespan, history and cost of inline and distributed maps, and which one is chosen."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    os.environ.pop("AWS_ENDPOINT_URL", None)
    blueprint, config = _deployed(stack)
    measured, prices, job = measure(blueprint), load_prices(None), config.jobs[JOB]
    load = Load(shard_seconds=shard_seconds, startup_seconds=startup_seconds, spread=spread)
    scene = Scene(job=job, load=load, measured=measured, prices=prices)
    console = Console(width=max(Console().width, 110))
    console.print(
        f"Measured on the definition of {stack}: {measured.events_of_run:g} history events a run, "
        f"{measured.events_of_shard:g} a shard in an inline map, {measured.events_of_failure:g} a failed attempt; "
        f"inline up to {measured.inline_limit} shards.\nAssumed: {shard_seconds:g} s of work a shard (± {spread:.0%}), "
        f"{startup_seconds:g} s to start a task, on-demand prices of {prices['fargate.x86.vcpu'].seen}."
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
        told = f"{needed} vCPU" if needed else "no quota: batch or shrink the shards"
        console.print(f"{count:,} shards within the window of {_hours(window)} need {told}.")


if __name__ == "__main__":
    typer.run(main)
