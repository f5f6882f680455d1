"""Numbers too large are refused before they are added; memory does not grow with the trades."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_runtime.errors import BadInputError
from risk_calculation import trades as trades_module
from risk_calculation.aggregation import Aggregation
from risk_calculation.exposures import Exposures
from risk_calculation.scenarios import Factor, Generated, MovementCache
from risk_calculation.valuation import amounts_of, profit_of, workers
from risk_results import UNITS_PER_USD
from tests.jobs.portfolios import Row, amounts, model, trade, trades


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
        returns = generated.movement(Factor("instrument", "EQ-1", "equity", 0.5))
        currency = generated.movement(Factor("currency", "EUR"))
        for row, value_usd in zip(rows, worth, strict=True):
            spread = float(str(row["volatility"])) * math.sqrt(1 / 252)
            linear = value_usd * float(str(row["delta"])) * spread
            square = value_usd * float(str(row["gamma"])) / 2 * spread**2
            abroad = value_usd * 0.08 * math.sqrt(1 / 252)
            expected += linear * returns + square * returns**2 + abroad * currency
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
        from data_ingestion import columns, schema

        numbers = {c.name: (c.low, c.high) for c in schema.COLUMNS if isinstance(c, columns.Number)}
        assert numbers == trades_module.NUMBERS


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
                amounts_of(aggregation.cells(), [Generated(of)], MovementCache(), pool)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < 1.1 * peaks[0]

    def test_kept_movements_are_bounded(self) -> None:
        generated = Generated(model())
        cache = MovementCache(limit=5 * 2 * 2_000 * 4)
        factors = [Factor("instrument", f"EQ-{n}") for n in range(12)]
        with workers(2) as pool:
            for _ in range(2):
                for factor, basis in zip(factors, cache.get_all(generated, factors, pool.each), strict=True):
                    assert np.array_equal(basis, generated.basis(factor))
        assert cache._size == 5 * 2 * 2_000 * 4
