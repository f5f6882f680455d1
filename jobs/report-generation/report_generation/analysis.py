"""The portfolio's measures and where its risk comes from."""

from dataclasses import dataclass

import numpy as np

from report_generation.gathering import Gathered, load_vector
from risk_results.documents import Exposure
from risk_results.measures import LEVELS_PERMILLE, TailMeasure, tail_measure, tail_weights

HEADLINE = 990
"""The level of the first page, in thousandths."""


@dataclass(frozen=True)
class Contribution:
    """A shard's share of the portfolio's expected shortfall; the shares add up to the whole."""

    shard: int
    trades: int
    expected_shortfall: float
    """In units, at `HEADLINE`; negative when the shard hedges the others."""


@dataclass(frozen=True)
class Analysis:
    """What the report says, before it is worded; money in units."""

    gathered: Gathered
    measures: tuple[TailMeasure, ...]
    mean: float
    deviation: float
    contributions: tuple[Contribution, ...]
    total: Exposure

    @property
    def headline(self) -> TailMeasure:
        """The measures of the first page."""
        return next(measure for measure in self.measures if measure.permille == HEADLINE)


def analyse(gathered: Gathered) -> Analysis:
    """Rank and sum what was gathered."""
    weights = tail_weights(gathered.profit, HEADLINE)
    measures = tuple(tail_measure(gathered.profit, level) for level in LEVELS_PERMILLE)
    return Analysis(
        gathered=gathered,
        measures=measures,
        mean=float(gathered.profit.mean()),
        deviation=float(gathered.profit.std(ddof=1)),
        contributions=tuple(
            Contribution(line.shard, line.trades, -float(np.dot(weights, load_vector(line))))
            for line in gathered.shards
        ),
        total=sum(gathered.by_asset_class.values(), Exposure(long=0, short=0)),
    )
