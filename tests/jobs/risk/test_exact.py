"""Sums that are exact, and result files that are the same bytes in any order."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_runtime.errors import BadInputError
from risk_results.exact import Amounts, balanced_digits
from risk_results.files import Result, combine, require_addable
from tests.jobs.portfolios import model, result, results, trade


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
        for index, value in enumerate(values):
            assert sum(int(digit[index]) << (bits * power) for power, digit in enumerate(digits)) == value
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
            quotient = int(amounts.scaled_down(bits, divisor)[0, 0])
        except OverflowError:
            assert abs(amount) >> bits >= 2**62 - 1
            return
        whole = divisor << bits
        assert quotient == (amount + whole // 2) // whole


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
