"""Sums of amounts that are exact, whatever their order and whoever adds them.

An amount is an integer of up to 111 bits, held in two arrays of 64 bits: `high * 2**48 + low`, with 0 <= low < 2**48.
That form is unique, so equal sums are equal bytes. Amounts come from products of integers that a matrix product in
doubles computes exactly: no sum of products there ever reaches 2**53, because coefficients are cut into digits that are
small enough. Additions may then happen in any order, on any processor, in any number of threads.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from risk_results.measures import Vector

LOW_BITS = 48
_LOW_MASK = (1 << LOW_BITS) - 1
_EXACT_BITS = 53
"""Doubles hold every integer up to 2**53 exactly."""
_LARGEST_BITS = 62
"""No sum of int64 may come nearer to its end at 2**63."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Amounts:
    """Exact amounts, usually one row a group of trades and one column a scenario; changed in place by `add_product`."""

    high: Vector
    low: Vector

    @classmethod
    def zeros(cls, rows: int, columns: int) -> Self:
        """Nothing yet."""
        return cls(np.zeros((rows, columns), dtype=np.int64), np.zeros((rows, columns), dtype=np.int64))

    def columns(self, start: int, end: int) -> "Amounts":
        """A part of the columns; changing it changes the whole."""
        return Amounts(self.high[:, start:end], self.low[:, start:end])

    def add_product(self, coefficients: Vector, factors: Doubles) -> None:
        """Add the matrix product of integer coefficients and of factors that are integers held in doubles.

        Raises ValueError when the factors are too large for an exact product; 2**40 is never too large.
        """
        largest = int(np.abs(factors).max(initial=0.0))
        digit_bits = 1 + _EXACT_BITS - largest.bit_length() - coefficients.shape[1].bit_length()
        if digit_bits < 2:
            raise ValueError(f"factors of up to {largest} cannot be multiplied exactly")
        digits = balanced_digits(coefficients, digit_bits)  # each at most 2**(digit_bits - 1)
        if not digits:
            return
        products = (np.concatenate(digits).astype(np.float64) @ factors).astype(np.int64)
        rows = coefficients.shape[0]
        for power in range(len(digits)):
            self._add_shifted(products[power * rows : (power + 1) * rows], power * digit_bits)
        self._carry()

    def add(self, other: "Amounts") -> None:
        """Add amounts of the same shape."""
        np.add(self.high, other.high, out=self.high)
        np.add(self.low, other.low, out=self.low)
        self._carry()

    def add_rows(self, rows: npt.NDArray[np.intp], other: "Amounts") -> None:
        """Add row i of `other` to row `rows[i]`; the rows must differ from one another."""
        self.high[rows] += other.high
        self.low[rows] += other.low
        self._carry()

    def total(self, rows: slice) -> "Amounts":
        """The sum of some rows, as one row."""
        total = Amounts(
            self.high[rows].sum(axis=0, keepdims=True, dtype=np.int64),
            self.low[rows].sum(axis=0, keepdims=True, dtype=np.int64),
        )
        total._carry()
        return total

    def scaled_down(self, fraction_bits: int, divisor: int) -> Vector:
        """The amounts divided by `divisor * 2**fraction_bits`, rounded half up, as int64.

        Raises OverflowError when a quotient before the division by `divisor` does not fit in 62 bits.
        """
        room = _LARGEST_BITS - LOW_BITS + fraction_bits
        if self.high.size and int(np.abs(self.high).max()) >= 1 << min(room, _LARGEST_BITS):
            raise OverflowError
        low = self.low + (divisor << fraction_bits >> 1)
        whole: Vector = (self.high << (LOW_BITS - fraction_bits)) + (low >> fraction_bits)
        return whole if divisor == 1 else whole // divisor

    def _add_shifted(self, values: Vector, shift: int) -> None:
        """Add values * 2**shift."""
        if shift >= LOW_BITS:
            np.add(self.high, values << (shift - LOW_BITS), out=self.high)
            return
        split = LOW_BITS - shift
        np.add(self.high, values >> split, out=self.high)
        np.add(self.low, (values & ((1 << split) - 1)) << shift, out=self.low)

    def _carry(self) -> None:
        np.add(self.high, self.low >> LOW_BITS, out=self.high)
        np.bitwise_and(self.low, _LOW_MASK, out=self.low)


def balanced_digits(coefficients: Vector, bits: int) -> list[Vector]:
    """Integers of at most 62 bits as digits to the base 2**bits, lowest first, each at most half the base in size."""
    digits = []
    rest = coefficients
    half = 1 << (bits - 1)
    while rest.any():
        digit = ((rest + half) & ((1 << bits) - 1)) - half
        digits.append(digit)
        rest = (rest - digit) >> bits
    return digits
