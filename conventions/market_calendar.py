"""The days on which an exchange is closed, from the `holidays` package, by the exchange's code (ISO 10383).

Why that package: docs/adr/workflow/market-calendars.md.
"""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

MarketCalendar = Literal[
    "none", "XAMS", "XASX", "XBOM", "XBRU", "XETR", "XFRA", "XHKG", "XJPX", "XLON",
    "XMIL", "XNAS", "XNSE", "XNYS", "XPAR", "XSES", "XSHG", "XSWX", "XTSE",
]  # fmt: skip
"""An exchange by its market identifier code, or none."""
YEARS: Final = 3
"""Years that are looked up: the given one and the next two."""


def closed_weekdays(calendar: MarketCalendar, year: int) -> list[date]:
    """Mondays to Fridays from `year` on, for `YEARS` years, on which the exchange is closed all day."""
    if calendar == "none":
        return []
    import holidays  # takes a fifth of a second, and few commands need it

    days = holidays.financial_holidays(calendar, years=range(year, year + YEARS))
    return sorted(day for day in days if day.weekday() < 5)
