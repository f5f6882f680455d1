"""What is owned and owed, by currency, asset class and instrument, and the trades that carry most risk of their own."""

import heapq
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from risk_calculation.scenarios import Scenarios
from risk_calculation.valuation import Positions
from risk_results.documents import Exposure, RiskyTrade
from risk_results.measures import tail_measure

RISKIEST = 20
"""Trades that a shard's result names."""
_RISKIEST_PERMILLE = 990
_NOTHING = Exposure(long=0, short=0)


@dataclass(frozen=True, order=True)
class _Candidate:
    """A trade ordered by its own risk; ties by id, so that the choice does not depend on the order of trades."""

    deviation: float
    trade_id: str
    instrument: str = field(compare=False)
    asset_class: str = field(compare=False)
    currency: str = field(compare=False)
    market_value: int = field(compare=False)
    volatility: float = field(compare=False)
    correlation: float = field(compare=False)
    linear: float = field(compare=False)
    square: float = field(compare=False)


class Exposures:
    """Sums over batches of trades; integers, so that they do not depend on the order."""

    def __init__(self, scenarios: Scenarios) -> None:
        self._scenarios = scenarios
        self.by_currency: dict[str, Exposure] = {}
        self.by_asset_class: dict[str, Exposure] = {}
        self.by_instrument: dict[str, Exposure] = {}
        self._candidates: list[_Candidate] = []

    def add(self, batch: pa.RecordBatch, positions: Positions) -> None:
        """Count a batch; `positions` is the same batch as the valuation sees it."""
        values = np.rint(positions.market_value).astype(np.int64)
        for column, sums in (
            ("currency", self.by_currency),
            ("asset_class", self.by_asset_class),
            ("instrument", self.by_instrument),
        ):
            encoded = batch.column(column).dictionary_encode()
            codes = encoded.indices.to_numpy(zero_copy_only=False)
            for code, name in enumerate(encoded.dictionary.to_pylist()):
                chosen = values[codes == code]
                part = Exposure(long=int(chosen[chosen > 0].sum()), short=int(chosen[chosen < 0].sum()))
                sums[name] = sums.get(name, _NOTHING) + part
        self._note_riskiest(batch, positions, values)

    def riskiest(self) -> tuple[RiskyTrade, ...]:
        """The trades with the largest standard deviation of their own, largest first."""
        return tuple(self._valued(candidate) for candidate in sorted(self._candidates, reverse=True))

    def _note_riskiest(
        self, batch: pa.RecordBatch, positions: Positions, values: "np.typing.NDArray[np.int64]"
    ) -> None:
        deviations = positions.deviations(self._scenarios.horizon)
        threshold = np.partition(deviations, -RISKIEST)[-RISKIEST] if len(deviations) > RISKIEST else -np.inf
        text = {name: batch.column(name) for name in ("trade_id", "instrument", "asset_class", "currency")}
        found = [
            _Candidate(
                deviation=float(deviations[row]),
                market_value=int(values[row]),
                volatility=float(positions.volatility[row]),
                correlation=float(positions.correlation[row]),
                linear=float(positions.linear[row]),
                square=float(positions.square[row]),
                **{name: column[int(row)].as_py() for name, column in text.items()},
            )
            for row in np.flatnonzero(deviations >= threshold)
        ]
        self._candidates = heapq.nlargest(RISKIEST, [*self._candidates, *found])

    def _valued(self, trade: _Candidate) -> RiskyTrade:
        returns = self._scenarios.returns(self._scenarios.own(trade.instrument), trade.volatility, trade.correlation)
        profit = np.rint(trade.linear * returns + trade.square * (returns * returns)).astype(np.int64)
        return RiskyTrade(
            trade_id=trade.trade_id,
            instrument=trade.instrument,
            asset_class=trade.asset_class,
            currency=trade.currency,
            market_value=trade.market_value,
            deviation=trade.deviation,
            value_at_risk=tail_measure(profit, _RISKIEST_PERMILLE).value_at_risk,
        )
