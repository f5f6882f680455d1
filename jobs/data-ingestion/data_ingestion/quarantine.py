"""Rejected rows with their reasons, in a file that a person opens in a spreadsheet.

The row itself is one JSON column: whatever a client puts into a field can then neither break the table nor be taken
for a formula.
"""

import csv
import json
from collections import Counter
from pathlib import Path

HEADER = ("file", "row", "reasons", "content")


class Quarantine:
    """Collects rejected rows in a CSV file and counts their reasons."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.reasons: Counter[str] = Counter()
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(HEADER)

    def add(self, file: str, row: int, reasons: list[tuple[str, str]], content: object) -> None:
        """Reject a row for `reasons`: (short code for counting, sentence for people)."""
        self.rows += 1
        self.reasons.update({code for code, _ in reasons})
        sentences = "; ".join(sentence for _, sentence in reasons)
        self._writer.writerow((file, row, sentences, json.dumps(content, ensure_ascii=False)))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
