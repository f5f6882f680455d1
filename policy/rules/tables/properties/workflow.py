"""Workflow: the state machines, and the rules and schedules that start them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from ...graph import kinds
from ..rows import JSON, Context, Must, Table, between, exactly, free, holds, is_here, maybe, named, refers, row, text
from .documents.event_patterns import EVENT_PATTERN

_SFN: Final = "https://docs.aws.amazon.com/step-functions/latest/apireference"
_EVENTS: Final = "https://docs.aws.amazon.com/eventbridge/latest/APIReference"
_SCHEDULER: Final = "https://docs.aws.amazon.com/scheduler/latest/APIReference"


def _zone(value: Any, at: Context) -> bool:
    return value in _zones() and (value == "UTC" or ("/" in value and not value.startswith("Etc/")))


@cache
def _zones() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def _expression(value: Any, at: Context) -> bool:
    from ...documents.schedules import fault

    return isinstance(value, str) and fault(value) is None


def _each_weekday(value: Any, at: Context) -> bool:
    from ...documents.schedules import weekdays

    return isinstance(value, str) and weekdays(value) >= frozenset(range(2, 7))


_TARGETS: Final = (kinds.STATE_MACHINE, kinds.LOG_GROUP, kinds.TOPIC, kinds.QUEUE, kinds.PIPELINE)
"""What an event may be sent to."""

TABLES: Final = (
    Table(
        type=kinds.STATE_MACHINE,
        source=f"{_SFN}/API_CreateStateMachine.html",
        rows=(
            row("name", named("statemachine"), "two environments share an account"),
            maybe("type", exactly("STANDARD"), "an express run ends after five minutes and cannot wait for a task"),
            row("roleArn", refers(kinds.ROLE), "a role of this stack"),
            row("definition", JSON, "judged as a document (state-machines-are-sound)"),
            *(
                maybe(f"encryptionConfiguration.{name}", must, why)
                for name, must, why in (
                    ("type", exactly("CUSTOMER_MANAGED_KMS_KEY"), "AWS's own key is what there is without"),
                    ("kmsKeyId", refers(kinds.KEY), "another key is not administered by this stack"),
                    ("kmsDataKeyReusePeriodSeconds", between(60, 900), "Step Functions takes one to 15 minutes"),
                )
            ),
            row("tracingConfiguration.enabled", exactly(True), "a slow night is found by its trace"),
            row("loggingConfiguration.level", exactly("ALL"), "a failure at night is read in the morning"),
            row(
                "loggingConfiguration.includeExecutionData", exactly(True), "without it the log does not say which run"
            ),
            row(
                "loggingConfiguration.logDestination",
                Must(
                    "the ARN of the machine's own log group, /aws/vendedlogs/states/{purpose}-{suffix}, with :*",
                    lambda value, at: _log(value, at),
                    types=(kinds.LOG_GROUP,),
                ),
                "Step Functions wants the group's ARN with :*",
            ),
        ),
    ),
    Table(
        type=kinds.EVENT_RULE,
        source=f"{_EVENTS}/API_PutRule.html",
        rows=(
            row("name", named("rule"), "two environments share an account"),
            row(
                "description",
                text(r".{1,512}", "up to 512 characters"),
                "people read what a rule is for; EventBridge refuses more",
            ),
            *EVENT_PATTERN,
            maybe(
                "scheduleExpression",
                holds("a cron or rate expression", _expression),
                "instead of a pattern: the clock starts the pipeline that scans again what runs",
                when=("eventPattern", None),
            ),
            maybe("eventBusName", exactly("default"), "events of AWS services come on the default bus only"),
            maybe("state", exactly("ENABLED"), "a disabled rule starts nothing"),
        ),
    ),
    Table(
        type=kinds.EVENT_TARGET,
        source=f"{_EVENTS}/API_Target.html",
        rows=(
            row("rule", refers(kinds.EVENT_RULE), "a rule of this stack"),
            row(
                "arn",
                refers(*_TARGETS),
                "a target of this stack",
            ),
            maybe(
                "targetId",
                text(r"[.\-_A-Za-z0-9]{1,64}", "up to 64 of letters, digits and .-_"),
                "EventBridge refuses others",
            ),
            maybe("roleArn", refers(kinds.ROLE), "a role of this stack"),
            maybe(
                "retryPolicy.maximumRetryAttempts",
                between(1, 185),
                "EventBridge takes up to 185; without one a throttled start is lost",
            ),
            maybe("retryPolicy.maximumEventAgeInSeconds", between(60, 86400), "EventBridge takes a minute to a day"),
            maybe("deadLetterConfig.arn", refers(kinds.QUEUE), "a queue of this stack"),
            row(
                "deadLetterConfig.arn",
                refers(kinds.QUEUE),
                "without a queue an event that could not be delivered is lost",
                when=("arn", Must("", lambda value, at: _keeps_undelivered(at), by_edge=True)),
                source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
            ),
            row(
                "inputTransformer.inputTemplate",
                free(),
                "the nightly run reads the manifest's key and version, not S3's event",
                when=("rule", Must("", lambda value, at: _starts_on_objects(at), by_edge=True)),
            ),
            maybe(
                "inputTransformer.inputPaths.*",
                holds(
                    "a path to what the event carries, such as $.detail.object.key",
                    lambda value, at: _carried(value, at),
                ),
                "EventBridge hands on nothing for others",
            ),
            maybe(
                "inputTransformer.inputTemplate",
                holds(
                    "a template with exactly the names of inputPaths, and JSON where it begins so",
                    lambda value, at: _template(value, at),
                ),
                "an unknown name is left in the text, and the run gets nonsense",
            ),
        ),
    ),
    Table(
        type=kinds.SCHEDULE,
        source=f"{_SCHEDULER}/API_CreateSchedule.html",
        rows=(
            row("name", named("schedule"), "two environments share an account"),
            row("groupName", refers(kinds.SCHEDULE_GROUP), "the group of this stack, which alarms watch"),
            row(
                "scheduleExpression",
                holds("a cron expression of every weekday, all year", _each_weekday),
                "a night that nobody looks at is missed",
            ),
            row(
                "scheduleExpression",
                holds("a cron, rate or at expression", _expression),
                "the Scheduler refuses others",
            ),
            row(
                "scheduleExpressionTimezone",
                holds("an IANA time zone", _zone),
                "without it times are UTC, and move twice a year",
            ),
            row("flexibleTimeWindow.mode", exactly("OFF"), "a deadline is a minute, not a window"),
            maybe("state", exactly("ENABLED"), "a disabled schedule starts nothing"),
            maybe("description", text(r".{1,512}", "up to 512 characters"), "the Scheduler refuses more"),
            row("target.arn", refers(kinds.STATE_MACHINE), "a machine of this stack"),
            row("target.roleArn", refers(kinds.ROLE), "a role of this stack"),
            row(
                "target.input",
                holds(
                    "JSON whose local time is the schedule's, with a stage and the scheduled time",
                    lambda value, at: _input(value, at),
                ),
                "the machine computes the day from it",
            ),
            maybe("target.retryPolicy.maximumRetryAttempts", between(1, 185), "the Scheduler takes up to 185"),
            maybe(
                "target.retryPolicy.maximumEventAgeInSeconds",
                between(60, 86400),
                "the Scheduler takes a minute to a day",
            ),
            row("target.deadLetterConfig.arn", refers(kinds.QUEUE), "a queue of this stack"),
        ),
    ),
    Table(
        type=kinds.SCHEDULE_GROUP,
        source=f"{_SCHEDULER}/API_CreateScheduleGroup.html",
        rows=(row("name", named("schedule"), "two environments share an account"),),
    ),
)


def _log(value: Any, at: Context) -> bool:
    """The machine's own group: `/aws/vendedlogs/states/{purpose}-{suffix}` for `statemachine-{purpose}-{suffix}`."""
    machine = str(at.resource.props.get("name")).removeprefix("statemachine-")
    return (
        isinstance(value, str)
        and value.endswith(f":/aws/vendedlogs/states/{machine}:*")
        and is_here(value, at.graph)
        and bool(at.graph.named(value[:-2], kinds.LOG_GROUP))
    )


