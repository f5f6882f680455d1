"""Measures how long the reference jobs take and writes batchctl/timings.json: `python -m benchmarks.jobs_timings`.

Every job runs against an S3 emulated in this process, so that its own work is measured and not a network: on AWS add
what the bucket's latency adds. Slopes come from two sizes; the best of several runs counts, on one thread.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in the image; read when numpy is loaded

import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import boto3
from moto import mock_aws

from batchctl.timings import TIMINGS_FILE, Timings
from benchmarks.jobs_montecarlo import MODEL, SCENARIOS, batches
from data_ingestion.job import IngestionEnvironment, ingest
from report_generation.environment import ReportEnvironment
from report_generation.job import report
from risk_calculation.aggregation import Aggregation
from risk_calculation.exposures import Exposures
from risk_calculation.job import RiskEnvironment, calculate
from risk_calculation.scenarios import Generated, MovementCache
from risk_calculation.trades import Trades
from risk_calculation.valuation import amounts_of, workers
from sandbox.demo import portfolio
from tests.jobs.harness import Night

CONTAINER_SECONDS = 45.0
"""An assumption: Fargate's start cannot be measured here."""
RUNS = 3
FEW, MANY = 5_000, 50_000


def best(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of several runs."""
    seconds = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def start_seconds() -> float:
    """From the interpreter's first instruction to a job that could begin."""
    command = [sys.executable, "-c", "import risk_calculation.job"]
    seconds = []
    for _ in range(RUNS):
        before = os.times()
        subprocess.run(command, check=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(seconds)


def valuation_seconds() -> tuple[float, float, float]:
    """Seconds a trade, a draw of an instrument in a scenario, and a gain of an instrument in a scenario."""
    generated = Generated(MODEL)
    parts = batches(MANY)

    def count() -> Aggregation:
        aggregation, exposures = Aggregation(MODEL), Exposures(MODEL, generated)
        for part in parts:
            trades = Trades.of(part, "the benchmark's partition")
            aggregation.add(trades)
            exposures.add(trades)
        return aggregation

    row = best(count) / MANY
    cells = count().cells()
    with workers(1) as pool:
        movements = MovementCache()
        amounts_of(cells, [generated], movements, pool)
        gain = best(lambda: amounts_of(cells, [generated], movements, pool))
        cold = best(lambda: amounts_of(cells, [generated], MovementCache(), pool))
    moves = len(cells.factors) * SCENARIOS
    return row, (cold - gain) / moves, gain / moves


def night_seconds(folder: Path) -> tuple[float, float, float, float]:
    """Seconds a shard, an ingested row, a report, and a result that the report reads."""
    s3 = boto3.client("s3", region_name="us-east-1")
    for bucket in ("input-timings", "output-timings"):
        s3.create_bucket(Bucket=bucket)
    images = dict.fromkeys(("data-ingestion", "risk-calculation", "report-generation"), folder)
    night = Night(s3, "", "input-timings", "output-timings", folder, images)
    ingested = {}
    for trades in (FEW, MANY):
        portfolio.write(folder / str(trades), trades=trades)
        night.upload(folder / str(trades))
        night.run_id = f"size-{trades}"
        night.settings = {"BATCH_SHARD_SIZE": str(trades // 20)}
        ingested[trades] = best(lambda: ingest(night.job("data-ingestion", IngestionEnvironment)))
    numbers = night.json(night.layout.summary.key)["numbers"]

    def value(shards: list[int]) -> None:
        for key in [key for key in night.outputs() if key.startswith("results/")]:
            s3.delete_object(Bucket=night.output_bucket, Key=key)
        calculate(
            night.job(
                "risk-calculation",
                RiskEnvironment,
                BATCH_SHARDS=json.dumps(shards),
                BATCH_THREADS="1",
                BATCH_SCENARIOS="1000",
            )
        )

    one, all_of_them = best(partial(value, numbers[:1])), best(partial(value, numbers))
    together = best(lambda: report(night.job("report-generation", ReportEnvironment)))
    for number in numbers:
        calculate(night.job("risk-calculation", RiskEnvironment, BATCH_SHARDS=f"[{number}]", BATCH_SCENARIOS="1000"))
    prefix = night.layout.results_prefix.key
    s3.delete_object(Bucket=night.output_bucket, Key=f"{prefix}shards-{numbers[0]:05d}-{numbers[-1]:05d}.risk")
    singly = best(lambda: report(night.job("report-generation", ReportEnvironment)))
    return (
        max(0.0, (all_of_them - one) / (len(numbers) - 1)),
        max(0.0, (ingested[MANY] - ingested[FEW]) / (MANY - FEW)),
        together,
        max(0.0, (singly - together) / (len(numbers) - 1)),
    )


def main() -> None:
    """Measure and write."""
    row, draw, gain = valuation_seconds()
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ.pop("AWS_ENDPOINT_URL", None)
    with tempfile.TemporaryDirectory() as folder, mock_aws():
        shard, ingest_row, once, result = night_seconds(Path(folder))
    timings = Timings(
        machine=f"{platform.machine()}, {os.cpu_count()} vCPU, Python {platform.python_version()}",
        date=datetime.now(UTC).date().isoformat(),
        container=CONTAINER_SECONDS,
        start=round(start_seconds(), 3),
        shard=round(shard, 4),
        row=float(f"{row:.3g}"),
        draw=float(f"{draw:.3g}"),
        gain=float(f"{gain:.3g}"),
        ingest_row=float(f"{ingest_row:.3g}"),
        report=round(once, 3),
        report_result=round(result, 4),
    )
    TIMINGS_FILE.write_text(json.dumps(asdict(timings), indent=2) + "\n", encoding="utf-8")
    print(TIMINGS_FILE.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
