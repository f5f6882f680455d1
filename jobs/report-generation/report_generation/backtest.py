"""Earlier reports against what really came: how often the loss of a day was above its value at risk.

Realised results are a CSV file of the client (`BATCH_REALISED_URI`); the values at risk are those of the reports that
were written for these days. Zones are those of the Basel Committee's framework of 1996, by cumulative probability, so
that they hold for any number of days: https://www.bis.org/publ/bcbs22.htm
"""

import csv
import io
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Literal

from batch_runtime.errors import BadInputError
from batch_runtime.main import Job
from batch_runtime.storage import MissingObjectError
from report_generation.environment import ReportEnvironment
from report_generation.former import Former, report_of
from risk_results.documents import Model

MOST_DAYS = 250
"""The last ones; the framework's year."""
LEVEL = 0.99
HEADER = ["business_date", "profit"]
YELLOW, RED = 0.95, 0.9999
"""A zone begins at the number of exceptions at which so much probability lies at that number or below."""
_MOST_ROWS = 20_000
_LARGEST_PROFIT = 1e15
_READERS = 16

Zone = Literal["green", "yellow", "red"]


@dataclass(frozen=True)
class Day:
    """A day that has both a realised result and a report; US dollars."""

    business_date: date
    profit: float
    value_at_risk: float

    @property
    def is_exception(self) -> bool:
        """Whether more was lost than the value at risk."""
        return -self.profit > self.value_at_risk


@dataclass(frozen=True)
class Backtest:
    """The comparison, or why there is none."""

    days: tuple[Day, ...] = ()
    """In the order of time."""
    left_out: int = 0
    """Days with a realised result, among the last `MOST_DAYS`, that have no whole report of the same horizon."""
    problem: str = ""
    """Why the realised results cannot be used; empty when they can."""

    @property
    def exceptions(self) -> tuple[Day, ...]:
        """Days that lost more than their value at risk."""
        return tuple(day for day in self.days if day.is_exception)

    @property
    def probability(self) -> float:
        """Of so many exceptions or more, if the value at risk were right and days independent."""
        return 1 - _at_most(len(self.exceptions) - 1, len(self.days))

    @property
    def zone(self) -> Zone:
        """The zone of the number of exceptions."""
        likely = _at_most(len(self.exceptions), len(self.days)) if self.exceptions else 0.0
        return "green" if likely < YELLOW else "yellow" if likely < RED else "red"


def backtest(job: Job[ReportEnvironment], model: Model) -> Backtest | None:
    """Compare the last days before this one; None when no file of realised results is given."""
    uri = job.environment.realised_uri
    if uri is None:
        return None
    try:
        realised = read_realised(job.storage.read(uri), str(uri))
    except MissingObjectError:
        return Backtest(problem=f"{uri} does not exist")
    except BadInputError as error:
        return Backtest(problem=str(error))
    compared = sorted(day for day in realised if day < job.environment.business_date)[-MOST_DAYS:]
    with ThreadPoolExecutor(_READERS) as pool:
        reports = list(pool.map(lambda day: report_of(job, day), compared))
    days = []
    for day, report in zip(compared, reports, strict=True):
        at_risk = _value_at_risk(report, model)
        if at_risk is not None:
            days.append(Day(day, realised[day], at_risk))
    return Backtest(tuple(days), len(compared) - len(days))


def read_realised(content: bytes, source: str) -> Mapping[date, float]:
    """Profit by day; raises `BadInputError` naming `source` and the line at fault."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"{source} is no UTF-8 CSV: {error!s:.200}") from None
    if not rows or [name.strip() for name in rows[0]] != HEADER or len(rows) > _MOST_ROWS:
        raise BadInputError(f"{source} must have the header {','.join(HEADER)} and at most {_MOST_ROWS:,} rows")
    profits: dict[date, float] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        try:
            text, amount = row
            day, profit = date.fromisoformat(text), float(amount)
        except ValueError:
            raise BadInputError(
                f"{source}, line {number}: must be like 2026-11-19,-1250000.50, got {row!s:.80}"
            ) from None
        if day in profits or not abs(profit) <= _LARGEST_PROFIT or day.isoformat() != text:
            raise BadInputError(f"{source}, line {number}: each day once, profit in US dollars; got {row!s:.80}")
        profits[day] = profit
    return profits


def _value_at_risk(report: Former | None, model: Model) -> float | None:
    if report is None or report.missing.trades or report.model.get("horizon_days") != model.horizon_days:
        return None
    measure = report.measure(LEVEL)
    return None if measure is None else measure.value_at_risk


def _at_most(exceptions: int, days: int) -> float:
    """Probability of so many exceptions or fewer."""
    return math.fsum(
        math.comb(days, count) * (1 - LEVEL) ** count * LEVEL ** (days - count) for count in range(exceptions + 1)
    )
