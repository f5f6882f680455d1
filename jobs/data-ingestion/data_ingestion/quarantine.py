"""Rejected rows with their reasons, in a file that a person opens in a spreadsheet.

The row itself is one JSON column: whatever a client puts into a field can then neither break the table nor be taken
for a formula.
"""

import csv
import json
from collections import Counter
from pathlib import Path

from data_ingestion.schema import Reasons

HEADER = ("file", "row", "reasons", "content")
_CONTENT_CHARACTERS = 32_000
"""A cell of a spreadsheet holds 32,767: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3"""
_to_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


class Quarantine:
    """Collects rejected rows in a CSV file and counts their reasons."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.reasons: Counter[str] = Counter()
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(HEADER)

    def add(self, file: str, row: int, reasons: Reasons, content: object) -> None:
        """Reject a row for `reasons`."""
        self.rows += 1
        self.reasons.update({code for code, _ in reasons})
        sentences = "; ".join(sentence for _, sentence in reasons)
        text = _to_json(content)
        if len(text) > _CONTENT_CHARACTERS:
            text = f"{text[:_CONTENT_CHARACTERS]}… ({len(text):,} characters)"
        self._writer.writerow((file, row, sentences, text))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
