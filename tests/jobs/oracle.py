"""The rules of docs/jobs.md for one CSV file, row by row and in plain Python: what the job must agree with."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date

from data_ingestion.schema import NAMES

_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOUNDS = {
    "quantity": (-1e9, 1e9),
    "price": (1e-6, 1e7),
    "fx_to_usd": (1e-6, 1e3),
    "volatility": (0.0, 5.0),
    "correlation": (-1.0, 1.0),
    "delta": (-50.0, 50.0),
    "gamma": (-500.0, 500.0),
}

Trade = dict[str, str | float | date]


@dataclass(frozen=True)
class Verdict:
    """What must become of a file."""

    trades: list[Trade]
    rejected: list[int]
    """Numbers of the bad rows, ascending."""

    @property
    def rows(self) -> int:
        """All rows, as the manifest must promise them."""
        return len(self.trades) + len(self.rejected)


def judge(content: bytes, business_date: date) -> Verdict:
    """The verdict on a CSV file; raises `ValueError` or `csv.Error` for one without the columns or unreadable."""
    reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
    header = next(reader)
    if any(header.count(name) != 1 for name in NAMES):
        raise ValueError("columns")
    trades: list[Trade] = []
    rejected: list[int] = []
    ids: set[str] = set()
    number = 0
    for cells in reader:
        if not cells:
            continue
        number += 1
        trade = _typed(dict(zip(header, cells, strict=True)), business_date) if len(cells) == len(header) else None
        if trade is None or trade["trade_id"] in ids:
            rejected.append(number)
            continue
        ids.add(str(trade["trade_id"]))
        trades.append(trade)
    return Verdict(trades, rejected)


def _typed(row: dict[str, str], business_date: date) -> Trade | None:
    trade: Trade = {name: row[name] for name in NAMES}
    good = bool(_IDENTITY.fullmatch(row["trade_id"]) and _IDENTITY.fullmatch(row["instrument"]))
    good &= row["asset_class"] in ("equity", "bond", "fx", "commodity", "credit")
    good &= bool(re.fullmatch("[A-Z]{3}", row["currency"]))
    # a line feed at the end is no part of a name, though `$` would take it
    good &= all(re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9 ._:/&-]{0,63})?", row[name]) for name in ("desk", "book"))
    for name, (low, high) in _BOUNDS.items():
        number = float(row[name]) if _NUMBER.fullmatch(row[name]) else float("nan")
        good &= low <= number <= high
        trade[name] = number
    good &= trade["quantity"] != 0
    good &= row["currency"] != "USD" or trade["fx_to_usd"] == 1
    try:
        trade["trade_date"] = date.fromisoformat(row["trade_date"])
        good &= bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", row["trade_date"]))
        good &= trade["trade_date"] <= business_date
    except ValueError:
        good = False
    return trade if good else None
