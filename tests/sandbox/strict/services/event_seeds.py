"""Seeds for the rules of EventBridge and its scheduler."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.conftest import NO_ROLE, Strict
from tests.sandbox.strict.seeds import ABSENT, Parameters, Seed, seed


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


def _task(**network: list[str]) -> Parameters:
    return {"NetworkConfiguration": {"awsvpcConfiguration": network}}


def _target_in_network(a: Strict, **network: list[str]) -> Parameters:
    (target,) = compute.targets(a)["Targets"]
    ids = {"Subnets": [a.subnet], **network}
    return {"Targets": [{**target, "EcsParameters": {**target["EcsParameters"], **_task(**ids)}}]}


def _goal(a: Strict, **network: list[str]) -> Parameters:
    return {"Target": {"EcsParameters": _task(Subnets=[a.subnet], **network)}}


def _transformed(template: str) -> Any:
    transformer = {"InputPathsMap": {"k": "$.detail"}, "InputTemplate": template}
    return lambda a: {"Targets": [{"Id": "review", "Arn": a.queue, "InputTransformer": transformer}]}


SEEDS: Final[list[Seed]] = [
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
    ),
    seed(
        "scheduler.target_parameters",
        *_SCHEDULE,
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
        _target(RoleArn=NO_ROLE),
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
        "scheduler.role", *_SCHEDULE, lambda a: {"Target": {"RoleArn": a.events_role}}, {"Target": {"RoleArn": NO_ROLE}}
    ),
    seed("scheduler.dead_letters", *_SCHEDULE, {"Target": {"DeadLetterConfig": {"Arn": _NO_QUEUE}}}),
    seed("scheduler.dates", *_SCHEDULE, {"StartDate": "2026-12-02T00:00:00Z", "EndDate": "2026-12-01T00:00:00Z"}),
    seed(
        "events.target_network",
        "PutTargets",
        compute.targets,
        lambda a: _target_in_network(a, SecurityGroups=["tasks"]),
        lambda a: _target_in_network(a, SecurityGroups=[a.group] * 6),
        lambda a: _target_in_network(a, Subnets=["private-a"]),
    ),
    seed("scheduler.task_network", "CreateSchedule", compute.schedule, lambda a: _goal(a, SecurityGroups=["tasks"])),
    seed(
        "events.target_input",
        "PutTargets",
        lambda a: {"Rule": "rule", **_transformed('{"key": <k>, "text": "<k> and more"}')(a)},
        _transformed('{"key": <k>'),
        _transformed('{"key": <k>,}'),
    ),
]
