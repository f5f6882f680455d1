"""What CloudWatch demands of alarms and metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/"
_ALARM = f"{_API}API_PutMetricAlarm.html"

_BINARY = r"(\*|/|\^|==|!=|<=|>=|<|>|&&|\|\|)"
_MISSING_OPERAND = re.compile(rf"(^|[(,\[]|[-+]|{_BINARY})\s*{_BINARY}|([-+]|{_BINARY})\s*($|[),\]])")
"""An operator of metric math with nothing before it or nothing behind it; `-` and `+` may be signs."""

alarms = Rules("cloudwatch")


@alarms.add(
    "PutMetricAlarm",
    source=f"{_ALARM}#API_PutMetricAlarm_RequestParameters",
    code="ValidationError",
)
def period(call: Call, _: Account) -> Iterator[str]:
    """A period is 10, 20 or 30 seconds or a multiple of 60."""
    periods = [call.parameters.get("Period")]
    for query in call.parameters.get("Metrics", []):
        periods += [query.get("Period"), query.get("MetricStat", {}).get("Period")]
    for seconds in periods:
        if seconds is not None and seconds not in (10, 20, 30) and (seconds <= 0 or seconds % 60):
            yield f"Period must be 10, 20, 30 or a multiple of 60, not {seconds}"


@alarms.add(
    "PutMetricAlarm",
    source=f"{_ALARM}#API_PutMetricAlarm_RequestParameters",
    code="ValidationError",
)
def evaluation(call: Call, _: Account) -> Iterator[str]:
    """An alarm looks back at most a day, or a week where its period is an hour or longer; no more datapoints than
    periods.
    """
    stats = [query.get("MetricStat", {}).get("Period", 0) for query in call.parameters.get("Metrics", [])]
    seconds = max([call.parameters.get("Period", 0), *stats])
    periods = call.parameters.get("EvaluationPeriods", 1)
    if seconds * periods > (604800 if seconds >= 3600 else 86400):
        yield "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
    if call.parameters.get("DatapointsToAlarm", 1) > periods:
        yield "DatapointsToAlarm must be less than or equal to EvaluationPeriods."


@alarms.add(
    "PutMetricAlarm",
    source=f"{_ALARM}#API_PutMetricAlarm_RequestParameters",
    code="ValidationError",
)
def metric(call: Call, _: Account) -> Iterator[str]:
    """An alarm has one metric with one statistic, or metric queries of which one returns data, and a threshold."""
    parameters = call.parameters
    queries = parameters.get("Metrics", [])
    if bool(queries) == bool(parameters.get("MetricName")) and "EvaluationCriteria" not in parameters:
        yield "Exactly one of MetricName and Metrics must be specified."
        return
    if not queries:
        if "EvaluationCriteria" not in parameters and (
            bool(parameters.get("Statistic")) == bool(parameters.get("ExtendedStatistic"))
        ):
            yield "Exactly one of Statistic and ExtendedStatistic must be specified."
        if not parameters.get("Namespace") or not parameters.get("Period"):
            yield "Namespace and Period must be specified with MetricName."
    names = [str(query.get("Id")) for query in queries]
    returning = [query for query in queries if query.get("ReturnData", True)]
    if queries and len(returning) != 1 and "ThresholdMetricId" not in parameters:
        yield "Exactly one element of the metrics list should return data."
    if len(set(names)) != len(names) or any(not re.fullmatch(r"[a-z]\w*", name) for name in names):
        yield "Metric query ids must be unique and begin with a lower-case letter."
    for query in queries:
        if bool(query.get("Expression")) == bool(query.get("MetricStat")):
            yield f"Exactly one of Expression and MetricStat must be specified in the query {query.get('Id')}."
    anomaly = parameters.get("ComparisonOperator") in (
        "LessThanLowerOrGreaterThanUpperThreshold",
        "LessThanLowerThreshold",
        "GreaterThanUpperThreshold",
    )
    if "EvaluationCriteria" not in parameters and anomaly == ("Threshold" in parameters):
        yield "The parameter Threshold is required, and only for comparisons with a static threshold."


@alarms.add(
    "PutMetricAlarm",
    source=f"{_ALARM}#API_PutMetricAlarm_RequestParameters",
    code="ValidationError",
)
def missing_data(call: Call, _: Account) -> Iterator[str]:
    """Missing data is breaching, notBreaching, ignored or missing."""
    value = call.parameters.get("TreatMissingData", "missing")
    if value not in ("breaching", "notBreaching", "ignore", "missing"):
        yield (
            f"Value '{value}' at 'treatMissingData' failed to satisfy constraint: [breaching, notBreaching, "
            "ignore, missing]"
        )


_ACTION = re.compile(
    r"arn:aws[a-z-]*:(sns|autoscaling|automate|swf|ssm|ssm-incidents|lambda|aiops|application-autoscaling):.+"
)


@alarms.add(
    "PutMetricAlarm",
    "PutCompositeAlarm",
    source=f"{_ALARM}#API_PutMetricAlarm_RequestParameters",
    code="ValidationError",
)
def actions(call: Call, _: Account) -> Iterator[str]:
    """An alarm's actions are ARNs of this region: topics, scaling policies, EC2 and SSM actions, functions."""
    for arn in _actions(call):
        if not _ACTION.fullmatch(arn):
            yield f"Invalid arn syntax: {arn}"
        elif arn.split(":")[3] not in (call.region, ""):
            yield f"Invalid region {arn.split(':')[3]} specified. Only {call.region} is supported."


