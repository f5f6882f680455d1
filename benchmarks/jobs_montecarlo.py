"""How fast risk-calculation values trades: `python -m benchmarks.jobs_montecarlo`.

The same portfolio three ways on one thread: a plain numpy loop over trades that draws again for each, the fair loop
that keeps every instrument's draws, and the job (columns read, summed, multiplied), once with draws to make and once
with draws kept from the shard before. The loops are rounded differently, so they agree with the job only to 1e-4 of a
standard deviation, which is checked; and the job's own bytes are checked to be the same with one thread and with all.
CPU seconds, the best of several runs, because other work on the machine can only slow a run down. `--write` renews
docs/measured/monte-carlo.md.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the image; read when numpy is loaded

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks._machine import measured_on
from data_ingestion.job import IngestionEnvironment
from data_ingestion.schema import PARTITION_SCHEMA
from risk_calculation.aggregation import Aggregation
from risk_calculation.exposures import Exposures
from risk_calculation.scenarios import MODEL_VERSION, Doubles, Factor, Generated, MovementCache
from risk_calculation.trades import BATCH_ROWS, Trades
from risk_calculation.valuation import amounts_of, available_vcpus, profit_of, workers
from risk_results.documents import Model, ScenarioSet
from risk_results.exact import Amounts
from sandbox.demo import portfolio

SHARDS = (2_500, IngestionEnvironment.model_fields["shard_size"].default)
"""Trades: a small shard, and the default one."""
LOOP_TRADES = 2_500
SCENARIOS = 20_000
RUNS = 3
PAGE = Path(__file__).resolve().parents[1] / "docs" / "measured" / "monte-carlo.md"
MODEL = Model(
    version=MODEL_VERSION,
    business_date=portfolio.DEFAULT_BUSINESS_DATE,
    seed="",
    horizon_days=1,
    fx_volatility=0.08,
    sets=(ScenarioSet(name="monte-carlo", kind="generated", scenarios=SCENARIOS),),
)


@dataclass(frozen=True)
class Timing:
    """CPU and wall-clock seconds of the best run."""

    cpu: float
    wall: float


def batches(trades: int, *, grouped: bool = False) -> list[pa.RecordBatch]:
    """A generated portfolio as a partition's batches; with desks and books when `grouped`."""
    rows = portfolio.generate(trades, portfolio.DEFAULT_BUSINESS_DATE, seed=1)
    batch = pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=PARTITION_SCHEMA)
    if not grouped:
        batch = batch.drop_columns(["desk", "book"])
    return [batch.slice(start, BATCH_ROWS) for start in range(0, trades, BATCH_ROWS)]


def loop(parts: list[pa.RecordBatch], *, keep_draws: bool) -> Doubles:
    """Trade by trade, as one would write it down."""
    generated, horizon = Generated(MODEL), float(np.sqrt(1 / 252))
    movements: dict[Factor, Doubles] = {}
    total = np.zeros(SCENARIOS)

    def movement(factor: Factor) -> Doubles:
        if factor not in movements or not keep_draws:
            movements[factor] = generated.movement(factor)
        return movements[factor]

    for part in parts:
        book = Trades.of(part, "the benchmark's partition")
        for row in range(len(book)):
            kind = book.asset_class[row]
            returns = movement(Factor("instrument", book.instrument[row], kind, float(book.correlation[row])))
            returns = returns * (book.volatility[row] * horizon)
            total += book.linear[row] * returns + book.square[row] * (returns * returns)
            if book.currency[row] != "USD":
                currency = movement(Factor("currency", book.currency[row]))
                total += book.market_value[row] * (MODEL.fx_volatility * horizon) * currency
    return total


def job(parts: list[pa.RecordBatch], movements: MovementCache, threads: int) -> Amounts:
    """All that risk-calculation computes about a shard, without S3 and Parquet's decompression."""
    generated = Generated(MODEL)
    aggregation, exposures = Aggregation(MODEL), Exposures(MODEL, generated)
    with workers(threads) as pool:
        for part in parts:
            trades = Trades.of(part, "the benchmark's partition")
            aggregation.add(trades)
            exposures.add(trades)
        amounts = amounts_of(aggregation.cells(), [generated], movements, pool)
    exposures.riskiest()
    return amounts


