"""Which trade ids a run has seen, on disk: a set in memory would grow with the portfolio."""

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self


class SeenTrades:
    """The first place of every trade id, in a throw-away SQLite file."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE seen (trade_id TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID")

    def __enter__(self) -> Self:
        self._database.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def first_place(self, trade_id: str, place: str) -> str | None:
        """Remember `trade_id` at `place`; the earlier place when there is one, else None."""
        done = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (trade_id, place))
        if done.rowcount == 1:
            return None
        found = self._database.execute("SELECT place FROM seen WHERE trade_id = ?", (trade_id,)).fetchone()
        return str(found[0])
