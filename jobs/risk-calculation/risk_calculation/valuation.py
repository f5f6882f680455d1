"""Profit and loss of trades in every scenario, exactly summed, in bounded memory.

A trade of market value `m` gains `m * (delta * r + gamma / 2 * r^2)` when its instrument returns `r`. Every trade's
gain in every scenario is rounded to a whole unit *before* it is added. Doubles hold integers exactly up to 2^53, so
sums are exact in any order: the result depends neither on shards nor on batches nor on the tiles below.

Trades come in batches and are valued in tiles that fit the processor's cache; memory is a few vectors of one entry a
scenario, whatever the number of trades.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from batch_runtime.errors import BadInputError
from risk_calculation.scenarios import Doubles, Scenarios
from risk_results import EXACT_LIMIT, UNITS_PER_USD
from risk_results.measures import Vector

_TILE_SCENARIOS = 4_096
_TILE_TRADES = 16


@dataclass(frozen=True)
class Positions:
    """A batch of trades as the valuation needs it; one entry a trade."""

    instruments: list[str]
    codes: npt.NDArray[np.int64]
    """Index into `instruments`."""
    volatility: Doubles
    correlation: Doubles
    market_value: Doubles
    """In units, not rounded."""
    linear: Doubles
    """Units gained for a return of 1, first order."""
    square: Doubles
    """Units gained for a squared return of 1."""

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> "Positions":
        """Read a batch of a shard partition."""
        encoded = batch.column("instrument").dictionary_encode()

        def number(name: str) -> Doubles:
            values: Doubles = batch.column(name).to_numpy(zero_copy_only=False)
            return values

        market_value = number("quantity") * number("price") * number("fx_to_usd") * UNITS_PER_USD
        return cls(
            instruments=encoded.dictionary.to_pylist(),
            codes=encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64),
            volatility=number("volatility"),
            correlation=number("correlation"),
            market_value=market_value,
            linear=market_value * number("delta"),
            square=market_value * number("gamma") / 2,
        )

    def deviations(self, horizon: float) -> Doubles:
        """Standard deviation of each trade's gain over the horizon: for normal r, Var(a r + b r^2) is known."""
        spread = self.volatility * horizon
        deviation: Doubles = np.sqrt((self.linear * spread) ** 2 + 2 * (self.square * spread**2) ** 2)
        return deviation

    def groups(self) -> Iterator[tuple[str, float, float, npt.NDArray[np.int64]]]:
        """Trades of equal returns: (instrument, volatility, correlation, their places), instruments together."""
        order = np.lexsort((self.correlation, self.volatility, self.codes))
        keys = (self.codes[order], self.volatility[order], self.correlation[order])
        changes = np.any([key[1:] != key[:-1] for key in keys], axis=0)
        for members in np.split(order, np.flatnonzero(changes) + 1):
            first = members[0]
            yield (
                self.instruments[self.codes[first]],
                float(self.volatility[first]),
                float(self.correlation[first]),
                members,
            )


@dataclass
class Valuation:
    """The running sum of profit and loss, in units."""

    scenarios: Scenarios
    count: int
    """Scenarios in the vector."""
    progress: Callable[[], None] = lambda: None
    _sum: Doubles = field(init=False)
    _bound: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._sum = np.zeros(self.count)
        self._tile = np.empty((_TILE_TRADES, _TILE_SCENARIOS))
        self._extra = np.empty_like(self._tile)

    def add_all(self, batches: Iterable[Positions]) -> None:
        """Value every batch."""
        for batch in batches:
            self.add(batch)

    def add(self, positions: Positions) -> None:
        """Value a batch and add its profit and loss."""
        instrument: str | None = None
        own: Doubles = np.empty(0)
        for name, volatility, correlation, members in positions.groups():
            if name != instrument:
                instrument, own = name, self.scenarios.own(name)
            returns = self.scenarios.returns(own, volatility, correlation)
            self._add_group(positions.linear[members], positions.square[members], returns)
            self.progress()

    @property
    def profit(self) -> Vector:
        """Profit and loss of all trades so far, in units, one entry a scenario."""
        return self._sum.astype(np.int64)

    def _add_group(self, linear: Doubles, square: Doubles, returns: Doubles) -> None:
        curved = bool(square.any())
        largest = float(np.abs(returns).max())
        self._bound += float((np.abs(linear) * largest + np.abs(square) * largest**2 + 1).sum())
        if self._bound > EXACT_LIMIT:
            raise BadInputError(
                f"the shard's trades may gain or lose more than {EXACT_LIMIT / UNITS_PER_USD:,.0f} US dollars "
                "together, beyond what is summed exactly; look for a wrong quantity or price, or lower BATCH_SHARD_SIZE"
            )
        for start in range(0, self.count, _TILE_SCENARIOS):
            part = returns[start : start + _TILE_SCENARIOS]
            squares = part * part if curved else part
            for first in range(0, len(linear), _TILE_TRADES):
                rows = slice(first, first + _TILE_TRADES)
                tile = self._tile[: len(linear[rows]), : len(part)]
                np.multiply.outer(linear[rows], part, out=tile)
                if curved:
                    extra = self._extra[: tile.shape[0], : tile.shape[1]]
                    tile += np.multiply.outer(square[rows], squares, out=extra)
                np.rint(tile, out=tile)
                self._sum[start : start + len(part)] += tile.sum(axis=0)
