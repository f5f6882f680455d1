"""Requests about metrics, alarms, dashboards and budgets."""

from __future__ import annotations

import json
import time
from typing import Final

from tests.sandbox.strict.cloudformation import data
from tests.sandbox.strict.conftest import ACCOUNT
from tests.sandbox.strict.monitoring.seeds import _ALARM, _NO_METRIC, _STAT, _widget
from tests.sandbox.strict.requests import ABSENT, Request, request

_NOW = int(time.time())


REQUESTS: Final[dict[str, list[Request]]] = {
    "cloudwatch": [
        request(
            "PutMetricAlarm",
            _ALARM[1],
            no_name={"AlarmName": ABSENT},
            empty_name={"AlarmName": ""},
            period={"Period": 45},
            zero_periods={"EvaluationPeriods": 0},
            no_periods={"EvaluationPeriods": ABSENT},
            no_operator={"ComparisonOperator": ABSENT},
            comparison={"ComparisonOperator": "Above"},
            no_threshold={"Threshold": ABSENT},
            statistic={"Statistic": "Mean"},
            no_statistic={"Statistic": ABSENT},
            both={"ExtendedStatistic": "p99"},
            extended={"Statistic": ABSENT, "ExtendedStatistic": "p101"},
            missing={"TreatMissingData": "alarm"},
            unit={"Unit": "Hours"},
            many_datapoints={"DatapointsToAlarm": 3},
            action={"AlarmActions": ["topic"]},
            many_actions=lambda a: {"AlarmActions": [a.topic] * 6},
            namespace={"Namespace": ":x"},
            two_metrics={"Metrics": [{"Id": "m", "MetricStat": _STAT}]},
            metric_id={**_NO_METRIC, "Metrics": [{"Id": "Upper", "MetricStat": _STAT}]},
            id_twice={
                **_NO_METRIC,
                "Metrics": [{"Id": "m", "MetricStat": _STAT}, {"Id": "m", "MetricStat": _STAT, "ReturnData": False}],
            },
            two_returned={
                **_NO_METRIC,
                "Metrics": [{"Id": "m", "MetricStat": _STAT}, {"Id": "n", "MetricStat": _STAT}],
            },
            neither={**_NO_METRIC, "Metrics": [{"Id": "m"}]},
            both_kinds={**_NO_METRIC, "Metrics": [{"Id": "m", "MetricStat": _STAT, "Expression": "1"}]},
            dimension={"Dimensions": [{"Name": "", "Value": "x"}]},
            many_dimensions={"Dimensions": [{"Name": f"d{n}", "Value": "x"} for n in range(31)]},
            low_sample={"EvaluateLowSampleCountPercentile": "maybe"},
            anomaly={"ComparisonOperator": "LessThanLowerThreshold"},
        ),
        request(
            "PutMetricData",
            {"Namespace": "Batch", "MetricData": [{"MetricName": "m", "Value": 1.0}]},
            no_value={"MetricData": [{"MetricName": "m"}]},
            both={
                "MetricData": [
                    {
                        "MetricName": "m",
                        "Value": 1.0,
                        "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1},
                    }
                ]
            },
            counts={"MetricData": [{"MetricName": "m", "Values": [1.0, 2.0], "Counts": [1.0]}]},
            resolution={"MetricData": [{"MetricName": "m", "Value": 1.0, "StorageResolution": 5}]},
            unit={"MetricData": [{"MetricName": "m", "Value": 1.0, "Unit": "Hours"}]},
            namespace={"Namespace": "AWS/Batch"},
            old={"MetricData": [{"MetricName": "m", "Value": 1.0, "Timestamp": _NOW - 15 * 86400}]},
            ahead={"MetricData": [{"MetricName": "m", "Value": 1.0, "Timestamp": _NOW + 3 * 3600}]},
            huge={"MetricData": [{"MetricName": "m", "Value": 1e120}]},
            none={"MetricData": ABSENT},
        ),
        request(
            "GetMetricStatistics",
            {
                "Namespace": "n",
                "MetricName": "m",
                "StartTime": _NOW - 3600,
                "EndTime": _NOW,
                "Period": 60,
                "Statistics": ["Sum"],
            },
            backwards={"StartTime": _NOW + 60},
            period={"Period": 50},
            none={"Statistics": ABSENT},
            many={"StartTime": _NOW - 86400 * 2},
        ),
        request(
            "GetMetricData",
            {"StartTime": _NOW - 3600, "EndTime": _NOW, "MetricDataQueries": [{"Id": "m", "MetricStat": _STAT}]},
            ident={"MetricDataQueries": [{"Id": "M", "MetricStat": _STAT}]},
            backwards={"StartTime": _NOW + 60},
            twice={"MetricDataQueries": [{"Id": "m", "MetricStat": _STAT}] * 2},
            neither={"MetricDataQueries": [{"Id": "m"}]},
            scan={"ScanBy": "Up"},
        ),
        request(
            "PutDashboard",
            {"DashboardName": "documented", **_widget()},
            name={"DashboardName": "a dashboard"},
            no_json={"DashboardBody": "{"},
            kind=_widget(type="chart"),
            wide=_widget(width=25),
            text={"DashboardBody": "[]"},
        ),
        request(
            "DescribeAlarms",
            {},
            both={"AlarmNames": ["a"], "AlarmNamePrefix": "a"},
            state={"StateValue": "FINE"},
            page={"MaxRecords": 101},
        ),
        request(
            "SetAlarmState",
            lambda a: {"AlarmName": a.new_alarm(), "StateValue": "OK", "StateReason": "r"},
            none={"AlarmName": "ghost"},
            state={"StateValue": "FINE"},
            data={"StateReasonData": "{"},
        ),
        request(
            "PutMetricAlarm",
            data.alarm,
            colon={"Dimensions": [{"Name": ":cluster", "Value": "v"}]},
            accent={"Dimensions": [{"Name": "größe", "Value": "v"}]},
            accent_of_value={"Dimensions": [{"Name": "d", "Value": "größe"}]},
            blank={"Dimensions": [{"Name": " ", "Value": "v"}]},
            blank_value={"Dimensions": [{"Name": "d", "Value": " "}]},
            control={"AlarmName": "a\u0007b"},
            day={"Period": 60, "EvaluationPeriods": 1441, "DatapointsToAlarm": 1},
            week={"Period": 3600, "EvaluationPeriods": 169, "DatapointsToAlarm": 1},
            points={"DatapointsToAlarm": 3},
            interval={"EvaluationInterval": 60},
        ),
        request(
            "PutMetricData",
            {"Namespace": "Batch", "MetricData": [{"MetricName": "m", "Value": 1.0}]},
            dimensions={
                "MetricData": [
                    {
                        "MetricName": "m",
                        "Value": 1.0,
                        "Dimensions": [{"Name": f"d{n}", "Value": "v"} for n in range(31)],
                    }
                ]
            },
            accent={"MetricData": [{"MetricName": "m", "Value": 1.0, "Dimensions": [{"Name": "ö", "Value": "v"}]}]},
            values={"MetricData": [{"MetricName": "m", "Values": [float(n) for n in range(151)]}]},
            namespace={"Namespace": "Bätch"},
        ),
        request(
            "PutMetricAlarm",
            data.alarm,
            elsewhere={"AlarmActions": [f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic"]},
            statistic={"ExtendedStatistic": "p99"},
            name={"AlarmName": "a" * 256},
            tags={"Tags": [{"Key": "aws:x", "Value": "v"}]},
            negative={"EvaluationPeriods": -1},
            high_resolution={"Period": 15},
        ),
        request("DeleteAlarms", lambda a: {"AlarmNames": [a.new_alarm()]}, many={"AlarmNames": ["a"] * 101}),
        request(
            "PutDashboard",
            {"DashboardName": "further", "DashboardBody": json.dumps({"widgets": []})},
            text={"DashboardBody": "widgets"},
            metrics={
                "DashboardBody": json.dumps(
                    {"widgets": [{"type": "metric", "width": 6, "height": 6, "properties": {"metrics": "m"}}]}
                )
            },
            region={
                "DashboardBody": json.dumps(
                    {"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/ECS", "CPU"]]}}]}
                )
            },
            height={"DashboardBody": json.dumps({"widgets": [{"type": "text", "height": 1001, "properties": {}}]})},
        ),
    ],
    "budgets": [
        request(
            "CreateBudget",
            lambda a: {
                "AccountId": ACCOUNT,
                "Budget": {
                    "BudgetName": a.name(),
                    "BudgetLimit": {"Amount": "100", "Unit": "USD"},
                    "TimeUnit": "MONTHLY",
                    "BudgetType": "COST",
                },
            },
            account={"AccountId": "123"},
            name={"Budget": {"BudgetName": "a:b"}},
            slash={"Budget": {"BudgetName": "a/action/b"}},
            long={"Budget": {"BudgetName": "n" * 101}},
            amount={"Budget": {"BudgetLimit": {"Amount": "much"}}},
            negative={"Budget": {"BudgetLimit": {"Amount": "-1"}}},
            unit={"Budget": {"TimeUnit": "WEEKLY"}},
            kind={"Budget": {"BudgetType": "MONEY"}},
            no_limit={"Budget": {"BudgetLimit": ABSENT}},
            subscribers={
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "NotificationType": "ACTUAL",
                            "ComparisonOperator": "GREATER_THAN",
                            "Threshold": 80.0,
                        },
                        "Subscribers": [],
                    }
                ]
            },
            address={
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "NotificationType": "ACTUAL",
                            "ComparisonOperator": "GREATER_THAN",
                            "Threshold": 80.0,
                        },
                        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "nobody"}],
                    }
                ]
            },
        ),
    ],
}
