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


Counted = tuple[str, str, float]
"""What is billed, the price's name, and how many."""


def priced(resource: str, counted: Counted, prices: Prices, share: float = 1.0) -> CostRow:
    """The row for `counted`; `share` is what is paid of the price."""
    what, name, quantity = counted
    price = prices[name]
    return CostRow(resource=resource, what=what, quantity=quantity, unit=price.unit, usd=quantity * price.usd * share)