def fresh(parts: list[pa.RecordBatch], threads: int) -> Amounts:
    """The first shard of a task."""
    return job(parts, MovementCache(), threads)


def timed(work: Callable[[], object], runs: int = RUNS) -> Timing:
    """The best of several runs."""
    cpu, wall = [], []
    for _ in range(runs):
        start = time.process_time(), time.perf_counter()
        work()
        cpu.append(time.process_time() - start[0])
        wall.append(time.perf_counter() - start[1])
    return Timing(min(cpu), min(wall))


def profit(amounts: Amounts) -> Doubles:
    """The portfolio's, in units; asset classes are the only groups here."""
    return np.asarray(profit_of(amounts.total(slice(0, None)), Generated(MODEL))[0], dtype=np.float64)


def measured() -> list[tuple[str, ...]]:
    """A row for each way: name, trades, CPU seconds, gains a CPU second, ratio to the fair loop, wall-clock seconds.

    Ends the program when the ways disagree.
    """
    small = batches(LOOP_TRADES)
    movements, threads = MovementCache(), available_vcpus()
    reference, single = loop(small, keep_draws=True), job(small, movements, 1)
    if np.abs(profit(single) - reference).max() > 1e-4 * reference.std():
        raise SystemExit("loop and job disagree: a throughput of wrong numbers is worth nothing")
    many = job(small, MovementCache(), threads)
    if not (np.array_equal(single.high, many.high) and np.array_equal(single.low, many.low)):
        raise SystemExit("the number of threads changes the result")
    fair = timed(lambda: loop(small, keep_draws=True)).cpu / LOOP_TRADES
    rows: list[tuple[str, ...]] = []

    def row(name: str, trades: int, cpu: float, wall: float | None = None) -> None:
        rate, ratio = trades * SCENARIOS / cpu / 1e6, fair * trades / cpu
        waited = "" if wall is None else f"{wall:.3f}"
        rows.append((name, f"{trades:,}", f"{cpu:.3f}", f"{rate:,.0f}", f"{ratio:.1f}", waited))

    row("loop that draws again", LOOP_TRADES, timed(lambda: loop(small, keep_draws=False), 1).cpu)
    row("fair loop, draws kept", LOOP_TRADES, fair * LOOP_TRADES)
    for trades, grouped in [*((trades, False) for trades in SHARDS), (SHARDS[-1], True)]:
        parts, groups = batches(trades, grouped=grouped), ", 20 desks and books" if grouped else ""
        job(parts, movements, 1)
        cold, cold_wall = timed(partial(fresh, parts, 1)), timed(partial(fresh, parts, threads))
        warm, warm_wall = timed(partial(job, parts, movements, 1)), timed(partial(job, parts, movements, threads))
        row(f"job, first shard of a task{groups}", trades, cold.cpu, cold_wall.wall)
        row(f"job, further shards{groups}", trades, warm.cpu, warm_wall.wall)
    return rows


def page(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """docs/measured/monte-carlo.md."""
    lines = [
        "# Monte Carlo",
        "",
        "Written by `python -m benchmarks.jobs_montecarlo --write`: all that risk-calculation computes about a shard,",
        f"{SCENARIOS:,} scenarios, beside plain numpy loops over trades. A gain is that of a trade in a scenario. CPU",
        f"seconds of one thread, the best of {RUNS} runs; the fair loop keeps its draws, as the job does from shard to",
        f"shard. The default shard has {SHARDS[-1]:,} trades.",
        "",
        f"| {' | '.join(header)} |",
        f"|---|{'---:|' * (len(header) - 1)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join([*lines, "", measured_on(), ""])


def main() -> None:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs_montecarlo", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"renew {PAGE.relative_to(PAGE.parents[2])}")
    chosen = parser.parse_args()
    wall = f"wall-clock s, {available_vcpus()} threads"
    header = ("way", "trades", "CPU s", "M gains/CPU s", "times the fair loop", wall)
    rows = measured()
    table = Table(title=f"{SCENARIOS:,} scenarios")
    for column in header:
        table.add_column(column, justify="left" if column == "way" else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=120).print(table)
    if chosen.write:
        PAGE.write_text(page(header, rows), encoding="utf-8")


if __name__ == "__main__":
    main()