WITHOUT_QUEUE: Final[Mapping[str, str]] = {
    kinds.LOG_GROUP: "the log of stopped tasks is counted: the rule's FailedInvocations alarm tells that lines are lost",
    kinds.PIPELINE: "a pipeline that the clock starts is started again by the clock",
    kinds.TOPIC: "a notice about the delivery is retried, and the pipeline's page shows the same",
}
"""Targets for which an undelivered event is not kept, each with the reason; EventBridge keeps those of any target."""


def _keeps_undelivered(at: Context) -> bool:
    targets = at.graph.resolve(at.resource, "arn", *_TARGETS)
    exempt = {
        kinds.LOG_GROUP: True,
        kinds.PIPELINE: "source" not in _pattern_of(at),
        kinds.TOPIC: _pattern_of(at).get("source") == ["aws.codepipeline"],
    }
    return not targets or not all(exempt.get(one.type) for one in targets)


_CARRIED: Final = {
    "Object Created": frozenset(
        ("bucket.name", "object.key", "object.size", "object.etag", "object.version-id", "object.sequencer", "reason")
    ),
}
"""What lies under `$.detail` of an event, by its type.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""
_ENVELOPE: Final = frozenset(("$.id", "$.time", "$.region", "$.account", "$.source", "$.resources", "$.detail"))


def _pattern_of(at: Context) -> Any:
    from ..rows import parsed

    rules = at.graph.resolve(at.resource, "rule", kinds.EVENT_RULE)
    return next((parsed(one.props.get("eventPattern")) or {} for one in rules), {})


def _starts_on_objects(at: Context) -> bool:
    """Whether objects start a machine through this target."""
    machines = at.graph.resolve(at.resource, "arn", kinds.STATE_MACHINE)
    return bool(machines) and _pattern_of(at).get("source") == ["aws.s3"]


def _carried(value: Any, at: Context) -> bool:
    import re

    carried = next((_CARRIED.get(str(one)) for one in _pattern_of(at).get("detail-type", ())), None)
    if carried is None:
        return re.fullmatch(r"\$(\.[A-Za-z0-9_-]+)+", str(value)) is not None
    return value in _ENVELOPE or str(value).removeprefix("$.detail.") in carried


def _template(value: Any, at: Context) -> bool:
    import re

    paths = at.resource.props.get("inputTransformer", {}).get("inputPaths", {})
    if not isinstance(value, str) or set(re.findall(r"<([A-Za-z0-9_-]+)>", value)) != set(paths):
        return False
    try:  # a number stands for what is filled in, be it a value of its own or part of a text
        return value.lstrip()[:1] not in tuple('{["') or bool(json.loads(re.sub(r"<[A-Za-z0-9_-]+>", "1", value)))
    except ValueError:
        return False


def _input(value: Any, at: Context) -> bool:
    import re

    try:
        result = json.loads(value)
    except (ValueError, TypeError):
        return False
    time = re.match(r"cron\((\d+) (\d+) ", str(at.resource.props.get("scheduleExpression")))
    local = f"{int(time[2]):02}:{int(time[1]):02}" if time else None
    _, _, stage, *_ = [*str(at.resource.props.get("name")).split("-"), "", "", ""]  # schedule-deadline-warn-dev
    return (
        isinstance(result, dict)
        and set(result) - {"origin"} <= {"stage", "local", "scheduled"}
        and result.get("local") == local
        and result.get("scheduled") == "<aws.scheduler.scheduled-time>"
        and result.get("stage", stage if "origin" in result else None) == stage
    )
