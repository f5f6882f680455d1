"""What happens when time passes: schedules and waits."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.reactions.world import World, hours


def scheduled(world: World, machine: str, role: str, **target: Any) -> None:
    scheduler = world.client("scheduler")
    group = f"group-{world.name}"
    scheduler.create_schedule_group(Name=group)
    scheduler.create_schedule(
        Name=f"schedule-{world.name}",
        GroupName=group,
        ScheduleExpression="cron(30 8 ? * * *)",
        ScheduleExpressionTimezone="America/New_York",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": machine,
            "RoleArn": role,
            "Input": '{"scheduled": "<aws.scheduler.scheduled-time>"}',
            **target,
        },
    )


DONE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


def test_a_schedule_starts_its_machine_once_a_day_at_the_local_time(timed: World) -> None:
    machine = timed.machine(DONE)
    scheduled(timed, machine, timed.role("scheduler", "scheduler.amazonaws.com"))
    hours(timed, 48)
    inputs = sorted(
        json.loads(timed.client("stepfunctions").describe_execution(executionArn=one["executionArn"])["input"])[
            "scheduled"
        ]
        for one in timed.executions(machine)
    )
    assert [moment[11:] for moment in inputs] == ["13:30:00Z", "13:30:00Z"]
    assert len({moment[:10] for moment in inputs}) == 2


def test_a_schedule_whose_role_is_not_trusted_leaves_a_dead_letter_or_nothing(timed: World) -> None:
    machine = timed.machine(DONE)
    role = timed.role("scheduler", "scheduler.amazonaws.com")
    scheduled(timed, machine, role)
    timed.distrust(role)
    hours(timed, 24)
    assert timed.executions(machine) == []
    assert timed.timeline_lines(f"schedule-{timed.name}", "sts:AssumeRole")


def test_a_schedule_that_is_switched_off_starts_nothing(timed: World) -> None:
    machine = timed.machine(DONE)
    scheduled(timed, machine, timed.role("scheduler", "scheduler.amazonaws.com"))
    scheduler, name = timed.client("scheduler"), f"schedule-{timed.name}"
    answer = scheduler.get_schedule(Name=name, GroupName=f"group-{timed.name}")
    members = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{member: answer[member] for member in members}, State="DISABLED")
    hours(timed, 24)
    assert timed.executions(machine) == []


def test_a_rule_on_a_schedule_fires(timed: World) -> None:
    url, arn = timed.queue("ticks")
    events = timed.client("events")
    events.put_rule(Name=f"tick-{timed.name}", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule=f"tick-{timed.name}", Targets=[{"Id": "one", "Arn": arn}])
    hours(timed, 3)
    assert len(timed.messages(url)) == 3
    events.disable_rule(Name=f"tick-{timed.name}")


def test_a_wait_lasts_as_long_as_the_clock_says(timed: World) -> None:
    machine = timed.machine({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 7200, "End": True}}})
    execution = timed.started(machine)
    hours(timed, 1)
    assert timed.executions(machine, "RUNNING")
    hours(timed, 1.1)
    assert timed.ended(execution)["status"] == "SUCCEEDED"
