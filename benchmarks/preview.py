"""What `batchctl preview` costs, as ratios within one run: `python -m benchmarks.preview`.

Measures CPU seconds (user + system, children included) and peak memory of whole processes: importing the aws SDK, a
warm preview and a warm diff of every committed stack, and previews of one stack with 3, 10, 30 and 100 jobs. Machines
are noisy: read the ratios, not the seconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3
PROGRAM = ("__main__.py", "Pulumi.yaml", "outputs.py", "conventions", "settings", "workflow", "components", "jobs")
JOB_COUNTS = (3, 10, 30, 100)


@dataclass(frozen=True)
class Cost:
    """One process."""

    cpu: float
    """Seconds, user and system."""
    memory: float
    """Peak resident set, MB."""


def measure(command: list[str], allowed: tuple[int, ...] = (0,)) -> Cost:
    """The median of several runs, after one to warm up."""
    costs = []
    for run in range(RUNS + 1):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT)
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in allowed:
            sys.exit(f"{' '.join(command)} exited with {process.returncode}\n{said.decode()}")
        if run:
            costs.append(Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return Cost(statistics.median(c.cpu for c in costs), max(c.memory for c in costs))


def project_with_jobs(folder: Path, count: int) -> Path:
    """A project of the committed program with one stack of `count` jobs."""
    for name in PROGRAM:
        (folder / name).symlink_to(ROOT / name)
    extra = {f"extra-{n}": {"cpu": 256, "memory": 512} for n in range(count - 3)}
    given = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    given["config"]["batch-platform:jobs"] = extra
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(given))
    return folder


def main() -> None:
    """Prints the two tables."""
    batchctl = [sys.executable, "-m", "batchctl.cli", "preview"]
    base = measure([sys.executable, "-c", "import pulumi_aws"])
    both = measure(batchctl)
    diff = measure([sys.executable, "-m", "batchctl.cli", "diff", "HEAD"], allowed=(0, 1))
    table = Table(title="Warm preview and diff of every committed stack")
    for column in ("process", "CPU s", "over the import, s", "times the import", "peak MB"):
        table.add_column(column, justify="left" if column == "process" else "right")
    table.add_row("python -c 'import pulumi_aws'", f"{base.cpu:.2f}", "", "1.0", f"{base.memory:.0f}")
    for name, cost in (("batchctl preview", both), ("batchctl diff HEAD, both sides", diff)):
        over, times = f"{cost.cpu - base.cpu:.2f}", f"{cost.cpu / base.cpu:.1f}"
        table.add_row(name, f"{cost.cpu:.2f}", over, times, f"{cost.memory:.0f}")
    console = Console(width=110)
    console.print(table)
    growth = Table(title="Growth with the number of jobs (one stack); linear when the last column stays level")
    for column in ("jobs", "CPU s", "CPU s over the import", "ms a job beyond 3", "peak MB"):
        growth.add_column(column, justify="right")
    least: float | None = None
    for count in JOB_COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            cost = measure([*batchctl, "--project", str(project_with_jobs(Path(folder), count))])
        least = cost.cpu if least is None else least
        each = f"{1000 * (cost.cpu - least) / (count - JOB_COUNTS[0]):.1f}" if count > JOB_COUNTS[0] else ""
        growth.add_row(str(count), f"{cost.cpu:.2f}", f"{cost.cpu - base.cpu:.2f}", each, f"{cost.memory:.0f}")
    console.print(growth)


if __name__ == "__main__":
    main()
