"""Mutants of rules, schedules, queues, machines and alarms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from policy.rules import kinds

from .model import (
    Mutant,
    at,
    itself,
    mutant,
    new,
    without_statement,
)
from .operators import (
    add,
    both,
    change,
    delete,
    drop,
    edit,
    text,
)
from .options import EVERY_SETTING
from .storage import INPUT_BUCKET

_QUEUE = at(kinds.QUEUE, "nightly-start-dead-letters")


_MACHINE = at(kinds.STATE_MACHINE, "nightly-machine")


EVENTS = [
    mutant(
        "s3-event-rule-has-eventbridge",
        "off",
        kinds.BUCKET_NOTIFICATION,
        "*",
        change("eventbridge", False),
        INPUT_BUCKET,
    ),
    mutant("s3-event-rule-has-eventbridge", "dropped", kinds.BUCKET_NOTIFICATION, "*", drop, INPUT_BUCKET),
    mutant(
        "event-target-can-run-task",
        "another machine",
        kinds.ROLE_POLICY,
        "nightly-start-policy",
        text("policy", "statemachine-nightly-", "statemachine-other-"),
        at(kinds.EVENT_TARGET, "nightly-start-target"),
    ),
    mutant(
        "event-target-can-run-task",
        "schedule may not start",
        kinds.ROLE_POLICY,
        "run-monitors-deadline-schedules-policy",
        text("policy", "states:StartExecution", "states:StopExecution"),
        at(kinds.SCHEDULE, "*-warn"),
    ),
    mutant(
        "sync-task-managed-rule",
        "no managed rule",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        text("policy", "events:PutRule", "events:TagResource"),
        _MACHINE,
    ),
    mutant(
        "sync-task-managed-rule",
        "may not run",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        text("policy", "ecs:RunTask", "ecs:ListServices"),
        _MACHINE,
    ),
    mutant(
        "sync-task-managed-rule",
        "may not pass the roles",
        kinds.ROLE_POLICY,
        "nightly-machine-run",
        edit("policy", without_statement("PassJobRoles")),
        _MACHINE,
    ),
    mutant(
        "dlq-accepts-sender",
        "rule not admitted",
        kinds.QUEUE_POLICY,
        "nightly-start-dead-letters-policy",
        edit("policy", without_statement("UndeliverableEvents")),
        _QUEUE,
    ),
    mutant(
        "dlq-accepts-sender", "policy dropped", kinds.QUEUE_POLICY, "nightly-start-dead-letters-policy", drop, _QUEUE
    ),
    mutant(
        "dlq-accepts-sender",
        "schedule's role may not send",
        kinds.ROLE_POLICY,
        "run-monitors-deadline-schedules-policy",
        edit("policy", without_statement("KeepUndeliverable")),
        at(kinds.SCHEDULE, "*-warn"),
    ),
    mutant("alarm-metric-exists", "TasksFailed", kinds.ALARM, "*run-failed", change("metricName", "TasksFailed")),
    mutant("alarm-metric-exists", "dimension", kinds.ALARM, "*run-failed", change("dimensions", {"StateMachine": "x"})),
    mutant(
        "alarm-metric-exists",
        "in an expression",
        kinds.ALARM,
        "*task-failures",
        change("metricQueries[1].metric.metricName", "TasksFailed"),
    ),
    mutant(
        "alarm-metric-exists",
        "nobody makes it",
        kinds.ALARM,
        "*log-errors",
        change("metricName", "Errors"),
    ),
    mutant(
        "alarm-metric-exists",
        "RunningTaskCount without Container Insights",
        kinds.ALARM,
        "*run-failed",
        both(
            change("namespace", "ECS/ContainerInsights"),
            change("metricName", "RunningTaskCount"),
            change("dimensions", {"ClusterName": "c", "ServiceName": "s", "Zone": "z"}),
        ),
    ),
]


def _of_pattern(*path: str, **changes: Any) -> Callable[[Any], None]:
    """Changes what stands at a path of an event pattern."""

    def act(document: Any) -> None:
        for step in path:
            document = document[step]
        document.update(changes)

    return act


def _of_state(name: str, **changes: Any) -> Callable[[Any], None]:
    """Changes a state at the top of a machine."""
    return lambda machine: machine["States"][name].update(changes)


_EVENTS = [
    mutant(
        "workflow-properties",
        "wildcard without its operator",
        kinds.EVENT_RULE,
        "nightly-start",
        edit("eventPattern", _of_pattern("detail", "object", key=["incoming/*/manifest.json"])),
    ),
    mutant(
        "workflow-properties",
        "operator that is not there",
        kinds.EVENT_RULE,
        "nightly-start",
        edit("eventPattern", _of_pattern("detail", "object", key=[{"glob": "incoming/*/manifest.json"}])),
    ),
    mutant(
        "workflow-properties",
        "cluster by its name",
        kinds.EVENT_RULE,
        "monitoring-tasks-stopped",
        text("eventPattern", "arn:aws:ecs:us-east-1:123456789012:cluster/", ""),
    ),
    mutant(
        "workflow-properties",
        "template that is no JSON",
        kinds.EVENT_TARGET,
        "nightly-start-target",
        text("inputTransformer.inputTemplate", "<version>}}", "<version>}"),
    ),
    mutant(
        "workflow-properties",
        "weekends",
        kinds.SCHEDULE,
        "*-warn",
        text("scheduleExpression", "MON-FRI", "SAT,SUN"),
    ),
    mutant(
        "workflow-properties", "one year", kinds.SCHEDULE, "*-warn", text("scheduleExpression", "FRI *", "FRI 2024")
    ),
    mutant(
        "workflow-properties",
        "zone without daylight saving",
        kinds.SCHEDULE,
        "*-warn",
        change("scheduleExpressionTimezone", "EST"),
    ),
    mutant(
        "messages-properties",
        "plain HTTP",
        "",
        "",
        add(
            kinds.TOPIC_SUBSCRIPTION,
            "hook",
            {"topic": "topic-notifications-dev", "protocol": "https", "endpoint": "http://hooks.example.com/x"},
        ),
        new(kinds.TOPIC_SUBSCRIPTION, "hook"),
    ),
    Mutant(
        rule="messages-properties",
        what="work without an end for what fails",
        kind=kinds.QUEUE,
        name="*-queue",
        do=delete("redrivePolicy"),
        also=frozenset(("resources-are-used", "alarms-watch-what-fails")),
        stacks=(EVERY_SETTING,),
    ),
]
_MACHINES = [
    mutant(
        "state-machines-are-sound",
        "a variable that nobody defines",
        kinds.STATE_MACHINE,
        "run-monitors-reconciler",
        edit("definition", _of_state("Nothing open", Output="{% $failure %}")),
    ),
    mutant(
        "state-machines-are-sound",
        "States.ALL not last",
        kinds.STATE_MACHINE,
        "run-monitors-reconciler",
        edit(
            "definition",
            lambda machine: machine["States"]["Find entry"]["Retry"].insert(
                0, {**machine["States"]["Find entry"]["Retry"][0], "ErrorEquals": ["States.ALL"]}
            ),
        ),
    ),
    mutant(
        "state-machines-are-sound",
        "States.ALL with another",
        kinds.STATE_MACHINE,
        "run-monitors-reconciler",
        edit(
            "definition",
            lambda machine: machine["States"]["Find entry"]["Retry"][0].update(
                ErrorEquals=["States.ALL", "States.TaskFailed"]
            ),
        ),
    ),
]
_ALARMS = [
    mutant("observation-properties", what, kinds.ALARM, name, change(path, value), itself, *also)
    for what, name, path, value, also in (
        ("share that cannot be reached", "monitoring-task-failures", "threshold", 100, ()),
        ("three nights", "monitoring-run-failed", "evaluationPeriods", 3, ()),
        ("more data points than periods", "monitoring-run-failed", "datapointsToAlarm", 2, ()),
        ("silence as an alarm", "monitoring-run-failed", "treatMissingData", "breaching", ()),
        ("minutes as milliseconds", "monitoring-run-too-long", "threshold", 180, ()),
        ("longer than a day", "monitoring-run-too-long", "threshold", 648_000_000, ()),
    )
]
_DASHBOARDS = [
    mutant(
        "observation-properties",
        "a log group that is not there",
        kinds.DASHBOARD,
        "*",
        text("dashboardBody", "SOURCE '/batch/task-events-", "SOURCE '/batch/events-"),
    ),
]

REVIEWED_AT_NIGHT = [*_EVENTS, *_MACHINES, *_ALARMS, *_DASHBOARDS]
"""What a reviewer wrote (batchctl/policy/mutants/reviewed.py) about what happens without anybody looking."""
