"""Accepted trades as Parquet partitions of a fixed number of trades, in the order of the manifest.

Deterministic: the same files and shard size give the same partitions, byte for byte, so a second attempt of a run
overwrites its own objects with themselves. Written to scratch; whoever calls decides when they may be published.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from batch_runtime.errors import UsageError
from batch_runtime.layout import MAX_SHARDS
from data_ingestion.schema import PARTITION_SCHEMA

_ROW_GROUP_ROWS = 8_192


class ShardWriter:
    """Cuts record batches into files `shard-<5 digits>.parquet` of `size` trades; the last may be smaller."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._writer: pq.ParquetWriter | None = None
        self.trades: list[int] = []
        """How many trades each shard has so far."""

    def path(self, number: int) -> Path:
        """Where a shard's file lies."""
        return self._folder / f"shard-{number:05d}.parquet"

    def add(self, batch: pa.RecordBatch) -> None:
        """Append trades; opens new shards as the current one fills up."""
        while batch.num_rows:
            if self._writer is None:
                self._open()
            room = self._size - self.trades[-1]
            head, batch = batch.slice(0, room), batch.slice(room)
            assert self._writer is not None
            self._writer.write_batch(head, row_group_size=_ROW_GROUP_ROWS)
            self.trades[-1] += head.num_rows
            if self.trades[-1] == self._size:
                self.close()

    def close(self) -> None:
        """Finish the current shard; does nothing when there is none."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> None:
        if len(self.trades) == MAX_SHARDS:
            raise UsageError(
                f"BATCH_SHARD_SIZE={self._size} cuts this portfolio into more than {MAX_SHARDS:,} shards; "
                f"write a larger one, for example BATCH_SHARD_SIZE={self._size * 10}"
            )
        self._writer = pq.ParquetWriter(self.path(len(self.trades)), PARTITION_SCHEMA, compression="zstd")
        self.trades.append(0)
