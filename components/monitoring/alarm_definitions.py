"""Which alarms there are, as plain values, so that a test can compare each with what AWS publishes.

No alarm is on a metric that nobody publishes, such as `TasksFailed` (docs/aws-facts.md#ecs-metrics);
`tests/components/test_monitoring.py` lists those that exist, with their sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from components.shared.metrics import EVENTS, QUEUES, SCHEDULER, STATES, Metric

if TYPE_CHECKING:
    import settings.models

LOG_ERRORS: Final = "LogErrors"
WATCH_PERIOD: Final = 300
MINUTE_MS: Final = 60_000


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm: either `metric`, or `expression` over `inputs`."""

    purpose: str
    """The name is `alarm-<purpose>-<suffix>`."""
    description: str
    """What has happened, and what to do."""
    threshold: float = 0
    """The alarm speaks above it."""
    period: int = WATCH_PERIOD
    """Seconds."""
    metric: Metric | None = None
    tells_when_over: bool = False
    """Whether its end is news. An alarm that counts events ends with the period, and one without data begins as OK."""
    expression: str | None = None
    inputs: Mapping[str, Metric] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AlarmSources:
    """Everything alarms and dashboard look at, by the names that AWS uses as dimensions."""

    nightly_arn: str
    helper_arns: Mapping[str, str]
    """The reconciler and the deadline check, by purpose."""
    rules: Mapping[str, str]
    """Names of the rules whose delivery is sources, by purpose."""
    all_tasks_rule: str
    failed_tasks_rule: str
    schedule_groups: Mapping[str, str]
    dead_letter_queues: Mapping[str, str]
    """Names of the dead-letter queues, by purpose."""
    log_namespace: str


def alarms(sources: AlarmSources, limits: settings.models.Alerts) -> list[Alarm]:
    """Every alarm of the stack."""
    return [
        _task_failures(sources, limits),
        *_run_ends(sources),
        _long_run(sources, limits),
        _log_errors(sources, limits),
        *_helpers(sources),
        *_deliveries(sources),
    ]


def _task_failures(sources: AlarmSources, limits: settings.models.Alerts) -> Alarm:
    """Share of the tasks that ended badly. A rule's metric counts the events it matched.

    Source: docs/aws-facts.md#task-state-change-events
    """
    return Alarm(
        purpose="task-failures",
        description=f"More than {limits.failure_percent:g} % of the tasks that ended in {limits.failure_period} s "
        "failed: non-zero exit, no start, or an interruption. With three tasks a night one failure is 33 %. "
        "See the stopped tasks' log and docs/failure-matrix.md.",
        threshold=limits.failure_percent,
        period=limits.failure_period,
        expression="IF(total>0,100*failed/total,0)",
        inputs={
            "failed": _of_rule("TriggeredRules", sources.failed_tasks_rule),
            "total": _of_rule("TriggeredRules", sources.all_tasks_rule),
        },
    )


def _run_ends(sources: AlarmSources) -> Iterator[Alarm]:
    """RunTask calls that are refused make no task event, so the executions are sources too.

    Source: docs/aws-facts.md#refused-runtask
    """
    for purpose, metric, what in (
        ("run-failed", "ExecutionsFailed", "failed: the notification says why and whose turn it is"),
        ("run-timed-out", "ExecutionsTimedOut", "took longer than its window and was ended"),
        ("run-aborted", "ExecutionsAborted", "was stopped by somebody"),
        ("run-throttled", "ExecutionThrottled", "is being slowed down by Step Functions; lower fanOut.concurrency"),
    ):
        yield Alarm(
            purpose=purpose,
            description=f"The nightly run {what}.",
            metric=_of_machine(metric, sources.nightly_arn),
        )


def _long_run(sources: AlarmSources, limits: settings.models.Alerts) -> Alarm:
    return Alarm(
        purpose="run-too-long",
        description=f"A nightly run took more than {limits.long_run_minutes} minutes, longer than usual: compare "
        "the stages' durations on the dashboard. A run that has not ended is covered by the deadline check.",
        threshold=limits.long_run_minutes * MINUTE_MS,
        metric=_of_machine("ExecutionTime", sources.nightly_arn, "Maximum"),
    )


def _log_errors(sources: AlarmSources, limits: settings.models.Alerts) -> Alarm:
    return Alarm(
        purpose="log-errors",
        description=f"{limits.log_errors} or more error lines in the jobs' logs: run the saved query 'errors'.",
        threshold=limits.log_errors - 1,
        period=limits.failure_period,
        metric=Metric(namespace=sources.log_namespace, name=LOG_ERRORS),
    )


def _helpers(sources: AlarmSources) -> Iterator[Alarm]:
    """The run monitors are sources: one that fails leaves a run open, or a deadline unannounced."""
    for purpose, arn in sources.helper_arns.items():
        for metric, what in (("ExecutionsFailed", "failed"), ("ExecutionsTimedOut", "timed out")):
            yield Alarm(
                purpose=f"{purpose}-{what.replace(' ', '-')}",
                description=f"The {purpose} state machine {what}: see docs/operations.md.",
                metric=_of_machine(metric, arn),
            )


def _deliveries(sources: AlarmSources) -> Iterator[Alarm]:
    for purpose, rule in sources.rules.items():
        yield Alarm(
            purpose=f"{purpose}-failed-invocations",
            description=f"EventBridge gave up delivering an event of {rule}: look into its dead-letter queue, if it "
            "has one, and at its target's permissions.",
            metric=_of_rule("FailedInvocations", rule),
        )
        if purpose in sources.dead_letter_queues:
            yield Alarm(
                purpose=f"{purpose}-lost-events",
                description=f"An event of {rule} missed its dead-letter queue too: see the policy of that.",
                metric=_of_rule("InvocationsFailedToBeSentToDlq", rule),
            )
    for purpose, group in sources.schedule_groups.items():
        for metric, kind, what in (
            ("TargetErrorCount", "target-errors", "could not start its state machine at the first try"),
            ("InvocationDroppedCount", "dropped", "gave up starting its state machine"),
        ):
            yield Alarm(
                purpose=f"{purpose}-schedule-{kind}",
                description=f"A schedule of {group} {what}.",
                metric=Metric(namespace=SCHEDULER, name=metric, dimensions={"ScheduleGroup": group}),
            )
    for purpose, queue in sources.dead_letter_queues.items():
        yield Alarm(
            purpose=f"{purpose}-dead-letters",
            tells_when_over=True,
            description=f"{queue} holds messages that nobody could deliver: read one, fix the cause, then redrive it.",
            metric=Metric(
                namespace=QUEUES,
                name="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": queue},
                statistic="Maximum",
            ),
        )


def _of_machine(metric: str, arn: str, statistic: str = "Sum") -> Metric:
    return Metric(namespace=STATES, name=metric, dimensions={"StateMachineArn": arn}, statistic=statistic)


def _of_rule(metric: str, rule: str) -> Metric:
    """Only RuleName: the default event bus; source: eb-monitoring, "dimensions for EventBridge metrics"."""
    return Metric(namespace=EVENTS, name=metric, dimensions={"RuleName": rule})


def series(metrics: Sequence[Metric], labels: Sequence[str] = ()) -> list[list[Any]]:
    """`metrics` as a dashboard widget writes them."""
    rows = []
    for index, metric in enumerate(metrics):
        options: dict[str, Any] = {"stat": metric.statistic}
        if labels:
            options["label"] = labels[index]
        rows.append(
            [metric.namespace, metric.name, *(part for pair in metric.dimensions.items() for part in pair), options]
        )
    return rows
