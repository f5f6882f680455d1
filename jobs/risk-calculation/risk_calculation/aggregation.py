"""Coefficients of trades, added up exactly for each factor and group before anything is simulated.

What a trade gains in a scenario is linear in its two coefficients. They are rounded to whole numbers once, and the
integers are added; so a shard costs as much as it has factors and groups, not as it has trades, and the sums are the
same however trades are cut into shards.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from batch_runtime.errors import BadInputError
from risk_calculation.scenarios import TRADING_DAYS, Factor
from risk_calculation.trades import Codes, Labels, Trades
from risk_results import LARGEST_UNITS, UNITS_PER_USD
from risk_results.documents import SCALES, Dimension, Model

DIMENSIONS: tuple[Dimension, ...] = ("asset_class", "desk", "book")
_BITS = {"asset_class": 6, "desk": 12, "book": 14}
"""A cell's key holds the number of its factor above the numbers of its groups."""
_FACTOR_SHIFT = sum(_BITS.values())

GroupKey = tuple[Dimension, str]


@dataclass(frozen=True)
class Cells:
    """The sums: one row a factor and combination of groups."""

    factors: list[Factor]
    groups: list[GroupKey]
    """Sorted."""
    factor: Codes
    """Of each cell, index into `factors`; ascending."""
    members: list[Codes]
    """For each dimension in use, the index into `groups` of each cell."""
    coefficients: npt.NDArray[np.int64]
    """Columns: linear and square for scaled sources, linear and square for the others."""


class Aggregation:
    """The running sums of a shard; memory grows with its different factors, not with its trades."""

    def __init__(self, model: Model) -> None:
        self._horizon = float(np.sqrt(model.horizon_days / TRADING_DAYS))
        self._fx_volatility = model.fx_volatility
        self._shocks = len(model.sets) > 1
        self._factors: dict[Factor, int] = {}
        self._names: dict[str, dict[str, int]] = {name: {} for name in DIMENSIONS}
        self._keys: list[Codes] = []
        self._sums: list[npt.NDArray[np.int64]] = []
        self._size = [0.0] * 4

    def add(self, trades: Trades) -> None:
        """Count a batch: each trade in its instrument, and one in a foreign currency also in that currency."""
        groups = self._group_codes(trades)
        volatility = trades.volatility * self._horizon
        self._count(
            self._instruments(trades) << _FACTOR_SHIFT | groups,
            trades.linear * volatility,
            trades.square * (volatility * volatility),
            trades.linear,
            trades.square,
        )
        foreign = np.flatnonzero(self._is_foreign(trades))
        if len(foreign) and (self._fx_volatility or self._shocks):
            value = trades.market_value[foreign]
            nothing = np.zeros(len(foreign))
            codes = self._currencies(trades.currency)[trades.currency.codes[foreign]]
            scaled = value * (self._fx_volatility * self._horizon)
            self._count(codes << _FACTOR_SHIFT | groups[foreign], scaled, nothing, value, nothing)

    def cells(self) -> Cells:
        """The sums so far."""
        keys, sums = self._merged()
        order = sorted((dimension, name) for dimension in DIMENSIONS for name in self._names[dimension])
        index = {key: number for number, key in enumerate(order)}
        members = []
        for dimension, shift in _shifts().items():
            names = self._names[dimension]
            if names:
                codes = keys >> shift & ((1 << _BITS[dimension]) - 1)
                members.append(np.array([index[dimension, name] for name in names], dtype=np.int64)[codes])
        return Cells(list(self._factors), order, keys >> _FACTOR_SHIFT, members, sums)

    def _count(self, keys: Codes, *columns: npt.NDArray[np.float64]) -> None:
        """Round, check that no sum can overflow, then add up by key."""
        per_unit = (SCALES["generated"].per_unit,) * 2 + (SCALES["shocks"].per_unit,) * 2
        used = len(columns) if self._shocks else 2
        whole = np.empty((len(keys), used), dtype=np.int64)
        for index in range(used):
            values = np.rint(columns[index] * per_unit[index])
            self._size[index] += float(np.abs(values).sum())
            if not self._size[index] <= LARGEST_UNITS:
                raise BadInputError(
                    "the shard's trades move by more than USD "
                    f"{LARGEST_UNITS / per_unit[index] / UNITS_PER_USD:.3g} together for one standard deviation or "
                    "a return of 100 %, beyond what is added exactly; look for a wrong quantity, price or gamma, or "
                    "lower BATCH_SHARD_SIZE"
                )
            whole[:, index] = values
        keys, whole = _by_key(keys, whole)
        self._keys.append(keys)
        self._sums.append(whole)
        if sum(map(len, self._keys)) > 4 * len(self._keys[0]) + 65_536:
            self._merged()

    def _merged(self) -> tuple[Codes, npt.NDArray[np.int64]]:
        keys, sums = _by_key(np.concatenate(self._keys), np.concatenate(self._sums))
        self._keys, self._sums = [keys], [sums]
        return keys, sums

    def _group_codes(self, trades: Trades) -> Codes:
        codes = np.zeros(len(trades), dtype=np.int64)
        for dimension, shift in _shifts().items():
            labels: Labels | None = getattr(trades, dimension)
            if labels is None:
                continue
            names = self._names[dimension]
            numbers = [names.setdefault(name, len(names)) for name in labels.names]
            if len(names) > 1 << _BITS[dimension]:
                raise BadInputError(
                    f"a shard has more than {1 << _BITS[dimension]:,} different values of {dimension}; group by fewer"
                )
            codes |= np.array(numbers, dtype=np.int64)[labels.codes] << shift
        return codes

    def _instruments(self, trades: Trades) -> Codes:
        """The number of each trade's factor."""
        correlations, correlation = np.unique(trades.correlation, return_inverse=True)
        classes = len(trades.asset_class.names)
        local = (trades.instrument.codes * classes + trades.asset_class.codes) * len(correlations) + correlation
        different, which = np.unique(local, return_inverse=True)
        numbers = []
        for code in different.tolist():
            rest, index = divmod(code, len(correlations))
            name, kind = divmod(rest, classes)
            factor = Factor(
                "instrument", trades.instrument.names[name], trades.asset_class.names[kind], float(correlations[index])
            )
            numbers.append(self._factors.setdefault(factor, len(self._factors)))
        return np.array(numbers, dtype=np.int64)[which]

    def _currencies(self, labels: Labels) -> Codes:
        factors = [Factor("currency", name) for name in labels.names]
        return np.array(
            [self._factors.setdefault(f, len(self._factors)) if f.name != "USD" else 0 for f in factors], dtype=np.int64
        )

    @staticmethod
    def _is_foreign(trades: Trades) -> npt.NDArray[np.bool_]:
        return np.array([name != "USD" for name in trades.currency.names])[trades.currency.codes]


def _shifts() -> dict[Dimension, int]:
    """Where each dimension's number begins in a cell's key."""
    return {"asset_class": _BITS["desk"] + _BITS["book"], "desk": _BITS["book"], "book": 0}


def _by_key(keys: Codes, sums: npt.NDArray[np.int64]) -> tuple[Codes, npt.NDArray[np.int64]]:
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[starts], np.add.reduceat(sums[order], starts, axis=0)
