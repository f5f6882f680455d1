"""When a schedule expression is due: `cron(…)`, `rate(…)` and `at(…)` as EventBridge and Scheduler have them.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html: six fields, days of the week from 1 (Sunday)
to 7; a local time that a change to daylight saving skips does not happen that day, one that comes twice happens once.
"""

from __future__ import annotations

import calendar
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
SEARCHED_DAYS = 366 * 5


class ExpressionError(ValueError):
    """The expression is none that EventBridge takes."""


@dataclass(frozen=True)
class Cron:
    """A parsed cron expression."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int]

    def holds_on(self, day: date) -> bool:
        """Whether the expression is due on this local day."""
        if day.month not in self.months or day.year not in self.years:
            return False
        return _day_of_month(self.days, day) and _day_of_week(self.weekdays, day)


def following(expression: str, timezone: str, after: datetime) -> datetime | None:
    """The first moment after `after` at which `expression` is due, if there is one. Raises `ExpressionError`."""
    kind, _, rest = expression.strip().partition("(")
    inner = rest.removesuffix(")")
    if kind == "cron":
        return _following_cron(inner, timezone, after)
    if kind == "at":
        moment = datetime.fromisoformat(inner).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
        return moment if moment > after else None
    if kind == "rate" and (match := re.fullmatch(r"(\d+) (minute|hour|day)s?", inner)):
        step = timedelta(seconds=int(match.group(1)) * _UNITS[match.group(2)])
        return _EPOCH + ((after - _EPOCH) // step + 1) * step
    raise ExpressionError(
        f"{expression!r} is no schedule; write for example cron(30 8 ? * MON-FRI *) or rate(5 minutes)"
    )


@functools.lru_cache(maxsize=256)
def _following_cron(fields: str, timezone: str, after: datetime) -> datetime | None:
    cron = parse(fields)
    zone = ZoneInfo(timezone)
    first = after.astimezone(zone).date() - timedelta(days=1)
    for offset in range(SEARCHED_DAYS):
        day = first + timedelta(days=offset)
        if cron.holds_on(day):
            for moment in _moments(cron, day, zone):
                if moment > after:
                    return moment
    return None


def _moments(cron: Cron, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """In UTC and in order; a local time that does not exist on this day is left out."""
    for hour in sorted(cron.hours):
        for minute in sorted(cron.minutes):
            local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
            moment = local.astimezone(UTC)
            if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                yield moment


def parse(fields: str) -> Cron:
    """From the six fields. Raises `ExpressionError`."""
    parts = fields.split()
    if len(parts) != 6:
        raise ExpressionError(
            f"cron({fields}) has {len(parts)} fields instead of 6: minutes hours day month weekday year"
        )
    minutes, hours, days, months, weekdays, years = parts
    if (days == "?") == (weekdays == "?"):
        raise ExpressionError(f"cron({fields}): exactly one of day and weekday must be ?")
    return Cron(
        minutes=_numbers(minutes, 0, 59),
        hours=_numbers(hours, 0, 23),
        days=days,
        months=_numbers(months, 1, 12, _MONTHS),
        weekdays=weekdays,
        years=_numbers(years, 1970, 2199),
    )


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    matching: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        begin, _, end = span.partition("-")
        try:
            first = low if begin in ("*", "?") else _number(begin, names)
            last = high if begin in ("*", "?") or (step and not end) else _number(end or begin, names)
            matching.update(range(first, last + 1, int(step or 1)))
        except ValueError as error:
            raise ExpressionError(f"{field!r} is no cron field from {low} to {high}") from error
    if not matching or min(matching) < low or max(matching) > high:
        raise ExpressionError(f"{field!r} is no cron field from {low} to {high}")
    return frozenset(matching)


def _number(text: str, names: dict[str, int] | None) -> int:
    return (names or {}).get(text.upper()) or int(text)


def _day_of_month(field: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "?":
        return True
    if field == "L":
        return day.day == last
    if match := re.fullmatch(r"(\d+)W", field):
        return day == _nearest_weekday(day.replace(day=min(int(match.group(1)), last)))
    return day.day in _numbers(field, 1, 31)


def _nearest_weekday(day: date) -> date:
    """Within the month."""
    if day.isoweekday() == 6:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.isoweekday() == 7:
        following_day = day + timedelta(days=1)
        return following_day if following_day.month == day.month else day - timedelta(days=2)
    return day


def _day_of_week(field: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1
    if field == "?":
        return True
    if match := re.fullmatch(r"(\w+)#([1-5])", field):
        return number == _number(match.group(1), _DAYS) and (day.day - 1) // 7 + 1 == int(match.group(2))
    if match := re.fullmatch(r"(\w+)L", field):
        is_last = (day + timedelta(days=7)).month != day.month
        return is_last and number == _number(match.group(1), _DAYS)
    return number in _numbers(field, 1, 7, _DAYS)
