"""Profit and loss of groups of trades in every scenario: an exact matrix product of coefficients and movements.

The processor's own matrix product does the work (numpy's BLAS), on integers small enough that doubles hold every sum
exactly: so neither its order of summation, nor the processor, nor the number of threads can change a bit.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from batch_runtime.errors import BadInputError
from risk_calculation.aggregation import Cells
from risk_calculation.scenarios import MovementCache, Source
from risk_results.documents import SCALES
from risk_results.exact import Amounts
from risk_results.measures import Vector

MAX_AMOUNTS = 1 << 23
"""Groups times scenarios of a result: 128 MB of amounts, so that the report can add results up within 1 GB."""
_BLOCK_SCENARIOS = 2_048
"""A thread's part of the scenarios: its movements stay in the processor's cache."""
_CHUNK_BYTES = 64 << 20
"""Movements that are looked at together."""

T = TypeVar("T")
R = TypeVar("R")


class Workers:
    """Threads that compute; their results come in order, so that their number changes nothing but the time."""

    def __init__(self, pool: ThreadPoolExecutor, progress: Callable[[], None]) -> None:
        self._pool = pool
        self._progress = progress

    def each(self, function: Callable[[T], R], items: list[T]) -> list[R]:
        """The function's results for all items."""
        results = []
        for result in self._pool.map(function, items):
            results.append(result)
            self._progress()
        return results


@contextmanager
def workers(threads: int, progress: Callable[[], None] = lambda: None) -> Iterator[Workers]:
    """So many threads; on the way out, work that has not begun is dropped."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="valuation")
    try:
        yield Workers(pool, progress)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def available_vcpus(cpu_max: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Processors that this process may use, as the control group limits them."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = cpu_max.read_text(encoding="ascii").split()
        limit = -(-int(quota) // int(period))
    except (OSError, ValueError):
        return allowed
    return max(1, min(allowed, limit))


def amounts_of(cells: Cells, sources: list[Source], movements: MovementCache, threads: Workers) -> Amounts:
    """What each group gains in each scenario of all sources, at each source's scale.

    Raises `BadInputError` when a sum is larger than can be added up exactly over all shards.
    """
    columns = sum(source.spec.scenarios for source in sources)
    if len(cells.groups) * columns > MAX_AMOUNTS:
        raise BadInputError(
            f"the shard has {len(cells.groups)} asset classes, desks and books and {columns:,} scenarios, together "
            f"more than {MAX_AMOUNTS:,} amounts; group by fewer or lower BATCH_SCENARIOS"
        )
    amounts = Amounts.zeros(len(cells.groups), columns)
    start = 0
    for source in sources:
        _add_source(amounts.columns(start, start + source.spec.scenarios), cells, source, movements, threads)
        start += source.spec.scenarios
    return amounts


def profit_of(amounts: Amounts, source: Source) -> Vector:
    """Amounts of a source in units."""
    try:
        return amounts.scaled_down(*SCALES[source.spec.kind])
    except OverflowError:
        raise BadInputError(
            f"the trades gain or lose more than can be added up exactly in the scenarios of {source.spec.name}; look "
            "for a wrong quantity, price or gamma, or lower BATCH_SHARD_SIZE"
        ) from None


def _add_source(amounts: Amounts, cells: Cells, source: Source, movements: MovementCache, threads: Workers) -> None:
    scenarios = source.spec.scenarios
    coefficients = cells.coefficients[:, :2] if source.scaled else cells.coefficients[:, 2:]
    chunk = max(1, _CHUNK_BYTES // (16 * scenarios))
    blocks = [(first, min(scenarios, first + _BLOCK_SCENARIOS)) for first in range(0, scenarios, _BLOCK_SCENARIOS)]
    for first in range(0, len(cells.factors), chunk):
        factors = cells.factors[first : first + chunk]
        start, end = np.searchsorted(cells.factor, (first, first + len(factors)))
        linear, square = _matrices(cells, coefficients, slice(start, end), first, len(factors))
        moving = [column for column in (linear, square) if column.any()]
        if not moving:
            continue
        used = [np.flatnonzero(matrix.any(axis=0)) for matrix in (linear, square)]
        dense = np.concatenate([linear[:, used[0]], square[:, used[1]]], axis=1)
        bases = movements.get_all(source, factors, threads.each)
        rows = [bases[index][power] for power in (0, 1) for index in used[power]]

        def add_block(
            block: tuple[int, int],
            rows: list[npt.NDArray[np.floating]] = rows,
            dense: Vector = dense,
        ) -> None:
            moves = np.empty((len(rows), block[1] - block[0]))
            for index, row in enumerate(rows):
                moves[index] = row[block[0] : block[1]]
            amounts.columns(*block).add_product(dense, moves)

        threads.each(add_block, blocks)


def _matrices(
    cells: Cells, coefficients: npt.NDArray[np.int64], part: slice, first: int, factors: int
) -> tuple[Vector, Vector]:
    """Linear and square coefficients of some cells, one row a group, one column a factor."""
    matrices = np.zeros((2, len(cells.groups), factors), dtype=np.int64)
    columns = cells.factor[part] - first
    for members in cells.members:
        for power in (0, 1):
            np.add.at(matrices[power], (members[part], columns), coefficients[part, power])
    return matrices[0], matrices[1]
