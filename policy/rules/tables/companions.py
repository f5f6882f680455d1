"""What must stand beside a resource, who must use it, which alarms watch it, and what must exist before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..graph import Graph, Resource, kinds

Applies = Callable[[Graph, Resource], bool]


def always(graph: Graph, one: Resource) -> bool:
    """For every resource of the type."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A resource that another one needs beside it, and that names it."""

    of: str
    needs: tuple[str, ...]
    """Any of these types."""
    by: str
    """The companion's property that names the resource."""
    why: str
    at_least: int = 1
    at_most: int | None = None
    applies: Applies = always


def _not_a_log_bucket(graph: Graph, bucket: Resource) -> bool:
    return not graph.attached(bucket, "targetBucket", kinds.BUCKET_LOGGING)


def _runs_beside_services(graph: Graph, bucket: Resource) -> bool:
    """The pipeline's artifacts are not logged: only stacks with a cluster have data."""
    return bool(graph.of_type(kinds.CLUSTER)) and _not_a_log_bucket(graph, bucket)


def _alarms_publish(graph: Graph, topic: Resource) -> bool:
    return bool(graph.dependents(topic, kinds.ALARM))


def _job_log(graph: Graph, group: Resource) -> bool:
    """Whether a task definition of the stack writes to the group."""
    name = group.props.get("name")
    return any(
        isinstance(text := one.props.get("containerDefinitions"), str) and f'"awslogs-group": "{name}"' in text
        for one in graph.of_type(kinds.TASK_DEFINITION)
    )


def _does_something(graph: Graph, role: Resource) -> bool:
    """Every role but a job's own without inline policies: a job that reads and writes nothing of AWS needs no rights."""
    is_jobs_own = any(role in graph.targets(one, "taskRoleArn") for one in graph.of_type(kinds.TASK_DEFINITION))
    return not role.props.get("inlinePolicies") and not is_jobs_own


_ONE_EACH: Final = (
    (kinds.BUCKET_VERSIONING, "an overwritten object could not be brought back"),
    (kinds.BUCKET_PUBLIC_ACCESS, "a policy could make it public"),
    (kinds.BUCKET_OWNERSHIP, "access control lists would count"),
    (kinds.BUCKET_ENCRYPTION, "objects would be encrypted with S3's own key"),
    (kinds.BUCKET_POLICY, "plain HTTP would be taken"),
    (kinds.BUCKET_LIFECYCLE, "it would grow for ever"),
)

COMPANIONS: Final = (
    *(Companion(of=kinds.BUCKET, needs=(needs,), by="bucket", why=why, at_most=1) for needs, why in _ONE_EACH),
    Companion(
        of=kinds.BUCKET,
        needs=(kinds.BUCKET_LOGGING,),
        by="bucket",
        at_most=1,
        applies=_runs_beside_services,
        why="nobody could say who read what; only the bucket that takes the access logs has none itself",
    ),
    Companion(
        of=kinds.REPOSITORY,
        needs=(kinds.REPOSITORY_LIFECYCLE,),
        by="repository",
        at_most=1,
        why="every image ever pushed would be kept and paid for",
    ),
    Companion(of=kinds.KEY, needs=(kinds.ALIAS,), by="targetKeyId", why="people could not tell it from other keys"),
    Companion(of=kinds.QUEUE, needs=(kinds.QUEUE_POLICY,), by="queueUrl", at_most=1, why="plain HTTP would be taken"),
    Companion(
        of=kinds.TOPIC,
        needs=(kinds.TOPIC_POLICY,),
        by="arn",
        at_most=1,
        applies=_alarms_publish,
        why="alarms and rules could not publish",
    ),
    Companion(of=kinds.EVENT_RULE, needs=(kinds.EVENT_TARGET,), by="rule", why="it would match and do nothing"),
    Companion(of=kinds.SCHEDULE_GROUP, needs=(kinds.SCHEDULE,), by="groupName", why="an empty group does nothing"),
    Companion(
        of=kinds.CLUSTER,
        needs=(kinds.CLUSTER_CAPACITY,),
        by="clusterName",
        at_most=1,
        why="services and runs could not choose between Fargate and Spot",
    ),
    Companion(
        of=kinds.SERVICE, needs=(kinds.SCALING_TARGET,), by="resourceId", at_most=1, why="it would stay at 0 tasks"
    ),
    Companion(
        of=kinds.SCALING_TARGET, needs=(kinds.SCALING_POLICY,), by="resourceId", why="nothing would ever scale it"
    ),
    Companion(
        of=kinds.VPC, needs=(kinds.SUBNET,), by="vpcId", at_least=2, why="one zone's outage would stop the night"
    ),
    Companion(of=kinds.VPC, needs=(kinds.FLOW_LOG,), by="vpcId", why="nobody could say what talked to what"),
    Companion(
        of=kinds.VPC,
        needs=(kinds.DEFAULT_SECURITY_GROUP,),
        by="vpcId",
        at_most=1,
        why="the group that EC2 makes lets its members talk to each other and to everywhere",
    ),
    Companion(of=kinds.ROUTE_TABLE, needs=(kinds.ROUTE_ASSOCIATION,), by="routeTableId", why="no subnet would use it"),
    Companion(
        of=kinds.SECURITY_GROUP,
        needs=(kinds.GROUP_INGRESS, kinds.GROUP_EGRESS, kinds.GROUP_RULE),
        by="securityGroupId",
        why="nothing could come in or go out",
        applies=lambda graph, one: not (one.props.get("ingress") or one.props.get("egress")),
    ),
    Companion(
        of=kinds.ROLE,
        needs=(kinds.ROLE_POLICY, kinds.POLICY_ATTACHMENT),
        by="role",
        why="it could do nothing",
        applies=_does_something,
    ),
    Companion(
        of=kinds.LOG_GROUP,
        needs=(kinds.LOG_METRIC_FILTER,),
        by="logGroupName",
        at_most=1,
        applies=_job_log,
        why="a job's error lines would raise no alarm",
    ),
)

