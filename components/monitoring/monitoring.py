"""What the platform measures and reports: rules that count ended tasks, log metrics, alarms and the dashboard.

The events of ended tasks are kept in a log group, because ECS forgets a stopped task after an hour. What a state
machine announces by itself is in `workflow/messages.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from components.shared import metrics
from components.shared.stack_context import FailureSources, StackContext
from conventions import iam
from conventions.naming import Reference

from . import alarm_definitions, dashboard

if TYPE_CHECKING:
    import settings.models

EVENTS_PURPOSE = "task-events"
ALL_TASKS, FAILED_TASKS = "tasks-stopped", "tasks-failed"
BAD_STOPS = ("TaskFailedToStart", "TerminationNotice", "SpotInterruption")
OWN_SCALE_IN = "ServiceSchedulerInitiated"
"""The stop code of a task that its service's scaling took away."""
ERROR_PATTERN = '{ ($.level = "error") || ($.level = "critical") }'
"""A log line of the jobs' runtime (jobs/runtime/batch_runtime/logs.py)."""


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """Inputs of `Monitoring`. Whatever is sources is given by the name that is its metrics' dimension."""

    context: StackContext
    limits: settings.models.Alerts
    topic_arn: pulumi.Input[str]
    cluster: Reference
    nightly: Reference
    """The nightly run's state machine."""
    failure_sources: Sequence[FailureSources]
    """Whatever else is sources."""
    job_log_groups: Mapping[str, pulumi.Input[str]]
    window_minutes: int
    """From the start window's opening to the deadline."""


