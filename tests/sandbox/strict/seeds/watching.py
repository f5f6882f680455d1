"""Seeds for CloudWatch and CloudWatch Logs."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.strict.conftest import policy
from tests.sandbox.strict.seeds import ABSENT, seed

_ALARM = (
    "PutMetricAlarm",
    lambda a: {
        "AlarmName": "alarm",
        "Namespace": "AWS/ECS",
        "MetricName": "CPUUtilization",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 2,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [a.topic],
    },
)
_STAT = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
_NO_METRIC = dict.fromkeys(("MetricName", "Namespace", "Statistic", "Period"), ABSENT)
_FILTER = (
    "PutMetricFilter",
    lambda a: {
        "logGroupName": "/batch/group",
        "filterName": "filter",
        "filterPattern": '{ $.level = "ERROR" }',
        "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    },
)


def _transformation(**members: Any) -> dict[str, Any]:
    return {"metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1", **members}]}


_LOGS_STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "arn:aws:logs:us-east-1:123456789012:log-group:/batch/*",
}
_RESOURCE_POLICY = ("PutResourcePolicy", {"policyName": "events", "policyDocument": policy(_LOGS_STATEMENT)})
_WIDGET = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 6, "properties": {"markdown": "m"}}


def _widget(**members: Any) -> dict[str, Any]:
    return {"DashboardBody": json.dumps({"widgets": [{**_WIDGET, **members}]})}


_SEEDS = [
    seed("logs.filter_group", *_FILTER, {"logGroupName": "/batch/none"}),
    seed("logs.filter_namespace", *_FILTER, _transformation(metricNamespace="AWS/Mine")),
    seed(
        "cloudwatch.extended_statistic",
        *_ALARM,
        {"Statistic": ABSENT, "ExtendedStatistic": "p101"},
        {"Statistic": ABSENT, "ExtendedStatistic": "median"},
    ),
    seed(
        "cloudwatch.expression",
        *_ALARM,
        {**_NO_METRIC, "Metrics": [{"Id": "a", "Expression": "b + 1"}]},
        {**_NO_METRIC, "Metrics": [{"Id": "a", "Expression": "SUM(METRICS()"}]},
    ),
    seed(
        "cloudwatch.metric_namespace",
        "PutMetricData",
        {"Namespace": "Batch", "MetricData": [{"MetricName": "m", "Value": 1.0}]},
        {"Namespace": "AWS/Mine"},
    ),
    seed(
        "logs.retention",
        "PutRetentionPolicy",
        {"logGroupName": "/batch/group", "retentionInDays": 3653},
        {"retentionInDays": 10},
        {"retentionInDays": 731 * 2},
    ),
    seed("logs.group_name", "CreateLogGroup", lambda a: {"logGroupName": a.name()}, {"logGroupName": "aws/mine"}),
    seed(
        "logs.group_key",
        "CreateLogGroup",
        lambda a: {"logGroupName": a.name(), "kmsKeyId": a.key},
        {"kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/none"},
    ),
    seed(
        "logs.resource_policy",
        *_RESOURCE_POLICY,
        {"policyName": ABSENT},
        {"policyDocument": "{"},
        {"policyDocument": policy({**_LOGS_STATEMENT, "Action": "sqs:SendMessage"})},
        {"policyDocument": policy({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})},
        {"policyDocument": policy({**_LOGS_STATEMENT, "Resource": ["*"] * 5100})},
    ),
    seed("logs.resource_policies", *_RESOURCE_POLICY, {"policyName": "eleventh"}),
    seed("logs.metric_filters", *_FILTER, {"filterName": "one-more", "logGroupName": "/batch/full"}),
    seed(
        "logs.metric_transformation",
        *_FILTER,
        _transformation(defaultValue=0.0, dimensions={"d": "$.d"}),
        _transformation(metricValue="one"),
    ),
    seed(
        "logs.filter_pattern",
        *_FILTER,
        {"filterPattern": '{ $.level = "ERROR" '},
        {"filterPattern": '"open'},
        {"filterPattern": "{ level = 1 }"},
    ),
    seed("cloudwatch.period", *_ALARM, {"Period": 45}, {"Period": 90}, {"Period": 15}),
    seed("cloudwatch.evaluation", *_ALARM, {"Period": 300, "EvaluationPeriods": 289}, {"DatapointsToAlarm": 3}),
    seed(
        "cloudwatch.metric",
        *_ALARM,
        {"MetricName": ABSENT},
        {"Statistic": ABSENT},
        {"ExtendedStatistic": "p99"},
        {"Namespace": ABSENT},
        {"Threshold": ABSENT},
        {"Metrics": [{"Id": "a", "MetricStat": _STAT}]},
        {**_NO_METRIC, "Metrics": [{"Id": "a", "MetricStat": _STAT}, {"Id": "b", "MetricStat": _STAT}]},
        {**_NO_METRIC, "Metrics": [{"Id": "A", "MetricStat": _STAT}]},
        {**_NO_METRIC, "Metrics": [{"Id": "a", "MetricStat": _STAT, "Expression": "b"}]},
    ),
    seed("cloudwatch.missing_data", *_ALARM, {"TreatMissingData": "notbreaching"}),
    seed(
        "cloudwatch.actions",
        *_ALARM,
        {"AlarmActions": ["topic"]},
        {"OKActions": ["arn:aws:sns:eu-west-1:123456789012:topic"]},
    ),
    seed("cloudwatch.action_targets", *_ALARM, {"AlarmActions": ["arn:aws:sns:us-east-1:123456789012:none"]}),
    seed(
        "cloudwatch.dashboard",
        "PutDashboard",
        {"DashboardName": "board", **_widget()},
        {"DashboardBody": "{"},
        {"DashboardBody": "{}"},
        _widget(type="graph"),
        _widget(x=20),
    ),
]


SEEDS = _SEEDS
