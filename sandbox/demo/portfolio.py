"""A made-up but plausible portfolio with a truthful manifest: `python -m sandbox.demo.portfolio --trades 10000 --out
DIR`.

Demo, tests and benchmarks share these trade files. The same arguments give the same bytes. About
one row in a hundred is wrong in one of the ways that clients really get rows wrong, so that the quarantine has work.
"""

import argparse
import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DEFAULT_BUSINESS_DATE = date(2026, 11, 20)
FILES = 4
"""CSV and Parquet in turn."""
BAD_SHARE = 0.008

_FX = {"USD": 1.0, "EUR": 1.0842, "GBP": 1.2675, "JPY": 0.0066, "CHF": 1.1318, "CAD": 0.7254}
_REGIONS = {"US": "USD", "EU": "EUR", "UK": "GBP", "JP": "JPY", "CH": "CHF", "CA": "CAD"}
_BOOKS = {"US": "Americas", "CA": "Americas", "EU": "Europe", "UK": "Europe", "CH": "Europe", "JP": "Asia"}
"""The book of a region, where there are three books."""
BOOKS = (15, 3)
"""How many books there may be: three on each desk, or three in all, by region."""
_REGION_WEIGHTS = (0.46, 0.22, 0.12, 0.1, 0.05, 0.05)

Row = dict[str, str | float | date | None]


@dataclass(frozen=True)
class _AssetClass:
    """How the instruments of a class look: prefix, how many, prices, annual volatility, correlation with the market."""

    name: str
    prefix: str
    instruments: int
    price: tuple[float, float]
    volatility: tuple[float, float]
    correlation: tuple[float, float]


_CLASSES = (
    _AssetClass("equity", "EQ", 220, (8.0, 480.0), (0.16, 0.58), (0.35, 0.85)),
    _AssetClass("bond", "BD", 90, (84.0, 109.0), (0.02, 0.11), (-0.35, 0.15)),
    _AssetClass("credit", "CR", 40, (91.0, 104.0), (0.04, 0.16), (0.1, 0.5)),
    _AssetClass("fx", "FX", 20, (0.9, 1.6), (0.05, 0.13), (-0.2, 0.3)),
    _AssetClass("commodity", "CO", 30, (14.0, 2600.0), (0.18, 0.45), (0.0, 0.4)),
)
_CLASS_WEIGHTS = (0.5, 0.24, 0.1, 0.08, 0.08)
_OPTION_SHARE = 0.12


@dataclass(frozen=True)
class Portfolio:
    """What `write` left behind."""

    manifest: Path
    files: tuple[Path, ...]
    rows: int
    bad_rows: int


def generate(trades: int, business_date: date, seed: int, books: int = BOOKS[0]) -> list[Row]:
    """Rows as the client would send them, all of them good; `books` is one of `BOOKS`."""
    rng = np.random.default_rng(seed)
    instruments = [_instruments(kind, rng) for kind in _CLASSES]
    kinds = rng.choice(len(_CLASSES), size=trades, p=_CLASS_WEIGHTS)
    rows: list[Row] = []
    for number, kind in enumerate(kinds):
        choices = instruments[kind]
        # A few instruments are traded far more than the others, as in any real book.
        instrument = choices[int(len(choices) * rng.beta(0.7, 1.6))]
        notional = float(rng.lognormal(mean=11.8, sigma=1.0))
        side = 1.0 if rng.random() < 0.57 else -1.0
        option = instrument["asset_class"] == "equity" and rng.random() < _OPTION_SHARE
        price = float(instrument["price"]) * float(rng.normal(1.0, 0.004)) * (0.06 if option else 1.0)
        fx = float(instrument["fx_to_usd"])
        rows.append(
            {
                "trade_id": f"T-{number + 1:08d}",
                **instrument,
                "price": round(price, 4),
                "quantity": side * max(1.0, round(notional * (0.12 if option else 1.0) / (price * fx))),
                **_desk_of(instrument, number, books),
                "delta": round(float(rng.choice([-1.0, 1.0]) * rng.uniform(5.0, 11.0)), 3) if option else 1.0,
                "gamma": round(float(rng.uniform(25.0, 70.0)), 2) if option else 0.0,
                "trade_date": business_date - timedelta(days=int(rng.integers(0, 25))),
            }
        )
    return rows


def _desk_of(instrument: Row, number: int, books: int) -> Row:
    """The desk that trades the asset class, and the book that the trade is in."""
    asset_class = {"fx": "FX"}.get(str(instrument["asset_class"]), str(instrument["asset_class"]).title())
    region = str(instrument["instrument"]).split("-")[1]
    return {
        "desk": f"{asset_class} trading",
        "book": f"{asset_class} {'ABC'[number % 3]}" if books == BOOKS[0] else _BOOKS[region],
    }


