"""The ratios that must not get worse, each measured within one run: `python -m benchmarks.ratios` (`make benchmarks`).

A ratio is of two things on the same machine at the same time, lower is better; seconds are shown by the other modules
of this folder. `--write` renews docs/measured/benchmarks.md and the recorded limits (benchmarks/limits.json). Exit code
1 when a ratio is worse than its limit by half; what cannot be measured here is named and does not fail.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from batchctl import project as projects
from batchctl.costs import makespan
from batchctl.program import recorded
from benchmarks import _definition, jobs_montecarlo, policy_preview, preview
from benchmarks._machine import machine
from benchmarks.ingestion import files, measuring
from conventions import fargate
from policy.rules import evaluate
from tests.security import scanners
from tests.security.terraform import terraform

ROOT: Final = Path(__file__).resolve().parents[1]
LIMITS: Final = ROOT / "benchmarks" / "limits.json"
PAGE: Final = ROOT / "docs" / "measured" / "benchmarks.md"
TOLERANCE: Final = 1.5
INGESTED_ROWS: Final = 200_000
NIGHT_TRADES: Final = 2_000
SHARDS: Final = 1_000
QUOTA: Final = 200
"""vCPU."""


class NotMeasuredError(Exception):
    """Something that a ratio needs is not on this machine; the message says what."""


@dataclass(frozen=True)
class Ratio:
    """Two things that are held against each other."""

    name: str
    of: str
    measure: Callable[[], float]


def cpu_of(command: list[str]) -> float:
    """CPU seconds, user and system, of a command and what it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} exited with {done.returncode}\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def sdk_import() -> float:
    """CPU seconds that importing the aws SDK takes, which every run of the program begins with."""
    return min(cpu_of([sys.executable, "-c", "import pulumi_aws"]) for _ in range(3))


def preview_over_import() -> float:
    """A warm preview of every committed stack."""
    return preview.measure([sys.executable, "-m", "batchctl.cli", "preview"]).cpu / sdk_import()


def diff_over_import() -> float:
    """A warm diff of every committed stack, both sides."""
    command = [sys.executable, "-m", "batchctl.cli", "diff", "HEAD"]
    return preview.measure(command, allowed=(0, 1)).cpu / sdk_import()


def pack_over_checkov() -> float:
    """The policy pack on the recorded prod stack, and checkov on the same resources."""
    project = projects.load(ROOT)
    graph = recorded(project, project.stack("prod"), "resolved").graph(project.name)
    evaluate(graph)
    pack = min(_cpu(lambda: evaluate(graph)) for _ in range(5))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.tf").write_text(terraform(graph))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            scanners.checkov(Path(folder))
        except scanners.NotInstallableError as error:
            raise NotMeasuredError(f"checkov cannot be installed: {error}") from error
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return pack / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def engine_with_pack() -> float:
    """CPU of a preview by the engine with the policy pack, over one without; the least of three of each."""
    if shutil.which("pulumi") is None:
        raise NotMeasuredError("no pulumi on PATH")
    with policy_preview.project() as fresh:
        pairs = [
            (policy_preview.seconds(fresh)[1], policy_preview.seconds(fresh, "--policy-pack", "policy")[1])
            for _ in range(4)
        ][1:]
    return min(packed for _, packed in pairs) / min(plain for plain, _ in pairs)


