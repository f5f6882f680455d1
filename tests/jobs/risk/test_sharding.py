"""The same numbers to the last bit however trades are cut, ordered and computed."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_calculation.exposures import Exposures
from risk_calculation.scenarios import Factor, Generated
from risk_calculation.valuation import available_vcpus, profit_of
from risk_results import UNITS_PER_USD
from sandbox.demo import portfolio
from tests.jobs.portfolios import DAY, Row, amounts, model, trade, trades, value

STANDARD_ERRORS = 4
"""A deviation beyond this has a probability of 6e-5; seeds are fixed, so a test that passes once passes always."""


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
            for scenario in range(of.scenarios):
                expected[scenario] += linear * int(basis[0][scenario]) + square * int(basis[1][scenario])
        total = amounts(rows, of)
        exact = [int(high) * 2**48 + int(low) for high, low in zip(total.high[0], total.low[0], strict=True)]
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
        for row in range(len(book)):
            kind = book.asset_class[row]
            factor = Factor("instrument", book.instrument[row], kind, float(book.correlation[row]))
            returns = generated.movement(factor) * (book.volatility[row] * math.sqrt(1 / 252))
            expected += book.linear[row] * returns + book.square[row] * returns**2
        error = np.abs(value(rows, of) - expected).max()
        assert error < 1e-4 * expected.std()

    def test_exposures_and_riskiest_do_not_depend_on_batches_or_order(self) -> None:
        rows: list[Row] = [dict(row) for row in portfolio.generate(600, DAY, seed=2)]
        results = []
        for order, size in ((rows, 600), (rows, 83), (rows[::-1], 41)):
            exposures = Exposures(model(), Generated(model()))
            for start in range(0, len(order), size):
                exposures.add(trades(order[start : start + size]))
            results.append(
                (exposures.by_currency, exposures.groups(), exposures.instruments.tobytes(), exposures.riskiest())
            )
        assert results[0] == results[1] == results[2]
        assert [risky.deviation for risky in results[0][3]] == sorted(
            (r.deviation for r in results[0][3]), reverse=True
        )

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


class TestThreads:
    @pytest.mark.parametrize(("text", "most"), [("200000 100000", 2), ("50000 100000", 1), ("max 100000", 10**6)])
    def test_the_control_group_limits_them(self, tmp_path: Path, text: str, most: int) -> None:
        path = tmp_path / "cpu.max"
        path.write_text(text)
        assert 1 <= available_vcpus(path) <= most

    def test_without_a_control_group(self, tmp_path: Path) -> None:
        assert available_vcpus(tmp_path / "none") >= 1
