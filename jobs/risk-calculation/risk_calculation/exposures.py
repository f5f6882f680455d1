"""What is owned and owed by currency, group and instrument, and the trades that carry most risk of their own."""

import numpy as np
import numpy.typing as npt

from batch_runtime.errors import BadInputError
from risk_calculation.aggregation import DIMENSIONS, GroupKey
from risk_calculation.scenarios import TRADING_DAYS, Factor, Generated
from risk_calculation.trades import Labels, Trades
from risk_results import LARGEST_UNITS, UNITS_PER_USD
from risk_results.documents import NOTHING, Exposure, Group, Model, Range, RiskyTrade
from risk_results.files import INSTRUMENT, RISKIEST, Instruments, add_instruments, require_addable
from risk_results.measures import value_at_risk

_RISKIEST_PERMILLE = 990
_LARGEST_DEVIATION = LARGEST_UNITS / 100
"""So that a gain of many standard deviations still fits in an int64."""


class Exposures:
    """Sums over batches of trades; integers, so that they do not depend on the order."""

    def __init__(self, model: Model, generated: Generated) -> None:
        self._generated = generated
        self._horizon = float(np.sqrt(model.horizon_days / TRADING_DAYS))
        self._gross = 0.0
        self._groups: dict[GroupKey, tuple[int, Exposure]] = {}
        self._by_currency: dict[str, Exposure] = {}
        self._fx_rates: dict[str, Range] = {}
        self._instruments: list[Instruments] = []
        self._candidates: dict[str, tuple[RiskyTrade, float, float, Factor]] = {}
        self.trades = 0
        """Counted so far."""
        self.curved = 0
        """Of these, with a gamma."""

    def add(self, trades: Trades) -> None:
        """Count a batch."""
        rounded = np.rint(trades.market_value)
        self._gross += float(np.abs(rounded).sum())
        require_addable(self._gross)
        values = rounded.astype(np.int64)
        self.trades += len(trades)
        self.curved += int(np.count_nonzero(trades.square))
        for dimension in DIMENSIONS:
            labels: Labels | None = getattr(trades, dimension)
            if labels is not None:
                counts = np.bincount(labels.codes, minlength=len(labels.names)).tolist()
                for name, count, exposure in zip(labels.names, counts, _exposures(labels, values), strict=True):
                    before = self._groups.get((dimension, name), (0, NOTHING))
                    self._groups[dimension, name] = (before[0] + count, before[1] + exposure)
        for name, exposure, rates in zip(
            trades.currency.names,
            _exposures(trades.currency, values),
            _ranges(trades.currency, trades.fx_to_usd),
            strict=True,
        ):
            self._by_currency[name] = self._by_currency.get(name, NOTHING) + exposure
            self._fx_rates[name] = self._fx_rates[name] | rates if name in self._fx_rates else rates
        self._instruments = [add_instruments(np.concatenate([*self._instruments, _table(trades, values)]))]
        self._note_riskiest(trades, values)

    def groups(self) -> tuple[Group, ...]:
        """Every group, sorted."""
        return tuple(
            Group(dimension=dimension, name=name, trades=count, exposure=exposure)
            for (dimension, name), (count, exposure) in sorted(self._groups.items())
        )

    @property
    def by_currency(self) -> dict[str, Exposure]:
        """Sorted by name."""
        return dict(sorted(self._by_currency.items()))

    @property
    def fx_rates(self) -> dict[str, Range]:
        """Sorted by name."""
        return dict(sorted(self._fx_rates.items()))

    @property
    def instruments(self) -> Instruments:
        """Sorted by name."""
        return self._instruments[0]

    def riskiest(self) -> tuple[RiskyTrade, ...]:
        """The trades with the largest standard deviation of their own, in the order of `RiskyTrade.rank`."""
        ranked = sorted(self._candidates.values(), key=lambda candidate: candidate[0].rank)
        return tuple(
            trade.model_copy(update={"value_at_risk": self._value_at_risk(linear, square, factor)})
            for trade, linear, square, factor in ranked
        )

    def _note_riskiest(self, trades: Trades, values: npt.NDArray[np.int64]) -> None:
        deviations = trades.deviations(self._horizon)
        if not deviations.max() <= _LARGEST_DEVIATION:
            raise BadInputError(
                f"a trade's gain has a standard deviation of USD {deviations.max() / UNITS_PER_USD:.3g}, beyond the "
                f"{_LARGEST_DEVIATION / UNITS_PER_USD:.3g} that are computed exactly; look for a wrong quantity, price "
                "or gamma"
            )
        threshold = np.partition(deviations, -RISKIEST)[-RISKIEST] if len(deviations) > RISKIEST else -np.inf
        rows = np.flatnonzero(deviations >= threshold)
        ids = trades.trade_id.take(rows).to_pylist()
        ranked = sorted(zip((-deviations[rows]).tolist(), ids, rows.tolist(), strict=True))[:RISKIEST]
        for negative, trade_id, row in ranked:
            trade = RiskyTrade(
                trade_id=trade_id,
                instrument=trades.instrument[row],
                asset_class=trades.asset_class[row],
                currency=trades.currency[row],
                market_value=int(values[row]),
                deviation=-negative,
                value_at_risk=0,
            )
            factor = Factor("instrument", trade.instrument, trade.asset_class, float(trades.correlation[row]))
            spread = float(trades.volatility[row]) * self._horizon
            linear, square = float(trades.linear[row]) * spread, float(trades.square[row]) * (spread * spread)
            self._candidates[trade_id] = (trade, linear, square, factor)
        best = sorted(self._candidates.items(), key=lambda item: item[1][0].rank)[:RISKIEST]
        self._candidates = dict(best)

    def _value_at_risk(self, linear: float, square: float, factor: Factor) -> int:
        movement = self._generated.movement(factor)
        return value_at_risk(
            np.rint(linear * movement + square * (movement * movement)).astype(np.int64), _RISKIEST_PERMILLE
        )


def _exposures(labels: Labels, values: npt.NDArray[np.int64]) -> list[Exposure]:
    """For each name, what its rows hold."""
    long, short = _sides(labels, values)
    return [Exposure(long=one, short=other) for one, other in zip(long.tolist(), short.tolist(), strict=True)]


def _sides(labels: Labels, values: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    sums = np.zeros((2, len(labels.names)), dtype=np.int64)
    np.add.at(sums[0], labels.codes, np.maximum(values, 0))
    np.add.at(sums[1], labels.codes, np.minimum(values, 0))
    return sums[0], sums[1]


def _ranges(labels: Labels, values: npt.NDArray[np.float64]) -> list[Range]:
    """For each name, the lowest and the highest value of its rows."""
    low, high = np.full(len(labels.names), np.inf), np.full(len(labels.names), -np.inf)
    np.minimum.at(low, labels.codes, values)
    np.maximum.at(high, labels.codes, values)
    return [Range(low=one, high=other) for one, other in zip(low.tolist(), high.tolist(), strict=True)]


def _table(trades: Trades, values: npt.NDArray[np.int64]) -> Instruments:
    labels = trades.instrument
    table = np.zeros(len(labels.names), dtype=INSTRUMENT)
    table["name"] = np.array(labels.names, dtype="S64")
    table["long"], table["short"] = _sides(labels, values)
    table["low"], table["high"] = np.inf, -np.inf
    np.minimum.at(table["low"], labels.codes, trades.price_usd)
    np.maximum.at(table["high"], labels.codes, trades.price_usd)
    return table
