"""CloudWatch, CloudWatch Logs, EventBridge and Scheduler, each operation's page in its API reference."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.seeds.events import _SCHEDULE, _TARGETS, _target
from tests.sandbox.strict.seeds.watching import _ALARM, _FILTER, _NO_METRIC, _STAT, _transformation, _widget

_NOW = int(time.time())
_GHOST = f"arn:aws:iam::{ACCOUNT}:role/ghost"

SERVICE = "cloudwatch"
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
        id_twice={**_NO_METRIC, "Metrics": [{"Id": "m", "MetricStat": _STAT}, {"Id": "m", "MetricStat": _STAT, "ReturnData": False}]},
        two_returned={**_NO_METRIC, "Metrics": [{"Id": "m", "MetricStat": _STAT}, {"Id": "n", "MetricStat": _STAT}]},
        neither={**_NO_METRIC, "Metrics": [{"Id": "m"}]},
        both_kinds={**_NO_METRIC, "Metrics": [{"Id": "m", "MetricStat": _STAT, "Expression": "1"}]},
        dimension={"Dimensions": [{"Name": "", "Value": "x"}]},
        many_dimensions={"Dimensions": [{"Name": f"d{n}", "Value": "x"} for n in range(31)]},
        low_sample={"EvaluateLowSampleCountPercentile": "maybe"},
        anomaly={"ComparisonOperator": "LessThanLowerThreshold"},
    ),
    request("PutMetricData", {"Namespace": "Batch", "MetricData": [{"MetricName": "m", "Value": 1.0}]}, no_value={"MetricData": [{"MetricName": "m"}]}, both={"MetricData": [{"MetricName": "m", "Value": 1.0, "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}}]}, counts={"MetricData": [{"MetricName": "m", "Values": [1.0, 2.0], "Counts": [1.0]}]}, resolution={"MetricData": [{"MetricName": "m", "Value": 1.0, "StorageResolution": 5}]}, unit={"MetricData": [{"MetricName": "m", "Value": 1.0, "Unit": "Hours"}]}, namespace={"Namespace": "AWS/Batch"}, old={"MetricData": [{"MetricName": "m", "Value": 1.0, "Timestamp": _NOW - 15 * 86400}]}, ahead={"MetricData": [{"MetricName": "m", "Value": 1.0, "Timestamp": _NOW + 3 * 3600}]}, huge={"MetricData": [{"MetricName": "m", "Value": 1e120}]}, none={"MetricData": ABSENT}),
    request("GetMetricStatistics", {"Namespace": "n", "MetricName": "m", "StartTime": _NOW - 3600, "EndTime": _NOW, "Period": 60, "Statistics": ["Sum"]}, backwards={"StartTime": _NOW + 60}, period={"Period": 50}, none={"Statistics": ABSENT}, many={"StartTime": _NOW - 86400 * 2}),
    request("GetMetricData", {"StartTime": _NOW - 3600, "EndTime": _NOW, "MetricDataQueries": [{"Id": "m", "MetricStat": _STAT}]}, ident={"MetricDataQueries": [{"Id": "M", "MetricStat": _STAT}]}, backwards={"StartTime": _NOW + 60}, twice={"MetricDataQueries": [{"Id": "m", "MetricStat": _STAT}] * 2}, neither={"MetricDataQueries": [{"Id": "m"}]}, scan={"ScanBy": "Up"}),
    request("PutDashboard", {"DashboardName": "documented", **_widget()}, name={"DashboardName": "a dashboard"}, no_json={"DashboardBody": "{"}, kind=_widget(type="chart"), wide=_widget(width=25), text={"DashboardBody": "[]"}),
    request("DescribeAlarms", {}, both={"AlarmNames": ["a"], "AlarmNamePrefix": "a"}, state={"StateValue": "FINE"}, page={"MaxRecords": 101}),
    request("SetAlarmState", lambda a: {"AlarmName": a.new_alarm(), "StateValue": "OK", "StateReason": "r"}, none={"AlarmName": "ghost"}, state={"StateValue": "FINE"}, data={"StateReasonData": "{"}),
]  # fmt: skip

_EVENT = {"timestamp": _NOW * 1000, "message": "m"}
REQUESTS_LOGS = [
    request("CreateLogGroup", lambda a: {"logGroupName": f"/batch/{a.name()}"}, taken={"logGroupName": "/batch/group"}, space={"logGroupName": "/batch/a b"}, long={"logGroupName": "/" + "g" * 512}, key={"kmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"}, kind={"logGroupClass": "CHEAP"}, reserved={"tags": {"aws:x": "v"}}),
    request("CreateLogStream", lambda a: {"logGroupName": "/batch/group", "logStreamName": a.name()}, colon={"logStreamName": "a:b"}, star={"logStreamName": "a*"}, none={"logGroupName": "/batch/ghost"}),
    request("PutRetentionPolicy", {"logGroupName": "/batch/group", "retentionInDays": 30}, two={"retentionInDays": 2}, none={"logGroupName": "/batch/ghost"}, zero={"retentionInDays": 0}),
    request("PutLogEvents", lambda a: {"logGroupName": "/batch/group", "logStreamName": a.new_stream(), "logEvents": [_EVENT]}, backwards={"logEvents": [_EVENT, {**_EVENT, "timestamp": _NOW * 1000 - 5}]}, wide={"logEvents": [{**_EVENT, "timestamp": _NOW * 1000 - 25 * 3600_000}, _EVENT]}, empty={"logEvents": []}, message={"logEvents": [{**_EVENT, "message": ""}]}, large={"logEvents": [{**_EVENT, "message": "m" * 1_048_577}]}, stream={"logStreamName": "ghost"}),
    request("PutMetricFilter", _FILTER[1], brackets={"filterPattern": "{ $.a = 1"}, quotes={"filterPattern": '"a'}, none={"logGroupName": "/batch/ghost"}, value=_transformation(metricValue="many"), no_value={"metricTransformations": [{"metricName": "m", "metricNamespace": "n"}]}, namespace=_transformation(metricNamespace="AWS/X"), colon=_transformation(metricNamespace="a:b"), name=_transformation(metricName="a*b"), transformations={"metricTransformations": []}, two={"metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}] * 2}, unit=_transformation(unit="Hours"), dimensions=_transformation(dimensions={f"d{n}": "$.d" for n in range(4)}), dimension_value=_transformation(dimensions={"d": "d"}), dimensions_of_text={"filterPattern": "ERROR", **_transformation(dimensions={"d": "$.d"})}),
    request("FilterLogEvents", {"logGroupName": "/batch/group"}, both={"logStreamNames": ["s"], "logStreamNamePrefix": "s"}, backwards={"startTime": 2000, "endTime": 1000}, limit={"limit": 10001}, none={"logGroupName": "/batch/ghost"}, pattern={"filterPattern": "{ $.a"}),
    request("GetLogEvents", lambda a: {"logGroupName": "/batch/group", "logStreamName": a.new_stream()}, none={"logStreamName": "ghost"}, limit={"limit": 10001}),
    request("DeleteLogGroup", lambda a: {"logGroupName": a.new_group()}, none={"logGroupName": "/batch/ghost"}),
    request("StartQuery", {"logGroupName": "/batch/group", "startTime": 1, "endTime": 2, "queryString": "fields @message"}, backwards={"startTime": 3}, empty={"logGroupName": ABSENT}, command={"queryString": "select everything"}, none={"logGroupName": "/batch/ghost"}, limit={"limit": 100001}),
    request("DescribeLogStreams", {"logGroupName": "/batch/group"}, order={"orderBy": "Size"}, prefix={"orderBy": "LastEventTime", "logStreamNamePrefix": "x"}, page={"limit": 51}, none={"logGroupName": "/batch/ghost"}),
]  # fmt: skip

_PATTERN = {"source": ["aws.s3"]}
REQUESTS_EVENTS = [
    request("PutEvents", {"Entries": [{"Source": "batch", "DetailType": "t", "Detail": "{}"}]}, many={"Entries": [{"Source": "batch", "DetailType": "t", "Detail": "{}"}] * 11}, none={"Entries": []}, large={"Entries": [{"Source": "batch", "DetailType": "t", "Detail": json.dumps({"k": "v" * 1_100_000})}]}),
    request("PutRule", {"Name": "documented", "EventPattern": json.dumps(_PATTERN)}, name={"Name": "a rule"}, neither={"EventPattern": ABSENT}, no_json={"EventPattern": "{"}, text={"EventPattern": json.dumps({"source": "aws.s3"})}, empty={"EventPattern": "{}"}, comparison={"EventPattern": json.dumps({"source": [{"starts": "aws"}]})}, numeric={"EventPattern": json.dumps({"detail": {"n": [{"numeric": ["=>", 1]}]}})}, cidr={"EventPattern": json.dumps({"detail": {"ip": [{"cidr": "10.0.0.0/40"}]}})}, state={"State": "ON"}, bus={"EventBusName": "ghost"}, rate={"ScheduleExpression": "rate(5 minute)"}, rate_one={"ScheduleExpression": "rate(1 days)"}, cron={"ScheduleExpression": "cron(0 8 * * *)"}, both_days={"ScheduleExpression": "cron(0 8 1 * MON *)"}, at={"ScheduleExpression": "at(2030-01-01T00:00:00)"}, seconds={"ScheduleExpression": "rate(5 seconds)"}, description={"Description": "d" * 513}, role={"RoleArn": "starter"}, reserved={"Tags": [{"Key": "aws:x", "Value": "v"}]}, hour={"ScheduleExpression": "cron(0 24 * * ? *)"}),
    request("PutTargets", _TARGETS[1], rule={"Rule": "ghost"}, no_role=_target(RoleArn=ABSENT), arn=_target(Arn="machine-of-ours"), no_arn=_target(Arn=ABSENT), no_id=_target(Id=ABSENT), ident=_target(Id="a b"), both=_target(Input="{}", InputPath="$.detail"), no_json=_target(Input="{"), path=_target(InputPath="detail"), variable=_target(InputTransformer={"InputTemplate": '{"k": <key>}'}), variable_path=_target(InputTransformer={"InputPathsMap": {"k": "detail.k"}, "InputTemplate": '{"k": <k>}'}), reserved=_target(InputTransformer={"InputPathsMap": {"AWS.k": "$.k"}, "InputTemplate": "<AWS.k>"}), age=_target(RetryPolicy={"MaximumEventAgeInSeconds": 59}), attempts=_target(RetryPolicy={"MaximumRetryAttempts": 186}), letters=_target(DeadLetterConfig={"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none"}), letters_of_topic=_target(DeadLetterConfig={"Arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"}), none={"Targets": []}, many=lambda a: {"Targets": [{"Id": str(n), "Arn": a.queue} for n in range(6)]}, twice=lambda a: {"Targets": [{"Id": "1", "Arn": a.queue}] * 2}, fifo=_target(Arn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q.fifo", RoleArn=ABSENT), ghost=_target(RoleArn=_GHOST), role_of_another=lambda a: {"Targets": [{"Id": "1", "Arn": a.machine, "RoleArn": a.ecs_tasks_role}]}, elsewhere=_target(Arn=f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:m")),
    request("DeleteRule", lambda a: {"Name": a.new_rule()}, with_targets=lambda a: {"Name": a.new_rule(targets=True)}),
    request("RemoveTargets", lambda a: {"Rule": a.new_rule(targets=True), "Ids": ["1"]}, none={"Rule": "ghost"}, empty={"Ids": []}),
    request("DisableRule", lambda a: {"Name": a.new_rule()}, none={"Name": "ghost"}),
    request("DescribeRule", {"Name": "rule"}, none={"Name": "ghost"}, bus={"EventBusName": "ghost"}),
    request("CreateEventBus", lambda a: {"Name": a.name()}, default={"Name": "default"}, slash={"Name": "a/b"}, aws={"Name": "aws.x"}),
    request("TestEventPattern", {"EventPattern": json.dumps(_PATTERN), "Event": json.dumps({"id": "1", "account": ACCOUNT, "source": "aws.s3", "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [], "detail-type": "t", "detail": {}})}, pattern={"EventPattern": "["}, event={"Event": "{"}, bare={"Event": "{}"}),
]  # fmt: skip


def _goal(**members: Any) -> Any:
    return lambda a: {
        "Target": {
            n: v for n, v in {"Arn": a.machine, "RoleArn": a.scheduler_role, **members}.items() if v is not ABSENT
        }
    }


REQUESTS_SCHEDULER = [
    request("CreateSchedule", _SCHEDULE[1], name={"Name": "a schedule"}, expression={"ScheduleExpression": "daily"}, five={"ScheduleExpression": "cron(0 22 * * *)"}, rate={"ScheduleExpression": "rate(0 hours)"}, at={"ScheduleExpression": "at(2030-13-01T00:00:00)"}, zone={"ScheduleExpressionTimezone": "Mars/Base"}, window={"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, off={"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, long={"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}}, no_window={"FlexibleTimeWindow": ABSENT}, no_role=_goal(RoleArn=ABSENT), ghost=_goal(RoleArn=_GHOST), role_of_another=lambda a: {"Target": {"Arn": a.machine, "RoleArn": a.events_role}}, arn=_goal(Arn="machine"), no_json=_goal(Input="{"), attempts=_goal(RetryPolicy={"MaximumRetryAttempts": 186}), age=_goal(RetryPolicy={"MaximumEventAgeInSeconds": 59}), letters=_goal(DeadLetterConfig={"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none"}), dates={"StartDate": _NOW + 100, "EndDate": _NOW + 50}, group={"GroupName": "ghost"}, state={"State": "ON"}, after={"ActionAfterCompletion": "KEEP"}, key={"KmsKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"}, universal=_goal(Arn="arn:aws:scheduler:::aws-sdk:nothing:doIt"), ecs=_goal(EcsParameters={"TaskDefinitionArn": "x"}), fifo=_goal(Arn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q.fifo"), past={"ScheduleExpression": "rate(1 hour)", "EndDate": _NOW - 50}, taken=lambda a: {"Name": a.new_schedule()}),
    request("UpdateSchedule", lambda a: {**_SCHEDULE[1](a), "Name": a.new_schedule()}, none={"Name": "ghost"}, zone={"ScheduleExpressionTimezone": "EST/EDT"}, no_target={"Target": ABSENT}),
    request("CreateScheduleGroup", lambda a: {"Name": a.name()}, taken={"Name": "default"}, name={"Name": "a group"}),
    request("DeleteScheduleGroup", lambda a: {"Name": a.new_schedule_group()}, default={"Name": "default"}, none={"Name": "ghost"}),
    request("DeleteSchedule", lambda a: {"Name": a.new_schedule()}, none={"Name": "ghost"}),
    request("GetSchedule", lambda a: {"Name": a.new_schedule()}, none={"Name": "ghost"}),
]  # fmt: skip
