"""risk-calculation: right against closed form, the same however trades are cut, bounded in memory and in numbers."""

import math
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_runtime.errors import BadInputError
from risk_calculation import trades as trades_module
from risk_calculation.aggregation import Aggregation
from risk_calculation.exposures import Exposures
from risk_calculation.scenarios import Factor, Generated, Kept
from risk_calculation.valuation import amounts_of, available_vcpus, profit_of, workers
from risk_results import UNITS_PER_USD
from risk_results.measures import LEVELS_PERMILLE, tail_measure, tail_weights
from sandbox.demo import portfolio
from tests.jobs.risk import DAY, Row, amounts, model, trade, trades, value

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
        own: dict[object, float] = {}
        for row in rows:
            spread = float(str(row["quantity"])) * 100 * float(str(row["volatility"])) * math.sqrt(horizon_days / 252)
            correlation = float(str(row["correlation"]))
            market += spread * correlation
            own[row["instrument"]] = own.get(row["instrument"], 0.0) + spread * math.sqrt(1 - correlation**2)
        return UNITS_PER_USD * math.sqrt(market**2 + sum(part**2 for part in own.values()))

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


TRADES = st.lists(
    st.builds(
        lambda number, instrument, quantity, volatility, correlation, gamma: trade(
            trade_id=f"T-{number}",
            instrument=f"EQ-{instrument}",
            quantity=quantity,
            volatility=volatility,
            correlation=correlation,
            gamma=gamma,
        ),
        st.integers(0, 10**6),
        st.integers(0, 5),
        st.floats(-1e6, 1e6).filter(bool),
        st.sampled_from([0.0, 0.17, 0.4]),
        st.sampled_from([-1.0, 0.3, 1.0]),
        st.sampled_from([0.0, 31.7]),
    ),
    min_size=1,
    max_size=40,
)


