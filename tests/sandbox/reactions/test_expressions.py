"""When expressions are due, which lines a filter takes, what metric math makes: tables without an account."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.reactions.events import recurrence
from sandbox.reactions.monitoring import log_filters, metric_math


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("cron(30 8 ? * MON-FRI *)", "America/New_York", "2026-11-20T13:29:59", "2026-11-20T13:30"),
        ("cron(30 8 ? * MON-FRI *)", "America/New_York", "2026-11-20T13:30", "2026-11-23T13:30"),
        # daylight saving: summer from 8 March 2026, winter from 1 November 2026
        ("cron(30 8 ? * MON-FRI *)", "America/New_York", "2026-03-06T14:00", "2026-03-09T12:30"),
        ("cron(30 8 ? * MON-FRI *)", "America/New_York", "2026-10-30T13:00", "2026-11-02T13:30"),
        # 02:30 does not exist on 8 March in New York, and comes twice on 1 November
        ("cron(30 2 * * ? *)", "America/New_York", "2026-03-07T12:00", "2026-03-09T06:30"),
        ("cron(30 1 * * ? *)", "America/New_York", "2026-11-01T04:00", "2026-11-01T05:30"),
        ("cron(30 1 * * ? *)", "America/New_York", "2026-11-01T05:30", "2026-11-02T06:30"),
        ("cron(0 10 * * ? *)", "UTC", "2026-01-01T10:00", "2026-01-02T10:00"),
        ("cron(0/15 8-10 ? * 2-6 *)", "UTC", "2026-11-20T10:45", "2026-11-23T08:00"),
        ("cron(0 18 L * ? *)", "UTC", "2026-02-01T00:00", "2026-02-28T18:00"),
        ("cron(0 9 1W * ? *)", "UTC", "2026-08-01T00:00", "2026-08-03T09:00"),
        ("cron(0 9 ? * MON#2 *)", "UTC", "2026-11-01T00:00", "2026-11-09T09:00"),
        ("cron(0 9 ? * 6L *)", "UTC", "2026-11-01T00:00", "2026-11-27T09:00"),
        ("cron(0 9 1 1 ? 2030)", "UTC", "2026-11-01T00:00", "2030-01-01T09:00"),
        ("rate(5 minutes)", "UTC", "2026-11-01T00:01", "2026-11-01T00:05"),
        ("at(2026-11-20T08:30:00)", "America/New_York", "2026-11-01T00:00", "2026-11-20T13:30"),
    ],
)
def test_when_an_expression_is_due(expression: str, zone: str, after: str, expected: str) -> None:
    assert recurrence.following(expression, zone, utc(after)) == utc(expected)


@pytest.mark.parametrize("expression", ["cron(30 8 * * MON *)", "cron(30 8 ? * MON)", "cron(99 8 ? * MON *)", "daily"])
def test_an_expression_that_eventbridge_refuses(expression: str) -> None:
    with pytest.raises(recurrence.ExpressionError):
        recurrence.following(expression, "UTC", utc("2026-11-01T00:00"))


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        ('{ ($.level = "error") || ($.level = "critical") }', '{"level": "error"}', True),
        ('{ ($.level = "error") || ($.level = "critical") }', '{"level": "info"}', False),
        ('{ $.level = "err*" && $.n > 3 }', '{"level": "error", "n": 4}', True),
        ('{ $.level = "err*" && $.n > 3 }', '{"level": "error", "n": 3}', False),
        ("{ $.a.b = 5 }", '{"a": {"b": 5}}', True),
        ("{ $.a NOT EXISTS }", '{"b": 1}', True),
        ("{ $.a IS TRUE }", '{"a": true}', True),
        ('{ $.a != "x" }', '{"a": "y"}', True),
        ('{ $.a != "x" }', '{"b": "y"}', False),
        ("ERROR", "an ERROR here", True),
        ("ERROR -retry", "an ERROR, will retry", False),
        ("?ERROR ?WARN", "a WARN", True),
        ('"two words"', "with two words in it", True),
        ("", "anything", True),
    ],
)
def test_filter_patterns(pattern: str, line: str, expected: bool) -> None:
    assert log_filters.matches(pattern, line) is expected


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ("IF(total>0,100*failed/total,0)", {"total": 4.0, "failed": 1.0}, 25.0),
        ("IF(total>0,100*failed/total,0)", {"total": 0.0, "failed": 0.0}, 0.0),
        ("IF(total>0,100*failed/total,0)", {"total": None, "failed": None}, None),
        ("FILL(a,0)+1", {"a": None}, 1.0),
        ("MAX(a,b)", {"a": 1.0, "b": 2.0}, 2.0),
        ("a>1 AND b>1", {"a": 2.0, "b": 0.0}, 0.0),
    ],
)
def test_metric_math(expression: str, values: dict[str, float | None], expected: float | None) -> None:
    assert metric_math.evaluate(expression, values) == expected


def test_metric_math_says_what_it_cannot() -> None:
    with pytest.raises(metric_math.NotEmulatedError, match="ANOMALY_DETECTION_BAND"):
        metric_math.evaluate("ANOMALY_DETECTION_BAND(a)", {"a": 1.0})
