"""The declared schema of a trade file: its columns, and why a row is refused.

A reason costs something only for rows that are refused.
"""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from data_ingestion.columns import IDENTITY, Column, Day, Identity, Number, Text

_VALUE_CHARACTERS = 80
"""Of a refused value in its reason."""

Reasons = list[tuple[str, str]]
"""Why a row is refused: (short code for counting, sentence for people)."""

_GROUP = r"^([A-Za-z0-9][A-Za-z0-9 ._:/&-]{0,63})?$"

COLUMNS: tuple[Column, ...] = (
    Identity(name="trade_id", meaning="identity, unique in a run", example="T-0000001"),
    Text(
        name="instrument",
        meaning="what is traded; trades of one instrument share its own risk",
        example="EQ-US-0042",
        pattern=IDENTITY,
    ),
    Text(
        name="asset_class", meaning="for the report", example="equity", pattern=r"^(equity|bond|fx|commodity|credit)$"
    ),
    Number(name="quantity", meaning="units, negative when short", example="-1500", low=-1e9, high=1e9, zero=False),
    Number(name="price", meaning="of a unit, in the trade's currency", example="101.25", low=1e-6, high=1e7),
    Text(name="currency", meaning="ISO 4217", example="EUR", pattern=r"^[A-Z]{3}$"),
    Number(name="fx_to_usd", meaning="US dollars for a unit of the currency", example="1.0842", low=1e-6, high=1e3),
    Number(name="volatility", meaning="of the instrument, annual", example="0.24", low=0.0, high=5.0),
    Number(name="correlation", meaning="with the market factor", example="0.6", low=-1.0, high=1.0),
    Number(
        name="delta", meaning="relative change for a relative change of the instrument", example="1", low=-50, high=50
    ),
    Number(name="gamma", meaning="second-order term of the same", example="0", low=-500, high=500),
    Text(name="desk", meaning="for the report, empty for none", example="Equities", pattern=_GROUP, optional=True),
    Text(name="book", meaning="the same, finer", example="Delta One", pattern=_GROUP, optional=True),
    Day(name="trade_date", meaning="when it was done, not after the business date", example="2026-11-20"),
)
NAMES = [column.name for column in COLUMNS]
"""Of the columns, in the order of a partition."""
DISTINCT_TEXTS = [column.name for column in COLUMNS if isinstance(column, Text)]
"""Columns of text whose values come again and again."""
_CURRENCY, _FX_TO_USD, _TRADE_DATE = (NAMES.index(name) for name in ("currency", "fx_to_usd", "trade_date"))

PARTITION_SCHEMA = pa.schema([pa.field(column.name, column.type, nullable=False) for column in COLUMNS])


@dataclass(frozen=True)
class Checked:
    """A batch after its checks."""

    accepted: pa.RecordBatch
    """The good rows; typed as `PARTITION_SCHEMA`, but `DISTINCT_TEXTS` are dictionaries."""
    accepted_rows: pa.Array | None
    """Their indices in the batch; None when all rows are good."""
    rejected: dict[int, Reasons]
    """Index of each bad row -> its reasons."""


def check(batch: pa.RecordBatch, business_date: date) -> Checked:
    """Check `batch`, which has all of `COLUMNS`, as text or as a type that the column takes."""
    columns: list[pa.Array] = []
    rejected: dict[int, Reasons] = {}
    good_rows: pa.Array | None = None

    def note(column: Column, good: pa.Array, wanted: str) -> None:
        nonlocal good_rows
        if pc.all(good, skip_nulls=False, min_count=0).as_py():
            return
        good = pc.fill_null(good, False)
        good_rows = good if good_rows is None else pc.and_(good_rows, good)
        _collect(rejected, pc.indices_nonzero(pc.invert(good)), column.name, batch.column(column.name), wanted)

    for column in COLUMNS:
        values, good = column.parse(batch.column(column.name))
        columns.append(values)
        note(column, good, f"must {column.wanted}, for example {column.example}")
    future = pc.and_(pc.greater(columns[_TRADE_DATE], pa.scalar(business_date, pa.date32())), good)
    note(COLUMNS[_TRADE_DATE], pc.invert(pc.fill_null(future, False)),
         f"must not be after the business date {business_date}")  # fmt: skip
    currency, rate = columns[_CURRENCY], columns[_FX_TO_USD]
    dollars = pc.equal(currency.dictionary, "USD").take(currency.indices)
    foreign_dollar = pc.and_(pc.and_(dollars, pc.not_equal(rate, 1.0)), pc.is_finite(rate))
    note(COLUMNS[_FX_TO_USD], pc.invert(pc.fill_null(foreign_dollar, False)), "must be 1 when the currency is USD")
    every = pa.RecordBatch.from_arrays(columns, names=NAMES)
    if good_rows is None:
        return Checked(every, None, rejected)
    rows = pc.indices_nonzero(good_rows)
    return Checked(every.take(rows), rows, rejected)


def readable(batch: pa.RecordBatch, rows: pa.Array) -> list[dict[str, object]]:
    """Some rows as Python values; times as text, because not every one that Parquet holds is one that Python's hold."""
    columns = [_readable(column.take(rows)).to_pylist() for column in batch.columns]
    return [dict(zip(NAMES, values, strict=True)) for values in zip(*columns, strict=True)]


def _readable(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        return values.dictionary_decode()
    return pc.cast(values, pa.string()) if pa.types.is_temporal(values.type) else values


def _collect(rejected: dict[int, Reasons], rows: pa.Array, name: str, values: pa.Array, wanted: str) -> None:
    texts = pc.fill_null(pc.cast(values.take(rows), pa.string()), "").to_pylist()
    for row, text in zip(rows.to_pylist(), texts, strict=True):
        rejected.setdefault(row, []).append((name, f"{name} {wanted}; got {text[:_VALUE_CHARACTERS]!r}"))
