"""`batchctl`: the command-line door for people.

Owns: the commands' arguments and help, progress, and turning errors into one message and an exit code.
Refuses: the work itself; each command's is in a module of its own.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from batchctl import project as projects
from batchctl.errors import FOUND, OK, OperatorError
from batchctl.operate import commands as operating
from batchctl.policy import commands

app = typer.Typer(
    name="batchctl",
    help="Preview, operate and verify the nightly batch platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Exit codes: 0 all is well; 1 something was found (a rule fails, a run failed); 2 wrong use or setting, "
    "nothing was changed; 3 AWS, Docker or Pulumi not reachable.",
)

app.add_typer(commands.app)
operating.register(app)

StackOption = Annotated[
    list[str] | None,
    typer.Option("--stack", "-s", help="Stack to preview; repeatable. Default: every committed stack file."),
]
ProjectOption = Annotated[
    Path | None, typer.Option("--project", help="Folder with Pulumi.yaml. Default: the one you are in.")
]


@app.callback()
def batchctl() -> None:
    """Preview, operate and verify the nightly batch platform."""


@contextmanager
def progress_on_terminal() -> Iterator[Progress | None]:
    """A progress line on a terminal's standard error, nothing when it is piped."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield progress


@app.command()
def preview(
    stack: StackOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown with a Mermaid picture, for a pull request.")
    ] = False,
    prices: Annotated[
        Path | None, typer.Option(help="YAML or JSON file whose prices replace those of the built-in table.")
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Show what each stack would be, its policy verdicts and its cost; needs no cloud, credentials or Pulumi CLI.

    Runs the very program that `pulumi up` runs and evaluates the very policy pack, once with values unknown as at a
    first preview and once with values resolved as after `up`. Exit code 1 when a mandatory rule fails.
    """
    from batchctl.preview import prices as price_tables
    from batchctl.preview import render
    from batchctl.preview import report as previews

    if as_json and markdown:
        raise OperatorError("--json and --markdown exclude each other: choose one.")
    here = projects.load(project) if project else projects.find()
    table = price_tables.load_prices(prices)
    wanted = stack or here.stacks()
    if not wanted:
        raise OperatorError(
            f"no stack file in {here.root}: copy Pulumi.dev.yaml from the repository, or `pulumi stack init`."
        )
    reports, refused = [], []
    with progress_on_terminal() as shown:
        task = shown.add_task("starting", total=None) if shown else None

        def step(text: str) -> None:
            if shown is not None and task is not None:
                shown.update(task, description=text)

        for name in wanted:
            try:
                reports.append(previews.preview(here, name, price_table=table, progress=step))
            except OperatorError as error:
                refused.append(error)
    if as_json:
        print(json.dumps(render.as_json(reports), indent=2))
    elif markdown:
        print(render.to_markdown(reports))
    else:
        console = Console(width=None if sys.stdout.isatty() else 160)
        for report in reports:
            render.to_terminal(console, report)
    if refused:
        raise OperatorError("\n\n".join(map(str, refused)), refused[0].code)
    raise typer.Exit(FOUND if any(report.failed for report in reports) else OK)


@app.command("verify")
def verify_deployed(
    stack: Annotated[str | None, typer.Option("--stack", "-s", help="Stack; default: the only committed one.")] = None,
    outputs: Annotated[
        Path | None, typer.Option(help="Outputs in a file, as `pulumi stack output --json` writes them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    project: ProjectOption = None,
) -> None:
    """Check what is really deployed against the twelve test areas, read-only, by asking AWS and not Pulumi.

    Exit code 1 when something is not as it must be; "not checkable" says why there was no answer, and is no pass.
    """
    from batchctl.verify import Outcome
    from batchctl.verify import command as verifying

    here = projects.load(project) if project else projects.find()
    with progress_on_terminal() as shown:
        task = shown.add_task("starting", total=None) if shown else None
        report = verifying.verify(
            stack,
            outputs,
            here,
            lambda text: shown.update(task, description=text) if shown and task is not None else None,
        )
    if as_json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        verifying.to_terminal(Console(width=None if sys.stdout.isatty() else 160), report)
    raise typer.Exit(FOUND if report.of(Outcome.FAIL) else OK)


def main() -> None:
    """Runs the command line; an operator's mistake ends in one message, never a traceback."""
    gc.disable()  # a short process that builds large, acyclic structures: a third of its time would be collections
    try:
        app()
    except OperatorError as error:
        Console(stderr=True, width=None if sys.stderr.isatty() else 160).print(
            str(error), style="red", markup=False, highlight=False, soft_wrap=True
        )
        sys.exit(error.code)


if __name__ == "__main__":
    main()
