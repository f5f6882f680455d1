"""A bill: rows of what is billed, how many of it, and for how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .prices import Prices

HOURS_A_MONTH: Final = 730


@dataclass(frozen=True, kw_only=True)
class CostRow:
    """One line of a bill."""

    resource: str
    """Logical name, or the job's."""
    what: str
    quantity: float
    unit: str
    usd: float


@dataclass(frozen=True)
class CostTable:
    """A bill."""

    rows: tuple[CostRow, ...]

    @property
    def total(self) -> float:
        """USD."""
        return sum(row.usd for row in self.rows)


SMALLEST_SHOWN: Final = 0.001


def readable(quantity: float) -> str:
    """A quantity as a bill for people shows it: at most three decimals, never an exponent."""
    if 0 < quantity < SMALLEST_SHOWN:
        return f"< {SMALLEST_SHOWN}"
    whole, _, decimals = f"{quantity:,.3f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


Counted = tuple[str, str, float]
"""What is billed, the price's name, and how many."""


def priced(resource: str, counted: Counted, prices: Prices, share: float = 1.0) -> CostRow:
    """The row for `counted`; `share` is what is paid of the price."""
    what, name, quantity = counted
    price = prices[name]
    return CostRow(resource=resource, what=what, quantity=quantity, unit=price.unit, usd=quantity * price.usd * share)
