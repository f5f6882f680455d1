"""Value at risk and expected shortfall of a profit-and-loss vector.

Value at risk is the smallest loss that is not exceeded in at least the level's share of the scenarios (the order
statistic itself, nothing interpolated). Expected shortfall is the mean loss of the worst share beyond the level, the
scenario on its edge counted in part: the coherent estimator (Acerbi and Tasche, 2002), so that sharing it out over
shards adds up to it exactly.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEVELS_PERMILLE = (950, 975, 990)
"""Confidence levels in thousandths: integers, so that ranks are exact."""

Vector = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TailMeasure:
    """Value at risk and expected shortfall at one level, in units; a loss is positive."""

    permille: int
    value_at_risk: int
    expected_shortfall: float
    var_low: int
    """Lower end of the 95 % confidence interval of the value at risk, from order statistics alone."""
    var_high: int
    es_standard_error: float


def tail_measure(profit: Vector, permille: int) -> TailMeasure:
    """The measures at `permille` of a vector of profit and loss, one entry a scenario."""
    losses = np.sort(-profit)
    count = len(losses)
    rank = _rank(count, permille)
    at_risk = int(losses[rank - 1])
    tail = count * (1000 - permille) / 1000
    excess = np.maximum(losses[rank - 1 :] - at_risk, 0).astype(np.float64)
    beyond = float(excess.sum()) / tail
    spread = math.sqrt(max(0.0, float((excess**2).sum()) / count - (float(excess.sum()) / count) ** 2))
    half_width = 1.96 * math.sqrt(count * permille * (1000 - permille)) / 1000
    return TailMeasure(
        permille=permille,
        value_at_risk=at_risk,
        expected_shortfall=at_risk + beyond,
        var_low=int(losses[max(0, math.floor(rank - half_width) - 1)]),
        var_high=int(losses[min(count - 1, math.ceil(rank + half_width) - 1)]),
        es_standard_error=spread / (1 - permille / 1000) / math.sqrt(count),
    )


def tail_weights(profit: Vector, permille: int) -> npt.NDArray[np.float64]:
    """Weight of each scenario in the expected shortfall of `profit`: -(weights @ profit) is the expected shortfall.

    Applied to the vector of a part, the same weights give that part's contribution; contributions add up to the whole.
    """
    count = len(profit)
    tail = count * (1000 - permille) / 1000
    order = np.argsort(profit, kind="stable")
    whole = int(count * (1000 - permille) // 1000)
    weights = np.zeros(count)
    weights[order[:whole]] = 1 / tail
    if whole < tail:
        weights[order[whole]] = (tail - whole) / tail
    return weights


def _rank(count: int, permille: int) -> int:
    """The 1-based rank of the value at risk among the sorted losses: the smallest not under count * level."""
    return -(-count * permille // 1000)
