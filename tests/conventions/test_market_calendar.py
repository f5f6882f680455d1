"""Closed days of exchanges against what the exchange itself has published."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from conventions.market_calendar import YEARS, MarketCalendar, closed_weekdays

PUBLISHED = {
    2026: ("01-01", "01-19", "02-16", "04-03", "05-25", "06-19", "07-03", "09-07", "11-26", "12-25"),
    2027: ("01-01", "01-18", "02-15", "03-26", "05-31", "06-18", "07-05", "09-06", "11-25", "12-24"),
}
"""New York Stock Exchange, all-day closings; source: https://www.nyse.com/markets/hours-calendars"""


@pytest.mark.parametrize("year", PUBLISHED)
def test_new_york_is_closed_on_the_days_that_it_published(year: int) -> None:
    closed = [day for day in closed_weekdays("XNYS", year) if day.year == year]
    assert [f"{day:%m-%d}" for day in closed] == list(PUBLISHED[year])


def test_three_years_are_looked_up() -> None:
    assert {day.year for day in closed_weekdays("XNYS", 2026)} == set(range(2026, 2026 + YEARS))


def test_without_a_calendar_no_day_is_closed() -> None:
    assert closed_weekdays("none", 2026) == []


@pytest.mark.parametrize("calendar", [name for name in get_args(MarketCalendar) if name != "none"])
def test_the_package_knows_each_exchange_of_the_setting(calendar: MarketCalendar) -> None:
    closed = closed_weekdays(calendar, 2026)
    assert 12 <= len(closed) <= 75
    assert all(day.weekday() < 5 for day in closed)
    assert any(day in closed for day in (date(2026, 1, 1), date(2026, 12, 25), date(2026, 1, 26)))
