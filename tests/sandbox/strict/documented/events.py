"""EventBridge and Scheduler, each operation's page in its API reference."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict
from tests.sandbox.strict.documented import ABSENT, request
from tests.sandbox.strict.seeds.events import _SCHEDULE, _TARGETS, _target

_NOW = int(time.time())
_PATTERN = {"source": ["aws.s3"]}
REQUESTS_EVENTS = [
    request(
        "PutEvents",
        {"Entries": [{"Source": "batch", "DetailType": "t", "Detail": "{}"}]},
        many={"Entries": [{"Source": "batch", "DetailType": "t", "Detail": "{}"}] * 11},
        none={"Entries": []},
        large={"Entries": [{"Source": "batch", "DetailType": "t", "Detail": json.dumps({"k": "v" * 1_100_000})}]},
    ),
    request(
        "PutRule",
        {"Name": "documented", "EventPattern": json.dumps(_PATTERN)},
        name={"Name": "a rule"},
        neither={"EventPattern": ABSENT},
        no_json={"EventPattern": "{"},
        text={"EventPattern": json.dumps({"source": "aws.s3"})},
        empty={"EventPattern": "{}"},
        comparison={"EventPattern": json.dumps({"source": [{"starts": "aws"}]})},
        numeric={"EventPattern": json.dumps({"detail": {"n": [{"numeric": ["=>", 1]}]}})},
        cidr={"EventPattern": json.dumps({"detail": {"ip": [{"cidr": "10.0.0.0/40"}]}})},
        state={"State": "ON"},
        bus={"EventBusName": "ghost"},
        rate={"ScheduleExpression": "rate(5 minute)"},
        rate_one={"ScheduleExpression": "rate(1 days)"},
        cron={"ScheduleExpression": "cron(0 8 * * *)"},
        both_days={"ScheduleExpression": "cron(0 8 1 * MON *)"},
        at={"ScheduleExpression": "at(2030-01-01T00:00:00)"},
        seconds={"ScheduleExpression": "rate(5 seconds)"},
        description={"Description": "d" * 513},
        role={"RoleArn": "starter"},
        reserved={"Tags": [{"Key": "aws:x", "Value": "v"}]},
        hour={"ScheduleExpression": "cron(0 24 * * ? *)"},
    ),
    request(
        "PutTargets",
        _TARGETS[1],
        rule={"Rule": "ghost"},
        no_role=_target(RoleArn=ABSENT),
        arn=_target(Arn="machine-of-ours"),
        no_arn=_target(Arn=ABSENT),
        no_id=_target(Id=ABSENT),
        ident=_target(Id="a b"),
        both=_target(Input="{}", InputPath="$.detail"),
        no_json=_target(Input="{"),
        path=_target(InputPath="detail"),
        variable=_target(InputTransformer={"InputTemplate": '{"k": <key>}'}),
        variable_path=_target(InputTransformer={"InputPathsMap": {"k": "detail.k"}, "InputTemplate": '{"k": <k>}'}),
        reserved=_target(InputTransformer={"InputPathsMap": {"AWS.k": "$.k"}, "InputTemplate": "<AWS.k>"}),
        age=_target(RetryPolicy={"MaximumEventAgeInSeconds": 59}),
        attempts=_target(RetryPolicy={"MaximumRetryAttempts": 186}),
        letters=_target(DeadLetterConfig={"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none"}),
        letters_of_topic=_target(DeadLetterConfig={"Arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"}),
        none={"Targets": []},
        many=lambda a: {"Targets": [{"Id": str(n), "Arn": a.queue} for n in range(6)]},
        twice=lambda a: {"Targets": [{"Id": "1", "Arn": a.queue}] * 2},
        fifo=_target(Arn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q.fifo", RoleArn=ABSENT),
        ghost=_target(RoleArn=NO_ROLE),
        role_of_another=lambda a: {"Targets": [{"Id": "1", "Arn": a.machine, "RoleArn": a.ecs_tasks_role}]},
        elsewhere=_target(Arn=f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:m"),
    ),
    request("DeleteRule", lambda a: {"Name": a.new_rule()}, with_targets=lambda a: {"Name": a.new_rule(targets=True)}),
    request(
        "RemoveTargets",
        lambda a: {"Rule": a.new_rule(targets=True), "Ids": ["1"]},
        none={"Rule": "ghost"},
        empty={"Ids": []},
    ),
    request("DisableRule", lambda a: {"Name": a.new_rule()}, none={"Name": "ghost"}),
    request("DescribeRule", {"Name": "rule"}, none={"Name": "ghost"}, bus={"EventBusName": "ghost"}),
    request(
        "CreateEventBus",
        lambda a: {"Name": a.name()},
        default={"Name": "default"},
        slash={"Name": "a/b"},
        aws={"Name": "aws.x"},
    ),
    request(
        "TestEventPattern",
        {
            "EventPattern": json.dumps(_PATTERN),
            "Event": json.dumps(
                {
                    "id": "1",
                    "account": ACCOUNT,
                    "source": "aws.s3",
                    "time": "2026-01-01T00:00:00Z",
                    "region": "us-east-1",
                    "resources": [],
                    "detail-type": "t",
                    "detail": {},
                }
            ),
        },
        pattern={"EventPattern": "["},
        event={"Event": "{"},
        bare={"Event": "{}"},
    ),
]


def _goal(**members: Any) -> Any:
    """A schedule whose target is a state machine but for these members."""

    def change(a: Strict) -> dict[str, Any]:
        target = {"Arn": a.machine, "RoleArn": a.scheduler_role, **members}
        return {"Target": {name: value for name, value in target.items() if value is not ABSENT}}

    return change


REQUESTS_SCHEDULER = [
    request(
        "CreateSchedule",
        _SCHEDULE[1],
        name={"Name": "a schedule"},
        expression={"ScheduleExpression": "daily"},
        five={"ScheduleExpression": "cron(0 22 * * *)"},
        rate={"ScheduleExpression": "rate(0 hours)"},
        at={"ScheduleExpression": "at(2030-13-01T00:00:00)"},
        zone={"ScheduleExpressionTimezone": "Mars/Base"},
        window={"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        off={"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
        long={"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}},
        no_window={"FlexibleTimeWindow": ABSENT},
        no_role={"Target": {"RoleArn": ABSENT}},
        ghost=_goal(RoleArn=NO_ROLE),
        role_of_another=lambda a: {"Target": {"Arn": a.machine, "RoleArn": a.events_role}},
        arn=_goal(Arn="machine"),
        no_json=_goal(Input="{"),
        attempts=_goal(RetryPolicy={"MaximumRetryAttempts": 186}),
        age=_goal(RetryPolicy={"MaximumEventAgeInSeconds": 59}),
        letters=_goal(DeadLetterConfig={"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none"}),
        dates={"StartDate": _NOW + 100, "EndDate": _NOW + 50},
        group={"GroupName": "ghost"},
        state={"State": "ON"},
        after={"ActionAfterCompletion": "KEEP"},
        key={"KmsKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"},
        universal=_goal(Arn="arn:aws:scheduler:::aws-sdk:nothing:doIt"),
        ecs=_goal(EcsParameters={"TaskDefinitionArn": "x"}),
        fifo=_goal(Arn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q.fifo"),
        past={"ScheduleExpression": "rate(1 hour)", "EndDate": _NOW - 50},
        taken=lambda a: {"Name": a.new_schedule()},
    ),
    request(
        "UpdateSchedule",
        lambda a: {**_SCHEDULE[1](a), "Name": a.new_schedule()},
        none={"Name": "ghost"},
        zone={"ScheduleExpressionTimezone": "EST/EDT"},
        no_target={"Target": ABSENT},
    ),
    request("CreateScheduleGroup", lambda a: {"Name": a.name()}, taken={"Name": "default"}, name={"Name": "a group"}),
    request(
        "DeleteScheduleGroup",
        lambda a: {"Name": a.new_schedule_group()},
        default={"Name": "default"},
        none={"Name": "ghost"},
    ),
    request("DeleteSchedule", lambda a: {"Name": a.new_schedule()}, none={"Name": "ghost"}),
    request("GetSchedule", lambda a: {"Name": a.new_schedule()}, none={"Name": "ghost"}),
]
