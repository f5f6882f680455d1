"""Rows on their way through scratch, as Arrow's stream format: written once, read once, memory of one batch."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

_POSITION = "position"


class Spill:
    """Batches of rows with the position of each; written in the context, read after it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pa.RecordBatchStreamWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, rows: pa.RecordBatch, positions: pa.Array) -> None:
        """Append rows with their positions, which ascend."""
        if not rows.num_rows:
            return
        batch = pa.RecordBatch.from_arrays([*rows.columns, positions], names=[*rows.schema.names, _POSITION])
        if self._writer is None:
            self._writer = pa.ipc.new_stream(str(self._path), batch.schema)
        self._writer.write_batch(batch)

    def read(self) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
        """The batches as they were added; none of them is empty."""
        if self._writer is None:
            return
        with pa.OSFile(str(self._path)) as file, pa.ipc.open_stream(file) as reader:
            for batch in reader:
                yield batch.drop_columns([_POSITION]), batch.column(_POSITION)
        self._path.unlink()
