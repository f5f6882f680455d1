"""Rejected rows with their reasons, in a file that a person opens in a spreadsheet.

The row itself is one JSON column: whatever a client puts into a field can then neither break the table nor be taken
for a formula.
"""

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from data_ingestion.schema import Reasons

_SCHEMA = pa.schema([("file", pa.string()), ("row", pa.int64()), ("reasons", pa.string()), ("content", pa.string())])
HEADER = tuple(_SCHEMA.names)
_CONTENT_CHARACTERS = 32_000
"""A cell of a spreadsheet holds 32,767: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3"""
_WAITING_ROWS = 256
"""Rows that are written at a time: together they take a tenth of what the same rows take one by one."""
_to_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


class Quarantine:
    """Collects rejected rows in a CSV file and counts their reasons."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.reasons: Counter[str] = Counter()
        self._waiting: list[tuple[bytes, int, bytes, bytes]] = []
        self._writer = csv.CSVWriter(str(path), _SCHEMA)

    def add(self, file: str, row: int, reasons: Reasons, content: object) -> None:
        """Reject a row for `reasons`."""
        self.rows += 1
        for code in {code for code, _ in reasons}:
            self.reasons[code] += 1
        sentences = "; ".join([sentence for _, sentence in reasons])
        text = _to_json(content)
        if len(text) > _CONTENT_CHARACTERS:
            text = f"{text[:_CONTENT_CHARACTERS]}… ({len(text):,} characters)"
        self._waiting.append((_encoded(file), row, _encoded(sentences), _encoded(text)))
        if len(self._waiting) == _WAITING_ROWS:
            self._write()

    def close(self) -> None:
        """Finish the file."""
        self._write()
        self._writer.close()

    def _write(self) -> None:
        columns = zip(*self._waiting, strict=True) if self._waiting else [()] * len(_SCHEMA)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA))
        self._waiting.clear()


def _encoded(text: str) -> bytes:
    """As UTF-8, and what UTF-8 does not hold in a form that people can read."""
    return text.encode("utf-8", "backslashreplace")
