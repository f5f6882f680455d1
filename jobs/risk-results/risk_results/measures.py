"""Value at risk and expected shortfall of a profit-and-loss vector, with intervals that keep their promise.

Value at risk is the smallest loss that is not exceeded in at least the level's share of the scenarios (the order
statistic itself, nothing interpolated). Expected shortfall is the mean loss of the worst share beyond the level, the
scenario on its edge counted in part: the coherent estimator (Acerbi and Tasche, "On the coherence of expected
shortfall", 2002, https://arxiv.org/abs/cond-mat/0104295), so that sharing it out over groups adds up to it exactly.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

LEVELS_PERMILLE = (950, 975, 990)
"""Confidence levels in thousandths: integers, so that ranks are exact."""
_COVERAGE = 0.95

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
    es_low: float
    """Lower end of the 95 % confidence interval of the expected shortfall."""
    es_high: float


def tail_measure(profit: Vector, permille: int) -> TailMeasure:
    """The measures at `permille` of a vector of profit and loss, one entry a scenario.

    The interval of the value at risk comes from the binomial distribution of ranks and holds for any distribution. That
    of the expected shortfall is Student's with the scenarios beyond the level, less one, as degrees of freedom: with
    few of them the normal one is too short, because their spread is an estimate itself.
    """
    losses = np.sort(-profit)
    count = len(losses)
    rank = -(-count * permille // 1000)
    at_risk = int(losses[rank - 1])
    share = (1000 - permille) / 1000
    tail = count * share
    excess = (losses[rank - 1 :] - at_risk).astype(np.float64)
    beyond = float(excess.sum()) / tail
    low, high = _rank_interval(count, permille)
    error = _shortfall_error(excess, count, share)
    width = student_quantile(0.5 + _COVERAGE / 2, max(1.0, tail - 1)) * error
    return TailMeasure(
        permille=permille,
        value_at_risk=at_risk,
        expected_shortfall=at_risk + beyond,
        var_low=int(losses[low - 1]),
        var_high=int(losses[high - 1]),
        es_standard_error=error,
        es_low=at_risk + beyond - width,
        es_high=at_risk + beyond + width,
    )


def value_at_risk(profit: Vector, permille: int) -> int:
    """The value at risk alone, faster than with all the rest."""
    rank = -(-len(profit) * permille // 1000)
    position = len(profit) - rank
    return -int(np.partition(profit, position)[position])


def tail_weights(profit: Vector, permille: int) -> npt.NDArray[np.float64]:
    """Weight of each scenario in the expected shortfall of `profit`: -(weights @ profit) is the expected shortfall.

    Applied to the vector of a part, the same weights give that part's contribution; contributions add up to the whole.
    """
    count = len(profit)
    tail = count * (1000 - permille) / 1000
    order = np.argsort(profit, kind="stable")
    whole = count * (1000 - permille) // 1000
    weights = np.zeros(count)
    weights[order[:whole]] = 1 / tail
    if whole < tail:
        weights[order[whole]] = (tail - whole) / tail
    return weights


def student_quantile(probability: float, degrees: float) -> float:
    """The quantile of Student's t, by Fisher and Cornish's expansion (Abramowitz and Stegun, 26.7.5).

    Good to 1 % at 0.975 from 3 degrees of freedom on; fewer are taken as 3.
    """
    x, v = NormalDist().inv_cdf(probability), max(3.0, degrees)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(term / v ** (power + 1) for power, term in enumerate(terms))


def _shortfall_error(excess: npt.NDArray[np.float64], count: int, share: float) -> float:
    """Standard error of the expected shortfall, from the losses beyond the value at risk.

    Asymptotically the mean over all scenarios of max(loss - VaR, 0) / share; the sample's own value at risk lies too
    near to its tail, which the factor k / (k - 1) for k scenarios in the tail makes good.
    """
    mean = float(excess.sum()) / count
    variance = max(0.0, float((excess**2).sum()) / count - mean**2)
    tail = max(2.0, count * share)
    return math.sqrt(variance / count * tail / (tail - 1)) / share


def _rank_interval(count: int, permille: int) -> tuple[int, int]:
    """Ranks (from 1) between which the true quantile lies with at least 95 %, where there are enough scenarios.

    The number of losses below the quantile is binomial (David and Nagaraja, Order Statistics, 7.1).
    """
    level = permille / 1000
    centre, spread = count * level, math.sqrt(count * level * (1 - level))
    first, last = max(0, math.floor(centre - 8 * spread - 8)), min(count, math.ceil(centre + 8 * spread + 8))
    positions = range(first, last + 1)
    logs = (
        math.lgamma(count + 1)
        - math.lgamma(position + 1)
        - math.lgamma(count - position + 1)
        + position * math.log(level)
        + (count - position) * math.log1p(-level)
        for position in positions
    )
    below = np.cumsum([math.exp(value) for value in logs])
    outside = (1 - _COVERAGE) / 2
    low = first + int(np.searchsorted(below, outside, side="right"))
    high = first + int(np.searchsorted(below, 1 - outside, side="left")) + 1
    return max(1, low), min(count, high)
