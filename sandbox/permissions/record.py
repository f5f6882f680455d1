"""What was asked of the account, and why it was allowed or denied."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Verdict = Literal["allowed", "denied", "unmapped"]


@dataclass(frozen=True, kw_only=True)
class Record:
    """One permission that a call needed, with the decision on it."""

    principal: str
    """ARN, or the name of a service."""
    role: str
    """The role of a session's principal; empty for others."""
    operation: str
    """`ecs:RunTask`: the API call that needed the permission; empty for a question that no call asked."""
    action: str
    resource: str
    verdict: Verdict
    reason: str
    """In the words of the denial; of an allowed action the statements that allow it."""
    statements: tuple[str, ...] = ()
    """The deciding statements as `layer policy NAME, statement SID`; none where it is the lack of one that decides."""
    because: str = ""
    """Why the call needs this, where it is not its own action."""
    context: dict[str, str | list[str]] = field(default_factory=dict)


class Log:
    """The records so far, kept in memory and written to a file of JSON lines if one is given."""

    def __init__(self, path: Path | None = None) -> None:
        self.records: list[Record] = []
        self._path = path
        self._lock = threading.Lock()

    def add(self, record: Record) -> None:
        """Keeps a record."""
        with self._lock:
            self.records.append(record)
            if self._path:
                with self._path.open("a") as file:
                    file.write(json.dumps(asdict(record)) + "\n")

    def where(self, predicate: Callable[[Record], bool]) -> list[Record]:
        """Records for which `predicate` is true."""
        with self._lock:
            return [record for record in self.records if predicate(record)]


def read(path: Path) -> list[Record]:
    """The records of a file that a `Log` wrote."""
    return [
        Record(**{**entry, "statements": tuple(entry["statements"])})
        for entry in map(json.loads, path.read_text().splitlines())
    ]
