"""`size`: shard size, batch and vCPU for a night, from measured times of the jobs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from batchctl import project as projects
from batchctl.errors import PROBLEM

from .terminal import CommittedStackOption, JsonOption, PricesOption, console, print_json

if TYPE_CHECKING:
    from batchctl.sizing import Proposal
    from batchctl.timings import Timings

app = typer.Typer()


@app.command()
def size(
    trades: Annotated[int, typer.Option(help="Trades of the night.", min=1)] = 1_000_000,
    scenarios: Annotated[int, typer.Option(help="Scenarios of all sets together.", min=1)] = 20_000,
    instruments: Annotated[int, typer.Option(help="Different instruments, at most, in a shard.", min=1)] = 400,
    quota: Annotated[
        int | None, typer.Option(help="Fargate vCPU quota. Default: the stack's workflow.fargateVcpuQuota.", min=1)
    ] = None,
    window: Annotated[
        float | None,
        typer.Option(help="Minutes from manifest to report. Default: from the stack's windowOpens to its deadline."),
    ] = None,
    stack: CommittedStackOption = "dev",
    timings: Annotated[
        Path | None, typer.Option(help="Measured times, as `python -m benchmarks.jobs_timings` writes them.")
    ] = None,
    prices: PricesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose shard size, batch and vCPU for a night: the cheapest that ends within the window, and what it costs.

    The jobs' own times are measured ones, with machine and date; the 45 s in which a container starts are assumed.
    Exit code 1 when nothing ends within the window; the fastest is shown then, and the quota that would be enough.
    """
    from batchctl import sizing
    from batchctl.costs import prices as price_tables
    from batchctl.program import stack_settings
    from batchctl.timings import TIMINGS_FILE, load_timings

    workflow = stack_settings(projects.find().stack(stack)).workflow
    vcpus = quota or workflow.fargate_vcpu_quota
    minutes = workflow.deadline.window_seconds / 60 if window is None else window
    measured = load_timings(timings or TIMINGS_FILE)
    table = price_tables.load_prices(prices)
    proposal = sizing.propose(trades, scenarios, vcpus, minutes, measured, instruments=instruments, prices=table)
    enough = (
        None if proposal.fits else sizing.least_quota(trades, scenarios, minutes, measured, instruments=instruments)
    )
    if as_json:
        print_json(asdict(proposal) | {"vcpu_quota": vcpus, "window_minutes": minutes, "sufficient_quota": enough})
    else:
        _show(proposal, measured, trades, vcpus, minutes)
        if not proposal.fits:
            remedy = f"with a quota of {enough} vCPU it would" if enough else "no quota changes that: widen the window"
            console().print(
                f"[red]Nothing ends within {minutes:g} minutes with {vcpus} vCPU; this is the fastest; {remedy}.[/]"
            )
    if not proposal.fits:
        raise typer.Exit(PROBLEM)


def _show(proposal: Proposal, measured: Timings, trades: int, quota: int, window: float) -> None:
    shards = -(-trades // proposal.shard_size)
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("shards", f"{shards:,} of up to {proposal.shard_size:,} trades"),
        ("tasks", f"{proposal.tasks:,} of {proposal.vcpu} vCPU, {proposal.at_once:,} at once within {quota:,} vCPU"),
        ("a task", f"{proposal.task_seconds:,.0f} s, {measured.container:g} s of them the container's start (assumed)"),
        (
            "the night",
            f"{proposal.makespan_minutes:,.1f} of {window:,.0f} minutes, from ingestion's start to the report",
        ),
        ("cost", f"USD {proposal.usd:,.3f} of Fargate on demand, all three jobs"),
        ("measured", f"{measured.date} on {measured.machine}"),
    ):
        table.add_row(f"[dim]{name}", value)
    console().print(table)
    console().print(settings_of(proposal), markup=False, highlight=False)


def settings_of(proposal: Proposal) -> str:
    """The proposal as a part of a stack file."""
    from batchctl import sizing

    return f"""
  batch-platform:jobs:
    data-ingestion:
      environment: {{ BATCH_SHARD_SIZE: "{proposal.shard_size}" }}
    risk-calculation:
      cpu: {1024 * proposal.vcpu}
      memory: {1024 * sizing.GIGABYTES_PER_VCPU * proposal.vcpu}
      fanOut: {{ batch: {proposal.batch} }}"""
