"""Rules about what starts the work and what notifies people: event rules, schedules, state machines, alarms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..documents import Grants, resource_grants, role_grants
from ..graph import Absent, Graph, Known, Resource, Undecided, Unknown, has_unknown, kinds, members, read, value
from ..graph.launches import TaskLaunch, launches_of, run_task_states
from ..rule import Problem, Severity, View, rule
from ..tables.metrics import INSIGHTS, PUBLISHED

_EB_GUIDE: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide"
_SFN_GUIDE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg"


@rule(
    "s3-event-rule-has-eventbridge",
    kinds.EVENT_RULE,
    severity=Severity.CRITICAL,
    fix="Give each bucket of the pattern an aws.s3.BucketNotification with eventbridge true",
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html",
    tags=("graph",),
)
def s3_event_rule_has_eventbridge(event_rule: Resource, view: View) -> Iterator[Problem]:
    """Every bucket that an S3 event rule listens to sends its events to EventBridge; by default it does not."""
    graph = view.graph
    match read(event_rule, "eventPattern"):
        case Unknown():
            if not (buckets := graph.targets(event_rule, "eventPattern", kinds.BUCKET)):
                raise Undecided("eventPattern")
        case Known(text):
            pattern = json.loads(text) if isinstance(text, str) else text
            if "aws.s3" not in pattern.get("source", ()):
                return
            names = pattern.get("detail", {}).get("bucket", {}).get("name", ())
            buckets = [result for name in names for result in graph.named(name, kinds.BUCKET)]
            if len(buckets) < len(names):
                yield Problem(message="listens to a bucket that is not the stack's", property="eventPattern")
            buckets = buckets or ([] if names else graph.of_type(kinds.BUCKET))
        case _:
            return
    for bucket in buckets:
        notifications = graph.attached(bucket, "bucket", kinds.BUCKET_NOTIFICATION)
        if not any(value(notification, "eventbridge") is True for notification in notifications):
            yield Problem(
                message=f"{event_rule.name} listens to it, and it sends no events",
                property="eventbridge",
                resource=bucket,
            )


def _role(graph: Graph, starter: Resource, path: str) -> Resource | None:
    match read(starter, path):
        case Known(role) if named := graph.named(role, kinds.ROLE):
            return named[0]
    return next(iter(graph.resolve(starter, path, kinds.ROLE)), None)


def _may_run(graph: Graph, grants: Grants, launch: TaskLaunch) -> list[str]:
    """What a role lacks to run the tasks of a launch: RunTask on each family, PassRole on each task's roles."""
    lacking: list[str] = []
    for definition in launch.definitions:
        family = str(value(definition, "family", definition.name))
        if not grants.allow("ecs:RunTask", family):
            lacking.append(f"ecs:RunTask on {family}")
        for prop in ("executionRoleArn", "taskRoleArn"):
            for role in graph.targets(definition, prop, kinds.ROLE):
                name = str(value(role, "name", role.name))
                if not grants.allow("iam:PassRole", name):
                    lacking.append(f"iam:PassRole on {name}")
    return lacking


@rule(
    "event-target-can-run-task",
    kinds.EVENT_TARGET,
    kinds.SCHEDULE,
    severity=Severity.CRITICAL,
    fix="Grant the target's role that on exactly this resource, and give an ECS target its network configuration",
    url=f"{_EB_GUIDE}/eb-use-identity-based.html",
    tags=("graph",),
)
def event_target_can_run_task(target: Resource, view: View) -> Iterator[Problem]:
    """A rule or schedule that runs a task or starts a state machine has a role that may, and a task has a network."""
    graph = view.graph
    schedule = target.type == kinds.SCHEDULE
    role_path, arn = ("target.roleArn", "target") if schedule else ("roleArn", "arn")
    for launch in launches_of(graph, target):
        if launch.networked is False:
            yield Problem(message="runs a task without network configuration", property=launch.settings)
        role = _role(graph, target, role_path)
        lacking = ["everything: it has no role"] if role is None else _may_run(graph, role_grants(graph, role), launch)
        for action in lacking:
            yield Problem(message=f"its role lacks {action}", property=role_path)
    for machine in graph.targets(target, arn, kinds.STATE_MACHINE):
        role = _role(graph, target, role_path)
        name = str(value(machine, "name", machine.name))
        if role is None or not role_grants(graph, role).allow("states:StartExecution", name):
            yield Problem(message=f"its role lacks states:StartExecution on {name}", property=role_path)


_MANAGED_RULE: Final = "StepFunctionsGetEventsForECSTaskRule"
_MANAGE: Final = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
_CONTROL: Final = ("ecs:StopTask", "ecs:DescribeTasks")


