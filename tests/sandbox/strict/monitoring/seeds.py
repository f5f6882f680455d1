"""Seeds for the rules of CloudWatch, its logs, and Budgets."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.seeds import ABSENT, Seed, seed

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


_MATH_ALARM = {
    "AlarmName": "math",
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


_TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}"


def _math(text: str, metrics: int = 1) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": f"m{number}", "MetricStat": stat, "ReturnData": False} for number in range(1, metrics + 1)]
    return {"Metrics": [*queries, {"Id": "e1", "Expression": text, "ReturnData": True}]}


def _typed_widget(kind: str, **properties: Any) -> dict[str, Any]:
    return {"DashboardBody": json.dumps({"widgets": [{"type": kind, "properties": properties}]})}


def _budget(account: Strict) -> dict[str, Any]:
    limit = {"Amount": "100", "Unit": "USD"}
    kind = {"BudgetName": account.name(), "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    return {
        "AccountId": ACCOUNT,
        "Budget": kind,
        "NotificationsWithSubscribers": [{"Notification": notification, "Subscribers": [_email(1), _topic("a")]}],
    }


def _email(number: int) -> dict[str, str]:
    return {"SubscriptionType": "EMAIL", "Address": f"a{number}@example.org"}


def _topic(name: str) -> dict[str, str]:
    return {"SubscriptionType": "SNS", "Address": f"{_TOPIC_ARN}:{name}"}


def _subscribers(*subscribers: dict[str, str]) -> dict[str, Any]:
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    return {"NotificationsWithSubscribers": [{"Notification": notification, "Subscribers": list(subscribers)}]}


SEEDS: Final[list[Seed]] = [
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
    seed(
        "logs.metric_names",
        "PutMetricFilter",
        data.metric_filter,
        *(
            {"metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1", **name}]}
            for name in ({"metricName": "zeit_für_läufe"}, {"metricNamespace": "Batch Runs"}, {"metricName": ""})
        ),
    ),
    seed(
        "cloudwatch.expression",
        "PutMetricAlarm",
        {**_MATH_ALARM, **_math("IF(m1 >= -1, 100 * m1, +1) / (m1 + 1)")},
        _math("m1 + * 2"),
        _math("* m1"),
        _math("m1 /"),
        _math("SUM(m1 <)"),
    ),
    seed("cloudwatch.alarm_metrics", "PutMetricAlarm", {**_MATH_ALARM, **_math("m1", 10)}, _math("m1", 11)),
    seed(
        "cloudwatch.dashboard",
        "PutDashboard",
        {
            "DashboardName": "review",
            **_typed_widget("metric", region="us-east-1", view="gauge", metrics=[["n", "m"]]),
        },
        _typed_widget("metric", metrics=[["n", "m"]]),
        _typed_widget("metric", region="us-east-1", view="lines", metrics=[["n", "m"]]),
        _typed_widget("metric", region="us-east-1"),
        _typed_widget("text"),
        _typed_widget("alarm", alarms=[]),
        _typed_widget("alarm", alarms=["arn"] * 101),
        _typed_widget("log", region="us-east-1"),
    ),
    seed(
        "cloudwatch.dashboard_name",
        "PutDashboard",
        {"DashboardName": "a", "DashboardBody": '{"widgets": []}'},
        {"DashboardName": "a board"},
    ),
    seed(
        "budgets.budget",
        "CreateBudget",
        _budget,
        {"Budget": {"TimePeriod": {"Start": 1767225600, "End": 1735689600}}},
        {"Budget": {"BudgetType": "RI_UTILIZATION", "CostTypes": {"IncludeTax": True}}},
        {"Budget": {"PlannedBudgetLimits": {"1767225600": {"Amount": "1", "Unit": "USD"}}}},
        {"Budget": {"CostFilters": {"Service": ["Amazon S3"]}, "Metrics": ["UnblendedCost"]}},
    ),
    seed(
        "budgets.subscribers",
        "CreateBudget",
        _budget,
        _subscribers(_topic("a"), _topic("b")),
        _subscribers(*(_email(number) for number in range(11))),
        _subscribers({"SubscriptionType": "EMAIL", "Address": "nobody"}),
        _subscribers({"SubscriptionType": "SNS", "Address": "topic"}),
    ),
]
