"""Realised results against the values at risk of earlier reports."""

import math
from datetime import date, timedelta
from typing import Any

import pytest

from batch_runtime.errors import BadInputError
from report_generation.backtest import Backtest, Day, read_realised
from tests.jobs.harness import Night
from tests.jobs.portfolios import put_json, trade
from tests.jobs.report.nights import pdf_text, small

TODAY = date(2026, 11, 20)


def earlier(night: Night, day: date, value_at_risk: float, **changes: Any) -> None:
    """A finished report of a day, as far as it is read again."""
    key = f"reports/{day}/run/report.json"
    uri = f"s3://{night.output_bucket}/{key}"
    measure = {"level": 0.99, "value_at_risk": value_at_risk, "expected_shortfall": 1.2 * value_at_risk}
    portfolio = {"trades": 1, "exposure": {"gross": 1.0}, "measures": [measure]}
    report = {
        "format": 2,
        "business_date": day.isoformat(),
        "model": {"horizon_days": 1},
        "portfolio": portfolio,
        "groups": [],
    }
    put_json(night, key, report | changes)
    marker = {"run_id": "run", "business_date": day.isoformat(), "report_uri": uri, "json_uri": uri}
    put_json(night, f"reports/{day}/_SUCCESS", marker | {"finished_at": "2026-11-01T05:00:00Z"})


def reported(night: Night, content: str | None) -> dict[str, Any]:
    if content is not None:
        night.put("realised/profit.csv", content.encode())
    uri = f"s3://{night.input_bucket}/realised/profit.csv"
    night.settings["BATCH_REALISED_URI"] = uri
    return small(night, [[trade()]])


def test_days_are_compared_with_their_own_reports(night: Night) -> None:
    days = [TODAY - timedelta(days=number) for number in range(1, 8)]
    for number, day in enumerate(days[:5]):
        earlier(night, day, 100.0, **({"model": {"horizon_days": 10}} if number == 4 else {}))
    profits = [-100.0, -100.01, 500.0, -5_000.0, -9_999.0, -9_999.0, -9_999.0]
    lines = [f"{day},{profit}" for day, profit in zip(days, profits, strict=True)]
    document = reported(night, "\n".join(["business_date,profit", *reversed(lines), f"{TODAY},-1e9", ""]))
    backtest = document["backtest"]
    assert (backtest["days"], backtest["left_out"], backtest["problem"]) == (4, 3, None)
    assert [day["business_date"] for day in backtest["exceptions"]] == [str(days[3]), str(days[1])]
    assert backtest["exceptions"][0] == {"business_date": str(days[3]), "profit": -5_000.0, "value_at_risk": 100.0}
    by_hand = 1 - 0.99**4 - 4 * 0.01 * 0.99**3
    assert backtest["probability"] == pytest.approx(by_hand, abs=1e-6)
    text = pdf_text(night)
    assert "Backtest: value at risk against what really came" in text
    assert "2 of 4 days lost more than their value at risk" in text


def test_a_partial_report_is_no_forecast(night: Night) -> None:
    day = TODAY - timedelta(days=1)
    earlier(night, day, 100.0, missing={"shards": [1], "trades": 7})
    assert reported(night, f"business_date,profit\n{day},-500\n")["backtest"]["left_out"] == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "profit.csv does not exist"),
        ("day,amount\n", "must have the header business_date,profit"),
        ("business_date,profit\n2026-11-19\n", "line 2: must be like 2026-11-19,-1250000.50"),
        ("business_date,profit\n2026-11-19,nan\n", "line 2: each day once"),
        ("business_date,profit\n2026-11-19,1\n2026-11-19,2\n", "line 3: each day once"),
        ("business_date,profit\n2026-W47-4,1\n", "line 2: each day once"),
        ('business_date,profit\n"2026', "is no UTF-8 CSV"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_warning_and_not_the_end(night: Night, content: str | None, words: str) -> None:
    """The morning's numbers do not depend on it."""
    document = reported(night, content)
    assert any(words in warning for warning in document["warnings"]), document["warnings"]
    assert document["portfolio"]["trades"] == 1


def test_without_a_file_there_is_none(night: Night) -> None:
    assert small(night, [[trade()]])["backtest"] is None


def some(exceptions: int, days: int = 250) -> Backtest:
    start = date(2026, 1, 1)
    return Backtest(tuple(Day(start + timedelta(days=n), -2.0 if n < exceptions else 0.0, 1.0) for n in range(days)))


@pytest.mark.parametrize(
    ("exceptions", "zone"), [(0, "green"), (4, "green"), (5, "yellow"), (9, "yellow"), (10, "red"), (250, "red")]
)
def test_zones_are_those_of_the_framework(exceptions: int, zone: str) -> None:
    """Its table 2, for 250 days."""
    assert some(exceptions).zone == zone


@pytest.mark.parametrize(("exceptions", "percent"), [(0, 100.0), (1, 91.9), (4, 24.2), (5, 10.8), (10, 0.03)])
def test_probabilities_are_those_of_the_framework(exceptions: int, percent: float) -> None:
    """Its table 1: probability of so many exceptions or more in 250 days, if the coverage is 99 %."""
    assert 100 * some(exceptions).probability == pytest.approx(percent, abs=0.06)


def test_a_short_history_is_no_proof() -> None:
    assert [some(count, 10).zone for count in (0, 1, 2)] == ["green", "yellow", "yellow"]
    assert math.isclose(some(0, 10).probability, 1.0)


def test_a_file_of_other_bytes_is_refused() -> None:
    with pytest.raises(BadInputError, match="is no UTF-8 CSV"):
        read_realised(b"\xff\xfe", "it")
