"""Mutants of rules, schedules, queues, machines and alarms."""

from __future__ import annotations

from policy.rules import kinds

from .model import (
    at,
    mutant,
    without_statement,
)
from .operators import (
    both,
    change,
    drop,
    edit,
    text,
)
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