class Monitoring(pulumi.ComponentResource):
    """Rules that count, alarms, and the dashboard."""

    rule_names: dict[str, str]
    alarm_names: dict[str, str]
    dashboard_name: str
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:monitoring:Monitoring", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        names = args.context.names
        self.rule_names = {purpose: names.name("rule", purpose) for purpose in (ALL_TASKS, FAILED_TASKS)}
        self.dashboard_name = names.name("dashboard", "nightly")
        self.log_group = self._task_events()
        self._error_metric()
        sources = self._alarm_sources()
        alarms = alarm_definitions.alarms(sources, args.limits)
        self.alarm_names = {alarm.purpose: names.name("alarm", alarm.purpose) for alarm in alarms}
        for alarm in alarms:
            self._alarm(alarm)
        self._dashboard(sources)
        self.register_outputs({"alarm_names": self.alarm_names, "dashboard_name": self.dashboard_name})

    def _alarm_sources(self) -> alarm_definitions.AlarmSources:
        """By names only, so that a preview knows every alarm's dimensions."""
        names, parts = self._args.context.names, FailureSources.of(self._args.failure_sources)

        return alarm_definitions.AlarmSources(
            nightly_arn=self._args.nightly.arn,
            helper_arns={purpose: machine.arn for purpose, machine in parts.state_machines.items()},
            rules={**parts.rules, **self.rule_names},
            all_tasks_rule=self.rule_names[ALL_TASKS],
            failed_tasks_rule=self.rule_names[FAILED_TASKS],
            schedule_groups=parts.schedule_groups,
            dead_letter_queues=parts.dead_letter_queues,
            log_namespace=f"Batch/{names.suffix}",
        )

    def _task_events(self) -> aws.cloudwatch.LogGroup:
        """Both rules need a target, or they would not run; the log keeps what ECS forgets."""
        args, names = self._args, self._args.context.names
        group_name = names.log_group(EVENTS_PURPOSE)
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-task-events",
            name=group_name,
            retention_in_days=args.context.log_retention_days,
            kms_key_id=args.context.logs_key_arn,
            opts=self._child,
        )
        rules = {}
        for purpose, description in (
            (ALL_TASKS, "Every task of the cluster that has ended; counted by the task-failures alarm"),
            (FAILED_TASKS, "Every task of the cluster that has ended badly; counted by the task-failures alarm"),
        ):
            rules[purpose] = aws.cloudwatch.EventRule(
                f"{self._name}-{purpose}",
                name=self.rule_names[purpose],
                description=description,
                event_pattern=json.dumps(stopped_tasks(args.cluster.arn, failed=purpose == FAILED_TASKS)),
                opts=self._child,
            )
        streams = f"{names.log_group_arn(group_name)}:*"
        delivery = {"Service": ["delivery.logs.amazonaws.com", "events.amazonaws.com"]}
        policy = aws.cloudwatch.LogResourcePolicy(
            f"{self._name}-task-events-policy",
            policy_name=f"{EVENTS_PURPOSE}-{names.suffix}",
            policy_document=iam.document(
                # as AWS's page has them: CreateLogStream comes without a source
                # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
                iam.statement("OpenLogStreams", ["logs:CreateLogStream"], [streams], principal=delivery),
                iam.statement(
                    "KeepTaskEvents",
                    ["logs:PutLogEvents"],
                    [streams],
                    principal=delivery,
                    conditions={"ArnEquals": {"aws:SourceArn": [names.event_rule(purpose).arn for purpose in rules]}},
                ),
            ),
            opts=self._child,
        )
        for purpose, rule in rules.items():
            aws.cloudwatch.EventTarget(
                f"{self._name}-{purpose}-target",
                rule=rule.name,
                target_id="log",
                arn=group.arn,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
            )
        return group

    def _error_metric(self) -> None:
        """All jobs count into one metric without dimensions: only such a metric can have 0 as its default.

        Source: docs/aws-facts.md#metric-filters
        """
        for job, group in self._args.job_log_groups.items():
            aws.cloudwatch.LogMetricFilter(
                f"{self._name}-{job}-errors",
                name=f"errors-{job}-{self._args.context.names.suffix}",
                log_group_name=group,
                pattern=ERROR_PATTERN,
                metric_transformation={
                    "name": alarm_definitions.LOG_ERRORS,
                    "namespace": f"Batch/{self._args.context.names.suffix}",
                    "value": "1",
                    "default_value": "0",
                },
                opts=self._child,
            )

    def _alarm(self, alarm: alarm_definitions.Alarm) -> None:
        common: dict[str, Any] = {
            "name": self.alarm_names[alarm.purpose],
            "alarm_description": alarm.description,
            "comparison_operator": "GreaterThanThreshold",
            "threshold": alarm.threshold,
            "evaluation_periods": 1,
            "treat_missing_data": "notBreaching",
            "alarm_actions": [self._args.topic_arn],
            **({"ok_actions": [self._args.topic_arn]} if alarm.tells_when_over else {}),
        }
        if alarm.expression is not None:
            condition: dict[str, Any] = {
                "metric_queries": [
                    {"id": "share", "expression": alarm.expression, "label": alarm.purpose, "return_data": True},
                    *(metrics.query(name, metric, alarm.period) for name, metric in alarm.inputs.items()),
                ]
            }
        else:
            metric = alarm.metric
            assert metric is not None, f"{alarm.purpose} has neither metric nor expression"
            condition = {
                "namespace": metric.namespace,
                "metric_name": metric.name,
                "dimensions": dict(metric.dimensions),
                "statistic": metric.statistic,
                "period": alarm.period,
            }
        aws.cloudwatch.MetricAlarm(f"{self._name}-{alarm.purpose}", **common, **condition, opts=self._child)

    def _dashboard(self, sources: alarm_definitions.AlarmSources) -> None:
        args, names = self._args, self._args.context.names
        aws.cloudwatch.Dashboard(
            f"{self._name}-dashboard",
            dashboard_name=self.dashboard_name,
            dashboard_body=json.dumps(
                dashboard.body(
                    sources,
                    region=names.region,
                    cluster=args.cluster.name,
                    window_minutes=args.window_minutes,
                    task_log_group=names.log_group(EVENTS_PURPOSE),
                    job_log_groups=[names.log_group(job) for job in args.job_log_groups],
                )
            ),
            opts=self._child,
        )


def stopped_tasks(cluster_arn: str, *, failed: bool) -> dict[str, object]:
    """The pattern of a rule on ended tasks; `failed`: only those that ended badly, without our own scale-ins.

    An `anything-but` on an array holds when one element differs: one container that ended badly is enough. A task that
    never started has no exit code, so it is named by its stop code.
    """
    detail: dict[str, object] = {"clusterArn": [cluster_arn], "lastStatus": ["STOPPED"]}
    if failed:
        detail["$or"] = [
            {
                "containers": {"exitCode": [{"anything-but": [0]}]},
                "stopCode": [{"anything-but": [OWN_SCALE_IN]}],
            },
            {"stopCode": list(BAD_STOPS)},
        ]
    return {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"], "detail": detail}