class TestSharding:
    """The same result, to the last bit, however the trades are cut: nothing may be lost or won by fan-out."""

    @settings(deadline=None, max_examples=60)
    @given(TRADES, st.data())
    def test_any_order_and_any_cut_gives_the_same_vector(self, rows: list[Row], data: st.DataObject) -> None:
        of = model(1_000)
        whole = value(rows, of)
        shuffled = data.draw(st.permutations(rows))
        cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(rows) - 1)), max_size=6)))
        parts = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
        sums = [amounts([row | {"asset_class": "equity"} for row in part], of) for part in parts if part]
        for other in sums[1:]:
            sums[0].add(other)
        assert np.array_equal(profit_of(sums[0], Generated(of))[0], whole)

    @pytest.mark.parametrize(("threads", "batches"), [(1, 1), (4, 1), (3, 7)])
    def test_threads_and_batches_change_nothing(self, threads: int, batches: int) -> None:
        rows: list[Row] = [dict(row) for row in portfolio.generate(300, DAY, seed=3)]
        of = model(9_000, fx_volatility=0.08)
        plain = amounts(rows, of)
        other = amounts(rows, of, threads=threads, batches=batches)
        assert np.array_equal(plain.high, other.high) and np.array_equal(plain.low, other.low)

    def test_a_plain_sum_in_python_integers_gives_the_same(self) -> None:
        """Digits, matrix products, planes and blocks change the speed only: trade by trade, in unbounded integers."""
        of = model(1_000)
        rows = [
            trade(trade_id=f"T-{n}", instrument=f"EQ-{n % 3}", quantity=n * 37.5 - 700, gamma=float(n % 2) * 20)
            for n in range(41)
        ]
        generated = Generated(of)
        horizon = math.sqrt(1 / 252)
        expected = [0] * of.scenarios
        for row in rows:
            basis = generated.basis(Factor("instrument", str(row["instrument"]), "equity", 0.5))
            worth = float(str(row["quantity"])) * 100.0 * UNITS_PER_USD
            linear = round(worth * (0.2 * horizon) * 100)
            square = round(worth * float(str(row["gamma"])) / 2 * ((0.2 * horizon) * (0.2 * horizon)) * 100)
            for place in range(of.scenarios):
                expected[place] += linear * int(basis[0][place]) + square * int(basis[1][place])
        found = amounts(rows, of)
        exact = [int(high) * 2**48 + int(low) for high, low in zip(found.high[0], found.low[0], strict=True)]
        assert exact == expected
        units = [(amount + 50 * 2**16) // (100 * 2**16) for amount in expected]
        assert value(rows, of).tolist() == units

    def test_a_float_model_agrees(self) -> None:
        """Rounding to binary fractions is far below the Monte Carlo error: 1e-5 of a standard deviation."""
        rows: list[Row] = [dict(row) for row in portfolio.generate(200, DAY, seed=4)]
        of = model(2_000)
        generated = Generated(of)
        expected = np.zeros(of.scenarios)
        book = trades(rows)
        for place in range(len(book)):
            kind = book.asset_class[place]
            factor = Factor("instrument", book.instrument[place], kind, float(book.correlation[place]))
            returns = generated.movement(factor) * (book.volatility[place] * math.sqrt(1 / 252))
            expected += book.linear[place] * returns + book.square[place] * returns**2
        error = np.abs(value(rows, of) - expected).max()
        assert error < 1e-4 * expected.std()

    def test_exposures_and_riskiest_do_not_depend_on_batches_or_order(self) -> None:
        rows: list[Row] = [dict(row) for row in portfolio.generate(600, DAY, seed=2)]
        seen = []
        for order, size in ((rows, 600), (rows, 83), (rows[::-1], 41)):
            exposures = Exposures(model(), Generated(model()))
            for start in range(0, len(order), size):
                exposures.add(trades(order[start : start + size]))
            seen.append(
                (exposures.by_currency, exposures.groups(), exposures.instruments.tobytes(), exposures.riskiest())
            )
        assert seen[0] == seen[1] == seen[2]
        assert [risky.deviation for risky in seen[0][3]] == sorted((r.deviation for r in seen[0][3]), reverse=True)

    def test_equal_trades_are_ranked_by_id_whatever_the_order(self) -> None:
        """Forty trades that tie for twenty places: which ones are named must not depend on the cut."""
        rows = [trade(trade_id=f"T-{number:02d}") for number in range(40)]
        for order in (rows, rows[::-1]):
            for size in (40, 7):
                exposures = Exposures(model(), Generated(model()))
                for start in range(0, 40, size):
                    exposures.add(trades(order[start : start + size]))
                assert [risky.trade_id for risky in exposures.riskiest()] == [f"T-{n:02d}" for n in range(20)]

    def test_draws_are_the_same_every_day_unless_asked(self) -> None:
        other_day = model().model_copy(update={"business_date": DAY.replace(day=19)})
        assert np.array_equal(value([trade()], model()), value([trade()], other_day))
        assert not np.array_equal(value([trade()], model()), value([trade()], model(seed="2026-11-20")))


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


class TestBounds:
    """No number that a partition can hold ends in a wrong sum: refused, or exact."""

    @pytest.mark.parametrize(
        "changes", [{"volatility": 0.0}, {"delta": 0.0}, {"delta": 0.0, "gamma": 0.0}, {"volatility": 5.0}]
    )
    @pytest.mark.parametrize("sign", [1.0, -1.0])
    def test_the_largest_position_of_the_schema_is_refused(self, changes: Row, sign: float) -> None:
        """1e19 US dollars do not fit in 64 bits of units, however little they move."""
        row = trade(quantity=sign * 1e9, price=1e7, currency="EUR", fx_to_usd=1e3, **changes)
        with pytest.raises(BadInputError, match="that are added exactly; look for a wrong quantity"):
            Exposures(model(), Generated(model())).add(trades([row]))

    def test_many_that_are_too_large_only_together_are_refused(self) -> None:
        rows = [trade(trade_id=f"T-{n}", quantity=1e9, price=1e5, volatility=0.0) for n in range(10)]
        exposures = Exposures(model(), Generated(model()))
        exposures.add(trades(rows[:4]))
        with pytest.raises(BadInputError, match="that are added exactly"):
            exposures.add(trades(rows[4:]))

    def test_coefficients_too_large_together_are_refused(self) -> None:
        aggregation = Aggregation(model())
        with pytest.raises(BadInputError, match="beyond what is added exactly; look for a wrong quantity"):
            aggregation.add(trades([trade(quantity=1e9, price=1e5, volatility=5.0, gamma=500.0)]))

    @settings(deadline=None, max_examples=200)
    @given(
        st.lists(
            st.builds(
                lambda quantity, price, fx, volatility, delta, gamma: trade(
                    quantity=quantity,
                    price=price,
                    currency="EUR",
                    fx_to_usd=fx,
                    volatility=volatility,
                    delta=delta,
                    gamma=gamma,
                ),
                st.floats(-1e9, 1e9),
                st.floats(1e-6, 1e7),
                st.floats(1e-6, 1e3),
                st.floats(0, 5),
                st.floats(-50, 50),
                st.floats(-500, 500),
            ),
            min_size=1,
            max_size=5,
        )
    )
    def test_anything_within_the_schema_is_exact_or_refused(self, rows: list[Row]) -> None:
        of = model(1_000, fx_volatility=0.08)
        generated = Generated(of)
        try:
            exposures = Exposures(of, generated)
            exposures.add(trades(rows))
            profit = profit_of(amounts(rows, of, sources=[generated]), generated)[0].astype(float)
            exposures.riskiest()
        except BadInputError:
            return
        worth = [float(str(r["quantity"])) * float(str(r["price"])) * float(str(r["fx_to_usd"])) for r in rows]
        net = sum(part.net for part in exposures.by_currency.values())
        assert net == pytest.approx(sum(worth) * UNITS_PER_USD, abs=2 + 1e-9 * sum(map(abs, worth)) * UNITS_PER_USD)
        expected, size = np.zeros(of.scenarios), 0.0
        own = generated.movement(Factor("instrument", "EQ-1", "equity", 0.5))
        currency = generated.movement(Factor("currency", "EUR"))
        for row, value_usd in zip(rows, worth, strict=True):
            spread = float(str(row["volatility"])) * math.sqrt(1 / 252)
            linear = value_usd * float(str(row["delta"])) * spread
            square = value_usd * float(str(row["gamma"])) / 2 * spread**2
            abroad = value_usd * 0.08 * math.sqrt(1 / 252)
            expected += linear * own + square * own**2 + abroad * currency
            size += abs(linear) + 20 * abs(square) + abs(abroad)
        assert np.abs(profit / UNITS_PER_USD - expected).max() <= 1e-3 + 1e-4 * size

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"price": float("nan")}, "price must be a number from 1e-06 to 1e.07, got nan"),
            ({"quantity": float("inf")}, "quantity must be a number"),
            ({"correlation": 1.5}, "correlation must be a number from -1 to 1, got 1.5"),
            ({"instrument": "no such\nname"}, "instrument must match"),
            ({"trade_id": ""}, "trade_id must match"),
            ({"currency": "eur"}, "currency must match"),
            ({"book": "x" * 65}, "book must match"),
        ],
    )
    def test_values_outside_of_the_contract_are_refused(self, changes: Row, message: str) -> None:
        with pytest.raises(BadInputError, match=message):
            trades([trade(**changes)])

    def test_the_bounds_are_those_of_ingestion(self) -> None:
        from data_ingestion import schema

        numbers = {c.name: (c.low, c.high) for c in schema.COLUMNS if isinstance(c, schema.Number)}
        assert numbers == trades_module.NUMBERS


