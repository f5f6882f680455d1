"""Trade ids that come twice in a run, found by batch and on disk: a set in memory would grow with the portfolio.

As long as ids ascend, as in most files, each is known at once to be the first of its kind, or the same as the one
before. From the first one on that does not, that is known only at the end: ids go to scratch in sorted runs, and those
runs whose ranges overlap are merged range by range.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

RUN_ROWS = 131_072
"""Ids that are sorted in memory at a time."""
_SAMPLE_ROWS = 8_192
_RANGE_SAMPLES = 64
"""A range of ids that is merged in memory has about this many times `_SAMPLE_ROWS` rows."""
_ROW_BITS = 40
_SCHEMA = pa.schema([pa.field("trade_id", pa.string()), pa.field("position", pa.int64())])


def position(file: int, row: int) -> int:
    """A row of a run as one number; positions are ordered as the manifest orders files and rows."""
    return file << _ROW_BITS | row


def file_and_row(position: int) -> tuple[int, int]:
    """The inverse of `position`: number of the file, number of the row."""
    return position >> _ROW_BITS, position & ((1 << _ROW_BITS) - 1)


@dataclass(frozen=True)
class _Run:
    """Distinct ids in ascending order, in a file."""

    path: Path
    first: str
    last: str
    rows: int

    def open(self) -> pa.RecordBatch:
        """The run, mapped and not read."""
        return pa.ipc.open_file(pa.memory_map(str(self.path))).get_batch(0)


class Duplicates:
    """Rows whose trade id came before: 16 bytes each."""

    def __init__(self, positions: pa.Array, firsts: pa.Array) -> None:
        order = pc.sort_indices(positions)
        self._positions: pa.Array = positions.take(order)
        self._firsts: pa.Array = firsts.take(order)

    def between(self, low: int, high: int) -> tuple[pa.Array, pa.Array]:
        """The positions of the duplicates from `low` to `high`, both included, ascending, and where each came first."""
        bounds = pc.search_sorted(self._positions, pa.array([low, high + 1])).to_pylist()
        positions, firsts = (part[slice(*bounds)] for part in (self._positions, self._firsts))
        while len(positions):
            # The first of a run may itself have come before, in another run.
            at = pc.min_element_wise(pc.search_sorted(self._positions, firsts), len(self._positions) - 1)
            again = pc.equal(self._positions.take(at), firsts)
            if not pc.any(again).as_py():
                break
            firsts = pc.if_else(again, self._firsts.take(at), firsts)
        return positions, firsts


class TradeIds:
    """The ids of a run; `progress` is called as they are sorted and merged."""

    def __init__(self, folder: Path, progress: Callable[[], None] = lambda: None) -> None:
        self._folder = folder
        self._progress = progress
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._runs: list[_Run] = []
        self._duplicates: list[tuple[pa.Array, pa.Array]] = []
        self._ascending = True
        self._last: tuple[str, int] = ("", -1)
        """The last id that ascended and its position."""

    def add(self, ids: pa.Array, positions: pa.Array) -> pa.Array | None:
        """Remember ids with their positions, which ascend from call to call.

        Returns a mask of the ids that surely came for the first time; None where all did.
        """
        if not len(ids):
            return None
        is_first = self._ascend(ids) if self._ascending else None
        if not self._ascending:
            self._wait(ids, positions)
            return pa.repeat(False, len(ids))
        if is_first is not None:
            firsts = pc.fill_null(pc.fill_null_forward(pc.if_else(is_first, positions, None)), self._last[1])
            again = pc.invert(is_first)
            self._duplicates.append((positions.filter(again), firsts.filter(again)))
            ids, positions = ids.filter(is_first), positions.filter(is_first)
        if len(ids):
            self._wait(ids, positions)
            self._last = (ids[-1].as_py(), positions[-1].as_py())
        return is_first

    def _ascend(self, ids: pa.Array) -> pa.Array | None:
        """A mask of ids that are not those before them, None when none are; notes when they ascend no longer."""
        first, last = ids[0].as_py(), self._last[0]
        less = pc.less(ids[:-1], ids[1:])
        if last.encode() < first.encode() and pc.all(less, min_count=0).as_py():
            return None
        twin = pc.equal(ids[:-1], ids[1:])
        if last.encode() > first.encode() or not pc.all(pc.or_(less, twin), min_count=0).as_py():
            self._ascending = False
        return pa.concat_arrays([pa.array([first != last]), less])

    def _wait(self, ids: pa.Array, positions: pa.Array) -> None:
        self._waiting.append(pa.RecordBatch.from_arrays([ids, positions], schema=_SCHEMA))
        self._waiting_rows += len(ids)
        if self._waiting_rows >= RUN_ROWS:
            self._write_run()

    def duplicates(self) -> Duplicates:
        """All rows but the first of each id."""
        if self._waiting_rows:
            self._write_run()
        for cluster in _overlapping(self._runs):
            for low, high in _ranges(cluster):
                self._progress()
                self._distinct([_between(run.open(), low, high) for run in cluster])
        empty = pa.array([], pa.int64())
        return Duplicates(
            pa.concat_arrays([empty, *(positions for positions, _ in self._duplicates)]),
            pa.concat_arrays([empty, *(firsts for _, firsts in self._duplicates)]),
        )

    def _write_run(self) -> None:
        run = _joined(self._waiting) if self._ascending else self._distinct(self._waiting)
        self._waiting, self._waiting_rows = [], 0
        path = self._folder / f"ids-{len(self._runs):05d}.arrow"
        with pa.ipc.new_file(str(path), _SCHEMA) as writer:
            writer.write_batch(run)
        ids = run.column("trade_id")
        self._runs.append(_Run(path, ids[0].as_py(), ids[-1].as_py(), run.num_rows))
        self._progress()

    def _distinct(self, batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
        """The batches, which come in the order of positions, as one in the order of ids; notes and drops duplicates."""
        rows = _joined(batches)
        ids = rows.column("trade_id")
        if pc.all(pc.less(ids[:-1], ids[1:]), min_count=0).as_py():
            return rows
        if not pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py():
            rows = rows.take(pc.sort_indices(ids))  # a stable sort: the first of an id stays the first
        ids, positions = rows.columns
        twin = pc.equal(ids[1:], ids[:-1])
        if not pc.any(twin, min_count=0).as_py():
            return rows
        is_first = pa.concat_arrays([pa.array([True]), pc.invert(twin)])
        firsts = pc.fill_null_forward(pc.if_else(is_first, positions, None))
        again = pc.invert(is_first)
        self._duplicates.append((positions.filter(again), firsts.filter(again)))
        return rows.filter(is_first)


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


class _Scalars(Sequence[str]):
    """An array as `bisect` wants it: Python values, one at a time."""

    def __init__(self, array: pa.Array) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._array[index].as_py()


def _overlapping(runs: Sequence[_Run]) -> Iterator[list[_Run]]:
    """Runs that may share ids, each cluster in the order in which the runs were written; never a run alone."""
    cluster: list[_Run] = []
    last = ""
    for run in sorted(runs, key=lambda run: run.first.encode()):
        if cluster and run.first.encode() > last.encode():
            if len(cluster) > 1:
                yield sorted(cluster, key=lambda run: run.path)
            cluster, last = [], ""
        cluster.append(run)
        last = max(last, run.last, key=str.encode)
    if len(cluster) > 1:
        yield sorted(cluster, key=lambda run: run.path)


def _ranges(cluster: Sequence[_Run]) -> Iterator[tuple[str | None, str | None]]:
    """Bounds that cut the cluster into ranges of about equally many rows: from the lower on, below the upper."""
    samples = sorted(
        (text for run in cluster for text in run.open().column("trade_id")[::_SAMPLE_ROWS].to_pylist()), key=str.encode
    )
    bounds = [None, *samples[_RANGE_SAMPLES::_RANGE_SAMPLES], None]
    yield from pairwise(bounds)


def _between(run: pa.RecordBatch, low: str | None, high: str | None) -> pa.RecordBatch:
    ids = _Scalars(run.column("trade_id"))
    start = 0 if low is None else bisect_left(ids, low)
    end = len(ids) if high is None else bisect_left(ids, high)
    return run.slice(start, end - start)
