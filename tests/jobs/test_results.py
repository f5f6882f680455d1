"""Exact sums, result files and measures: what risk-calculation and report-generation share."""

import json
import math
import os
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from batch_runtime.errors import BadInputError, as_job_error
from risk_results import LARGEST_UNITS
from risk_results.documents import Header, digest
from risk_results.exact import Amounts, balanced_digits
from risk_results.files import Result, combine, require_addable
from risk_results.measures import LEVELS_PERMILLE, student_quantile, tail_measure, value_at_risk
from tests.jobs.risk import model, result, trade


def exact(amounts: Amounts) -> list[list[int]]:
    return [
        [int(high) * 2**48 + int(low) for high, low in zip(*row, strict=True)]
        for row in zip(amounts.high, amounts.low, strict=True)
    ]


COEFFICIENTS = st.integers(-(2**62), 2**62)


class TestExact:
    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(st.lists(COEFFICIENTS, min_size=3, max_size=3), min_size=1, max_size=4),
        st.lists(st.lists(st.integers(-(2**37), 2**37), min_size=5, max_size=5), min_size=3, max_size=3),
    )
    def test_a_product_is_that_of_unbounded_integers(
        self, coefficients: list[list[int]], factors: list[list[int]]
    ) -> None:
        amounts = Amounts.zeros(len(coefficients), 5)
        for _ in range(2):
            amounts.add_product(np.array(coefficients, dtype=np.int64), np.array(factors, dtype=np.float64))
        expected = [
            [2 * sum(row[k] * factors[k][column] for k in range(3)) for column in range(5)] for row in coefficients
        ]
        assert exact(amounts) == expected
        assert (amounts.low >= 0).all() and (amounts.low < 2**48).all()

    @given(st.lists(COEFFICIENTS, min_size=1, max_size=5), st.integers(2, 40))
    def test_digits_make_up_the_number_and_are_small(self, values: list[int], bits: int) -> None:
        digits = balanced_digits(np.array(values, dtype=np.int64), bits)
        for place, value in enumerate(values):
            assert sum(int(digit[place]) << (bits * power) for power, digit in enumerate(digits)) == value
        assert all(np.abs(digit).max() <= 2 ** (bits - 1) for digit in digits)

    def test_factors_too_large_for_exactness_are_refused(self) -> None:
        with pytest.raises(ValueError, match="cannot be multiplied exactly"):
            Amounts.zeros(1, 1).add_product(np.ones((1, 1), dtype=np.int64), np.full((1, 1), 2.0**52))

    @given(st.integers(-(2**85), 2**85), st.sampled_from([(16, 100), (30, 1), (16, 1)]))
    def test_scaling_down_rounds_half_up_or_refuses(self, amount: int, scale: tuple[int, int]) -> None:
        amounts = Amounts(
            np.array([[amount >> 48]], dtype=np.int64), np.array([[amount & (2**48 - 1)]], dtype=np.int64)
        )
        bits, divisor = scale
        try:
            found = int(amounts.scaled_down(bits, divisor)[0, 0])
        except OverflowError:
            assert abs(amount) >> bits >= 2**62 - 1
            return
        whole = divisor << bits
        assert found == (amount + whole // 2) // whole


def results(count: int) -> list[Result]:
    of = model(1_000, fx_volatility=0.08)
    rng = random.Random(4)
    return [
        result(
            [
                trade(
                    trade_id=f"T-{shard}-{n}",
                    instrument=f"EQ-{rng.randrange(9)}",
                    quantity=rng.uniform(-9e5, 9e5),
                    gamma=rng.choice([0.0, 9.5]),
                    currency=rng.choice(["USD", "EUR"]),
                    book=f"B-{rng.randrange(3)}",
                )
                for n in range(30)
            ],
            of,
            shard,
        )
        for shard in range(count)
    ]


class TestFiles:
    def test_there_and_back(self) -> None:
        (one,) = results(1)
        again = Result.from_bytes(one.to_bytes(), "it")
        assert again.header == one.header
        assert again.to_bytes() == one.to_bytes()

    def test_combining_does_not_depend_on_order_or_nesting(self) -> None:
        parts = results(5)
        flat = combine(parts).to_bytes()
        assert combine(parts[::-1]).to_bytes() == flat
        assert combine([combine(parts[3:]), combine([parts[1], parts[0]]), parts[2]]).to_bytes() == flat
        assert Result.from_bytes(flat, "it").header.trades == 150

    def test_too_much_together_is_refused(self) -> None:
        parts = [
            result([trade(trade_id=f"T-{n}", quantity=1e9, price=3e5, volatility=0.0)], model(1_000), n) for n in (0, 1)
        ]
        with pytest.raises(BadInputError, match="that are added exactly"):
            combine(parts)
        with pytest.raises(BadInputError):
            require_addable(math.nan)


GOOD = results(1)[0].to_bytes()
CASES = int(os.environ.get("FUZZ_CASES", "400"))
"""Of each kind; a hundred thousand together make a fuzz run that counts."""


def law(content: bytes) -> Result | None:
    """A result, or an expected failure."""
    failure: Exception | None = None
    try:
        return Result.from_bytes(content, "it")
    except Exception as error:
        failure = error
    assert as_job_error(failure) is not None, repr(failure)
    return None


def sealed(body: bytes) -> bytes:
    """A file whose checksum fits, as only a writer with other ideas would leave it."""
    return b"BATCHRISK1\n" + digest(body).encode() + body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = list(Header.model_fields)


class TestLaw:
    """A stored result is read as it was written, or refused with 65; never with 1, and never another number."""

    @settings(deadline=None, max_examples=CASES)
    @given(
        st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=3)
    )
    def test_mutated(self, changes: list[tuple[int, bytes]]) -> None:
        content = bytearray(GOOD)
        for place, patch in changes:
            content[place : place + len(patch)] = patch
        found = law(bytes(content))
        assert found is None or bytes(content) == GOOD

    @settings(deadline=None, max_examples=CASES)
    @given(st.integers(0, len(GOOD) - 1), st.binary(max_size=20))
    def test_cut_or_longer(self, length: int, more: bytes) -> None:
        assert law(GOOD[:length] + more) is None
        assert law(GOOD + b"x" + more) is None

    @settings(deadline=None, max_examples=CASES)
    @given(st.binary(max_size=300))
    def test_rubbish_with_a_good_checksum(self, body: bytes) -> None:
        assert law(sealed(body)) is None

    @settings(deadline=None, max_examples=CASES)
    @given(st.sampled_from(FIELDS), JSON)
    def test_another_header_with_a_good_checksum(self, field: str, value: object) -> None:
        body = GOOD[11 + 64 :]
        length = int.from_bytes(body[:8], "little")
        header = json.loads(body[8 : 8 + length]) | {field: value}
        text = json.dumps(header).encode()
        law(sealed(len(text).to_bytes(8, "little") + text + body[8 + length :]))

    @settings(deadline=None, max_examples=CASES)
    @given(st.integers(0, 8 * 2_000), st.binary(min_size=8, max_size=8))
    def test_other_arrays_with_a_good_checksum_can_be_combined_or_are_refused(self, place: int, patch: bytes) -> None:
        body = bytearray(GOOD[11 + 64 :])
        start = 8 + int.from_bytes(body[:8], "little") + place
        body[start : start + 8] = patch
        found = law(sealed(bytes(body[: len(GOOD) - 75])))
        if found is not None:
            total = combine([found, results(2)[1]])
            assert int(np.abs(total.amounts.high).max()) < 2**46


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
