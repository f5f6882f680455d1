"""A trade file as record batches: text from CSV, typed from Parquet, each row with its number in the file.

A file that is not what its name says ends the job with `BadInputError`, whatever the library makes of it. A single torn
row does not: it is reported as soon as it is met, so that no number of them fills the memory.
"""

import codecs
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from batch_runtime.errors import BadInputError
from data_ingestion.columns import ENCODED_TEXT, Column, is_text
from data_ingestion.schema import COLUMNS, NAMES

_BATCH_ROWS = 65_536
"""At least, of a CSV that has as many; at most, of a Parquet file."""
_BUFFER_BYTES = 1 << 20
"""Of a CSV block, which also bounds a row, and of a Parquet column that is being read. Larger ones are a tenth
faster, but some twenty of them are read ahead."""
_HEADER_CHARACTERS = 300

ReportTorn = Callable[[int, str, str], None]
"""Takes a row that has not even the right number of columns: its number, what is wrong, its text."""


@dataclass(frozen=True)
class Batch:
    """Some rows of a file."""

    rows: pa.RecordBatch
    """The columns of the schema, in its order."""
    numbers: pa.Array
    """The number of each row in the file as int64; the first row under the header is 1."""


def read(path: Path, key: str, report_torn: ReportTorn) -> Iterator[Batch]:
    """The batches of the file at `path`; `key` names it in the message of a `BadInputError`."""
    parquet = key.endswith(".parquet")
    try:
        yield from (_read_parquet(path, key) if parquet else _read_csv(path, key, report_torn))
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        kind = "Parquet" if parquet else "UTF-8 CSV with a header"
        raise BadInputError(
            f"{key} cannot be read as {kind}: {str(error)[:_HEADER_CHARACTERS]}; send the file and its manifest again"
        ) from None


def _consecutive(first: int, count: int) -> pa.Array:
    """So many whole numbers from `first` on."""
    return pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count), start=first - 1)


class _RowNumbers:
    """Counts rows, leaving out the torn ones, of which it keeps runs and not each."""

    def __init__(self) -> None:
        self._next = 1
        self._torn: deque[list[int]] = deque()

    def skip(self, number: int) -> None:
        """Leave `number` out; numbers come in ascending order."""
        if self._torn and self._torn[-1][1] == number - 1:
            self._torn[-1][1] = number
        else:
            self._torn.append([number, number])

    def take(self, count: int) -> pa.Array:
        """The numbers of the next `count` good rows."""
        parts = [pa.array([], pa.int64())]
        while count:
            if self._torn and self._torn[0][0] == self._next:
                self._next = self._torn.popleft()[1] + 1
                continue
            part = min(count, self._torn[0][0] - self._next) if self._torn else count
            parts.append(_consecutive(self._next, part))
            self._next += part
            count -= part
        return pa.concat_arrays(parts)


def _read_csv(path: Path, key: str, report_torn: ReportTorn) -> Iterator[Batch]:
    numbers = _RowNumbers()

    def note(row: csv.InvalidRow) -> str:
        number = int(row.number or 0) - 1
        numbers.skip(number)
        report_torn(number, f"the row must have {row.expected_columns} columns; got {row.actual_columns}", row.text)
        return "skip"

    _require_utf8(path)
    with _open_csv(path, lambda row: "skip") as reader:
        _require_columns(reader.schema, key)
        present = [name for name in NAMES if name in reader.schema.names]
    with _open_csv(path, note, present) as reader:
        for rows in _joined(_complete(batch) for batch in reader):
            yield Batch(rows, numbers.take(rows.num_rows))


def _open_csv(
    path: Path, note_torn: Callable[[csv.InvalidRow], str], columns: Sequence[str] = ()
) -> csv.CSVStreamingReader:
    """Reads the columns, or all; of others the type would be guessed from the first rows, and later ones refused."""
    return csv.open_csv(
        path,
        # Single-threaded, because only then pyarrow numbers the rows that it hands to the handler.
        read_options=csv.ReadOptions(use_threads=False, block_size=_BUFFER_BYTES),
        parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note_torn),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(NAMES, pa.string()),
            include_columns=columns,
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )


def _joined(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches as long as `_BATCH_ROWS`: checking them costs less than checking each of the short ones."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        if not batch.num_rows:
            continue  # a block whose rows were all torn
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= _BATCH_ROWS:
            joined = pa.concat_batches(waiting)
            waiting.clear()
            rows = 0
            yield joined
    if waiting:
        yield pa.concat_batches(waiting)


def _read_parquet(path: Path, key: str) -> Iterator[Batch]:
    metadata = pq.read_metadata(path)
    leaves = {metadata.schema.column(number).path for number in range(metadata.num_columns)}
    with pq.ParquetFile(
        path,
        metadata=metadata,
        read_dictionary=[column.name for column in COLUMNS if column.repeats and column.name in leaves],
        buffer_size=_BUFFER_BYTES,
        pre_buffer=False,
        page_checksum_verification=True,
    ) as file:
        _require_columns(file.schema_arrow, key)
        _require_types(file.schema_arrow, key)
        last = 0
        present = [name for name in NAMES if name in file.schema_arrow.names]
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=present, use_threads=False):
            rows = _complete(batch)
            rows.validate(full=True)
            yield Batch(rows, _consecutive(last + 1, batch.num_rows))
            last += batch.num_rows


def _complete(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The columns of the schema in its order; an optional one is empty where the file says nothing."""
    columns = []
    for column in COLUMNS:
        if column.name in batch.schema.names:
            columns.append(_plain(batch.column(column.name), column))
        else:
            columns.append(pa.repeat("", batch.num_rows))
    return pa.RecordBatch.from_arrays(columns, names=NAMES)


def _plain(values: pa.Array, column: Column) -> pa.Array:
    """Text as the one type that the checks know, or as the dictionary that the reader made of it where that pays."""
    if pa.types.is_dictionary(values.type):
        pays = column.repeats and values.null_count == 0 and len(values.dictionary) <= len(values)
        if pays and values.type.equals(ENCODED_TEXT):
            return values
        values = values.dictionary_decode()
    if not is_text(values.type):
        return values
    if values.type != pa.string():
        values = values.cast(pa.string())
    return pc.fill_null(values, "") if column.optional and values.null_count else values


def _require_utf8(path: Path) -> None:
    """Raise `UnicodeDecodeError` for other text, in the rows that pyarrow hands to the handler too.

    Cells that are cut out of such text at ASCII characters are such text, so that pyarrow need not check them again.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(_BUFFER_BYTES):
            if not chunk.isascii() or decoder.getstate()[0]:
                decoder.decode(chunk)
    decoder.decode(b"", final=True)


def _require_columns(schema: pa.Schema, key: str) -> None:
    names = schema.names
    missing = [column.name for column in COLUMNS if column.name not in names and not column.optional]
    double = sorted({name for name in names if names.count(name) > 1 and name in NAMES})
    if missing or double:
        problem = f"lacks the columns {', '.join(missing)}" if missing else f"has the columns {', '.join(double)} twice"
        raise BadInputError(f"{key} {problem}; its header must have {','.join(NAMES)}")


def _require_types(schema: pa.Schema, key: str) -> None:
    wrong = [_misfit(column, schema.field(column.name).type) for column in COLUMNS if column.name in schema.names]
    if any(wrong):
        raise BadInputError(f"{key} has columns of types that hold no such values: {'; '.join(filter(None, wrong))}")


def _misfit(column: Column, kind: pa.DataType) -> str:
    value_type = kind.value_type if pa.types.is_dictionary(kind) else kind
    if column.takes(value_type):
        return ""
    return f"{column.name} is {str(value_type)[:80]}, write it as {column.parquet_types}"