USED_BY: Final = {
    kinds.ROLE: (
        kinds.TASK_DEFINITION,
        kinds.STATE_MACHINE,
        kinds.EVENT_TARGET,
        kinds.SCHEDULE,
        kinds.FLOW_LOG,
        kinds.BUILD_PROJECT,
        kinds.PIPELINE,
        kinds.FUNCTION,
    ),
    kinds.TASK_DEFINITION: (kinds.SERVICE, kinds.STATE_MACHINE, kinds.EVENT_TARGET, kinds.SCHEDULE),
    kinds.STATE_MACHINE: (kinds.EVENT_TARGET, kinds.SCHEDULE),
    kinds.SECURITY_GROUP: (kinds.SERVICE, kinds.ENDPOINT, kinds.STATE_MACHINE),
    kinds.QUEUE: (kinds.EVENT_TARGET, kinds.SCHEDULE, kinds.QUEUE, kinds.ALARM),
    kinds.KEY: (kinds.BUCKET_ENCRYPTION, kinds.TABLE, kinds.REPOSITORY, kinds.LOG_GROUP, kinds.TOPIC, kinds.QUEUE),
    kinds.POLICY: (kinds.POLICY_ATTACHMENT,),
}
"""Who makes a resource of the type useful; one that nobody uses is a mistake or a leftover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A metric of a resource that an alarm must watch."""

    of: str
    namespace: str
    metric: str
    dimension: str
    why: str
    applies: Applies = always


def _runs_tasks(graph: Graph, machine: Resource) -> bool:
    return bool(graph.targets(machine, "definition", kinds.TASK_DEFINITION)) or "ecs:runTask" in str(
        machine.props.get("definition")
    )


def _has_dead_letters(graph: Graph, one: Resource) -> bool:
    targets = graph.attached(one, "rule", kinds.EVENT_TARGET)
    return any(target.props.get("deadLetterConfig") for target in targets)


def _is_dead_letter_queue(graph: Graph, queue: Resource) -> bool:
    return bool(graph.dependents(queue, kinds.EVENT_TARGET, kinds.SCHEDULE))


def _is_about_tasks(graph: Graph, one: Resource) -> bool:
    return "ECS Task State Change" in str(one.props.get("eventPattern"))


def _watched(of: str, namespace: str, dimension: str, applies: Applies, **metrics: str) -> tuple[Watched, ...]:
    return tuple(
        Watched(of=of, namespace=namespace, metric=metric, dimension=dimension, why=why, applies=applies)
        for metric, why in metrics.items()
    )


