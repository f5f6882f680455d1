"""Rejected rows with their reasons, in a file that a person opens in a spreadsheet.

The row itself is one JSON column: whatever a client puts into a field can then neither break the table nor be taken
for a formula.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from data_ingestion.schema import Reasons

_SCHEMA = pa.schema([("file", pa.string()), ("row", pa.int64()), ("reasons", pa.string()), ("content", pa.string())])
HEADER = tuple(_SCHEMA.names)
_CONTENT_CHARACTERS = 32_000
"""A cell of a spreadsheet holds 32,767: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3"""
_WAITING_ROWS = 256
"""Rows that are written at a time: together they take a tenth of what the same rows take one by one."""
_to_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
_to_lines = json.JSONEncoder(ensure_ascii=False, default=str, separators=("\n", ": ")).encode
"""A list of single values as one line for each, between brackets: in JSON a line feed within a text is escaped."""


class Quarantine:
    """Collects rejected rows in a CSV file and counts their reasons."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.reasons: Counter[str] = Counter()
        self._waiting: list[tuple[str, int, str, str]] = []
        self._writer = csv.CSVWriter(str(path), _SCHEMA)

    def add_torn(self, file: str, row: int, reason: str, text: str) -> None:
        """Reject a row that does not have its columns."""
        self._add(file, row, [("columns", reason)], _to_json(text))

    def add(self, origins: Iterable[tuple[str, int]], reasons: Iterable[Reasons], rows: pa.RecordBatch) -> None:
        """Reject rows, each with its file, its number there and its reasons."""
        for (file, number), why, content in zip(origins, reasons, _as_json(rows), strict=True):
            self._add(file, number, why, content)

    def close(self) -> None:
        """Finish the file."""
        self._write()
        self._writer.close()

    def _add(self, file: str, row: int, reasons: Reasons, content: str) -> None:
        self.rows += 1
        for code in {code for code, _ in reasons}:
            self.reasons[code] += 1
        if len(content) > _CONTENT_CHARACTERS:
            content = f"{content[:_CONTENT_CHARACTERS]}… ({len(content):,} characters)"
        self._waiting.append((file, row, "; ".join([sentence for _, sentence in reasons]), content))
        if len(self._waiting) == _WAITING_ROWS:
            self._write()

    def _write(self) -> None:
        columns = zip(*self._waiting, strict=True) if self._waiting else [()] * len(_SCHEMA)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA))
        self._waiting.clear()


def _as_json(rows: pa.RecordBatch) -> list[str]:
    """Each row as a JSON object, column by column, which takes half of what row by row does."""
    template = "{" + ", ".join(f"{_to_json(name)}: %s" for name in rows.schema.names) + "}"
    return [template % values for values in zip(*map(_column_as_json, rows.columns), strict=True)]


def _column_as_json(values: pa.Array) -> list[str]:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_temporal(values.type):
        values = pc.cast(values, pa.string())  # not every time that Parquet holds is one that Python's types hold
    return _to_lines(values.to_pylist())[1:-1].split("\n")
