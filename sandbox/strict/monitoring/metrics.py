"""What CloudWatch demands of data points, and of questions about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/"
_PUT = f"{_API}API_PutMetricData.html"
_MOST_DATAPOINTS = 1440
_MOST_METRICS = 10

metrics = Rules("cloudwatch")


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        return datetime.fromisoformat(value)
    return datetime.fromtimestamp(float(value), UTC)


@metrics.add(
    "PutMetricAlarm",
    source=f"{_API}API_PutMetricAlarm.html#API_PutMetricAlarm_RequestParameters",
    code="ValidationError",
)
def alarm_comparison(call: Call, _: Account) -> Iterator[str]:
    """An alarm says how many periods it looks at and how it compares."""
    if "EvaluationCriteria" in call.parameters:
        return
    for member in ("EvaluationPeriods", "ComparisonOperator"):
        if member not in call.parameters:
            yield f"The parameter {member} is required."


@metrics.add(
    "PutMetricAlarm",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html",
    code="ValidationError",
)
def alarm_metrics(call: Call, _: Account) -> Iterator[str]:
    """An alarm by metric math is about at most 10 metrics."""
    stats = [query for query in call.parameters.get("Metrics", []) if query.get("MetricStat")]
    if len(stats) > _MOST_METRICS:
        yield f"An alarm can have at most {_MOST_METRICS} metrics, and this one has {len(stats)}."


@metrics.add("PutMetricData", source=f"{_API}API_MetricDatum.html", code="MissingParameter")
def datum_value(call: Call, _: Account) -> Iterator[str]:
    """There is data, and each datum has a value, values or statistics."""
    data = call.parameters.get("MetricData", [])
    if not data and not call.parameters.get("EntityMetricData"):
        yield "The parameter MetricData is required."
    for datum in data:
        if not {"Value", "Values", "StatisticValues"} & set(datum):
            yield f"At least one of the parameters Value, Values and StatisticValues must be specified: {datum}"


@metrics.add("PutMetricData", source=_PUT, code="InvalidParameterValue")
def datum_range(call: Call, _: Account) -> Iterator[str]:
    """A datum is from the last two weeks or the next two hours, within 2 to the power of 360, each second or minute."""
    now = datetime.now(UTC)
    for datum in call.parameters.get("MetricData", []):
        moment = _moment(datum["Timestamp"]) if datum.get("Timestamp") is not None else now
        if not now - timedelta(days=14) <= moment <= now + timedelta(hours=2):
            yield f"The parameter Timestamp must be within the last two weeks or the next two hours: {moment}"
        if any(abs(value) > 2.0**360 for value in [datum.get("Value", 0), *datum.get("Values", [])]):
            yield "The value must be in the range of -2^360 to 2^360"
        if datum.get("StorageResolution", 60) not in (1, 60):
            yield f"The parameter StorageResolution must be 1 or 60, not {datum['StorageResolution']}"


@metrics.add("GetMetricStatistics", source=f"{_API}API_GetMetricStatistics.html", code="InvalidParameterValue")
def statistics_period(call: Call, _: Account) -> Iterator[str]:
    """A period is 1, 5, 10, 20 or 30 s or a multiple of 60."""
    period = call.parameters["Period"]
    if period not in (1, 5, 10, 20, 30) and period % 60:
        yield f"The parameter Period must be a multiple of 60, not {period}"


@metrics.add("GetMetricStatistics", source=f"{_API}API_GetMetricStatistics.html", code="InvalidParameterCombination")
def statistics_number(call: Call, _: Account) -> Iterator[str]:
    """At most 1,440 data points are asked for at once."""
    parameters = call.parameters
    seconds = (_moment(parameters["EndTime"]) - _moment(parameters["StartTime"])).total_seconds()
    if seconds / max(1, parameters["Period"]) > _MOST_DATAPOINTS:
        number = int(seconds / parameters["Period"])
        yield f"You have requested up to {number} datapoints, which exceeds the limit of 1,440."


@metrics.add("GetMetricData", source=f"{_API}API_MetricDataQuery.html", code="ValidationError")
def query_ids(call: Call, _: Account) -> Iterator[str]:
    """The id of a query begins with a small letter, has letters, digits and underscores, and is its own."""
    ids = [query.get("Id", "") for query in call.parameters["MetricDataQueries"]]
    if len(set(ids)) != len(ids):
        yield "The values for parameter Id in MetricDataQueries are not unique."
    for name in ids:
        if not re.fullmatch(r"[a-z]\w{0,254}", name, re.ASCII):
            yield f"The value {name} for parameter Id in MetricDataQueries is not matching the expected pattern."


@metrics.add("DescribeAlarms", source=f"{_API}API_DescribeAlarms.html", code="ValidationError")
def alarms_by(call: Call, _: Account) -> Iterator[str]:
    """Alarms are described by their names or by a prefix."""
    if call.parameters.get("AlarmNames") and call.parameters.get("AlarmNamePrefix"):
        yield "AlarmNames and AlarmNamePrefix cannot be specified together."
