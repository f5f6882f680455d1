"""The operator's commands as the shell sees them.

Owns: arguments, help, and the two forms of every answer: text and JSON.
Refuses: the work (the other modules of this folder). They are imported where they are used: boto3 is slow to import,
and `batchctl preview` needs none of it.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from batchctl import project as projects
from batchctl.errors import FOUND, OperatorError

if TYPE_CHECKING:
    from batchctl.operate import nightly
    from batchctl.operate.stack import Stack
    from settings import Settings

StackOption = Annotated[str | None, typer.Option("--stack", "-s", help="Stack whose outputs to ask Pulumi for.")]
OutputsOption = Annotated[
    Path | None, typer.Option("--outputs", help="File written by `pulumi stack output --json`, instead of --stack.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
JobArgument = Annotated[str, typer.Argument(help="Name of the job, for example data-ingestion.")]

_MARKS = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]", "unknown": "[yellow]?[/]"}
STATUS_SECONDS = 5


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 160)


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, default=str))


def _open(stack: str | None, outputs: Path | None) -> tuple[Stack, Settings]:
    """The deployed stack and its committed settings."""
    from batchctl.operate.stack import deployed
    from batchctl.program import stack_settings

    found = deployed(stack, outputs)
    return found, stack_settings(projects.find().stack(stack or found.outputs.stack))


def doctor(stack: StackOption = None, outputs: OutputsOption = None, as_json: JsonOption = False) -> None:
    """Say what would keep tonight's run from working, and what to do about it.

    Looks at the account, the Fargate quota, the ECS role, every job's image, the endpoints, Spot and the source
    connection.
    Exit code 1 when something fails; what AWS does not answer is shown as "?", never as ok.
    """
    from batchctl.operate import doctor as doctors

    found, config = _open(stack, outputs)
    diagnoses = doctors.examine(found, config)
    if as_json:
        _print_json([asdict(one) for one in diagnoses])
    else:
        table = Table(box=None, pad_edge=False)
        for column in ("", "what", "found", "what to do"):
            table.add_column(column, overflow="fold")
        for one in diagnoses:
            table.add_row(_MARKS[one.outcome], one.what, one.found, one.to_do)
        _console().print(table)
    if any(one.outcome == "fail" for one in diagnoses):
        raise typer.Exit(FOUND)


def run(
    job: Annotated[str, typer.Argument(help="A job's name, or `all` for the whole night.")],
    date: Annotated[str | None, typer.Option(help="Business date, for example 2026-11-20.")] = None,
    input_: Annotated[str | None, typer.Option("--input", help="S3 URI of the manifest.")] = None,
    rerun: Annotated[
        bool, typer.Option(help="Run again although this manifest's run has succeeded (`all` only).")
    ] = False,
    run_id: Annotated[str | None, typer.Option("--run", help="Run id for a single job; default: a new one.")] = None,
    shards: Annotated[str | None, typer.Option(help="JSON array for a fan-out job, for example [0,1].")] = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start the nightly run by hand, or one job's task outside the workflow.

    Examples: `batchctl run all --date 2026-11-20`, `batchctl run data-ingestion --date 2026-11-20`.
    """
    from batchctl.operate import nightly

    found, config = _open(stack, outputs)
    if job == "all":
        arn = nightly.start(found, date, input_, rerun=rerun)
    else:
        arn = nightly.start_job(
            found, config, nightly.Task(job=job, business_date=date, manifest=input_, run_id=run_id, shards=shards)
        )
    if as_json:
        _print_json({"arn": arn})
    else:
        print(f"started {arn}")


