"""`run`, `status`, `logs`, `runs`, `resume` and `redrive`: the nightly run."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.table import Table

from batchctl.errors import OperatorError

from .terminal import JobArgument, JsonOption, OutputsOption, StackOption, console, print_json

if TYPE_CHECKING:
    from batchctl.operate.status import Status

app = typer.Typer()
STATUS_SECONDS = 5


@app.command()
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
    from batchctl.operate.stack import with_settings

    deployment, config = with_settings(stack, outputs)
    if job == "all":
        arn = nightly.start(deployment, date, input_, rerun=rerun)
    else:
        task = nightly.Task(job=job, business_date=date, manifest=input_, run_id=run_id, shards=shards)
        arn = nightly.start_job(deployment, config, task)
    if as_json:
        print_json({"arn": arn})
    else:
        print(f"started {arn}")


@app.command("sample-night")
def sample_night(
    out: Annotated[Path, typer.Option("--out", help="Folder to write; it must not exist, or be empty.")],
    trades: Annotated[int, typer.Option(help="Number of trades.", min=1)] = 1000,
    stack: Annotated[
        str, typer.Option("--stack", "-s", help="Committed stack, whose deadline determines the next business date.")
    ] = "dev",
    as_json: JsonOption = False,
) -> None:
    """Write a generated night's input for the next business date: trade files and the manifest that starts the run."""
    from batchctl.operate import sample_night as samples

    sample = samples.write(out, stack, trades=trades)
    if as_json:
        print_json({"business_date": sample.business_date, "folder": str(out), "files": list(sample.files)})
        return
    print(
        f"{len(sample.files)} files for {sample.business_date} in {out}. The manifest goes last; it starts the run:\n"
    )
    print("\n".join(sample.next_commands))


@app.command()
def status(
    repeat: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Keep the table current until interrupted.")
    ] = False,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show tonight's run: its states, its shards, the time left to the deadline, and manifests that are held."""
    from batchctl.operate import status as states
    from batchctl.operate.stack import with_settings

    deployment, config = with_settings(stack, outputs)
    state = states.status(deployment, config)
    if as_json:
        print_json(states.as_json(state))
        return
    screen = console()
    if not (repeat and screen.is_terminal):
        screen.print(_status_table(state))
        return
    with Live(_status_table(state), console=screen) as live:
        while state.state in ("RUNNING", "NOT STARTED"):
            time.sleep(STATUS_SECONDS)
            state = states.status(deployment, config)
            live.update(_status_table(state))


def _status_table(state: Status) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    shards = f"{state.shards_done} of {state.shards}" if state.shards else "not counted yet"
    for name, value in (
        ("report for", state.business_date),
        ("run", state.run_id or "none yet"),
        *([("resumed by", state.execution)] if state.execution != state.run_id else []),
        ("state", state.state),
        ("in", ", ".join(state.running_states) or "-"),
        ("states done", str(state.done_states)),
        ("shards done", shards),
        ("deadline", f"{state.deadline}, {state.minutes_left // 60} h {state.minutes_left % 60} min left"),
    ):
        table.add_row(f"[bold]{name}[/]", value)
    for held in state.held:
        table.add_row("[bold yellow]held[/]", f"{held.manifest}: {held.reason}")
        table.add_row("", f"to run it all the same: batchctl run all --date {held.business_date}")
    return table


@app.command()
def logs(
    job: JobArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing as the log grows.")] = False,
    run_id: Annotated[str | None, typer.Option("--run", help="Only lines of this run.")] = None,
    since: Annotated[int, typer.Option(help="Minutes to look back.", min=1)] = 720,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a job's log, oldest line first; with --json one JSON string per line."""
    from batchctl.operate import logs as log_events
    from batchctl.operate.stack import deployed

    deployment = deployed(stack, outputs)
    printed = False
    for line in log_events.events(deployment, job, run_id=run_id, since_minutes=since, follow=follow):
        print(json.dumps(line) if as_json else line, flush=True)
        printed = True
    if not printed:
        typer.echo(log_events.no_lines_message(job, run_id=run_id, since_minutes=since), err=True)


@app.command()
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
        print_json([nightly.as_json(one) for one in history])
        return
    table = Table(box=None, pad_edge=False)
    for column in ("business date", "status", "started", "minutes", "run", "report or error"):
        table.add_column(column, overflow="fold")
    for one in history:
        minutes = "" if one.duration_seconds is None else f"{one.duration_seconds / 60:.1f}"
        state = f"{one.status}, {one.missing_shards} shards missing" if one.missing_shards else one.status
        table.add_row(one.business_date, state, one.started_at, minutes, one.run_id, one.report_uri or one.error)
    console().print(table if history else "The ledger has no run yet.")


@app.command()
def resume(
    run_id: Annotated[
        str | None, typer.Argument(help="Run to resume at the stage that failed; default: the newest failed one.")
    ] = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Resume a failed run: repeat the failed stage under the same run id and keep finished shards."""
    from batchctl.operate import nightly
    from batchctl.operate.stack import deployed

    arn = nightly.resume(deployed(stack, outputs), run_id)
    if as_json:
        print_json({"arn": arn})
    else:
        print(f"resumed: {arn}")


@app.command()
def redrive(
    run_id: Annotated[
        str | None, typer.Argument(help="As for `resume`: run to resume; default: the newest failed one.")
    ] = None,
    dead_letters: Annotated[
        str | None, typer.Option("--dead-letters", help="Instead: the job whose queue's dead letters go back to it.")
    ] = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Another name for `resume`; or send a job queue's dead letters back."""
    from batchctl.operate import nightly
    from batchctl.operate.stack import deployed

    deployment = deployed(stack, outputs)
    if dead_letters and run_id:
        raise OperatorError("a run and --dead-letters exclude each other: choose one.")
    if dead_letters:
        handle = nightly.redrive_dead_letters(deployment, dead_letters)
    else:
        handle = nightly.resume(deployment, run_id)
    if as_json:
        print_json({"redriven": handle})
    else:
        print(f"redriven: {handle}")
