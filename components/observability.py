"""What the platform measures and whom it tells.

Owns: the two rules that count ended tasks, the log group that keeps their events (ECS forgets a stopped task after an
hour), the jobs' error metric, every alarm, and the dashboard with the saved log queries.
Refuses: what a state machine announces by itself (`_messages.py`) and the topic (`announcements.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from . import _alarms, _dashboard, _iam
from ._names import Names

if TYPE_CHECKING:
    import settings.models

EVENTS_PURPOSE = "task-events"
ALL_TASKS, FAILED_TASKS = "tasks-stopped", "tasks-failed"
BAD_STOPS = ("TaskFailedToStart", "TerminationNotice", "SpotInterruption")
OWN_SCALE_IN = "ServiceSchedulerInitiated"
"""The stop code of a task that its service's scaling took away."""
ERROR_PATTERN = '{ ($.level = "error") || ($.level = "critical") }'
"""A log line of the jobs' runtime (jobs/runtime, `logs.py`)."""


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """Inputs of `Observability`. Whatever is watched is given by the name that is its metrics' dimension."""

    names: Names
    limits: settings.models.Alerts
    topic_arn: pulumi.Input[str]
    cluster_name: str
    cluster_arn: pulumi.Input[str]
    nightly_arn: pulumi.Input[str]
    helper_arns: Mapping[str, pulumi.Input[str]]
    """The other state machines, by purpose."""
    rules: Mapping[str, str]
    """Names of the rules that start something, by purpose."""
    schedule_groups: Mapping[str, str]
    letter_queues: Mapping[str, str]
    job_log_groups: Mapping[str, pulumi.Input[str]]
    window_minutes: int
    """From the start window's opening to the deadline."""
    logs_key_arn: pulumi.Input[str]
    log_retention_days: int


class Observability(pulumi.ComponentResource):
    """Rules that count, alarms, and the dashboard."""

    rule_names: dict[str, str]
    alarm_names: dict[str, str]
    dashboard_name: str
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("batch:observability:Observability", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        names = args.names
        self.rule_names = {purpose: names.name("rule", purpose) for purpose in (ALL_TASKS, FAILED_TASKS)}
        self.dashboard_name = names.name("dashboard", "nightly")
        self.log_group = self._task_events()
        self._error_metric()
        watched = pulumi.Output.all(args.nightly_arn, dict(args.helper_arns)).apply(lambda known: self._watched(*known))
        # the list of alarms depends on names only; ARNs come later
        listed = _alarms.alarms(self._watched("", dict.fromkeys(args.helper_arns, "")), args.limits)
        self.alarm_names = {alarm.purpose: names.name("alarm", alarm.purpose) for alarm in listed}
        for index, alarm in enumerate(listed):
            self._alarm(alarm, self._resolved(watched, index))
        self._dashboard(watched)
        self.register_outputs({"alarm_names": self.alarm_names, "dashboard_name": self.dashboard_name})

    def _resolved(self, watched: pulumi.Output[_alarms.Watched], index: int) -> pulumi.Output[_alarms.Alarm]:
        return watched.apply(lambda known: _alarms.alarms(known, self._args.limits)[index])

    def _watched(self, nightly_arn: str, helper_arns: Mapping[str, str]) -> _alarms.Watched:
        args = self._args
        return _alarms.Watched(
            nightly_arn=nightly_arn,
            helper_arns=helper_arns,
            rules={**args.rules, **self.rule_names},
            all_tasks_rule=self.rule_names[ALL_TASKS],
            failed_tasks_rule=self.rule_names[FAILED_TASKS],
            schedule_groups=args.schedule_groups,
            letter_queues=args.letter_queues,
            log_namespace=f"Batch/{args.names.suffix}",
        )

    def _task_events(self) -> aws.cloudwatch.LogGroup:
        """Both rules need a target, or they would not run; the log keeps what ECS forgets."""
        args, names = self._args, self._args.names
        group_name = names.log_group(EVENTS_PURPOSE)
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-task-events",
            name=group_name,
            retention_in_days=args.log_retention_days,
            kms_key_id=args.logs_key_arn,
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
                event_pattern=self._pattern(failed=purpose == FAILED_TASKS),
                opts=self._child,
            )
        policy = aws.cloudwatch.LogResourcePolicy(
            f"{self._name}-task-events-policy",
            policy_name=f"{EVENTS_PURPOSE}-{names.suffix}",
            policy_document=_iam.document(
                _iam.statement(
                    "KeepTaskEvents",
                    ["logs:CreateLogStream", "logs:PutLogEvents"],
                    [f"{names.log_group_arn(group_name)}:*"],
                    principal={"Service": ["delivery.logs.amazonaws.com", "events.amazonaws.com"]},
                    conditions={"StringEquals": {"aws:SourceAccount": names.account}},
                )
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

    def _pattern(self, *, failed: bool) -> pulumi.Output[str]:
        return pulumi.Output.from_input(self._args.cluster_arn).apply(
            lambda arn: json.dumps(stopped_tasks(arn, failed=failed))
        )

    def _error_metric(self) -> None:
        """All jobs into one metric without dimensions: only such a one can be 0 when nothing is wrong (facts-aws.md
        34)."""
        for job, group in self._args.job_log_groups.items():
            aws.cloudwatch.LogMetricFilter(
                f"{self._name}-{job}-errors",
                name=f"errors-{job}-{self._args.names.suffix}",
                log_group_name=group,
                pattern=ERROR_PATTERN,
                metric_transformation={
                    "name": _alarms.LOG_ERRORS,
                    "namespace": f"Batch/{self._args.names.suffix}",
                    "value": "1",
                    "default_value": "0",
                },
                opts=self._child,
            )

    def _alarm(self, listed: _alarms.Alarm, alarm: pulumi.Output[_alarms.Alarm]) -> None:
        common: dict[str, Any] = {
            "name": self.alarm_names[listed.purpose],
            "alarm_description": listed.description,
            "comparison_operator": "GreaterThanThreshold",
            "threshold": listed.threshold,
            "evaluation_periods": 1,
            "treat_missing_data": "notBreaching",
            "alarm_actions": [self._args.topic_arn],
            "ok_actions": [self._args.topic_arn],
        }
        if listed.expression is not None:
            own: dict[str, Any] = {
                "metric_queries": [
                    {"id": "share", "expression": listed.expression, "label": listed.purpose, "return_data": True},
                    *(_alarms.query(name, metric, listed.period) for name, metric in listed.inputs.items()),
                ]
            }
        else:
            metric = listed.metric
            assert metric is not None, f"{listed.purpose} has neither metric nor expression"
            own = {
                "namespace": metric.namespace,
                "metric_name": metric.name,
                "dimensions": alarm.apply(lambda known: dict(known.metric.dimensions) if known.metric else {}),
                "statistic": metric.statistic,
                "period": listed.period,
            }
        aws.cloudwatch.MetricAlarm(f"{self._name}-{listed.purpose}", **common, **own, opts=self._child)

    def _dashboard(self, watched: pulumi.Output[_alarms.Watched]) -> None:
        args, names = self._args, self._args.names
        aws.cloudwatch.Dashboard(
            f"{self._name}-dashboard",
            dashboard_name=self.dashboard_name,
            dashboard_body=watched.apply(
                lambda known: json.dumps(
                    _dashboard.body(
                        known,
                        region=names.region,
                        cluster=args.cluster_name,
                        window_minutes=args.window_minutes,
                        task_log_group=names.log_group(EVENTS_PURPOSE),
                        job_log_groups=[names.log_group(job) for job in args.job_log_groups],
                    )
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
