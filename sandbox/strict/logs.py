"""What CloudWatch demands of log groups, metric filters, resource policies, alarms and dashboards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.documents import Kind, faults
from sandbox.strict.rules import Rules

_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
_WATCH = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/"
_ALARM = f"{_WATCH}API_PutMetricAlarm.html"
RETENTION = frozenset(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)

rules = Rules("logs")
alarms = Rules("cloudwatch")


@rules.add(
    "PutRetentionPolicy",
    source=f"{_LOGS}API_PutRetentionPolicy.html#CWL-PutRetentionPolicy-request-retentionInDays",
    code="InvalidParameterException",
)
def retention(call: Call, _: Account) -> Iterator[str]:
    """Log events are kept for one of CloudWatch's numbers of days: 1, 3, 5, 7, 14, 30, 60, ..., 3653."""
    if call.parameters["retentionInDays"] not in RETENTION:
        yield f"Retention in days must be one of {sorted(RETENTION)}, not {call.parameters['retentionInDays']}."


@rules.add(
    "CreateLogGroup",
    source=f"{_LOGS}API_CreateLogGroup.html",
    code="InvalidParameterException",
)
def group_name(call: Call, _: Account) -> Iterator[str]:
    """A log group's name does not begin with `aws/`."""
    if call.parameters["logGroupName"].startswith("aws/"):
        yield "Log groups starting with aws/ are reserved for AWS."


@rules.add(
    "CreateLogGroup",
    "AssociateKmsKey",
    source=f"{_LOGS}API_AssociateKmsKey.html",
    code="InvalidParameterException",
)
def group_key(call: Call, account: Account) -> Iterator[str]:
    """The key of a log group exists and is enabled."""
    arn = call.parameters.get("kmsKeyId")
    if arn and not account.has_key(arn):
        yield f"The specified KMS Key Id could not be found or is not enabled: {arn}"


@rules.add(
    "PutResourcePolicy",
    source=f"{_LOGS}API_PutResourcePolicy.html",
    code="LimitExceededException",
)
def resource_policies(call: Call, account: Account) -> Iterator[str]:
    """At most 10 resource policies in a region."""
    existing = set(account.backend("logs").resource_policies)
    if call.parameters.get("policyName") not in existing and len(existing) >= 10:
        yield "Resource limit exceeded."


@rules.add(
    "PutResourcePolicy",
    source=f"{_LOGS}API_PutResourcePolicy.html#CWL-PutResourcePolicy-request-policyDocument",
    code="InvalidParameterException",
)
def resource_policy(call: Call, _: Account) -> Iterator[str]:
    """A resource policy names principals, actions of CloudWatch Logs and log groups, in at most 5,120 characters."""
    text = call.parameters.get("policyDocument", "")
    if not call.parameters.get("policyName"):
        yield "policyName must not be empty."
    if len(text) > 5120:
        yield "The policy document exceeds 5120 characters."
    yield from faults(text, Kind(principal=True, action_prefixes=("logs",)))


@rules.add(
    "PutMetricFilter",
    source=f"{_LOGS}API_MetricTransformation.html",
    code="InvalidParameterException",
)
def metric_transformation(call: Call, _: Account) -> Iterator[str]:
    """A metric filter's default value and its dimensions exclude each other; a value is a number or a field `$...`."""
    for item in call.parameters.get("metricTransformations", []):
        if item.get("dimensions") and item.get("defaultValue") is not None:
            yield "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
        if not re.fullmatch(r"-?\d+(\.\d+)?([eE]-?\d+)?|\$.+", str(item.get("metricValue", ""))):
            yield f"Invalid metric transformation: metricValue {item.get('metricValue')} is neither a number nor a field."
        if len(item.get("dimensions", {})) > 3:
            yield "Invalid metric transformation: at most 3 dimensions."


@rules.add(
    "PutMetricFilter",
    "PutSubscriptionFilter",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html",
    code="InvalidParameterException",
)
def filter_pattern(call: Call, _: Account) -> Iterator[str]:
    """A filter pattern is well-formed: its brackets and quotation marks are closed, a JSON selector begins with
    `$.`.
    """
    text = call.parameters.get("filterPattern", "").strip()
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)+%', "", text)
    opened = text[:1] in "{[" and text[:1] != ""
    closed = text.endswith({"{": "}", "[": "]"}.get(text[:1], ""))
    if '"' in bare or (opened and not closed) or any(bare.count(a) != bare.count(b) for a, b in ("{}", "[]", "()")):
        yield "Invalid metric filter pattern"
    elif text.startswith("{") and not re.search(r"\$[.\[]", bare):
        yield "Invalid metric filter pattern: a JSON pattern selects fields by $."


@rules.add(
    "PutMetricFilter",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html",
    code="LimitExceededException",
)
def metric_filters(call: Call, account: Account) -> Iterator[str]:
    """A log group has at most 100 metric filters."""
    group = call.parameters["logGroupName"]
    names = {
        item["filterName"] for item in account.backend("logs").filters.metric_filters if item["logGroupName"] == group
    }
    if call.parameters["filterName"] not in names and len(names) >= 100:
        yield "Resource limit exceeded."


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
    if len([query for query in queries if query.get("ReturnData", True)]) != 1 and queries:
        if "ThresholdMetricId" not in parameters:
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
        yield f"Value '{value}' at 'treatMissingData' failed to satisfy constraint: [breaching, notBreaching, ignore, missing]"


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
    "PutDashboard",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html",
    code="InvalidParameterInput",
)
def dashboard(call: Call, _: Account) -> Iterator[str]:
    """A dashboard's body is JSON with widgets, each of a type, within a width of 24."""
    try:
        body = json.loads(call.parameters["DashboardBody"])
    except ValueError:
        yield "The field DashboardBody must be a valid JSON object"
        return
    widgets = body.get("widgets") if isinstance(body, dict) else None
    if not isinstance(widgets, list) or len(widgets) > 500:
        yield "The dashboard body is invalid: it must have at most 500 widgets"
        return
    for widget in widgets:
        known = widget.get("type") in ("metric", "text", "log", "alarm", "explorer", "custom")
        if not known or not isinstance(widget.get("properties"), dict):
            yield "The dashboard body is invalid: a widget must have a known type and properties"
        if widget.get("x", 0) + widget.get("width", 6) > 24 or not 1 <= widget.get("width", 6) <= 24:
            yield "The dashboard body is invalid: x and width of a widget must fit into 24 columns"


RULES = [*rules.all, *alarms.all]
