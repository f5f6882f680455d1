"""CloudWatch and CloudWatch Logs, each operation's page in its API reference."""

from __future__ import annotations

import time

from tests.sandbox.strict.conftest import ACCOUNT
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.seeds.watching import _ALARM, _FILTER, _NO_METRIC, _STAT, _transformation, _widget

_NOW = int(time.time())

REQUESTS = [
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
        two_returned={**_NO_METRIC, "Metrics": [{"Id": "m", "MetricStat": _STAT}, {"Id": "n", "MetricStat": _STAT}]},
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
]

_EVENT = {"timestamp": _NOW * 1000, "message": "m"}
REQUESTS_LOGS = [
    request(
        "CreateLogGroup",
        lambda a: {"logGroupName": f"/batch/{a.name()}"},
        taken={"logGroupName": "/batch/group"},
        space={"logGroupName": "/batch/a b"},
        long={"logGroupName": "/" + "g" * 512},
        key={"kmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"},
        kind={"logGroupClass": "CHEAP"},
        reserved={"tags": {"aws:x": "v"}},
    ),
    request(
        "CreateLogStream",
        lambda a: {"logGroupName": "/batch/group", "logStreamName": a.name()},
        colon={"logStreamName": "a:b"},
        star={"logStreamName": "a*"},
        none={"logGroupName": "/batch/ghost"},
    ),
    request(
        "PutRetentionPolicy",
        {"logGroupName": "/batch/group", "retentionInDays": 30},
        two={"retentionInDays": 2},
        none={"logGroupName": "/batch/ghost"},
        zero={"retentionInDays": 0},
    ),
    request(
        "PutLogEvents",
        lambda a: {"logGroupName": "/batch/group", "logStreamName": a.new_stream(), "logEvents": [_EVENT]},
        backwards={"logEvents": [_EVENT, {**_EVENT, "timestamp": _NOW * 1000 - 5}]},
        wide={"logEvents": [{**_EVENT, "timestamp": _NOW * 1000 - 25 * 3600_000}, _EVENT]},
        empty={"logEvents": []},
        message={"logEvents": [{**_EVENT, "message": ""}]},
        large={"logEvents": [{**_EVENT, "message": "m" * 1_048_577}]},
        stream={"logStreamName": "ghost"},
    ),
    request(
        "PutMetricFilter",
        _FILTER[1],
        brackets={"filterPattern": "{ $.a = 1"},
        quotes={"filterPattern": '"a'},
        none={"logGroupName": "/batch/ghost"},
        value=_transformation(metricValue="many"),
        no_value={"metricTransformations": [{"metricName": "m", "metricNamespace": "n"}]},
        namespace=_transformation(metricNamespace="AWS/X"),
        colon=_transformation(metricNamespace="a:b"),
        name=_transformation(metricName="a*b"),
        transformations={"metricTransformations": []},
        two={"metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}] * 2},
        unit=_transformation(unit="Hours"),
        dimensions=_transformation(dimensions={f"d{n}": "$.d" for n in range(4)}),
        dimension_value=_transformation(dimensions={"d": "d"}),
        dimensions_of_text={"filterPattern": "ERROR", **_transformation(dimensions={"d": "$.d"})},
    ),
    request(
        "FilterLogEvents",
        {"logGroupName": "/batch/group"},
        both={"logStreamNames": ["s"], "logStreamNamePrefix": "s"},
        backwards={"startTime": 2000, "endTime": 1000},
        limit={"limit": 10001},
        none={"logGroupName": "/batch/ghost"},
        pattern={"filterPattern": "{ $.a"},
    ),
    request(
        "GetLogEvents",
        lambda a: {"logGroupName": "/batch/group", "logStreamName": a.new_stream()},
        none={"logStreamName": "ghost"},
        limit={"limit": 10001},
    ),
    request("DeleteLogGroup", lambda a: {"logGroupName": a.new_group()}, none={"logGroupName": "/batch/ghost"}),
    request(
        "StartQuery",
        {"logGroupName": "/batch/group", "startTime": 1, "endTime": 2, "queryString": "fields @message"},
        backwards={"startTime": 3},
        empty={"logGroupName": ABSENT},
        command={"queryString": "select everything"},
        none={"logGroupName": "/batch/ghost"},
        limit={"limit": 100001},
    ),
    request(
        "DescribeLogStreams",
        {"logGroupName": "/batch/group"},
        order={"orderBy": "Size"},
        prefix={"orderBy": "LastEventTime", "logStreamNamePrefix": "x"},
        page={"limit": 51},
        none={"logGroupName": "/batch/ghost"},
    ),
]
