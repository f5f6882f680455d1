"""Accepted trades as Parquet partitions of a fixed number of trades, in the order of the manifest.

Deterministic: the bytes follow from the trades and the shard size alone, not from how they arrived in batches, so a
second attempt of a run overwrites its own objects with themselves. Written to scratch; whoever calls decides when they
may be published.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from batch_runtime.errors import UsageError
from batch_runtime.layout import MAX_SHARDS
from data_ingestion.schema import DISTINCT_TEXTS, NAMES, PARTITION_SCHEMA

_ROW_GROUP_ROWS = 65_536
_UNLIKE = ("trade_id", "quantity", "price")
"""Columns in which a value seldom comes again, so that a dictionary of them would only cost."""
_WRITTEN_SCHEMA = pa.schema(
    [
        field.with_type(pa.dictionary(pa.int32(), pa.string())) if field.name in DISTINCT_TEXTS else field
        for field in PARTITION_SCHEMA
    ]
)


class ShardWriter:
    """Cuts record batches into files `shard-<5 digits>.parquet` of `size` trades; the last may be smaller."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self.trades: list[int] = []
        """How many trades each shard has so far."""

    def path(self, number: int) -> Path:
        """Where a shard's file lies."""
        return self._folder / f"shard-{number:05d}.parquet"

    def add(self, batch: pa.RecordBatch) -> None:
        """Append trades, as `schema.Checked` has them; opens new shards as the current one fills up."""
        batch = pa.RecordBatch.from_arrays([batch.column(name) for name in NAMES], schema=_WRITTEN_SCHEMA)
        while batch.num_rows:
            if self._writer is None:
                self._open()
            room = min(self._size - self.trades[-1], _ROW_GROUP_ROWS - self._waiting_rows)
            head, batch = batch.slice(0, room), batch.slice(room)
            self._waiting.append(head)
            self._waiting_rows += head.num_rows
            self.trades[-1] += head.num_rows
            if self.trades[-1] == self._size:
                self.close()
            elif self._waiting_rows == _ROW_GROUP_ROWS:
                self._write_row_group()

    def close(self) -> None:
        """Finish the current shard; does nothing when there is none."""
        if self._writer is not None:
            self._write_row_group()
            self._writer.close()
            self._writer = None

    def _open(self) -> None:
        if len(self.trades) == MAX_SHARDS:
            raise UsageError(
                f"BATCH_SHARD_SIZE={self._size} cuts this portfolio into more than {MAX_SHARDS:,} shards; "
                f"write a larger one, for example BATCH_SHARD_SIZE={self._size * 10}"
            )
        self._writer = pq.ParquetWriter(
            self.path(len(self.trades)),
            _WRITTEN_SCHEMA,
            compression="lz4",
            use_dictionary=[name for name in NAMES if name not in _UNLIKE],
            write_statistics=False,
            store_schema=False,
        )
        self.trades.append(0)

    def _write_row_group(self) -> None:
        if self._waiting_rows:
            assert self._writer is not None
            table = pa.Table.from_batches(self._waiting).unify_dictionaries().combine_chunks()
            (batch,) = table.to_batches()
            columns = [_compact(column) if pa.types.is_dictionary(column.type) else column for column in batch.columns]
            self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=_WRITTEN_SCHEMA))
        self._waiting, self._waiting_rows = [], 0


def _compact(values: pa.DictionaryArray) -> pa.DictionaryArray:
    """With the values that occur as its dictionary, in the order in which they do."""
    used = values.indices.dictionary_encode()
    return pa.DictionaryArray.from_arrays(used.indices, values.dictionary.take(used.dictionary))
