"""The night as a person watches it: one bar a job, and at the end what they came for."""

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from sandbox.workflow.executions import Execution


class Display:
    """Progress bars of a night."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = Lock()
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]\N{CHECK MARK}"),
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def expect(self, name: str, total: int) -> None:
        """Show a bar for `name`, or correct how much there is to do."""
        with self._lock:
            if name in self._bars:
                self._progress.update(self._bars[name], total=total)
            else:
                self._bars[name] = self._progress.add_task(name, total=total)

    def advance(self, name: str, by: int = 1) -> None:
        """Some of `name` is done."""
        self._progress.advance(self._bars[name], by)


def show_success(console: Console, report: dict[str, Any], announced: list[str], seconds: float) -> None:
    """What the morning wants to know."""
    headline = report["portfolio"]["measures"][-1]
    quality = report["data_quality"]
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("took", f"{seconds:.0f} seconds, from reading the program to the report"),
        ("trades", f"{quality['accepted']:,} valued; {quality['quarantined']:,} rows were wrong and set aside"),
        (
            "value at risk",
            f"USD {headline['value_at_risk']:,.0f}: lost or exceeded on one day in "
            f"{1 / (1 - headline['level']):.0f} ({headline['level']:.0%})",
        ),
        ("expected shortfall", f"USD {headline['expected_shortfall']:,.0f}: the average loss on such a day"),
        *(("look at", warning) for warning in report["warnings"]),
        *(("announced", subject) for subject in announced),
    ):
        table.add_row(f"[dim]{name}", escape(value))
    console.print(Panel(table, title="The night is over", title_align="left", border_style="green", expand=False))


def show_files(console: Console, files: Sequence[tuple[Path, str]]) -> None:
    """What lies in the output folder, and what each is."""
    for path, meaning in files:
        console.print(f"[dim]{meaning}[/]", path, sep="\n  ", soft_wrap=True, highlight=False)


def show_next(console: Console, out: Path) -> None:
    """What to try after a first night."""
    console.print("\nWhat to try next:")
    for command, meaning in (
        (f"python -m sandbox.demo --trades 200000 --out {out}", "a larger book"),
        (f"python -m sandbox.demo --seed 2 --out {out}", "another book"),
        ("batchctl size --trades 1000000 --scenarios 20000", "what such a night needs on Fargate, and costs"),
        ("make preview", "what would be deployed, and what it costs when idle"),
    ):
        console.print(
            f"  .venv/bin/{command}" if command[:4] != "make" else f"  {command}", soft_wrap=True, highlight=False
        )
        console.print(f"    [dim]{meaning}[/]")
    console.print("  docs/operations.md [dim]goes from an empty account to this report[/]", highlight=False)


def show_failure(console: Console, execution: Execution, logs: Path) -> None:
    """What went wrong, in the words of the workflow and of the job that failed."""
    console.print(f"[red]The night failed:[/] {escape(f'{execution.error}: {execution.cause}')}", soft_wrap=True)
    for path in sorted(logs.glob("*/log.jsonl")):
        for line in path.read_text().splitlines():
            if '"job_failed"' in line:
                message = escape(json.loads(line)["message"])
                console.print(f"{path.parent.name}: {message}", soft_wrap=True, highlight=False)
    console.print("logs", logs, soft_wrap=True, highlight=False)
