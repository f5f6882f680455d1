"""Requests to EventBridge."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, Strict
from tests.sandbox.strict.requests import ABSENT, Request, request
from tests.sandbox.strict.services.event_seeds import _TARGETS, _target

_PATTERN = {"source": ["aws.s3"]}


def _event_target(**members: Any) -> Any:
    def change(a: Strict) -> dict[str, Any]:
        (target,) = compute.targets(a)["Targets"]
        changed = {name: value for name, value in {**target, **members}.items() if value is not ABSENT}
        return {"Targets": [changed]}

    return change


_FOREIGN: Final = "arn:aws:iam::210987654321:role/somebody"


def _pattern(**members: Any) -> dict[str, Any]:
    return {"EventPattern": json.dumps(members)}


REQUESTS: Final[dict[str, list[Request]]] = {
    "events": [
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
        request(
            "DeleteRule", lambda a: {"Name": a.new_rule()}, with_targets=lambda a: {"Name": a.new_rule(targets=True)}
        ),
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
        request(
            "PutTargets",
            compute.targets,
            bracket=_event_target(InputTransformer=ABSENT, InputPath="$['detail']"),
            bracket_of_variable=_event_target(
                InputTransformer={"InputPathsMap": {"k": "$.detail['k']"}, "InputTemplate": '{"k": <k>}'}
            ),
            key=_event_target(InputTransformer={"InputPathsMap": {"k": "$.detail.k"}, "InputTemplate": '{<k>: "v"}'}),
            two_networks=lambda a: _event_target(
                EcsParameters={
                    **compute.targets(a)["Targets"][0]["EcsParameters"],
                    "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": [a.subnet, a.other_subnet]}},
                }
            )(a),
        ),
        request(
            "PutRule",
            {"Name": "further", **_pattern(source=["aws.s3"])},
            nested=_pattern(detail={"bucket": "name"}),
            empty_list=_pattern(source=[]),
            anything=_pattern(source=[{"anything-but": []}]),
            anything_prefix=_pattern(source=[{"anything-but": {"prefix": 1}}]),
            numeric_words=_pattern(detail={"n": [{"numeric": [">", "1"]}]}),
            numeric_range=_pattern(detail={"n": [{"numeric": [">", 5, "<", 1]}]}),
            exists_beside=_pattern(detail={"n": [{"exists": True, "prefix": "x"}]}),
            alternatives={"EventPattern": json.dumps({"$or": [{"source": ["a"]}]})},
            wildcard=_pattern(source=[{"wildcard": "a**"}]),
            long=_pattern(source=["x" * 4100]),
            default_name={"EventBusName": "arn:aws:events:us-east-1:1:event-bus"},
        ),
        request(
            "PutTargets",
            lambda a: {"Rule": "rule", "Targets": [{"Id": "q", "Arn": a.queue}]},
            many_ids={"Targets": [{"Id": "i" * 65, "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"}]},
            foreign_role=lambda a: {"Targets": [{"Id": "1", "Arn": a.machine, "RoleArn": _FOREIGN}]},
            template=lambda a: {
                "Targets": [{"Id": "1", "Arn": a.queue, "InputTransformer": {"InputTemplate": "<undefined>"}}]
            },
            many_paths=lambda a: {
                "Targets": [
                    {
                        "Id": "1",
                        "Arn": a.queue,
                        "InputTransformer": {
                            "InputPathsMap": {f"k{n}": "$.detail" for n in range(101)},
                            "InputTemplate": '"<k0>"',
                        },
                    }
                ]
            },
            batch=lambda a: {"Targets": [{"Id": "1", "Arn": a.queue, "EcsParameters": {"TaskDefinitionArn": "t"}}]},
        ),
        request(
            "PutPermission",
            {"Action": "events:PutEvents", "Principal": "210987654321", "StatementId": "further"},
            action={"Action": "events:Put"},
            principal={"Principal": "somebody"},
        ),
    ],
}