def status(
    watch: Annotated[bool, typer.Option(help="Keep the table current until interrupted.")] = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show tonight's run: its states, its shards and the time left to the deadline."""
    from batchctl.operate import nightly

    found, config = _open(stack, outputs)
    seen = nightly.status(found, config)
    if as_json:
        _print_json(nightly.as_json(seen))
        return
    console = _console()
    if not (watch and console.is_terminal):
        console.print(_status_table(seen))
        return
    with Live(_status_table(seen), console=console) as live:
        while seen.state in ("RUNNING", "NOT STARTED"):
            time.sleep(STATUS_SECONDS)
            seen = nightly.status(found, config)
            live.update(_status_table(seen))


def _status_table(seen: nightly.Status) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    shards = f"{seen.shards_done} of {seen.shards}" if seen.shards else "not counted yet"
    for name, value in (
        ("report for", seen.business_date),
        ("run", seen.run_id or "none yet"),
        ("state", seen.state),
        ("in", ", ".join(seen.running_states) or "-"),
        ("states done", str(seen.done_states)),
        ("shards done", shards),
        ("deadline", f"{seen.deadline}, {seen.minutes_left // 60} h {seen.minutes_left % 60} min left"),
    ):
        table.add_row(f"[bold]{name}[/]", value)
    return table


def logs(
    job: JobArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
    run_id: Annotated[str | None, typer.Option("--run", help="Only lines of this run.")] = None,
    since: Annotated[int, typer.Option(help="Minutes to look back.", min=1)] = 720,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a job's log, oldest line first; with --json one JSON string a line."""
    from batchctl.operate import logs as log_events
    from batchctl.operate.stack import deployed

    found = deployed(stack, outputs)
    for line in log_events.events(found, job, run_id=run_id, since_minutes=since, follow=follow):
        print(json.dumps(line) if as_json else line, flush=True)


def runs(
    limit: Annotated[int, typer.Option(help="Newest runs to show.", min=1)] = 20,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List earlier runs from the run ledger, newest first."""
    from batchctl.operate import nightly
    from batchctl.operate.stack import deployed

    history = nightly.runs(deployed(stack, outputs), limit)
    if as_json:
        _print_json([nightly.as_json(one) for one in history])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("business date", "status", "started", "minutes", "run", "report or error"):
        table.add_column(column, overflow="fold")
    for one in history:
        minutes = "" if one.duration_seconds is None else f"{one.duration_seconds / 60:.1f}"
        table.add_row(one.business_date, one.status, one.started_at, minutes, one.run_id, one.report_uri or one.error)
    _console().print(table if history else "The ledger has no run yet.")


def redrive(
    run_id: Annotated[
        str | None, typer.Argument(help="Run to take up where it failed; default: the newest failed one.")
    ] = None,
    letters: Annotated[
        str | None, typer.Option(help="Instead: the job whose queue's dead letters go back to it.")
    ] = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a failed run up where it failed, or send a job queue's dead letters back."""
    from batchctl.operate import nightly
    from batchctl.operate.stack import deployed

    found = deployed(stack, outputs)
    if letters and run_id:
        raise OperatorError("a run and --letters exclude each other: choose one.")
    handle = nightly.redrive_letters(found, letters) if letters else nightly.redrive(found, run_id)
    if as_json:
        _print_json({"redriven": handle})
    else:
        print(f"redriven: {handle}")


def push(
    job: JobArgument,
    tolerated: Annotated[str, typer.Option(help="Highest severity of a finding that passes.")] = "MEDIUM",
    timeout: Annotated[int, typer.Option(help="Seconds to wait for the scan.", min=1)] = 900,
    exemptions: Annotated[Path | None, typer.Option(help="YAML list of findings to live with.")] = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build a job's image, push it, wait for its scan, and deploy it by digest; needs Docker and the Pulumi CLI.

    The digest goes into the stack's settings; `pulumi up` then makes the task definition take it.
    """
    from batchctl.operate import push as pushing

    found, config = _open(stack, outputs)
    say = (lambda text: None) if as_json else print
    done = pushing.push(
        found,
        config,
        job,
        stack_name=stack or found.outputs.stack,
        tolerated=tolerated,
        timeout=timeout,
        exemptions=exemptions,
        say=say,
    )
    if as_json:
        _print_json(asdict(done))
    else:
        print(f"{job} is {done.digest}, tagged {done.tag}. Now: pulumi up --stack {stack or found.outputs.stack}")


def cost(
    stack: Annotated[str, typer.Option("--stack", "-s", help="Committed stack; nothing needs to be deployed.")] = "dev",
    shards: Annotated[int | None, typer.Option(help="Shards of the night; default 10.", min=1)] = None,
    minutes: Annotated[float | None, typer.Option(help="Minutes each task runs; default 5.", min=1)] = None,
    prices: Annotated[
        Path | None, typer.Option(help="YAML or JSON file whose prices replace the built-in ones.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a stack costs: idle and for a night, by resource, and the network with NAT gateways instead."""
    from batchctl.preview import cost as costs
    from batchctl.preview import prices as price_tables
    from batchctl.program import recorded, stack_settings

    here = projects.find()
    file = here.stack(stack)
    table = price_tables.load_prices(prices)
    graph = recorded(here, file, "resolved").graph(here.name)
    usual = costs.RunAssumptions()
    assumed = replace(usual, shards=shards or usual.shards, minutes=minutes or usual.minutes)
    bills = {
        "idle": costs.idle_cost(graph, table),
        "run": costs.run_cost(stack_settings(file), table, assumed),
        "nat": costs.nat_alternative(graph, table),
    }
    if as_json:
        _print_json(
            {name: {"total": bill.total, "rows": [asdict(row) for row in bill.rows]} for name, bill in bills.items()}
        )
        return
    console = _console()
    titles = {
        "idle": "Idle, a month",
        "run": f"A night with {assumed.shards} shards of {assumed.minutes:g} minutes",
        "nat": "NAT instead, a month",
    }
    for name, bill in bills.items():
        shown = Table(title=titles[name], title_justify="left", box=None, pad_edge=False, show_footer=True)
        shown.add_column("resource", footer="total")
        for column in ("what", "quantity", "unit"):
            shown.add_column(column)
        shown.add_column("USD", justify="right", footer=f"{bill.total:,.2f}")
        for row in bill.rows:
            shown.add_row(row.resource, row.what, f"{row.quantity:,.6g}", row.unit, f"{row.usd:,.4f}")
        console.print(shown)


COMMANDS = (doctor, run, status, logs, runs, redrive, push, cost)


def register(app: typer.Typer) -> None:
    """Puts every command of this module on `app`."""
    for command in COMMANDS:
        app.command()(command)
