"""What `batchctl preview` costs, as ratios within one run: `python -m benchmarks.preview`.

Measures CPU seconds (user + system, children included), seconds on the clock and peak memory of whole processes with
their children: importing the aws SDK, a warm preview and a warm diff of every committed stack, the comment on a pull
request from two previews, and previews of one stack with 3, 10, 30 and 100 jobs. Machines are noisy: read the ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
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
    """MB at the peak, what processes share counted once; of the largest process where the system does not tell that."""
    wall: float
    """Seconds on the clock."""


def _tree(pid: int) -> Iterator[int]:
    """The process and everything that it started and that runs."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _tree(int(child))


def _together(pid: int) -> float:
    """MB that the process and its children hold, what they share counted once; 0 where the system does not tell."""
    held = 0
    for one in _tree(pid):
        with suppress(OSError, ValueError):
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            held += int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")))
    return held / 1024


def measure(command: list[str], allowed: tuple[int, ...] = (0,)) -> Cost:
    """The median of several runs, after one to warm up."""
    costs = [_measured(command, allowed) for _ in range(RUNS + 1)][1:]
    return Cost(
        statistics.median(c.cpu for c in costs),
        max(c.memory for c in costs),
        statistics.median(c.wall for c in costs),
    )


def _measured(command: list[str], allowed: tuple[int, ...]) -> Cost:
    with tempfile.TemporaryFile() as output:
        start, held = time.monotonic(), 0.0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=output, cwd=ROOT)
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            held = max(held, _together(process.pid))
            time.sleep(0.2)
        wall = time.monotonic() - start
        _, status, usage = ended
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in allowed:
            output.seek(0)
            sys.exit(f"{' '.join(command)} exited with {process.returncode}\n{output.read().decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, held or usage.ru_maxrss / 1024, wall)


def project_with_jobs(folder: Path, count: int) -> Path:
    """A project of the committed program with one stack of `count` jobs."""
    for name in PROGRAM:
        (folder / name).symlink_to(ROOT / name)
    extra = {f"extra-{n}": {"cpu": 256, "memory": 512} for n in range(count - 3)}
    stack_file = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    stack_file["config"]["batch-platform:jobs"] = extra
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(stack_file))
    return folder


def main() -> None:
    """Prints the two tables."""
    batchctl = [sys.executable, "-m", "batchctl.cli", "preview"]
    base = measure([sys.executable, "-c", "import pulumi_aws"])
    both = measure(batchctl)
    diff = measure([sys.executable, "-m", "batchctl.cli", "diff", "HEAD"], allowed=(0, 1))
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder, "preview.json")
        recorded.write_bytes(subprocess.run([*batchctl, "--json"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
        comment = measure([*batchctl[:-1], "pull-request", str(recorded), "--base", str(recorded)])
    load = os.getloadavg()[0]
    table = Table(title=f"Warm, every committed stack; {os.cpu_count()} processors, load {load:.1f}")
    for column in ("process", "seconds", "CPU s", "over the import, s", "times the import", "peak MB"):
        table.add_column(column, justify="left" if column == "process" else "right")
    table.add_row(
        "python -c 'import pulumi_aws'", f"{base.wall:.2f}", f"{base.cpu:.2f}", "", "1.0", f"{base.memory:.0f}"
    )
    for name, cost in (
        ("batchctl preview", both),
        ("batchctl diff HEAD, both sides", diff),
        ("batchctl pull-request", comment),
    ):
        over, times = f"{cost.cpu - base.cpu:.2f}", f"{cost.cpu / base.cpu:.1f}"
        table.add_row(name, f"{cost.wall:.2f}", f"{cost.cpu:.2f}", over, times, f"{cost.memory:.0f}")
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