@alarms.add(
    "PutMetricAlarm",
    "PutCompositeAlarm",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html",
    code="ValidationError",
)
def action_targets(call: Call, account: Account) -> Iterator[str]:
    """The topics and scaling policies that an alarm calls exist (AWS takes such an alarm, and only its action
    fails).
    """
    for arn in _actions(call):
        if ":sns:" in arn and arn.split(":")[4] == account.id and arn not in account.backend("sns").topics:
            yield f"The topic of the alarm's action does not exist: {arn}"


def _actions(call: Call) -> list[str]:
    members = ("AlarmActions", "OKActions", "InsufficientDataActions")
    return [arn for member in members for arn in call.parameters.get(member, [])]


@alarms.add(
    "PutMetricAlarm",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html",
    code="ValidationError",
)
def extended_statistic(call: Call, _: Account) -> Iterator[str]:
    """An extended statistic is a percentile from p0 to p100, or one of tm, wm, tc, ts, pr and iqm."""
    number = r"(100(\.0+)?|\d{1,2}(\.\d+)?)%?"
    span = rf"\(({number}|[\d.]*)?:({number}|[\d.]*)?\)"
    text = call.parameters.get("ExtendedStatistic")
    if text and not re.fullmatch(rf"p{number}|(tm|wm|tc|ts){number}|(TM|WM|PR|TC|TS){span}|(?i:iqm)", text):
        yield f"The value {text} for parameter ExtendedStatistic is not supported."


@alarms.add(
    "PutMetricAlarm",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html",
    code="ValidationError",
)
def expression(call: Call, _: Account) -> Iterator[str]:
    """A metric expression closes its brackets, has an operand on each side of an operator, and names queries of the
    same alarm.
    """
    queries = call.parameters.get("Metrics", [])
    names = {query.get("Id") for query in queries}
    for query in queries:
        text = re.sub(r"'[^']*'|\"[^\"]*\"", "0", query.get("Expression", ""))
        if text.upper().startswith("SELECT "):
            continue
        unknown = set(re.findall(r"\b[a-z]\w*\b", text)) - names
        unclosed = any(text.count(a) != text.count(b) for a, b in ("()", "[]"))
        if unknown or unclosed or _MISSING_OPERAND.search(text):
            yield f"Error in expression '{query['Id']}': {', '.join(sorted(unknown)) or 'syntax error'}"


@alarms.add(
    "PutMetricData",
    source=f"{_API}API_PutMetricData.html#API_PutMetricData_RequestParameters",
    code="InvalidParameterValue",
)
def metric_namespace(call: Call, _: Account) -> Iterator[str]:
    """Data is not put into a namespace of AWS's own, `AWS/...`."""
    if call.parameters["Namespace"].startswith("AWS/"):
        yield f"The value {call.parameters['Namespace']} for parameter Namespace is invalid."