def makespan_over_bound() -> float:
    """The makespan of a thousand shards over the least that any order of them could take: all work, evenly spread."""
    project = projects.load(ROOT)
    from batchctl.program import stack_settings

    job = stack_settings(project.stack("prod")).jobs[_definition.JOB]
    rates = makespan.Rates(vcpu_quota=QUOTA)
    load = makespan.Load(shard_seconds=60, startup_seconds=30, spread=0.2)
    slots = int(QUOTA // fargate.vcpus(job.cpu))
    seconds, worked = makespan.makespan(SHARDS, job.fan_out.batch if job.fan_out else 1, slots, rates, load)
    return seconds / (worked / slots)


def ingestion_over_polars() -> float:
    """data-ingestion over CSV, beside polars doing the rules only."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files.make_files(folder, INGESTED_ROWS)
        runs = [
            [measuring.measure(folder, "csv", way)["cpu"] for way in ("the job", "polars, rules only")]
            for _ in range(3)
        ]
    return min(ours for ours, _ in runs) / min(theirs for _, theirs in runs)


def montecarlo_over_loop() -> float:
    """CPU for a trade, beside a numpy loop that keeps every instrument's draws."""
    small = jobs_montecarlo.batches(jobs_montecarlo.LOOP_TRADES)
    loop = jobs_montecarlo.timed(lambda: jobs_montecarlo.loop(small, keep_draws=True)).cpu / jobs_montecarlo.LOOP_TRADES
    trades = jobs_montecarlo.SHARDS[0]
    parts = jobs_montecarlo.batches(trades)
    return jobs_montecarlo.timed(lambda: jobs_montecarlo.fresh(parts, 1)).cpu / trades / loop


def night_over_import() -> float:
    """`make demo` with a small portfolio, all its processes."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder, "night"))
        command = [sys.executable, "-m", "sandbox.demo", "--trades", str(NIGHT_TRADES), "--out", out]
        return cpu_of(command) / sdk_import()


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


RATIOS: Final = (
    Ratio("preview over import", "CPU of `batchctl preview` to importing pulumi_aws", preview_over_import),
    Ratio("diff over import", "CPU of `batchctl diff`, both sides, to importing pulumi_aws", diff_over_import),
    Ratio("pack over checkov", "CPU of the policy pack to checkov's, same resources", pack_over_checkov),
    Ratio("engine preview with pack", "CPU of `pulumi preview` with the pack to without", engine_with_pack),
    Ratio("makespan over bound", f"a night of {SHARDS:,} shards to the least possible", makespan_over_bound),
    Ratio("ingestion over polars", "CPU of data-ingestion to polars doing the rules only", ingestion_over_polars),
    Ratio("Monte Carlo over loop", "CPU a trade of risk-calculation to a numpy loop", montecarlo_over_loop),
    Ratio("demo night over import", f"CPU of `make demo`, {NIGHT_TRADES:,} trades, to the import", night_over_import),
)


def page(measured: dict[str, float], missing: dict[str, str]) -> str:
    """docs/measured/benchmarks.md."""
    rows = []
    for ratio in RATIOS:
        value = f"{measured[ratio.name]:.3f}" if ratio.name in measured else f"not measured: {missing[ratio.name]}"
        rows.append(f"| {ratio.name} | {ratio.of} | {value} |")
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `python -m benchmarks.ratios --write`; `make benchmarks` measures the same and fails when one",
            "is worse than recorded (benchmarks/limits.json) by half. Each is of two things on one machine at a time,",
            "lower is better. Seconds and growth: `python -m benchmarks.<name>` for each module of that folder.",
            "",
            "| ratio | of | measured |",
            "|---|---|---:|",
            *rows,
            "",
            f"On {date.today().isoformat()}: {machine()}, load average {os.getloadavg()[0]:.0f} at the end.",
            "",
        ]
    )


def main() -> int:
    """Measures, prints one table, and holds it against the limits."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ratios", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew docs/measured/benchmarks.md and the limits")
    names = [ratio.name for ratio in RATIOS]
    parser.add_argument("--only", action="append", choices=names, help="measure this one; repeatable")
    chosen = parser.parse_args()
    limits: dict[str, float] = json.loads(LIMITS.read_text()) if LIMITS.is_file() else {}
    measured: dict[str, float] = {}
    missing: dict[str, str] = {}
    for ratio in RATIOS:
        if chosen.only and ratio.name not in chosen.only:
            missing[ratio.name] = "not asked for in this run"
            continue
        print(f"measuring: {ratio.name}", file=sys.stderr, flush=True)
        try:
            measured[ratio.name] = ratio.measure()
        except NotMeasuredError as error:
            missing[ratio.name] = str(error)
    table = Table(title="Ratios within one run, lower is better", title_justify="left", box=None)
    for column in ("ratio", "of", "measured", "recorded", ""):
        table.add_column(column, justify="right" if column in ("measured", "recorded") else "left")
    worse = {name for name, value in measured.items() if name in limits and value > TOLERANCE * limits[name]}
    for ratio in RATIOS:
        value = f"{measured[ratio.name]:.3f}" if ratio.name in measured else "-"
        recorded_one = f"{limits[ratio.name]:.3f}" if ratio.name in limits else "-"
        word = "WORSE BY MORE THAN HALF" if ratio.name in worse else missing.get(ratio.name, "")
        table.add_row(
            ratio.name, ratio.of, value, recorded_one, f"NOT MEASURED: {word}" if ratio.name in missing else word
        )
    Console(width=150).print(table)
    if chosen.write:
        recorded = {**limits, **{k: round(v, 4) for k, v in measured.items()}}
        LIMITS.write_text(
            json.dumps({ratio.name: recorded[ratio.name] for ratio in RATIOS if ratio.name in recorded}, indent=2)
            + "\n"
        )
        PAGE.write_text(page(recorded, missing), encoding="utf-8")
        return 0
    return int(bool(worse))


if __name__ == "__main__":
    sys.exit(main())
