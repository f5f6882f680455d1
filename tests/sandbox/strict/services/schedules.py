"""Requests to EventBridge Scheduler."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.services.event_seeds import _SCHEDULE

_NOW = int(time.time())


_BUS: Final = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"


_STREAM: Final = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"


def _goal(**members: Any) -> Any:
    """A schedule whose target is a state machine but for these members."""

    def change(a: Strict) -> dict[str, Any]:
        target = {"Arn": a.machine, "RoleArn": a.scheduler_role, **members}
        return {"Target": {name: value for name, value in target.items() if value is not ABSENT}}

    return change


def _schedule(a: Strict) -> dict[str, Any]:
    return {
        "Name": a.name(),
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        **_goal()(a),
    }


def _tasks(**members: Any) -> Any:
    """A schedule that starts tasks, whose parameters have these members."""

    def change(a: Strict) -> dict[str, Any]:
        parameters = {**compute.schedule(a)["Target"]["EcsParameters"], **members}
        changed = {name: value for name, value in parameters.items() if value is not ABSENT}
        return {"Target": {**compute.schedule(a)["Target"], "EcsParameters": changed}}

    return change


def _subnets(*names: str) -> Any:
    return lambda a: _tasks(
        NetworkConfiguration={"awsvpcConfiguration": {"Subnets": [a.ids[name] for name in names]}},
    )(a)


def _cron(fields: str) -> dict[str, Any]:
    return {"ScheduleExpression": f"cron({fields})"}


REQUESTS: Final[dict[str, list[Request]]] = {
    "scheduler": [
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
        request(
            "CreateScheduleGroup", lambda a: {"Name": a.name()}, taken={"Name": "default"}, name={"Name": "a group"}
        ),
        request(
            "DeleteScheduleGroup",
            lambda a: {"Name": a.new_schedule_group()},
            default={"Name": "default"},
            none={"Name": "ghost"},
        ),
        request("DeleteSchedule", lambda a: {"Name": a.new_schedule()}, none={"Name": "ghost"}),
        request("GetSchedule", lambda a: {"Name": a.new_schedule()}, none={"Name": "ghost"}),
        request(
            "CreateSchedule",
            _schedule,
            bus_without_event=_goal(Arn=_BUS),
            event_of_another=_goal(EventBridgeParameters={"Source": "batch", "DetailType": "t"}),
            own_source=_goal(Arn=_BUS, EventBridgeParameters={"Source": "aws.batch", "DetailType": "t"}),
            text_to_bus=_goal(Arn=_BUS, EventBridgeParameters={"Source": "b", "DetailType": "t"}, Input="text"),
            group_of_another=_goal(SqsParameters={"MessageGroupId": "g"}),
            partition_of_another=_goal(KinesisParameters={"PartitionKey": "k"}),
            stream_without_partition=_goal(Arn=_STREAM),
            pipeline_of_another=_goal(SageMakerPipelineParameters={"PipelineParameterList": []}),
            large=_goal(Input=json.dumps("i" * 262_144)),
            read_only=_goal(Arn="arn:aws:scheduler:::aws-sdk:sqs:getQueueUrl"),
            read_only_list=_goal(Arn="arn:aws:scheduler:::aws-sdk:s3:listBuckets"),
            foreign_role=_goal(RoleArn="arn:aws:iam::210987654321:role/scheduler"),
            bare_action=_goal(Arn="arn:aws:scheduler:::aws-sdk:sqs"),
            queue_elsewhere=_goal(DeadLetterConfig={"Arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:queue"}),
            machine_ghost_zone={"ScheduleExpressionTimezone": ""},
            zone_offset={"ScheduleExpressionTimezone": "+02:00"},
            zone_case={"ScheduleExpressionTimezone": "europe/zurich"},
            week={"ScheduleExpression": "rate(1 week)"},
            fraction={"ScheduleExpression": "rate(1.5 hours)"},
            space={"ScheduleExpression": "rate (1 day)"},
            upper={"ScheduleExpression": "RATE(1 day)"},
            at_zone={"ScheduleExpression": "at(2030-01-01T00:00:00Z)"},
            at_day={"ScheduleExpression": "at(2030-02-30T00:00:00)"},
            day_eight=_cron("0 22 ? * 8 *"),
            day_zero=_cron("0 22 ? * 0 *"),
            day_32=_cron("0 22 32 * ? *"),
            month_13=_cron("0 22 1 13 ? *"),
            minute_60=_cron("60 22 * * ? *"),
            two_stars=_cron("0 22 * * * *"),
            two_questions=_cron("0 22 ? * ? *"),
            year_1969=_cron("0 22 * * ? 1969"),
            sixth=_cron("0 22 ? * MON#6 *"),
            step_zero=_cron("0/0 22 * * ? *"),
            day_name=_cron("0 22 ? * MONDAY *"),
            nearest_zero=_cron("0 22 0W * ? *"),
            hash_name=_cron("0 22 ? * XYZ#1 *"),
            empty_item=_cron("0, 22 * * ? *"),
            hash_of_day=_cron("0 22 5#1 * ? *"),
        ),
        request(
            "CreateSchedule",
            compute.schedule,
            both=_tasks(LaunchType="FARGATE"),
            two_bases=_tasks(
                CapacityProviderStrategy=[
                    {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
                    {"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 1},
                ]
            ),
            two_vpcs=_subnets("subnet", "other_subnet"),
            no_network={"Target": {"EcsParameters": {"NetworkConfiguration": ABSENT}}},
            no_subnets=_tasks(NetworkConfiguration={"awsvpcConfiguration": {"Subnets": []}}),
            public_on_machine=lambda a: _tasks(
                CapacityProviderStrategy=ABSENT,
                PlatformVersion=ABSENT,
                LaunchType="EC2",
                NetworkConfiguration={"awsvpcConfiguration": {"Subnets": [a.subnet], "AssignPublicIp": "ENABLED"}},
            )(a),
            distinct=_tasks(PlacementConstraints=[{"type": "distinctInstance", "expression": "x"}]),
            many_constraints=_tasks(PlacementConstraints=[{"type": "memberOf", "expression": "x"}] * 11),
            placed=_tasks(PlacementStrategy=[{"type": "spread", "field": "instanceId"}]),
            platform=_tasks(PlatformVersion="newest"),
            definition=_tasks(TaskDefinitionArn="arn:aws:ecs:us-east-1:1:task-definition"),
            count=_tasks(TaskCount=11),
        ),
        request(
            "UpdateSchedule",
            lambda a: {**_schedule(a), "Name": a.new_schedule()},
            group={"GroupName": "ghost"},
            no_window={"FlexibleTimeWindow": ABSENT},
            no_expression={"ScheduleExpression": ABSENT},
        ),
    ],
}
