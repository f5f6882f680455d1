"""Seeds for CloudWatch, EventBridge, Scheduler, Step Functions, SNS, SQS and DynamoDB."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.strict.conftest import policy
from tests.sandbox.strict.seeds import ABSENT, seed

_GHOST = "arn:aws:iam::123456789012:role/ghost"
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


_WATCH = [
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


def _pattern(**members: Any) -> dict[str, Any]:
    return {"EventPattern": json.dumps(members)}


def _target(**members: Any) -> Any:
    base = {"Id": "1", "RoleArn": "events_role", "Arn": "machine"}

    def parameters(a: Any) -> dict[str, Any]:
        resolved = {**base, **members}
        for name in ("RoleArn", "Arn"):
            if isinstance(resolved[name], str) and resolved[name] in a.ids:
                resolved[name] = a.ids[resolved[name]]
        return {"Targets": [{name: value for name, value in resolved.items() if value is not ABSENT}]}

    return parameters


_TARGETS = ("PutTargets", lambda a: {"Rule": "rule", **_target()(a)})
_CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/cluster"
_NO_QUEUE = "arn:aws:sqs:us-east-1:123456789012:none"
_SCHEDULE = (
    "CreateSchedule",
    lambda a: {
        "Name": a.name(),
        "ScheduleExpression": "cron(0 22 ? * MON-FRI *)",
        "ScheduleExpressionTimezone": "Europe/Zurich",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": a.machine, "RoleArn": a.scheduler_role},
    },
)
_EXPRESSIONS = (
    "rate(1 days)",
    "rate(0 minutes)",
    "rate(5 minute)",
    "cron(0 22 * * * *)",
    "cron(0 22 ? * MON-FRI)",
    "cron(60 22 ? * * *)",
    "every day",
)

_EVENTS = [
    seed(
        "events.rule_role", "PutRule", {"Name": "seed", "ScheduleExpression": "rate(5 minutes)"}, {"RoleArn": "events"}
    ),
    seed("events.bus_name", "CreateEventBus", lambda a: {"Name": a.name()}, {"Name": "default"}, {"Name": "aws.mine"}),
    seed("scheduler.group", *_SCHEDULE, {"GroupName": "none"}),
    seed("scheduler.group_name", "CreateScheduleGroup", lambda a: {"Name": a.name()}, {"Name": "default"}),
    seed(
        "scheduler.target",
        *_SCHEDULE,
        {"Target": {"Arn": "machine"}},
        {"Target": {"Input": "no json"}},
        {"Target": {"Arn": _CLUSTER}},
        {"Target": {"EcsParameters": {"TaskDefinitionArn": "t"}}},
    ),
    seed(
        "events.schedule",
        "PutRule",
        {"Name": "seed", "ScheduleExpression": "rate(5 minutes)"},
        {"ScheduleExpression": ABSENT},
        *({"ScheduleExpression": text} for text in (*_EXPRESSIONS, "at(2026-11-21T22:00:00)")),
    ),
    seed(
        "events.event_pattern",
        "PutRule",
        {"Name": "seed", **_pattern(source=["aws.s3"], detail={"size": [{"numeric": [">", 0]}]})},
        {"EventPattern": "{"},
        {"EventPattern": "[]"},
        _pattern(source="aws.s3"),
        _pattern(source=[]),
        _pattern(detail={}),
        _pattern(source=[{"startswith": "aws"}]),
        _pattern(source=[{"prefix": 1}]),
        _pattern(source=[{"numeric": [">"]}]),
        _pattern(source=[{"exists": "yes"}]),
        _pattern(source=[["aws.s3"]]),
    ),
    seed(
        "events.targets",
        *_TARGETS,
        lambda a: {"Targets": [{**_target()(a)["Targets"][0], "Id": str(n)} for n in range(6)]},
    ),
    seed("events.target_ids", *_TARGETS, lambda a: {"Targets": _target()(a)["Targets"] * 2}),
    seed(
        "events.target_role",
        *_TARGETS,
        _target(RoleArn=ABSENT),
        _target(RoleArn="states_role"),
        _target(RoleArn=_GHOST),
        _target(Arn="machine-name"),
        _target(Arn="arn:aws:sqs:eu-west-1:123456789012:queue"),
    ),
    seed(
        "events.target_input",
        *_TARGETS,
        _target(Input="{}", InputPath="$.detail"),
        _target(Input="{"),
        _target(InputPath="detail"),
        _target(InputTransformer={"InputPathsMap": {"a": "detail"}, "InputTemplate": "<a>"}),
        _target(InputTransformer={"InputPathsMap": {"a": "$.a"}, "InputTemplate": "<b>"}),
    ),
    seed(
        "events.target_ecs",
        *_TARGETS,
        _target(Arn=_CLUSTER),
        _target(EcsParameters={"TaskDefinitionArn": "t"}),
        _target(Arn=_CLUSTER, EcsParameters={"TaskDefinitionArn": "t", "LaunchType": "FARGATE"}),
    ),
    seed(
        "events.target_dead_letters",
        *_TARGETS,
        _target(DeadLetterConfig={"Arn": _NO_QUEUE}),
        _target(DeadLetterConfig={"Arn": "arn:aws:sns:us-east-1:123456789012:topic"}),
    ),
    seed(
        "scheduler.expression", *_SCHEDULE, *({"ScheduleExpression": text} for text in (*_EXPRESSIONS, "at(tomorrow)"))
    ),
    seed("scheduler.time_zone", *_SCHEDULE, {"ScheduleExpressionTimezone": "Zurich"}),
    seed(
        "scheduler.window",
        *_SCHEDULE,
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
    ),
    seed(
        "scheduler.role", *_SCHEDULE, lambda a: {"Target": {"RoleArn": a.events_role}}, {"Target": {"RoleArn": _GHOST}}
    ),
    seed("scheduler.dead_letters", *_SCHEDULE, {"Target": {"DeadLetterConfig": {"Arn": _NO_QUEUE}}}),
    seed("scheduler.dates", *_SCHEDULE, {"StartDate": "2026-12-02T00:00:00Z", "EndDate": "2026-12-01T00:00:00Z"}),
]


def _machine(states: dict[str, Any], start: str = "A", **members: Any) -> dict[str, Any]:
    return {"definition": json.dumps({"StartAt": start, "States": states, **members})}


_END = {"Type": "Succeed"}
_TASK = {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": True}
_CREATE_MACHINE = (
    "CreateStateMachine",
    lambda a: {"name": a.name(), "roleArn": a.states_role, **_machine({"A": _TASK})},
)


def _logging(**members: Any) -> dict[str, Any]:
    return {"loggingConfiguration": {"level": "ALL", **members}}


_STATES = [
    seed("stepfunctions.name_taken", *_CREATE_MACHINE, {"name": "machine"}),
    seed("stepfunctions.name", *_CREATE_MACHINE, {"name": "with space"}, {"name": "a*b"}, {"name": "a/b"}),
    seed(
        "stepfunctions.definition",
        *_CREATE_MACHINE,
        {"definition": "{"},
        {"definition": "{}"},
        _machine({"A": _TASK}, start="B"),
        _machine({"A": {**_TASK, "End": ABSENT} | {"End": False, "Next": "B"}}),
        _machine({"A": _TASK, "B": _END}),
        _machine({"A": {"Type": "Tusk", "End": True}}),
        _machine({"A": {"Type": "Task", "End": True}}),
        _machine({"A": {**_TASK, "Resource": "runTask"}}),
        _machine({"A": {**_TASK, "Next": "A"}}),
        _machine({"A": {"Type": "Pass"}}),
        _machine({"A": {"Type": "Wait", "End": True}}),
        _machine({"A": {"Type": "Choice", "Choices": []}}),
        _machine({"A": {**_END, "End": True}}),
        _machine({"A": {**_TASK, "Catch": [{"ErrorEquals": ["States.ALL"]}]}}),
        _machine({"A": {**_TASK, "Retry": [{"ErrorEquals": ["States.ALL", "States.Timeout"]}]}}),
        _machine({"A": {**_TASK, "Arguments": {}}}),
        _machine({"A": {**_TASK, "Parameters": {}}}, QueryLanguage="JSONata"),
        _machine({"A": {**_TASK, "Arguments": "{% $x"}}, QueryLanguage="JSONata"),
        _machine({"A": _TASK}, QueryLanguage="JMESPath"),
        _machine({"A": {**_TASK, "Resource": "arn:aws:states:::ecs:runTusk.sync"}}),
        _machine({"A": {**_TASK, "Resource": "arn:aws:states:::aws-sdk:s3:headObjekt"}}),
        _machine({"A": {**_TASK, "Colour": "red"}}),
        _machine({"A": {**_TASK, "TimeoutSeconds": 0}}),
        _machine({"A": {**_TASK, "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]}}),
        _machine({"A": {"Type": "Wait", "Seconds": -1, "End": True}}),
        _machine({"A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "Next": "A"}]}}),
        _machine({"A": {"Type": "Pass", "End": True, "Output": "{% $x( %}"}}, QueryLanguage="JSONata"),
        _machine({"A": {"Type": "Map", "End": True, "ItemProcessor": {"StartAt": "X", "States": {}}}}),
        _machine({"A": {"Type": "Parallel", "End": True, "Branches": [{"StartAt": "X", "States": {"Y": _END}}]}}),
    ),
    seed(
        "stepfunctions.logging",
        *_CREATE_MACHINE,
        _logging(),
        lambda a: _logging(destinations=[{"cloudWatchLogsLogGroup": {"logGroupArn": a.log_group}}]),
        _logging(
            destinations=[
                {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:/none:*"}}
            ]
        ),
    ),
    seed("stepfunctions.role", *_CREATE_MACHINE, lambda a: {"roleArn": a.events_role}, {"roleArn": _GHOST}),
    seed(
        "stepfunctions.execution_input",
        "StartExecution",
        lambda a: {"stateMachineArn": a.machine, "input": "{}"},
        {"input": "{"},
    ),
]

_SEND = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
}
_PUBLISH = {**_SEND, "Action": "sns:Publish"}
_TOPIC = ("CreateTopic", lambda a: {"Name": a.name()})
_SUBSCRIBE = ("Subscribe", lambda a: {"TopicArn": a.topic, "Protocol": "email", "Endpoint": "a@example.org"})
_QUEUE = ("CreateQueue", lambda a: {"QueueName": a.name(), "Attributes": {}})


def _attributes(**members: str) -> dict[str, Any]:
    return {"Attributes": members}


def _redrive(target: str, count: object) -> dict[str, Any]:
    return _attributes(RedrivePolicy=json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count}))


_MESSAGES = [
    seed(
        "sqs.message_body",
        "SendMessage",
        {"QueueUrl": "http://127.0.0.1/123456789012/queue", "MessageBody": "m"},
        {"MessageBody": ""},
    ),
    seed("sns.topic_name", *_TOPIC, {"Name": "with space"}, {"Name": "x" * 257}, {"Name": "a.fifo"}),
    seed(
        "sns.topic_attributes",
        *_TOPIC,
        _attributes(Colour="red"),
        _attributes(DisplayName="x" * 101),
        _attributes(TracingConfig="On"),
        _attributes(SignatureVersion="3"),
    ),
    seed(
        "sns.topic_policy",
        *_TOPIC,
        _attributes(Policy="{"),
        _attributes(Policy=policy(_SEND)),
        _attributes(Policy=policy({**_PUBLISH, "Principal": {"AWS": _GHOST}})),
    ),
    seed(
        "sns.subscription",
        *_SUBSCRIBE,
        {"Endpoint": "nobody"},
        {"Protocol": "pigeon"},
        {"Protocol": "https", "Endpoint": "http://example.org"},
        {"Protocol": "sqs", "Endpoint": "queue"},
    ),
    seed(
        "sns.subscription_attributes",
        *_SUBSCRIBE,
        _attributes(Filter="{}"),
        _attributes(FilterPolicy="{"),
        _attributes(FilterPolicyScope="Body"),
    ),
    seed(
        "sns.message",
        "Publish",
        lambda a: {"TopicArn": a.topic, "Message": "m", "Subject": "s"},
        {"Message": ""},
        {"Message": "m" * 262145},
        {"Subject": "a\nb"},
        {"Subject": "s" * 101},
    ),
    seed("sqs.queue_name", *_QUEUE, {"QueueName": "with space"}, {"QueueName": "x" * 81}, {"QueueName": "a.fifo"}),
    seed(
        "sqs.queue_attributes",
        *_QUEUE,
        _attributes(VisibilityTimeout="43201"),
        _attributes(MessageRetentionPeriod="59"),
        _attributes(DelaySeconds="901"),
        _attributes(MaximumMessageSize="1023"),
        _attributes(ReceiveMessageWaitTimeSeconds="21"),
        _attributes(VisibilityTimeout="soon"),
        _attributes(SqsManagedSseEnabled="yes"),
        _attributes(SqsManagedSseEnabled="true", KmsMasterKeyId="alias/aws/sqs"),
    ),
    seed(
        "sqs.redrive_policy",
        *_QUEUE,
        _redrive(_NO_QUEUE, 3),
        lambda a: _redrive(a.queue, 0),
        lambda a: _redrive(a.queue, 1001),
        _attributes(RedrivePolicy="{"),
    ),
    seed(
        "sqs.queue_policy",
        *_QUEUE,
        _attributes(Policy="{"),
        _attributes(Policy=policy(_PUBLISH)),
        _attributes(Policy=policy({**_SEND, "Principal": {"Service": "eventbridge"}})),
    ),
]


def _table(*keys: tuple[str, str], attributes: tuple[str, ...] | None = None) -> dict[str, Any]:
    names = tuple(name for name, _ in keys) if attributes is None else attributes
    return {
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
    }


_CREATE_TABLE = (
    "CreateTable",
    lambda a: {"TableName": a.name(), "BillingMode": "PAY_PER_REQUEST", **_table(("pk", "HASH"))},
)
_UPDATE = (
    "UpdateItem",
    {
        "TableName": "ledger",
        "Key": {"pk": {"S": "x"}},
        "UpdateExpression": "SET #s = :s",
        "ExpressionAttributeNames": {"#s": "state"},
        "ExpressionAttributeValues": {":s": {"S": "y"}},
    },
)

_TABLES = [
    seed(
        "dynamodb.table_name",
        *_CREATE_TABLE,
        {"TableName": "ab"},
        {"TableName": "with space"},
        {"TableName": "x" * 256},
    ),
    seed(
        "dynamodb.key_schema",
        *_CREATE_TABLE,
        _table(("pk", "RANGE")),
        _table(("pk", "HASH"), ("sk", "HASH")),
        _table(("pk", "HASH"), attributes=("pk", "sk")),
        _table(("pk", "HASH"), attributes=("sk",)),
    ),
    seed(
        "dynamodb.billing",
        *_CREATE_TABLE,
        {"BillingMode": ABSENT},
        {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
    ),
    seed(
        "dynamodb.stream_and_encryption",
        *_CREATE_TABLE,
        {"StreamSpecification": {"StreamEnabled": True}},
        {"SSESpecification": {"Enabled": True, "SSEType": "AES256", "KMSMasterKeyId": "k"}},
    ),
    seed(
        "dynamodb.attribute_value",
        "PutItem",
        {"TableName": "ledger", "Item": {"pk": {"S": "x"}}},
        {"Item": {"pk": {"S": "x"}, "a": {}}},
        {"Item": {"pk": {"S": "x"}, "a": {"S": "x", "N": "1"}}},
    ),
    seed(
        "dynamodb.item_key",
        "PutItem",
        {"TableName": "ledger", "Item": {"pk": {"S": "x"}}},
        {"Item": {"pk": {"S": ""}}},
        {"Item": {"pk": {"S": ABSENT, "N": "1"}}},
        {"Item": {"pk": ABSENT, "a": {"S": "x"}}},
    ),
    seed(
        "dynamodb.placeholders",
        *_UPDATE,
        {"UpdateExpression": "SET #s = :t"},
        {"UpdateExpression": "SET #t = :s"},
        {"ExpressionAttributeValues": {":t": {"S": "z"}}},
    ),
]

SEEDS = [*_WATCH, *_EVENTS, *_STATES, *_MESSAGES, *_TABLES]
