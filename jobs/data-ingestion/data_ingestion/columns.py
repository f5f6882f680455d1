"""Kinds of columns: how each reads its values and what makes one good.

Whole columns are read at once (pyarrow). A column of text, as CSV has it, is parsed by its declared kind; a column that
Parquet brings typed is taken as it is.
"""

import string
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_ALPHANUMERIC = string.ascii_letters + string.digits
_DATE = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


Parsed = tuple[pa.Array, pa.Array | None]
"""The values of a column, and a mask of those that are good; None when all are."""

ENCODED_TEXT = pa.dictionary(pa.int32(), pa.string())
"""Text whose values come again and again, each of them held once."""


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_all(mask: pa.Array | None) -> bool:
    """Whether a mask, where there is one, is true everywhere."""
    return mask is None or bool(pc.all(mask, skip_nulls=False, min_count=0).as_py())


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the trade schema; every column that is not optional is required in the file and in every row."""

    name: str
    meaning: str
    example: str
    optional: bool = False
    """Whether a file may lack it, and a row leave it empty."""
    repeats: ClassVar[bool] = False
    """Whether its values come again and again, so that a dictionary that Parquet holds of them is kept."""

    @property
    def type(self) -> pa.DataType:
        """The type of the column in a partition."""
        raise NotImplementedError

    @property
    def requirement(self) -> str:
        """What a good value is, after "must"."""
        raise NotImplementedError

    @property
    def parquet_types(self) -> str:
        """The types of a Parquet column that may hold the values, for people."""
        return "string"

    def takes(self, kind: pa.DataType) -> bool:
        """Whether a Parquet column of this type may hold the values."""
        return is_text(kind)

    def parse(self, values: pa.Array) -> Parsed:
        """Values of the column's own type and which are good; elsewhere a value is undefined, a mask may be null."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Text(Column):
    """Text that matches a pattern, and whose values come again and again."""

    pattern: str
    repeats: ClassVar[bool] = True

    @property
    def type(self) -> pa.DataType:
        """UTF-8 text."""
        return pa.string()

    @property
    def requirement(self) -> str:
        """See `Column.requirement`."""
        return f"match {self.pattern}"

    def parse(self, values: pa.Array) -> Parsed:
        """See `Column.parse`."""
        return _parse_distinct(values, lambda few: (few, self._good(few)))

    def _good(self, values: pa.Array) -> pa.Array:
        return pc.match_substring_regex(values, self.pattern)


@dataclass(frozen=True, kw_only=True)
class Name(Text):
    """A name of 1 to 64 letters, digits and punctuation, the first no punctuation; an optional one may be empty."""

    pattern: str = field(init=False)
    punctuation: str = "._:-"

    def __post_init__(self) -> None:
        name = f"[A-Za-z0-9][A-Za-z0-9{self.punctuation}]{{0,63}}"
        object.__setattr__(self, "pattern", f"^({name})?$" if self.optional else f"^{name}$")

    def _good(self, values: pa.Array) -> pa.Array:
        """What the pattern says; trimming finds it many times as fast as matching."""
        length = pc.binary_length(values)
        only_allowed = pc.equal(pc.binary_length(pc.ascii_ltrim(values, _ALPHANUMERIC + self.punctuation)), 0)
        good_start = pc.equal(pc.binary_length(pc.ascii_ltrim(values, self.punctuation)), length)
        fits = pc.and_(pc.greater_equal(length, 0 if self.optional else 1), pc.less_equal(length, 64))
        return pc.and_(pc.and_(only_allowed, good_start), fits)


@dataclass(frozen=True, kw_only=True)
class Identity(Name):
    """A name that each row has for itself."""

    repeats: ClassVar[bool] = False

    def parse(self, values: pa.Array) -> Parsed:
        """See `Column.parse`."""
        return values, self._good(values)


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
    def requirement(self) -> str:
        """See `Column.requirement`."""
        return f"be a number from {self.low:g} to {self.high:g}" + ("" if self.zero else ", not 0")

    @property
    def parquet_types(self) -> str:
        """See `Column.parquet_types`."""
        return "double, float, integer, decimal or string"

    def takes(self, kind: pa.DataType) -> bool:
        """See `Column.takes`."""
        types = pa.types
        return is_text(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)

    def parse(self, values: pa.Array) -> Parsed:
        """See `Column.parse`."""
        numbers = _numbers(values) if is_text(values.type) else pc.cast(values, pa.float64(), safe=False)
        good = pc.and_(pc.greater_equal(numbers, self.low), pc.less_equal(numbers, self.high))
        return numbers, good if self.zero else pc.and_(good, pc.not_equal(numbers, 0.0))


@dataclass(frozen=True, kw_only=True)
class Day(Column):
    """A calendar day written YYYY-MM-DD."""

    repeats: ClassVar[bool] = True

    @property
    def type(self) -> pa.DataType:
        """A date."""
        return pa.date32()

    @property
    def requirement(self) -> str:
        """See `Column.requirement`."""
        return "be a day as YYYY-MM-DD"

    @property
    def parquet_types(self) -> str:
        """See `Column.parquet_types`."""
        return "date, timestamp without time zone at midnight, or string"

    def takes(self, kind: pa.DataType) -> bool:
        """See `Column.takes`."""
        return is_text(kind) or pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)

    def parse(self, values: pa.Array) -> Parsed:
        """See `Column.parse`; a timestamp is a day when it is midnight."""
        if is_text(values.type):
            return self._parse_text(values)
        days = pc.cast(values, pa.date32(), safe=False)
        written = pc.and_(pc.greater_equal(days, date.min), pc.less_equal(days, date.max))
        if pa.types.is_date32(values.type):
            return days, written
        return days, pc.and_(written, pc.equal(pc.cast(days, values.type, safe=False), values))

    def _parse_text(self, text: pa.Array) -> Parsed:
        if pa.types.is_dictionary(text.type):
            return _parse_distinct(text, self._parse_some)
        try:
            days = pc.cast(text, pa.date32())
        except pa.ArrowInvalid:
            return _parse_distinct(text, self._parse_some)
        # Arrow has a year 0, which the calendar and most readers of a partition have not.
        return days, pc.greater_equal(days, date.min)

    def _parse_some(self, text: pa.Array) -> Parsed:
        """Days of text that does not hold one everywhere."""
        looks = pc.match_substring_regex(text, _DATE)
        instants = pc.strptime(pc.if_else(looks, text, ""), format="%Y-%m-%d", unit="s", error_is_null=True)
        # strptime rolls 31 February over into March; a real day comes back as it was written.
        real = pc.equal(pc.strftime(instants, format="%Y-%m-%d"), text)
        days = pc.cast(instants, pa.date32())
        return days, pc.and_(real, pc.greater_equal(days, date.min))


def _numbers(text: pa.Array) -> pa.Array:
    """Numbers of text, null or NaN where it holds none; the pattern is matched only where something is no number."""
    empty = pc.equal(pc.binary_length(text), 0)
    if pc.any(empty).as_py():
        text = pc.if_else(empty, None, text)
    try:
        return pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        return pc.cast(pc.if_else(pc.match_substring_regex(text, _NUMBER), text, None), pa.float64())


def _parse_distinct(values: pa.Array, parse: Callable[[pa.Array], Parsed]) -> Parsed:
    """Parse every distinct value once; the values stay a dictionary where they are text, which Parquet stores as is."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    few, good = parse(encoded.dictionary)
    whole = encoded if is_text(few.type) else few.take(encoded.indices)
    if good is None or (encoded.null_count == 0 and is_all(good)):
        return whole, None
    return whole, good.take(encoded.indices)
