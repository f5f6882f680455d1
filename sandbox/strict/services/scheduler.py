"""What EventBridge Scheduler demands of schedules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import available_timezones

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar.definitions import integration_fault
from sandbox.strict.grammar.schedules import is_at, is_cron, is_rate
from sandbox.strict.rules import Rules, is_json

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


@rules.add(
    *_SCHEDULE,
    source=f"{_API}API_CreateSchedule.html#API_CreateSchedule_Errors",
    code="ResourceNotFoundException",
)
def group(call: Call, account: Account) -> Iterator[str]:
    """The group of a schedule exists."""
    name = call.parameters.get("GroupName", "default")
    if name not in account.backend("scheduler").schedule_groups:
        yield f"Schedule group {name} does not exist."


@rules.add(
    "CreateScheduleGroup",
    source=f"{_API}API_CreateScheduleGroup.html#API_CreateScheduleGroup_Errors",
    code="ConflictException",
)
def group_name(call: Call, account: Account) -> Iterator[str]:
    """A group's name is taken once, `default` by AWS."""
    if call.parameters["Name"] in account.backend("scheduler").schedule_groups:
        yield f"Schedule group {call.parameters['Name']} already exists."


@rules.add(*_SCHEDULE, source=f"{_API}API_CreateSchedule.html", code="ValidationException")
def target_role_given(call: Call, account: Account) -> Iterator[str]:
    """A target has its role; a FIFO queue its message group; an SDK action is one of a service; a key exists; a
    schedule ends in the future.
    """
    target, end, key = call.parameters["Target"], call.parameters.get("EndDate"), call.parameters.get("KmsKeyArn")
    if not target.get("RoleArn"):
        yield "RoleArn is required for the target."
    if target["Arn"].endswith(".fifo") and not target.get("SqsParameters", {}).get("MessageGroupId"):
        yield "MessageGroupId is required for a FIFO queue."
    sdk = re.fullmatch(r"arn:aws[a-z-]*:scheduler:::aws-sdk:([a-z0-9]+):(\w+)", target["Arn"])
    if sdk and integration_fault(f"arn:aws:states:::aws-sdk:{sdk[1]}:{sdk[2]}"):
        yield f"The service or the operation of {target['Arn']} is not supported."
    if key and not account.has_key(key):
        yield f"The key {key} does not exist or is not enabled."
    if isinstance(end, datetime) and (end if end.tzinfo else end.replace(tzinfo=UTC)) < datetime.now(UTC):
        yield "The EndDate you specify must be in the future."


@rules.add(
    "DeleteScheduleGroup",
    "GetScheduleGroup",
    source=f"{_API}API_DeleteScheduleGroup.html#API_DeleteScheduleGroup_Errors",
    code="ResourceNotFoundException",
)
def known_group(call: Call, account: Account) -> Iterator[str]:
    """A group that is described or deleted exists."""
    if call.parameters["Name"] not in account.backend("scheduler").schedule_groups:
        yield f"Schedule group {call.parameters['Name']} does not exist."


@rules.add("DeleteScheduleGroup", source=f"{_API}API_DeleteScheduleGroup.html", code="ValidationException")
def own_group(call: Call, _: Account) -> Iterator[str]:
    """The group `default` is not deleted."""
    if call.parameters["Name"] == "default":
        yield "The default schedule group cannot be deleted."


@rules.add(*_SCHEDULE, source=f"{_API}API_Target.html", code="ValidationException")
def target(call: Call, _: Account) -> Iterator[str]:
    """A target is an ARN; a state machine, function or SDK action takes JSON."""
    schedule_target = call.parameters["Target"]
    arn, text = schedule_target["Arn"], schedule_target.get("Input")
    if not re.fullmatch(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{0,12}:.+", arn):
        yield "Provided Arn is not in correct format."
    elif re.match(r"arn:[^:]+:(states|scheduler|lambda):", arn) and text and not is_json(text):
        yield "Invalid Input: the input of this target must be valid JSON."
