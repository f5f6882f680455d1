"""The declared schema of a trade file: its columns, and why a row is refused.

A reason costs something only for rows that are refused.
"""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from data_ingestion.columns import Column, Day, Identity, Name, Number, Text, is_all

_VALUE_CHARACTERS = 80
"""Of a refused value in its reason."""

Reasons = list[tuple[str, str]]
"""Why a row is refused: (short code for counting, sentence for people)."""

_GROUP = " ._:/&-"
"""What the name of a desk or a book may hold beside letters and digits."""

COLUMNS: tuple[Column, ...] = (
    Identity(name="trade_id", meaning="identity, unique in a run", example="T-0000001"),
    Name(
        name="instrument",
        meaning="what is traded; trades of one instrument share its own risk",
        example="EQ-US-0042",
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
    Name(name="desk", meaning="for the report, empty for none", example="Equities", punctuation=_GROUP, optional=True),
    Name(name="book", meaning="the same, finer", example="Delta One", punctuation=_GROUP, optional=True),
    Day(name="trade_date", meaning="when it was done, not after the business date", example="2026-11-20"),
)
NAMES = [column.name for column in COLUMNS]
"""Of the columns, in the order of a partition."""
DISTINCT_TEXTS = [column.name for column in COLUMNS if isinstance(column, Text) and column.repeats]
"""Columns of text whose values come again and again."""
_CURRENCY, _FX_TO_USD, _TRADE_DATE = (NAMES.index(name) for name in ("currency", "fx_to_usd", "trade_date"))

PARTITION_SCHEMA = pa.schema([pa.field(column.name, column.type, nullable=False) for column in COLUMNS])


@dataclass(frozen=True)
class Checked:
    """A batch after its checks."""

    accepted: pa.RecordBatch
    """The good rows; typed as `PARTITION_SCHEMA`, but `DISTINCT_TEXTS` are dictionaries."""
    good: pa.Array | None
    """A mask of the good rows of the batch; None when all are."""
    rejected: dict[int, Reasons]
    """Index of each bad row -> its reasons."""


def check(batch: pa.RecordBatch, business_date: date) -> Checked:
    """Check `batch`, which has all of `COLUMNS`, as text or as a type that the column takes."""
    columns: list[pa.Array] = []
    rejected: dict[int, Reasons] = {}
    all_good: pa.Array | None = None

    def note(column: Column, good: pa.Array | None, requirement: str) -> None:
        nonlocal all_good
        if good is None or is_all(good):
            return
        good = pc.fill_null(good, False)
        all_good = good if all_good is None else pc.and_(all_good, good)
        _collect(rejected, pc.indices_nonzero(pc.invert(good)), column.name, batch.column(column.name), requirement)

    for column in COLUMNS:
        values, good = column.parse(batch.column(column.name))
        columns.append(values)
        note(column, good, f"must {column.requirement}, for example {column.example}")
    note(
        COLUMNS[_TRADE_DATE],
        _not_after(columns[_TRADE_DATE], good, business_date),
        f"must not be after the business date {business_date}",
    )
    note(
        COLUMNS[_FX_TO_USD],
        _one_where_usd(columns[_CURRENCY], columns[_FX_TO_USD]),
        "must be 1 when the currency is USD",
    )
    every = pa.RecordBatch.from_arrays(columns, names=NAMES)
    return Checked(every if all_good is None else every.filter(all_good), all_good, rejected)


def _not_after(days: pa.Array, is_day: pa.Array | None, last: date) -> pa.Array:
    """Which days are not after `last`; what is no day is refused for that already."""
    late = pc.greater(days, pa.scalar(last, pa.date32()))
    if is_day is not None:
        late = pc.and_(late, is_day)
    return pc.invert(pc.fill_null(late, False))


def _one_where_usd(currency: pa.DictionaryArray, rate: pa.Array) -> pa.Array | None:
    """Which rates are 1 if their currency is the dollar; what is no number is refused for that already."""
    is_usd = pc.equal(currency.dictionary, "USD")
    if not pc.any(is_usd).as_py():
        return None
    wrong = pc.and_(pc.and_(is_usd.take(currency.indices), pc.not_equal(rate, 1.0)), pc.is_finite(rate))
    return pc.invert(pc.fill_null(wrong, False))


def _collect(rejected: dict[int, Reasons], rows: pa.Array, name: str, values: pa.Array, requirement: str) -> None:
    texts = pc.fill_null(pc.cast(values.take(rows), pa.string()), "").to_pylist()
    for row, text in zip(rows.to_pylist(), texts, strict=True):
        rejected.setdefault(row, []).append((name, f"{name} {requirement}; got {text[:_VALUE_CHARACTERS]!r}"))
