"""What EventBridge Scheduler demands of schedules."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import available_timezones

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules
from sandbox.strict.schedules import is_at, is_cron, is_rate

_API = "https://docs.aws.amazon.com/scheduler/latest/APIReference/"
_SCHEDULE = ("CreateSchedule", "UpdateSchedule")

rules = Rules("scheduler")


@rules.add(
    *_SCHEDULE,
    source="https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
    code="ValidationException",
)
def expression(call: Call, _: Account) -> Iterator[str]:
    """A schedule's expression is rate(...), cron(...) or at(...)."""
    text = call.parameters["ScheduleExpression"]
    if not (is_rate(text) or is_cron(text) or is_at(text)):
        yield f"Invalid Schedule Expression {text}."


@rules.add(
    *_SCHEDULE,
    source=f"{_API}API_CreateSchedule.html#scheduler-CreateSchedule-request-ScheduleExpressionTimezone",
    code="ValidationException",
)
def time_zone(call: Call, _: Account) -> Iterator[str]:
    """A schedule's time zone is one of the IANA database."""
    zone = call.parameters.get("ScheduleExpressionTimezone", "UTC")
    if zone not in available_timezones():
        yield f"Invalid Schedule Expression Timezone {zone}."


@rules.add(
    *_SCHEDULE,
    source=f"{_API}API_FlexibleTimeWindow.html",
    code="ValidationException",
)
def window(call: Call, _: Account) -> Iterator[str]:
    """A flexible time window has its minutes, and one that is off has none."""
    flexible = call.parameters["FlexibleTimeWindow"]
    if (flexible["Mode"] == "FLEXIBLE") != (flexible.get("MaximumWindowInMinutes") is not None):
        yield "MaximumWindowInMinutes must be set for a flexible time window, and only for one."


@rules.add(
    *_SCHEDULE,
    source="https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role",
    code="ValidationException",
)
def role(call: Call, account: Account) -> Iterator[str]:
    """The role of a schedule's target exists and lets Scheduler assume it."""
    if not account.trusts(call.parameters["Target"]["RoleArn"], "scheduler.amazonaws.com"):
        yield "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


@rules.add(
    *_SCHEDULE,
    source="https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html",
    code="ValidationException",
)
def dead_letters(call: Call, account: Account) -> Iterator[str]:
    """A schedule's dead-letter queue is a standard SQS queue of this region that exists."""
    arn = call.parameters["Target"].get("DeadLetterConfig", {}).get("Arn")
    if arn and not account.is_standard_queue(arn):
        yield f"The dead-letter queue {arn} is no standard queue that exists."


@rules.add(
    *_SCHEDULE,
    source=f"{_API}API_CreateSchedule.html#scheduler-CreateSchedule-request-EndDate",
    code="ValidationException",
)
def dates(call: Call, _: Account) -> Iterator[str]:
    """A schedule starts before it ends."""
    start, end = call.parameters.get("StartDate"), call.parameters.get("EndDate")
    if start is not None and end is not None and start >= end:
        yield "The start date must be earlier than the end date."
