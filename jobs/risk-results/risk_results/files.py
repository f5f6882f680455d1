"""A result as one file, and results added up.

A file covers one shard, or several that one task valued: `BATCHRISK1` and a line feed, the SHA-256 of the rest, the
length of the header as 8 bytes, the header as JSON, then little-endian arrays: `high` and `low` of the amounts
(`risk_results.exact`), and the instrument table (names of 64 bytes, sorted; long; short; lowest and highest price in US
dollars). One object is written at once and says by its checksum whether it is whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from batch_runtime.errors import BadInputError
from batch_runtime.layout import RunLayout, S3Uri
from risk_results import LARGEST_UNITS, UNITS_PER_USD
from risk_results.documents import NOTHING, Exposure, Group, Header, Range, digest
from risk_results.exact import LOW_BITS, Amounts

RISKIEST = 20
"""Trades that a result names."""
INSTRUMENT = np.dtype([("name", "S64"), ("long", "<i8"), ("short", "<i8"), ("low", "<f8"), ("high", "<f8")])
"""A row of the instrument table: exposures in units, prices in US dollars."""
_MAGIC = b"BATCHRISK1\n"
_DIGEST_BYTES = 64
_LENGTH_BYTES = 8
_LARGEST_HIGH = 1 << 45
"""`LARGEST_UNITS` at the finest scale of `risk_calculation.scenarios`; 100,000 of these still fit in an int64."""

Instruments = npt.NDArray[np.void]


@dataclass(frozen=True)
class Result:
    """What is known about some shards."""

    header: Header
    amounts: Amounts
    instruments: Instruments

    def to_bytes(self) -> bytes:
        """The file; the same bytes for the same result."""
        header = self.header.to_json()
        body = b"".join(
            (
                len(header).to_bytes(_LENGTH_BYTES, "little"),
                header,
                self.amounts.high.astype("<i8", copy=False).tobytes(),
                self.amounts.low.astype("<i8", copy=False).tobytes(),
                self.instruments.tobytes(),
            )
        )
        return b"".join((_MAGIC, digest(body).encode(), body))

    @classmethod
    def from_bytes(cls, content: bytes, source: str) -> "Result":
        """Read a file; raises `BadInputError` naming `source` when it is not one or contradicts itself."""
        start = len(_MAGIC) + _DIGEST_BYTES
        body = memoryview(content)[start:]
        if content[: len(_MAGIC)] != _MAGIC or digest(body).encode() != content[len(_MAGIC) : start]:
            raise _broken(source, "is not a whole result file: its checksum does not fit")
        length = int.from_bytes(body[:_LENGTH_BYTES], "little")
        header = Header.read(bytes(body[_LENGTH_BYTES : _LENGTH_BYTES + length]), source)
        rows, columns = len(header.groups), header.model.scenarios
        plane = rows * columns * 8
        offset = _LENGTH_BYTES + length
        if len(body) != offset + 2 * plane + header.instruments * INSTRUMENT.itemsize:
            raise _broken(source, f"must hold {rows} groups x {columns} scenarios and {header.instruments} instruments")
        high, low = (
            np.frombuffer(body, dtype="<i8", count=rows * columns, offset=offset + plane * number)
            .astype(np.int64, copy=False)
            .reshape(rows, columns)
            for number in (0, 1)
        )
        instruments = np.frombuffer(body, dtype=INSTRUMENT, count=header.instruments, offset=offset + 2 * plane)
        result = cls(header, Amounts(high, low), instruments)
        result._require_sense(source)
        return result

    def _require_sense(self, source: str) -> None:
        header, amounts, table = self.header, self.amounts, self.instruments
        keys = [(group.dimension, group.name) for group in header.groups]
        numbers = [part.shard for part in header.parts]
        rules = {
            "its groups must be sorted and different": keys == sorted(set(keys)),
            "its shards must be sorted and different": numbers == sorted(set(numbers)),
            "its asset classes must hold all of its trades": header.trades
            == sum(group.trades for group in header.groups if group.dimension == "asset_class"),
            "its amounts must be in their one form": bool(
                (amounts.low >= 0).all() and (amounts.low < 1 << LOW_BITS).all()
            )
            and int(amounts.high.max(initial=0)) < _LARGEST_HIGH
            and int(amounts.high.min(initial=0)) > -_LARGEST_HIGH,
            "its instruments must be sorted and different": bool((table["name"][1:] > table["name"][:-1]).all()),
            "its exposures must be long or short": bool((table["long"] >= 0).all() and (table["short"] <= 0).all()),
            "its prices must be numbers": bool(np.isfinite(table["low"]).all() and np.isfinite(table["high"]).all()),
            "its exposures must be small enough to be added": sum(
                float(np.abs(table[side].astype(np.float64)).sum()) for side in ("long", "short")
            )
            <= LARGEST_UNITS,
        }
        for rule, holds in rules.items():
            if not holds:
                raise _broken(source, rule)


def result_uri(layout: RunLayout, first: int, last: int) -> S3Uri:
    """Where the result of the shards `first` to `last` lies, which may be one."""
    prefix = layout.results_prefix
    name = f"shard-{first:05d}" if first == last else f"shards-{first:05d}-{last:05d}"
    return S3Uri(bucket=prefix.bucket, key=f"{prefix.key}{name}.risk")


def combine(results: Iterable[Result]) -> Result:
    """The results of different shards as one; the same bytes in any order and any nesting.

    Raises `BadInputError` when their sum is too large for exact arithmetic. Models must be the same and shards
    different: that is for the caller to check, who knows where the results come from.
    """
    ordered = sorted(results, key=lambda result: result.header.parts[0].shard)
    headers = [result.header for result in ordered]
    groups: dict[tuple[str, str], Group] = {}
    by_currency: dict[str, Exposure] = {}
    fx_rates: dict[str, Range] = {}
    for header in headers:
        for group in header.groups:
            key = (group.dimension, group.name)
            groups[key] = group if key not in groups else _both(groups[key], group)
        for name, exposure in header.by_currency.items():
            by_currency[name] = by_currency.get(name, NOTHING) + exposure
        for name, rates in header.fx_rates.items():
            fx_rates[name] = fx_rates[name] | rates if name in fx_rates else rates
    require_addable(sum(exposure.gross for exposure in by_currency.values()))
    keys = sorted(groups)
    rows = {key: row for row, key in enumerate(keys)}
    amounts = Amounts.zeros(len(keys), headers[0].model.scenarios)
    for result in ordered:
        chosen = [rows[group.dimension, group.name] for group in result.header.groups]
        amounts.add_rows(np.array(chosen, dtype=np.intp), result.amounts)
    table = np.concatenate([result.instruments for result in ordered])
    require_addable(float(table["long"].astype(np.float64).sum() - table["short"].astype(np.float64).sum()))
    instruments = add_instruments(table)
    header = Header(
        run_id=headers[0].run_id,
        model=headers[0].model,
        parts=tuple(sorted((part for header in headers for part in header.parts), key=lambda part: part.shard)),
        groups=tuple(groups[key] for key in keys),
        by_currency=dict(sorted(by_currency.items())),
        fx_rates=dict(sorted(fx_rates.items())),
        riskiest=tuple(sorted((trade for header in headers for trade in header.riskiest), key=lambda t: t.rank))[
            :RISKIEST
        ],
        curved_trades=sum(header.curved_trades for header in headers),
        instruments=len(instruments),
    )
    return Result(header, amounts, instruments)


def add_instruments(table: Instruments) -> Instruments:
    """Rows of equal names added up, sorted by name."""
    if not len(table):
        return table
    ordered = table[np.argsort(table["name"], kind="stable")]
    starts = np.flatnonzero(np.concatenate(([True], ordered["name"][1:] != ordered["name"][:-1])))
    added = np.empty(len(starts), dtype=INSTRUMENT)
    added["name"] = ordered["name"][starts]
    for side in ("long", "short"):
        added[side] = np.add.reduceat(ordered[side], starts)
    added["low"] = np.minimum.reduceat(ordered["low"], starts)
    added["high"] = np.maximum.reduceat(ordered["high"], starts)
    return added


def require_addable(gross_units: float) -> None:
    """Refuse a book so large that some sum of its market values might overflow."""
    if not gross_units <= LARGEST_UNITS:
        raise BadInputError(
            f"the trades' market values are USD {gross_units / UNITS_PER_USD:.3g} together, beyond the "
            f"{LARGEST_UNITS / UNITS_PER_USD:.3g} that are added exactly; look for a wrong quantity, price or fx_to_usd"
        )


def _both(one: Group, other: Group) -> Group:
    return Group.model_construct(
        dimension=one.dimension,
        name=one.name,
        trades=one.trades + other.trades,
        exposure=one.exposure + other.exposure,
    )


def _broken(source: str, why: str) -> BadInputError:
    return BadInputError(f"{source} {why}; delete it and run risk-calculation for its shards again")
