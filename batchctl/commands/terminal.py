"""What the commands share: options, the console, and progress on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

StackOption = Annotated[str | None, typer.Option("--stack", "-s", help="Stack whose outputs to ask Pulumi for.")]
CommittedStackOption = Annotated[str, typer.Option("--stack", "-s", help="Committed stack.")]
OutputsOption = Annotated[
    Path | None, typer.Option("--outputs", help="File written by `pulumi stack output --json`, instead of --stack.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
JobArgument = Annotated[str, typer.Argument(help="Name of the job, for example data-ingestion.")]
ProjectOption = Annotated[
    Path | None, typer.Option("--project", help="Folder with Pulumi.yaml. Default: the one you are in.")
]
PricesOption = Annotated[
    Path | None, typer.Option("--prices", help="YAML or JSON file whose prices replace those of the built-in table.")
]

WIDTH_WHEN_PIPED = 160
"""Columns of a table that no terminal limits."""


def console() -> Console:
    """Standard output, wide when it is piped."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_WHEN_PIPED)


def print_json(document: object) -> None:
    """One JSON document; dates and the like as text."""
    print(json.dumps(document, indent=2, default=str))


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A function that shows a step; on a terminal's standard error, and nowhere when that is piped."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield lambda step: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda step: bar.update(task, description=step)
