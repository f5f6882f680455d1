"""Trade files as batches of text columns, with every row numbered as the client sees it.

CSV and Parquet end in the same form, so that one set of checks serves both. Batches are bounded (1 MiB of CSV, 8,192
rows of Parquet): memory does not grow with the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from batch_runtime.errors import BadInputError
from data_ingestion.schema import COLUMNS

_NAMES = [column.name for column in COLUMNS]
_PARQUET_BATCH_ROWS = 8_192
_CSV_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class TextBatch:
    """Rows of a file with every column as text."""

    rows: pa.RecordBatch
    numbers: list[int]
    """The number of each row in the file; the first row under the header is 1."""
    torn: list[tuple[int, str, str]] = field(default_factory=list)
    """Rows that do not even have the right number of columns: row number, reason, raw line."""


def read(path: Path, key: str) -> Iterator[TextBatch]:
    """The batches of the file at `path`; `key` names it in the message of a `BadInputError`."""
    try:
        yield from (_read_parquet(path, key) if key.endswith(".parquet") else _read_csv(path, key))
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        kind = "Parquet" if key.endswith(".parquet") else "UTF-8 CSV with a header"
        raise BadInputError(f"{key} cannot be read as {kind}: {error}; send the file and its manifest again") from None


def _read_csv(path: Path, key: str) -> Iterator[TextBatch]:
    torn: list[tuple[int, str, str]] = []

    def note(row: csv.InvalidRow) -> str:
        reason = f"the row must have {row.expected_columns} columns; got {row.actual_columns}"
        torn.append((int(row.number or 0) - 1, reason, row.text))
        return "skip"

    # Single-threaded, because only then pyarrow numbers the rows that it hands to the handler.
    reader = csv.open_csv(
        path,
        read_options=csv.ReadOptions(use_threads=False, block_size=_CSV_BLOCK_BYTES),
        parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        convert_options=csv.ConvertOptions(
            column_types={name: pa.string() for name in _NAMES}, strings_can_be_null=False
        ),
    )
    with reader:
        _require_columns(reader.schema, key)
        last = 0
        reported = 0
        for batch in reader:
            skipped = {number for number, _, _ in torn}
            numbers: list[int] = []
            while len(numbers) < batch.num_rows:
                last += 1
                if last not in skipped:
                    numbers.append(last)
            yield TextBatch(batch.select(_NAMES), numbers, torn[reported:])
            reported = len(torn)
        if len(torn) > reported:
            yield TextBatch(reader.schema.empty_table().to_batches()[0].select(_NAMES), [], torn[reported:])


def _read_parquet(path: Path, key: str) -> Iterator[TextBatch]:
    with pq.ParquetFile(path) as file:
        _require_columns(file.schema_arrow, key)
        last = 0
        for batch in file.iter_batches(batch_size=_PARQUET_BATCH_ROWS, columns=_NAMES):
            text = [pc.cast(batch.column(name), pa.string()) for name in _NAMES]
            numbers = list(range(last + 1, last + 1 + batch.num_rows))
            last += batch.num_rows
            yield TextBatch(pa.RecordBatch.from_arrays(text, names=_NAMES), numbers)


def _require_columns(schema: pa.Schema, key: str) -> None:
    names = schema.names
    missing = [name for name in _NAMES if name not in names]
    double = sorted({name for name in names if names.count(name) > 1 and name in _NAMES})
    if missing or double:
        problem = f"lacks the columns {', '.join(missing)}" if missing else f"has the columns {', '.join(double)} twice"
        raise BadInputError(f"{key} {problem}; its header must have {','.join(_NAMES)}")
