"""Tail measures and how often their intervals hold the truth."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from risk_results import LARGEST_UNITS
from risk_results.measures import LEVELS_PERMILLE, student_quantile, tail_measure, value_at_risk


class TestMeasures:
    @pytest.mark.parametrize("degrees", [3, 9, 49, 199])
    def test_students_quantile(self, degrees: int) -> None:
        """Against a table: 3.182, 2.262, 2.010, 1.972."""
        table = {3: 3.1824, 9: 2.2622, 49: 2.0096, 199: 1.9720}
        assert student_quantile(0.975, degrees) == pytest.approx(table[degrees], rel=0.01)

    @given(arrays.arrays(np.int64, st.integers(1, 300), elements=st.integers(-LARGEST_UNITS, LARGEST_UNITS)))
    def test_the_fast_way_agrees(self, profit: Sequence[int]) -> None:
        for level in LEVELS_PERMILLE:
            measure = tail_measure(np.asarray(profit), level)
            assert value_at_risk(np.asarray(profit), level) == measure.value_at_risk
            assert measure.var_low <= measure.value_at_risk <= measure.var_high
            assert measure.es_low <= measure.expected_shortfall <= measure.es_high

    @pytest.mark.parametrize("scenarios", [1_000, 20_000])
    @pytest.mark.parametrize("tails", ["normal", "student"])
    def test_intervals_hold_what_they_promise(self, scenarios: int, tails: str) -> None:
        """How often the truth lies inside, over many sets of scenarios: 95 %, within what chance allows."""
        rng = np.random.default_rng(8)
        repeats = 2_000 if scenarios == 1_000 else 600
        draw = rng.standard_normal if tails == "normal" else lambda size: rng.standard_t(5, size)
        reference = np.sort(np.concatenate([draw(1_000_000) for _ in range(8)]))
        inside = {level: [0, 0] for level in LEVELS_PERMILLE}
        truth = {}
        for level in LEVELS_PERMILLE:
            rank = len(reference) * level // 1000
            truth[level] = (reference[rank] * 1e9, reference[rank:].mean() * 1e9)
        for _ in range(repeats):
            profit = np.rint(-draw(scenarios) * 1e9).astype(np.int64)
            for level in LEVELS_PERMILLE:
                measure = tail_measure(profit, level)
                inside[level][0] += measure.var_low <= truth[level][0] <= measure.var_high
                inside[level][1] += measure.es_low <= truth[level][1] <= measure.es_high
        chance = 3 * math.sqrt(0.95 * 0.05 / repeats)
        for level, (at_risk, shortfall) in inside.items():
            assert 0.95 - chance <= at_risk / repeats <= 0.975 + chance, (level, at_risk / repeats)
            allowed = _ES_SHORT[scenarios, tails]
            assert 0.95 - allowed - chance <= shortfall / repeats <= 0.97 + chance, (level, shortfall / repeats)


_ES_SHORT = {(1_000, "normal"): 0.0, (20_000, "normal"): 0.0, (1_000, "student"): 0.03, (20_000, "student"): 0.0}
"""By how much the interval of the expected shortfall may fall short: with ten scenarios in a heavy tail it does."""
