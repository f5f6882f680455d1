"""How fast risk-calculation values trades, as ratios within one run: `python -m benchmarks.jobs_montecarlo`.

Three ways to the same vector, to the last bit: a plain numpy loop over trades, the same loop with the draws of all
instruments kept in memory, and the job's tiles. Beside them, what the machine's memory can move. CPU seconds, the best
of several runs, because other work on the machine can only slow a run down. Read the ratios, not the seconds.

Bytes at the memory: the loop moves every trade's gains through vectors of one entry a scenario, in and out; the tiles
stay in the cache, so that only the instrument's returns and the sum are touched. "Streaming" is the speed at which
gains would come if each had to be written to memory once.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from data_ingestion.schema import PARTITION_SCHEMA
from risk_calculation.scenarios import Doubles, Scenarios
from risk_calculation.valuation import Positions, Valuation
from risk_results.documents import Model
from risk_results.measures import Vector
from sandbox.demo import portfolio

TRADES = 5_000
SCENARIOS = 20_000
RUNS = 3
COPY_DOUBLES = 1 << 24
"""128 MB: larger than any cache."""


@dataclass(frozen=True)
class Timing:
    """One way of valuing."""

    name: str
    seconds: float
    peak_bytes: int
    profit: Vector


def positions() -> Positions:
    """A generated portfolio."""
    rows = portfolio.generate(TRADES, portfolio.DEFAULT_BUSINESS_DATE, seed=1)
    return Positions.of(pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=PARTITION_SCHEMA))


def plain_loop(book: Positions, scenarios: Scenarios, *, keep_draws: bool) -> Vector:
    """Trade by trade, as one would write it down."""
    total = np.zeros(SCENARIOS)
    kept: dict[str, Doubles] = {}
    for place in range(len(book.codes)):
        name = book.instruments[book.codes[place]]
        own = kept[name] if name in kept else scenarios.own(name)
        if keep_draws:
            kept[name] = own
        returns = scenarios.returns(own, float(book.volatility[place]), float(book.correlation[place]))
        total += np.rint(book.linear[place] * returns + book.square[place] * (returns * returns))
    return total.astype(np.int64)


def tiles(book: Positions, scenarios: Scenarios) -> Vector:
    """As the job does it."""
    valuation = Valuation(scenarios, SCENARIOS)
    valuation.add(book)
    return valuation.profit


def timed(name: str, work: Callable[[], Vector]) -> Timing:
    """The best of several runs, and the peak of numpy's memory in one more."""
    seconds = []
    for _ in range(RUNS):
        start = time.process_time()
        profit = work()
        seconds.append(time.process_time() - start)
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Timing(name, min(seconds), peak, profit)


def memory_bandwidth() -> float:
    """Bytes a second that a copy between two large arrays reads and writes."""
    source, target = np.ones(COPY_DOUBLES), np.zeros(COPY_DOUBLES)
    seconds = []
    for _ in range(RUNS + 1):
        start = time.process_time()
        np.copyto(target, source)
        seconds.append(time.process_time() - start)
    return 2 * source.nbytes / min(seconds)


def main() -> None:
    """Measure, check that all ways agree, print."""
    scenarios = Scenarios(
        Model(version=1, business_date=portfolio.DEFAULT_BUSINESS_DATE, scenarios=SCENARIOS, horizon_days=1)
    )
    book = positions()
    ways = [
        timed("plain loop", lambda: plain_loop(book, scenarios, keep_draws=False)),
        timed("loop, draws kept", lambda: plain_loop(book, scenarios, keep_draws=True)),
        timed("tiles (the job)", lambda: tiles(book, scenarios)),
    ]
    if not all(np.array_equal(way.profit, ways[0].profit) for way in ways):
        raise SystemExit("the ways disagree: a throughput of wrong numbers is worth nothing")
    streaming = memory_bandwidth() / np.dtype(np.float64).itemsize
    gains = TRADES * SCENARIOS
    table = Table(title=f"{TRADES:,} trades x {SCENARIOS:,} scenarios, {len(book.instruments)} instruments, one core")
    for column in ("", "M gains/CPU s", "vs loop", "vs streaming", "peak MB"):
        table.add_column(column, justify="left" if not column else "right")
    for way in ways:
        rate = gains / way.seconds
        table.add_row(
            way.name,
            f"{rate / 1e6:,.0f}",
            f"{ways[0].seconds / way.seconds:.1f} x",
            f"{rate / streaming:.2f} x",
            f"{way.peak_bytes / 1e6:,.1f}",
        )
    table.add_row("streaming", f"{streaming / 1e6:,.0f}", "", "1.00 x", "")
    Console().print(table)


if __name__ == "__main__":
    main()
