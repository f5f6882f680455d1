"""What the report says about the model's limits is measured here: delta and gamma against full repricing."""

import math
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest

from report_generation.pages.explanation import DELTA_GAMMA_ERROR

NORMAL = NormalDist()


def price(spot: float, years: float, volatility: float, call: bool) -> float:
    """Of an option struck at 1, without interest (Black and Scholes, 1973)."""
    spread = volatility * math.sqrt(years)
    first = math.log(spot) / spread + spread / 2
    value = spot * NORMAL.cdf(first) - NORMAL.cdf(first - spread)
    return value if call else value - spot + 1


def error(years: float, volatility: float, call: bool, side: int, days: int) -> float:
    """How far the value at risk at 99 % by delta and gamma is off, relatively, for normal returns."""
    spread = volatility * math.sqrt(years)
    delta = NORMAL.cdf(spread / 2) - (0 if call else 1)
    gamma = NORMAL.pdf(spread / 2) / spread
    levels = (np.arange(20_000) + 0.5) / 20_000
    returns = np.array([NORMAL.inv_cdf(level) for level in levels[::10]]) * volatility * math.sqrt(days / 252)
    now = price(1.0, years, volatility, call)
    full = side * np.array([price(1 + move, years, volatility, call) - now for move in returns])
    series = side * (delta * returns + gamma / 2 * returns**2)
    return float(np.quantile(-series, 0.99) / np.quantile(-full, 0.99) - 1)


@pytest.mark.parametrize("days", DELTA_GAMMA_ERROR)
def test_the_stated_error_of_delta_and_gamma_is_the_measured_one(days: int) -> None:
    """No option of the stated kind is off by more, and the statement is not far wider than the worst."""
    cases = product((0.25, 0.5, 1.0), (0.2, 0.4), (True, False), (1, -1))
    errors = [error(*case, days) for case in cases]
    low, high = DELTA_GAMMA_ERROR[days]
    assert low <= min(errors) <= 0.7 * low
    assert 0.7 * high <= max(errors) <= high
