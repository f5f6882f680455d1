"""A batch of a shard's trades, checked before anything is computed from it.

The partition was validated when it was written; it is checked again because a number outside of its bounds would not
end in an error here but in a wrong sum. The bounds are those of docs/jobs.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from batch_runtime.errors import BadInputError
from risk_calculation.scenarios import Doubles
from risk_results import UNITS_PER_USD

BATCH_ROWS = 16_384
"""Trades in memory at a time."""
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
TEXTS = {"trade_id": _NAME, "instrument": _NAME, "asset_class": r"^[a-z]{1,32}$", "currency": r"^[A-Z]{3}$"}
OPTIONAL_TEXTS = {
    "desk": r"^([A-Za-z0-9][A-Za-z0-9 ._:/&-]{0,63})?$",
    "book": r"^([A-Za-z0-9][A-Za-z0-9 ._:/&-]{0,63})?$",
}
NUMBERS = {
    "quantity": (-1e9, 1e9),
    "price": (1e-6, 1e7),
    "fx_to_usd": (1e-6, 1e3),
    "volatility": (0.0, 5.0),
    "correlation": (-1.0, 1.0),
    "delta": (-50.0, 50.0),
    "gamma": (-500.0, 500.0),
}

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """A column of names: the different ones, and which of them each row has."""

    names: list[str]
    codes: Codes

    def __getitem__(self, row: int) -> str:
        return self.names[int(self.codes[row])]


@dataclass(frozen=True)
class Trades:
    """A batch; one entry a trade."""

    trade_id: pa.Array
    instrument: Labels
    asset_class: Labels
    currency: Labels
    desk: Labels | None
    """None when the partition has no such column."""
    book: Labels | None
    price_usd: Doubles
    fx_to_usd: Doubles
    volatility: Doubles
    correlation: Doubles
    market_value: Doubles
    """In units, not rounded."""
    linear: Doubles
    """Units gained for a return of 1, first order."""
    square: Doubles
    """Units gained for a squared return of 1."""

    @classmethod
    def of(cls, batch: pa.RecordBatch, source: str) -> "Trades":
        """Check a batch of a partition; raises `BadInputError` naming `source` and the column at fault."""
        batch.validate(full=True)
        missing = [name for name in (*TEXTS, *NUMBERS) if name not in batch.schema.names]
        if missing:
            raise BadInputError(f"the partition {source} lacks the columns {', '.join(missing)}; {_WAY_OUT}")
        numbers = {name: _numbers(batch, name, source) for name in NUMBERS}
        texts = {name: _labels(batch, name, pattern, source) for name, pattern in TEXTS.items() if name != "trade_id"}
        optional = {
            name: _labels(batch, name, pattern, source) if name in batch.schema.names else None
            for name, pattern in OPTIONAL_TEXTS.items()
        }
        price_usd = numbers["price"] * numbers["fx_to_usd"]
        market_value = numbers["quantity"] * price_usd * UNITS_PER_USD
        return cls(
            trade_id=_ids(batch, source),
            instrument=texts["instrument"],
            asset_class=texts["asset_class"],
            currency=texts["currency"],
            desk=optional["desk"],
            book=optional["book"],
            price_usd=price_usd,
            fx_to_usd=numbers["fx_to_usd"],
            volatility=numbers["volatility"],
            correlation=numbers["correlation"],
            market_value=market_value,
            linear=market_value * numbers["delta"],
            square=market_value * numbers["gamma"] / 2,
        )

    def __len__(self) -> int:
        return len(self.market_value)

    def deviations(self, horizon: float) -> Doubles:
        """Standard deviation of each trade's gain over the horizon: for normal r, Var(a r + b r^2) is known."""
        spread = self.volatility * horizon
        deviation: Doubles = np.sqrt((self.linear * spread) ** 2 + 2 * (self.square * spread**2) ** 2)
        return deviation


_WAY_OUT = "run data-ingestion again"


def read_trades(path: Path, source: str) -> Iterator[Trades]:
    """The batches of the partition at `path`; raises `BadInputError` naming `source` when it is not one."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                if batch.num_rows:
                    yield Trades.of(batch, source)
    except (pa.ArrowException, OSError, UnicodeError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadInputError(
            f"the partition {source} is not Parquet as it must be: {error!s:.300}; {_WAY_OUT}"
        ) from None


def _numbers(batch: pa.RecordBatch, name: str, source: str) -> Doubles:
    column = batch.column(name)
    low, high = NUMBERS[name]
    values: Doubles = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    good = (values >= low) & (values <= high)
    if column.null_count or not good.all():
        wrong = "nothing" if column.null_count else f"{values[~good][0]:g}"
        raise BadInputError(
            f"the partition {source}: {name} must be a number from {low:g} to {high:g}, got {wrong}; {_WAY_OUT}"
        )
    return values


def _labels(batch: pa.RecordBatch, name: str, pattern: str, source: str) -> Labels:
    column = pc.cast(batch.column(name), pa.string())
    if name in OPTIONAL_TEXTS:
        column = pc.fill_null(column, "")
    encoded = column.dictionary_encode()
    good = pc.match_substring_regex(encoded.dictionary, pattern)
    if column.null_count or not pc.all(good, min_count=0).as_py():
        wrong = "nothing" if column.null_count else encoded.dictionary.filter(pc.invert(good))[0].as_py()
        raise BadInputError(f"the partition {source}: {name} must match {pattern}, got {wrong!r:.80}; {_WAY_OUT}")
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Labels(encoded.dictionary.to_pylist(), codes)


def _ids(batch: pa.RecordBatch, source: str) -> pa.Array:
    column = pc.cast(batch.column("trade_id"), pa.string())
    if column.null_count or not pc.all(pc.match_substring_regex(column, TEXTS["trade_id"]), min_count=0).as_py():
        raise BadInputError(f"the partition {source}: trade_id must match {TEXTS['trade_id']}; {_WAY_OUT}")
    return column
