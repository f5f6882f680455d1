"""risk-calculation is right: against closed form, with and without currencies."""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_results import UNITS_PER_USD
from risk_results.measures import LEVELS_PERMILLE, tail_measure, tail_weights
from tests.jobs.portfolios import Row, model, trade, trades, value

NORMAL = NormalDist()


STANDARD_ERRORS = 4
"""A deviation beyond this has a probability of 6e-5; seeds are fixed, so a test that passes once passes always."""


class TestClosedForm:
    """A linear portfolio is normal: its standard deviation, value at risk and expected shortfall are formulas."""

    @pytest.fixture
    def rows(self) -> list[Row]:
        rng = np.random.default_rng(5)
        return [
            trade(
                trade_id=f"T-{number}",
                instrument=f"EQ-{number % 17}",
                quantity=float(rng.normal(200, 900)),
                volatility=0.1 + (number % 17) * 0.02,
                correlation=-0.4 + (number % 17) * 0.07,
            )
            for number in range(120)
        ]

    @staticmethod
    def deviation(rows: Sequence[Row], horizon_days: int) -> float:
        """Of the portfolio, in units: one market factor, and a risk of its own for each instrument."""
        market = 0.0
        specific: dict[object, float] = {}
        for row in rows:
            spread = float(str(row["quantity"])) * 100 * float(str(row["volatility"])) * math.sqrt(horizon_days / 252)
            correlation = float(str(row["correlation"]))
            market += spread * correlation
            specific[row["instrument"]] = specific.get(row["instrument"], 0.0) + spread * math.sqrt(1 - correlation**2)
        return UNITS_PER_USD * math.sqrt(market**2 + sum(part**2 for part in specific.values()))

    @pytest.mark.parametrize("horizon_days", [1, 10])
    @pytest.mark.parametrize("permille", LEVELS_PERMILLE)
    def test_value_at_risk_and_expected_shortfall(self, rows: list[Row], horizon_days: int, permille: int) -> None:
        count = 200_000
        deviation = self.deviation(rows, horizon_days)
        measured = tail_measure(value(rows, model(count, horizon_days)), permille)
        level = permille / 1000
        quantile = NORMAL.inv_cdf(level)
        density = NORMAL.pdf(quantile)
        shortfall = density / (1 - level)
        # Asymptotic standard errors of a sample quantile and of the mean beyond it.
        quantile_error = math.sqrt(level * (1 - level) / count) / density
        excess = shortfall - quantile
        second = (1 - level) * (1 + quantile**2) - quantile * density
        shortfall_error = math.sqrt(second - ((1 - level) * excess) ** 2) / (1 - level) / math.sqrt(count)
        assert abs(measured.value_at_risk / deviation - quantile) < STANDARD_ERRORS * quantile_error
        assert abs(measured.expected_shortfall / deviation - shortfall) < STANDARD_ERRORS * shortfall_error
        assert measured.es_standard_error / deviation == pytest.approx(shortfall_error, rel=0.05)
        assert measured.var_low < measured.value_at_risk < measured.var_high

    def test_mean_and_deviation(self, rows: list[Row]) -> None:
        count = 200_000
        deviation = self.deviation(rows, 1)
        profit = value(rows, model(count))
        assert abs(profit.mean()) < STANDARD_ERRORS * deviation / math.sqrt(count)
        assert abs(profit.std() / deviation - 1) < STANDARD_ERRORS / math.sqrt(2 * count)

    def test_gamma_lifts_the_mean_by_half_the_variance(self) -> None:
        count = 200_000
        profit = value([trade(delta=0.0, gamma=50.0)], model(count)) / UNITS_PER_USD
        variance = 0.2**2 / 252
        expected = 100_000 * 50 / 2 * variance
        assert abs(profit.mean() / expected - 1) < STANDARD_ERRORS * math.sqrt(2 / count)

    def test_the_ranking_deviation_is_that_of_the_simulation(self) -> None:
        """Var(a r + b r^2) for normal r, used to choose the riskiest trades."""
        rows = [trade(delta=3.0, gamma=400.0, volatility=0.6)]
        stated = float(trades(rows).deviations(math.sqrt(1 / 252))[0])
        assert value(rows, model(200_000)).std() / stated == pytest.approx(1, rel=0.01)

    def test_the_market_is_shared_and_own_risk_is_not(self) -> None:
        of = model(100_000)
        first = value([trade(instrument="A")], of)
        second = value([trade(instrument="B")], of)
        again = value([trade(instrument="A", trade_id="T-2")], of)
        error = STANDARD_ERRORS / math.sqrt(of.scenarios)
        assert abs(np.corrcoef(first, second)[0, 1] - 0.25) < error
        assert np.array_equal(first, again)


class TestMeasures:
    def test_ranks_by_hand(self) -> None:
        """100 scenarios that lose 1 to 100: at 95 % the 95th loss, then the mean of the five beyond."""
        profit = -np.random.default_rng(1).permutation(np.arange(1, 101))
        measure = tail_measure(profit, 950)
        assert (measure.value_at_risk, measure.expected_shortfall) == (95, 98)

    def test_a_tail_that_is_no_whole_number_of_scenarios(self) -> None:
        """Of 50 scenarios the worst 2.5 % are 1.25: all of the worst, a quarter of the next."""
        profit = -np.arange(1, 51)
        assert tail_measure(profit, 975).expected_shortfall == pytest.approx((50 + 0.25 * 49) / 1.25)

    @given(st.lists(st.integers(-(10**9), 10**9), min_size=10, max_size=200), st.sampled_from(LEVELS_PERMILLE))
    def test_contributions_add_up_to_the_expected_shortfall(self, values: list[int], permille: int) -> None:
        profit = np.array(values, dtype=np.int64)
        weights = tail_weights(profit, permille)
        assert weights.sum() == pytest.approx(1)
        whole = tail_measure(profit, permille).expected_shortfall
        assert -float(weights @ profit) == pytest.approx(whole, rel=1e-9, abs=1e-6)


class TestCurrency:
    """A position in a foreign currency is a position in that currency too."""

    def test_adds_the_currency_variance(self) -> None:
        of = model(200_000, fx_volatility=0.08)
        linear = value([trade(currency="EUR", fx_to_usd=1.1, volatility=0.1)], of)
        expected = 1_000 * 100 * 1.1 * math.sqrt((0.1**2 + 0.08**2) / 252) * UNITS_PER_USD
        assert abs(linear.std() / expected - 1) < STANDARD_ERRORS / math.sqrt(2 * of.scenarios)

    def test_the_dollar_does_not_move(self) -> None:
        assert np.array_equal(value([trade()], model(fx_volatility=0.08)), value([trade()], model()))

    def test_two_positions_in_a_currency_share_its_movement(self) -> None:
        of = model(fx_volatility=0.08)
        long = trade(currency="EUR", volatility=0.0, instrument="A")
        short = trade(currency="EUR", volatility=0.0, instrument="B", quantity=-1_000.0)
        assert not value([long, short], of).any()
        assert value([long], of).any()
