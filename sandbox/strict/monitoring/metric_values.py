"""CloudWatch: names of alarms, dimensions and values of metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_CLOUDWATCH: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/"

rules = Rules("cloudwatch")


def _dimension_faults(dimensions: list[Mapping[str, str]]) -> Iterator[str]:
    for dimension in dimensions:
        name, value = dimension.get("Name", ""), dimension.get("Value", "")
        if not re.fullmatch(r"(?=.*\S)(?!:)[\x20-\x7e]+", name):
            yield f"The value {name!r} for a dimension's name is not valid."
        if not re.fullmatch(r"(?=.*\S)[\x20-\x7e]+", value):
            yield f"The value {value!r} for a dimension's value is not valid."


@rules.add("PutMetricAlarm", source=f"{_CLOUDWATCH}API_Dimension.html", code="ValidationError")
def alarm_dimensions(call: Call, _: Account) -> Iterator[str]:
    """A dimension's name and value are printable ASCII and not blank; a name begins with no colon."""
    stats = [query.get("MetricStat", {}).get("Metric", {}) for query in call.parameters.get("Metrics", [])]
    for metric in (call.parameters, *stats):
        yield from _dimension_faults(metric.get("Dimensions", []))


@rules.add("PutMetricAlarm", source=f"{_CLOUDWATCH}API_PutMetricAlarm.html", code="ValidationError")
def alarm_name(call: Call, _: Account) -> Iterator[str]:
    """An alarm's name has no control characters; an interval of evaluation is of alarms with criteria."""
    if re.search(r"[\x00-\x1f\x7f]", call.parameters["AlarmName"]):
        yield "AlarmName must not contain ASCII control characters."
    if "EvaluationInterval" in call.parameters and "EvaluationCriteria" not in call.parameters:
        yield "EvaluationInterval cannot be specified for alarms configured with MetricName or Metrics."


@rules.add("PutMetricData", source=f"{_CLOUDWATCH}API_MetricDatum.html", code="InvalidParameterValue")
def datum_details(call: Call, _: Account) -> Iterator[str]:
    """Namespaces and dimensions are printable ASCII; a datum has at most 150 values."""
    if not re.fullmatch(r"[\x20-\x7e]+", call.parameters["Namespace"]):
        yield "The parameter Namespace must contain only printable ASCII characters."
    for datum in call.parameters.get("MetricData", []):
        yield from _dimension_faults(datum.get("Dimensions", []))
        if len(datum.get("Values", [])) > 150:
            yield "MetricData.member.Values: at most 150."