def _instruments(kind: _AssetClass, rng: np.random.Generator) -> list[Row]:
    regions = rng.choice(list(_REGIONS), size=kind.instruments, p=_REGION_WEIGHTS)
    rows: list[Row] = []
    for number, region in enumerate(regions):
        currency = _REGIONS[str(region)]
        rows.append(
            {
                "instrument": f"{kind.prefix}-{region}-{number + 1:04d}",
                "asset_class": kind.name,
                "currency": currency,
                "fx_to_usd": _FX[currency],
                "price": float(rng.uniform(*kind.price)) / (_FX[currency] if currency == "JPY" else 1.0),
                "volatility": round(float(rng.uniform(*kind.volatility)), 4),
                "correlation": round(float(rng.uniform(*kind.correlation)), 4),
            }
        )
    return rows


def spoil(rows: list[Row], share: float, business_date: date, seed: int) -> int:
    """Make about `share` of the rows wrong, in place; returns how many."""
    rng = np.random.default_rng(seed + 1)
    chosen = sorted(int(row) for row in rng.choice(len(rows), size=round(len(rows) * share), replace=False))
    for turn, number in enumerate(chosen):
        row = rows[number]
        match turn % 6:
            case 0:
                row["price"] = -float(str(row["price"]))
            case 1:
                row["currency"] = str(row["currency"]).lower()
            case 2:
                row["trade_date"] = business_date + timedelta(days=1)
            case 3:
                row["volatility"] = None
            case 4:
                row["correlation"] = 1.7
            case _:
                row["trade_id"] = rows[number - 1]["trade_id"] if number else None
    return len(chosen)


def write(
    out: Path,
    *,
    trades: int,
    business_date: date = DEFAULT_BUSINESS_DATE,
    seed: int = 1,
    files: int = FILES,
    bad_share: float = BAD_SHARE,
    books: int = BOOKS[0],
) -> Portfolio:
    """Write `trades` rows in `files` files under `out/incoming/<business date>/`, the truthful manifest last."""
    rows = generate(trades, business_date, seed, books)
    bad = spoil(rows, bad_share, business_date, seed)
    folder = out / "incoming" / business_date.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    promises = []
    for number in range(files):
        part = rows[trades * number // files : trades * (number + 1) // files]
        path = folder / f"trades-{number + 1}.{'parquet' if number % 2 else 'csv'}"
        (_write_parquet if number % 2 else _write_csv)(path, part)
        paths.append(path)
        promises.append(
            {
                "key": path.relative_to(out).as_posix(),
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "rows": len(part),
            }
        )
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"business_date": business_date.isoformat(), "files": promises}, indent=2) + "\n")
    return Portfolio(manifest=manifest, files=tuple(paths), rows=len(rows), bad_rows=bad)


_COLUMNS: dict[str, pa.DataType] = {
    "trade_id": pa.string(),
    "instrument": pa.string(),
    "asset_class": pa.string(),
    "quantity": pa.float64(),
    "price": pa.float64(),
    "currency": pa.string(),
    "fx_to_usd": pa.float64(),
    "volatility": pa.float64(),
    "correlation": pa.float64(),
    "delta": pa.float64(),
    "gamma": pa.float64(),
    "desk": pa.string(),
    "book": pa.string(),
    "trade_date": pa.date32(),
}


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(_COLUMNS), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path: Path, rows: Sequence[Row]) -> None:
    table = pa.Table.from_pylist(list(rows), schema=pa.schema(list(_COLUMNS.items())))
    pq.write_table(table, path, compression="zstd")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo.portfolio", description=__doc__)
    parser.add_argument("--trades", type=int, default=10_000, help="rows in all, bad ones included (default 10000)")
    parser.add_argument("--out", type=Path, required=True, help="folder that takes the place of the input bucket")
    parser.add_argument("--business-date", type=date.fromisoformat, default=DEFAULT_BUSINESS_DATE, help="YYYY-MM-DD")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another portfolio (default 1)")
    chosen = parser.parse_args(arguments)
    if chosen.trades < FILES:
        parser.error(f"--trades must be at least {FILES}, got {chosen.trades}; write for example --trades 10000")
    portfolio = write(chosen.out, trades=chosen.trades, business_date=chosen.business_date, seed=chosen.seed)
    print(f"{portfolio.rows:,} rows, {portfolio.bad_rows} of them bad, in {len(portfolio.files)} files")
    print(portfolio.manifest)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