class TestThreads:
    @pytest.mark.parametrize(("text", "most"), [("200000 100000", 2), ("50000 100000", 1), ("max 100000", 10**6)])
    def test_the_control_group_limits_them(self, tmp_path: Path, text: str, most: int) -> None:
        path = tmp_path / "cpu.max"
        path.write_text(text)
        assert 1 <= available_vcpus(path) <= most

    def test_without_a_control_group(self, tmp_path: Path) -> None:
        assert available_vcpus(tmp_path / "none") >= 1


class TestMemory:
    def test_does_not_grow_with_the_trades(self) -> None:
        """The peak of valuing 40 batches is that of valuing two."""
        of = model(20_000)
        peaks = []
        for batches in (2, 40):
            tracemalloc.start()
            aggregation = Aggregation(of)
            for number in range(batches):
                rows = [trade(trade_id=f"T-{number}-{n}", instrument=f"EQ-{n % 50}") for n in range(500)]
                aggregation.add(trades(rows))
            with workers(2) as pool:
                amounts_of(aggregation.cells(), [Generated(of)], Kept(), pool)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < 1.1 * peaks[0]

    def test_kept_movements_are_bounded(self) -> None:
        generated = Generated(model())
        kept = Kept(limit=5 * 2 * 2_000 * 4)
        factors = [Factor("instrument", f"EQ-{n}") for n in range(12)]
        with workers(2) as pool:
            for _ in range(2):
                for factor, basis in zip(factors, kept.get_all(generated, factors, pool.each), strict=True):
                    assert np.array_equal(basis, generated.basis(factor))
        assert kept._size == 5 * 2 * 2_000 * 4