WATCHED: Final = (
    *_watched(
        kinds.STATE_MACHINE,
        "AWS/States",
        "StateMachineArn",
        always,
        ExecutionsFailed="a failed night must be heard of",
        ExecutionsTimedOut="a night that hangs, too",
    ),
    *_watched(
        kinds.STATE_MACHINE,
        "AWS/States",
        "StateMachineArn",
        _runs_tasks,
        ExecutionsAborted="somebody, or a quota, stopped the run",
        ExecutionThrottled="the run waits for a quota",
        ExecutionTime="a run that is longer than usual misses the deadline",
    ),
    *_watched(
        kinds.EVENT_RULE,
        "AWS/Events",
        "RuleName",
        always,
        FailedInvocations="an event that reaches nobody must be heard of",
    ),
    *_watched(
        kinds.EVENT_RULE,
        "AWS/Events",
        "RuleName",
        _has_dead_letters,
        InvocationsFailedToBeSentToDlq="an event that even its dead-letter queue refused is gone",
    ),
    *_watched(
        kinds.EVENT_RULE,
        "AWS/Events",
        "RuleName",
        _is_about_tasks,
        TriggeredRules="the share of failed tasks is computed from it",
    ),
    *_watched(
        kinds.SCHEDULE_GROUP,
        "AWS/Scheduler",
        "ScheduleGroup",
        always,
        InvocationDroppedCount="a schedule that gave up must be heard of",
        TargetErrorCount="and one that is refused",
    ),
    *_watched(
        kinds.QUEUE,
        "AWS/SQS",
        "QueueName",
        _is_dead_letter_queue,
        ApproximateNumberOfMessagesVisible="a dead letter must be read",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """An order that the engine must keep: `later` depends on a resource of type `first`."""

    later: str
    first: str
    through: tuple[str, ...]
    """Properties of `later` that lead to what `first` belongs to; empty: any of the stack that belongs to `later`."""
    belongs: str
    """The property of `first` that names what it belongs to."""
    why: str


BEFORE: Final = (
    Before(
        later=kinds.CLUSTER,
        first=kinds.LOG_GROUP,
        through=(),
        belongs="",
        why="Container Insights would make its log group itself, without a key and for ever",
    ),
    Before(
        later=kinds.EVENT_TARGET,
        first=kinds.LOG_RESOURCE_POLICY,
        through=("arn",),
        belongs="",
        why="EventBridge must be admitted to the log group",
    ),
    Before(
        later=kinds.SERVICE,
        first=kinds.ROLE_POLICY,
        through=("taskDefinition",),
        belongs="role",
        why="a task that starts before would be refused its image or its log",
    ),
    Before(
        later=kinds.BUCKET_POLICY,
        first=kinds.BUCKET_PUBLIC_ACCESS,
        through=("bucket",),
        belongs="bucket",
        why="S3 refuses the two at once",
    ),
    Before(
        later=kinds.BUCKET_LOGGING,
        first=kinds.BUCKET_POLICY,
        through=("targetBucket",),
        belongs="bucket",
        why="the log bucket must admit the delivery",
    ),
    Before(
        later=kinds.EVENT_TARGET,
        first=kinds.QUEUE_POLICY,
        through=("deadLetterConfig",),
        belongs="queueUrl",
        why="an event that fails before would be lost",
    ),
    Before(
        later=kinds.EVENT_TARGET,
        first=kinds.ROLE_POLICY,
        through=("roleArn",),
        belongs="role",
        why="the first event would find a role that may do nothing",
    ),
    Before(
        later=kinds.SCHEDULE,
        first=kinds.ROLE_POLICY,
        through=("target",),
        belongs="role",
        why="the first call would find a role that may do nothing",
    ),
    Before(
        later=kinds.FLOW_LOG,
        first=kinds.ROLE_POLICY,
        through=("iamRoleArn",),
        belongs="role",
        why="EC2 tries the role when the flow log is made",
    ),
    Before(
        later=kinds.STATE_MACHINE,
        first=kinds.ROLE_POLICY,
        through=("roleArn",),
        belongs="role",
        why="Step Functions checks the role's log delivery when the machine is made",
    ),
    Before(
        later=kinds.SERVICE,
        first=kinds.CLUSTER_CAPACITY,
        through=("cluster",),
        belongs="clusterName",
        why="ECS refuses a service with a provider that the cluster does not have yet",
    ),
    Before(
        later=kinds.ALARM,
        first=kinds.TOPIC_POLICY,
        through=("alarmActions", "okActions"),
        belongs="arn",
        why="an alarm that goes off before could not publish",
    ),
)
