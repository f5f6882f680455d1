"""The declared schema of a trade file: its columns, what each may hold, and why a row is refused.

One mechanism for CSV and Parquet: a column arrives as text, is checked by its declared kind, and leaves typed. Checks
run on whole columns (pyarrow), so a reason costs something only for rows that are refused.
"""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
_DATE = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the trade schema; every column is required in the file and in every row."""

    name: str
    meaning: str
    example: str

    @property
    def type(self) -> pa.DataType:
        """The type of the column in a partition."""
        raise NotImplementedError

    def parse(self, text: pa.Array) -> tuple[pa.Array, pa.Array, str]:
        """The typed values, a mask of the good ones (values elsewhere are undefined), and what a good one is."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Text(Column):
    """Text that matches a pattern."""

    pattern: str

    @property
    def type(self) -> pa.DataType:
        """UTF-8 text."""
        return pa.string()

    def parse(self, text: pa.Array) -> tuple[pa.Array, pa.Array, str]:
        """See `Column.parse`."""
        return (text, pc.match_substring_regex(text, self.pattern), f"must match {self.pattern}")


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

    def parse(self, text: pa.Array) -> tuple[pa.Array, pa.Array, str]:
        """See `Column.parse`."""
        looks = pc.match_substring_regex(text, _NUMBER)
        values = pc.cast(pc.if_else(looks, text, "nan"), pa.float64())
        good = pc.and_(pc.greater_equal(values, self.low), pc.less_equal(values, self.high))
        if not self.zero:
            good = pc.and_(good, pc.not_equal(values, 0.0))
        wanted = f"must be a number from {self.low:g} to {self.high:g}" + ("" if self.zero else ", not 0")
        return values, good, wanted


@dataclass(frozen=True, kw_only=True)
class Day(Column):
    """A calendar day written YYYY-MM-DD."""

    @property
    def type(self) -> pa.DataType:
        """A date."""
        return pa.date32()

    def parse(self, text: pa.Array) -> tuple[pa.Array, pa.Array, str]:
        """See `Column.parse`."""
        looks = pc.match_substring_regex(text, _DATE)
        instants = pc.strptime(pc.if_else(looks, text, ""), format="%Y-%m-%d", unit="s", error_is_null=True)
        # strptime rolls 31 February over into March; a real day comes back as it was written.
        real = pc.equal(pc.strftime(instants, format="%Y-%m-%d"), text)
        return (pc.cast(instants, pa.date32()), pc.fill_null(real, False), "must be a day as YYYY-MM-DD")


COLUMNS: tuple[Column, ...] = (
    Text(
        name="trade_id",
        meaning="identity, unique in a run",
        example="T-0000001",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$",
    ),
    Text(
        name="instrument",
        meaning="what is traded; trades of one instrument share its own risk",
        example="EQ-US-0042",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$",
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
    Day(name="trade_date", meaning="when it was done, not after the business date", example="2026-11-20"),
)

PARTITION_SCHEMA = pa.schema([pa.field(column.name, column.type, nullable=False) for column in COLUMNS])


@dataclass(frozen=True)
class Checked:
    """A batch after its checks."""

    accepted: pa.RecordBatch
    """The good rows, typed as `PARTITION_SCHEMA`."""
    accepted_rows: list[int]
    """Their indices in the batch."""
    rejected: dict[int, list[tuple[str, str]]]
    """Index of each bad row -> its reasons: (short code for counting, sentence for people)."""


def check(batch: pa.RecordBatch, business_date: date) -> Checked:
    """Check the text columns of `batch` (all of `COLUMNS`, as strings) row by row."""
    columns: list[pa.Array] = []
    rejected: dict[int, list[tuple[str, str]]] = {}
    for column in COLUMNS:
        text = pc.fill_null(batch.column(column.name), "")
        values, good, wanted = column.parse(text)
        columns.append(values)
        _collect(rejected, good, column.name, text, f"{wanted}, for example {column.example}")
    typed = pa.RecordBatch.from_arrays(columns, names=[column.name for column in COLUMNS])
    future = pc.greater(typed.column("trade_date"), pa.scalar(business_date, pa.date32()))
    _collect(
        rejected,
        pc.invert(pc.fill_null(future, False)),
        "trade_date",
        batch.column("trade_date"),
        f"must not be after the business date {business_date}",
    )
    foreign_dollar = pc.and_(pc.equal(typed.column("currency"), "USD"), pc.not_equal(typed.column("fx_to_usd"), 1.0))
    _collect(
        rejected,
        pc.invert(pc.and_(foreign_dollar, pc.is_finite(typed.column("fx_to_usd")))),
        "fx_to_usd",
        batch.column("fx_to_usd"),
        "must be 1 when the currency is USD",
    )
    rows = [row for row in range(batch.num_rows) if row not in rejected]
    accepted = typed.take(pa.array(rows, pa.int64())).cast(PARTITION_SCHEMA)
    return Checked(accepted=accepted, accepted_rows=rows, rejected=rejected)


def _collect(
    rejected: dict[int, list[tuple[str, str]]], good: pa.Array, name: str, text: pa.Array, wanted: str
) -> None:
    if pc.all(good, skip_nulls=False, min_count=0).as_py():
        return
    for row in pc.indices_nonzero(pc.invert(pc.fill_null(good, False))).to_pylist():
        value = text[row].as_py()
        rejected.setdefault(row, []).append((name, f"{name} {wanted}; got {(value or '')[:80]!r}"))