@rule(
    "sync-task-managed-rule",
    kinds.STATE_MACHINE,
    severity=Severity.CRITICAL,
    fix=f"Grant the machine's role {', '.join(_MANAGE)} on the rule {_MANAGED_RULE}, and what running its tasks takes",
    url=f"{_SFN_GUIDE}/connect-ecs.html",
    tags=("graph",),
)
def sync_task_managed_rule(machine: Resource, view: View) -> Iterator[Problem]:
    """A machine that waits for tasks (`ecs:runTask.sync`) may run and stop them and manage the rule it hears by."""
    graph = view.graph
    tasks = list(run_task_states(value(machine, "definition")))
    if not tasks:
        return
    role = _role(graph, machine, "roleArn")
    if role is None:
        yield Problem(message="has no role of this stack", property="roleArn")
        return
    grants = role_grants(graph, role)
    lacking = [lack for launch in launches_of(graph, machine) for lack in _may_run(graph, grants, launch)]
    if any(integration.endswith(".sync") for _, integration, _ in tasks):
        lacking += [action for action in _MANAGE if not grants.allow(action, _MANAGED_RULE)]
        lacking += [action for action in _CONTROL if not grants.allow(action)]
    for action in dict.fromkeys(lacking):
        yield Problem(message=f"{role.name} lacks {action}", property="roleArn")


@rule(
    "dlq-accepts-sender",
    kinds.EVENT_TARGET,
    kinds.SCHEDULE,
    severity=Severity.HIGH,
    fix="Let events.amazonaws.com send to the queue (its policy, and its key's), a schedule's role likewise",
    url=f"{_EB_GUIDE}/eb-rule-dlq.html",
    tags=("graph",),
)
def dlq_accepts_sender(target: Resource, view: View) -> Iterator[Problem]:
    """A dead-letter queue takes what its rule or schedule cannot deliver; otherwise the event is gone for good."""
    graph = view.graph
    schedule = target.type == kinds.SCHEDULE
    path = "target.deadLetterConfig" if schedule else "deadLetterConfig"
    if isinstance(read(target, path), Absent):
        return
    queues = graph.targets(target, path.partition(".")[0], kinds.QUEUE) or graph.resolve(
        target, f"{path}.arn", kinds.QUEUE
    )
    if not queues:
        yield Problem(message="its dead-letter queue is not the stack's", property=path)
    for queue in queues:
        if schedule:
            role = _role(graph, target, "target.roleArn")
            name = str(value(queue, "name", queue.name))
            if role is not None and not role_grants(graph, role).allow("sqs:SendMessage", name):
                yield Problem(message=f"{role.name} lacks sqs:SendMessage on {name}", property=path)
            continue
        if not resource_grants(graph, queue).admit("events.amazonaws.com", "sqs:SendMessage"):
            yield Problem(
                message=f"lets EventBridge send nothing, and {target.name} gives up to it",
                property="policy",
                resource=queue,
            )
        for key in graph.targets(queue, "kmsMasterKeyId", kinds.KEY):
            if not resource_grants(graph, key).admit("events.amazonaws.com", "kms:GenerateDataKey"):
                yield Problem(
                    message=f"its key {key.name} does not admit EventBridge", property="kmsMasterKeyId", resource=queue
                )


@rule(
    "alarm-metric-exists",
    kinds.ALARM,
    severity=Severity.CRITICAL,
    fix="Alarm on a metric that is published (policy/rules/tables/metrics.py), with exactly its dimensions",
    url="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html",
    tags=("graph",),
    settings=("custom_namespaces",),
)
def alarm_metric_exists(alarm: Resource, view: View) -> Iterator[Problem]:
    """Alarms are on metrics that somebody publishes; on any other an alarm never fires."""
    watched = [("", alarm.props)] if isinstance(read(alarm, "metricName"), Known | Unknown) else []
    for i, query in enumerate(members(alarm, "metricQueries")):
        if isinstance(query, Mapping) and isinstance(read(query, "metric"), Known | Unknown):
            watched.append((f"metricQueries[{i}].metric.", value(query, "metric")))
        elif not isinstance(query, Mapping):
            yield Problem(message="", property=f"metricQueries[{i}]", undecided=True)
    for path, metric in watched:
        for fault in _metric_faults(view, dict(metric)):
            yield Problem(message=fault, property=f"{path}metricName")


def _metric_faults(view: View, metric: dict[str, Any]) -> Iterator[str]:
    graph = view.graph
    namespace, name = value(metric, "namespace"), value(metric, "metricName")
    if namespace not in PUBLISHED:
        if str(namespace).startswith("AWS/") or namespace in view.settings.custom_namespaces:
            return
        if not any(
            value(result, "metricTransformation.namespace") == namespace
            and value(result, "metricTransformation.name") == name
            for result in graph.of_type(kinds.LOG_METRIC_FILTER)
        ):
            yield f"no metric filter of the stack makes {namespace} {name}"
        return
    if name not in PUBLISHED[namespace]:
        yield f"{namespace} publishes no {name}"
        return
    if namespace == INSIGHTS and not any(map(_has_insights, graph.of_type(kinds.CLUSTER))):
        yield f"{name} needs Container Insights, which no cluster of the stack has on"
    names = frozenset(value(metric, "dimensions", {}))
    if names not in PUBLISHED[namespace][name]:
        yield f"{namespace} publishes no {name} by {', '.join(sorted(names)) or 'no dimension'}"


def _has_insights(cluster: Resource) -> bool:
    settings = members(cluster, "settings")
    if has_unknown(settings):
        raise Undecided("settings")
    return any(s.get("name") == "containerInsights" and s.get("value") in ("enabled", "enhanced") for s in settings)
