"""data-ingestion's law over Parquet files."""

import io
import random
from collections.abc import Callable
from datetime import datetime, time
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.schema import COLUMNS, NAMES
from tests.jobs.fuzz.cases import CASES, SEED, cases
from tests.jobs.fuzz.ingestion import CELLS, DAY, Bench, accepted
from tests.jobs.fuzz.mutations import mutate

if TYPE_CHECKING:
    pass


ARRAYS: list[Callable[[list[Any]], pa.Array]] = [
    lambda rows: pa.array([str(row) for row in rows]),
    lambda rows: pa.array([str(row) for row in rows], pa.large_string()),
    lambda rows: pa.array([str(row) for row in rows]).dictionary_encode(),
    lambda rows: pa.array([str(row).encode(errors="replace") for row in rows], pa.binary()),
    lambda rows: pa.array([None for _ in rows], pa.string()),
    lambda rows: pa.array([None for _ in rows], pa.null()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 100 for row in rows], pa.int64()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 2**64 for row in rows], pa.uint64()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) / 7 for row in rows], pa.float64()),
    lambda rows: pa.array([(crc32(row.encode(errors="replace")) % 1000) / 7 for row in rows], pa.float32()),
    lambda rows: pa.array([float("nan") for row in rows], pa.float64()),
    lambda rows: pa.array([float("inf") for row in rows], pa.float64()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 10_000 for row in rows], pa.int64()).cast(
        pa.decimal128(38, 3), safe=False
    ),
    lambda rows: pa.array([True for _ in rows]),
    lambda rows: pa.array([DAY for _ in rows], pa.date32()),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 2**31 - 2**30 for row in rows], pa.int32()).cast(
        pa.date32()
    ),
    lambda rows: pa.array([DAY for _ in rows], pa.date64()),
    lambda rows: pa.array([datetime.combine(DAY, time()) for _ in rows], pa.timestamp("us")),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 2**63 for row in rows], pa.timestamp("ns")),
    lambda rows: pa.array([crc32(row.encode(errors="replace")) % 2**62 for row in rows], pa.timestamp("us")),
    lambda rows: pa.array([datetime.combine(DAY, time()) for _ in rows], pa.timestamp("us", "UTC")),
    lambda rows: pa.array([[1] for _ in rows]),
    lambda rows: pa.array([{"a": 1} for _ in rows]),
]


GOOD_TABLE = pa.table({column.name: pa.array([column.example] * 3).cast(column.type) for column in COLUMNS}).set_column(
    0, "trade_id", pa.array(["T-1", "T-2", "T-3"])
)


@cases(0.1)
@given(
    changes=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(range(len(ARRAYS))), max_size=3),
    values=st.lists(CELLS, min_size=3, max_size=3),
)
def test_parquet_of_odd_types(bench: Bench, changes: dict[str, int], values: list[str]) -> None:
    table = GOOD_TABLE
    for name, kind in changes.items():
        try:
            column = ARRAYS[kind](values)
        except (UnicodeEncodeError, pa.ArrowInvalid):
            return
        table = table.set_column(NAMES.index(name), name, column)
    sink = io.BytesIO()
    try:
        pq.write_table(table, sink)
    except pa.ArrowException:
        return
    code, objects = bench.run_file("a.parquet", sink.getvalue(), 3)
    if code == 0:
        for row in accepted(objects):
            original = table.slice(int(row["trade_id"][-1]) - 1 if row["trade_id"] in ("T-1", "T-2", "T-3") else 0, 1)
            if "trade_id" not in changes:
                for name in set(NAMES) - set(changes):
                    assert row[name] == original[name][0].as_py()


def test_mutated_parquet(bench: Bench, real_files: dict[str, bytes]) -> None:
    """A changed page is found by its checksum where the writer left one; here one did."""
    chance = random.Random(SEED + 1)
    table = pq.read_table(io.BytesIO(real_files["trades-2.parquet"]))
    sink = io.BytesIO()
    pq.write_table(table, sink, write_page_checksum=True, compression="zstd")
    for _ in range(int(CASES * 0.2)):
        code, objects = bench.run_file("a.parquet", mutate(sink.getvalue(), chance), table.num_rows)
        if code == 0:
            good = {row["trade_id"]: row for row in table.to_pylist()}
            assert all(good[row["trade_id"]]["quantity"] == row["quantity"] for row in accepted(objects))
