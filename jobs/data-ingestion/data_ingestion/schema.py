"""The declared schema of a trade file: its columns, what each may hold, and why a row is refused.

Checks run on whole columns (pyarrow). A column of text, as CSV has it, is parsed by its declared kind; a column that
Parquet brings typed is taken as it is. A reason costs something only for rows that are refused.
"""

import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_IDENTITY = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
_ALPHANUMERIC = string.ascii_letters + string.digits
_PUNCTUATION = "._:-"
_DATE = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
_VALUE_CHARACTERS = 80
"""Of a refused value in its reason."""

Reasons = list[tuple[str, str]]
"""Why a row is refused: (short code for counting, sentence for people)."""


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the trade schema; every column that is not optional is required in the file and in every row."""

    name: str
    meaning: str
    example: str
    optional: bool = False
    """Whether a file may lack it, and a row leave it empty."""

    @property
    def type(self) -> pa.DataType:
        """The type of the column in a partition."""
        raise NotImplementedError

    @property
    def wanted(self) -> str:
        """What a good value is, after "must"."""
        raise NotImplementedError

    @property
    def parquet_types(self) -> str:
        """The types of a Parquet column that may hold the values, for people."""
        return "string"

    def takes(self, kind: pa.DataType) -> bool:
        """Whether a Parquet column of this type may hold the values."""
        return is_text(kind)

    def parse(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Values of the column's own type and which are good; elsewhere a value is undefined, a mask may be null."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Text(Column):
    """Text that matches a pattern, and whose values come again and again."""

    pattern: str

    @property
    def type(self) -> pa.DataType:
        """UTF-8 text."""
        return pa.string()

    @property
    def wanted(self) -> str:
        """See `Column.wanted`."""
        return f"match {self.pattern}"

    def parse(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """See `Column.parse`."""
        return _parse_distinct(values, lambda few: (few, pc.match_substring_regex(few, self.pattern)))


@dataclass(frozen=True, kw_only=True)
class Identity(Column):
    """A name of 1 to 64 letters, digits and `._:-`, the first a letter or a digit, that each row has for itself.

    Trimming finds what `_IDENTITY` says twice as fast as matching it.
    """

    @property
    def type(self) -> pa.DataType:
        """UTF-8 text."""
        return pa.string()

    @property
    def wanted(self) -> str:
        """See `Column.wanted`."""
        return f"match {_IDENTITY}"

    def parse(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """See `Column.parse`."""
        length = pc.binary_length(values)
        only_allowed = pc.equal(pc.binary_length(pc.ascii_ltrim(values, _ALPHANUMERIC + _PUNCTUATION)), 0)
        good_start = pc.equal(pc.binary_length(pc.ascii_ltrim(values, _PUNCTUATION)), length)
        short = pc.and_(pc.greater_equal(length, 1), pc.less_equal(length, 64))
        return values, pc.and_(pc.and_(only_allowed, good_start), short)


@dataclass(frozen=True, kw_only=True)
class Number(Column):
    """A finite number within bounds, both included."""

    low: float
    high: float
    zero: bool = True

    @property
    def type(self) -> pa.DataType:
        """A double."""
        return pa.float64()

    @property
    def wanted(self) -> str:
        """See `Column.wanted`."""
        return f"be a number from {self.low:g} to {self.high:g}" + ("" if self.zero else ", not 0")

    @property
    def parquet_types(self) -> str:
        """See `Column.parquet_types`."""
        return "double, float, integer, decimal or string"

    def takes(self, kind: pa.DataType) -> bool:
        """See `Column.takes`."""
        types = pa.types
        return is_text(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)

    def parse(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """See `Column.parse`."""
        numbers = _numbers(values) if is_text(values.type) else pc.cast(values, pa.float64(), safe=False)
        good = pc.and_(pc.greater_equal(numbers, self.low), pc.less_equal(numbers, self.high))
        return numbers, good if self.zero else pc.and_(good, pc.not_equal(numbers, 0.0))


@dataclass(frozen=True, kw_only=True)
class Day(Column):
    """A calendar day written YYYY-MM-DD."""

    @property
    def type(self) -> pa.DataType:
        """A date."""
        return pa.date32()

    @property
    def wanted(self) -> str:
        """See `Column.wanted`."""
        return "be a day as YYYY-MM-DD"

    @property
    def parquet_types(self) -> str:
        """See `Column.parquet_types`."""
        return "date, timestamp without time zone at midnight, or string"

    def takes(self, kind: pa.DataType) -> bool:
        """See `Column.takes`."""
        return is_text(kind) or pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)

    def parse(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """See `Column.parse`; a timestamp is a day when it is midnight."""
        if is_text(values.type):
            return _parse_distinct(values, self._parse_text)
        days = pc.cast(values, pa.date32(), safe=False)
        written = pc.and_(pc.greater_equal(days, date.min), pc.less_equal(days, date.max))
        if pa.types.is_date32(values.type):
            return days, written
        return days, pc.and_(written, pc.equal(pc.cast(days, values.type, safe=False), values))

    def _parse_text(self, text: pa.Array) -> tuple[pa.Array, pa.Array]:
        looks = pc.match_substring_regex(text, _DATE)
        instants = pc.strptime(pc.if_else(looks, text, ""), format="%Y-%m-%d", unit="s", error_is_null=True)
        # strptime rolls 31 February over into March; a real day comes back as it was written.
        real = pc.equal(pc.strftime(instants, format="%Y-%m-%d"), text)
        return pc.cast(instants, pa.date32()), real


def _numbers(text: pa.Array) -> pa.Array:
    """Numbers of text, null or NaN where it holds none; the pattern is matched only where something is no number."""
    try:
        return pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        text = pc.if_else(pc.equal(text, ""), None, text)
    try:
        return pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        return pc.cast(pc.if_else(pc.match_substring_regex(text, _NUMBER), text, None), pa.float64())


def _parse_distinct(
    values: pa.Array, parse: Callable[[pa.Array], tuple[pa.Array, pa.Array]]
) -> tuple[pa.Array, pa.Array]:
    """Parse every distinct value once; the values stay a dictionary where they are text, which Parquet stores as is."""
    encoded = values.dictionary_encode()
    few, good = parse(encoded.dictionary)
    whole = encoded if is_text(few.type) else few.take(encoded.indices)
    return whole, good.take(encoded.indices)


_GROUP = r"^([A-Za-z0-9][A-Za-z0-9 ._:/&-]{0,63})?$"

COLUMNS: tuple[Column, ...] = (
    Identity(name="trade_id", meaning="identity, unique in a run", example="T-0000001"),
    Text(
        name="instrument",
        meaning="what is traded; trades of one instrument share its own risk",
        example="EQ-US-0042",
        pattern=_IDENTITY,
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
    masks: list[pa.Array] = []

    def note(column: Column, good: pa.Array, wanted: str) -> None:
        masks.append(good)
        _collect(rejected, good, column.name, batch.column(column.name), wanted)

    for column in COLUMNS:
        values, good = column.parse(batch.column(column.name))
        columns.append(values)
        note(column, good, f"must {column.wanted}, for example {column.example}")
    typed = dict(zip(NAMES, columns, strict=True))
    by_name = {column.name: column for column in COLUMNS}
    future = pc.greater(typed["trade_date"], pa.scalar(business_date, pa.date32()))
    note(by_name["trade_date"], pc.invert(pc.fill_null(pc.and_(future, masks[-1]), False)),
         f"must not be after the business date {business_date}")  # fmt: skip
    currency, rate = typed["currency"], typed["fx_to_usd"]
    dollars = pc.equal(currency.dictionary, "USD").take(currency.indices)
    foreign_dollar = pc.and_(pc.and_(dollars, pc.not_equal(rate, 1.0)), pc.is_finite(rate))
    note(by_name["fx_to_usd"], pc.invert(pc.fill_null(foreign_dollar, False)), "must be 1 when the currency is USD")
    every = pa.RecordBatch.from_arrays(columns, names=NAMES)
    if not rejected:
        return Checked(every, None, rejected)
    good = masks[0]
    for mask in masks[1:]:
        good = pc.and_(good, mask)
    rows = pc.indices_nonzero(pc.fill_null(good, False))
    return Checked(every.take(rows), rows, rejected)


def readable(rows: pa.RecordBatch) -> pa.RecordBatch:
    """With times as text: not every one that Parquet holds is one that Python's types hold."""
    columns = [pc.cast(column, pa.string()) if pa.types.is_temporal(column.type) else column for column in rows.columns]
    return pa.RecordBatch.from_arrays(columns, names=rows.schema.names)


def _collect(rejected: dict[int, Reasons], good: pa.Array, name: str, values: pa.Array, wanted: str) -> None:
    if pc.all(good, skip_nulls=False, min_count=0).as_py():
        return
    rows = pc.indices_nonzero(pc.invert(pc.fill_null(good, False)))
    texts = pc.fill_null(pc.cast(values.take(rows), pa.string()), "").to_pylist()
    for row, text in zip(rows.to_pylist(), texts, strict=True):
        rejected.setdefault(row, []).append((name, f"{name} {wanted}; got {text[:_VALUE_CHARACTERS]!r}"))
