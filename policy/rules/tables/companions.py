"""What must stand beside a resource, and who must use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..graph import Graph, Resource, kinds
from ..graph.texts import holds_member

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
    such: Callable[[Resource], bool] = field(default=lambda one: True)
    """Which resources of the types count."""
    which: str = ""
    """The same in words, for the message."""


def _not_a_log_bucket(graph: Graph, bucket: Resource) -> bool:
    return not graph.attached(bucket, "targetBucket", kinds.BUCKET_LOGGING)


def _runs_beside_services(graph: Graph, bucket: Resource) -> bool:
    """The pipeline's artifacts are not logged: only stacks with a cluster have data."""
    return bool(graph.of_type(kinds.CLUSTER)) and _not_a_log_bucket(graph, bucket)


def _alarms_publish(graph: Graph, topic: Resource) -> bool:
    return bool(graph.dependents(topic, kinds.ALARM))


def _job_log(graph: Graph, group: Resource) -> bool:
    """Whether a task definition of the stack writes to the group."""
    tasks = graph.of_type(kinds.TASK_DEFINITION)
    return any(
        holds_member(one.props.get("containerDefinitions"), "awslogs-group", group.props.get("name")) for one in tasks
    )


def _announces(stage: str) -> Callable[[Resource], bool]:
    """Whether a schedule hands the machine this stage; one that is unknown may."""

    def such(one: Resource) -> bool:
        target = one.props.get("target")
        text = target.get("input") if isinstance(target, Mapping) else None
        return not isinstance(text, str) or holds_member(text, "stage", stage)

    return such


def _of_deadline(graph: Graph, group: Resource) -> bool:
    """Whether the group's schedules ask for the report; others start the run."""
    return "deadline" in str(group.props.get("name"))


def _takes_events(graph: Graph, group: Resource) -> bool:
    return bool(graph.dependents(group, kinds.EVENT_TARGET, prop="arn"))


def _does_something(graph: Graph, role: Resource) -> bool:
    """Every role but a job's own without inline policies: a job that reads and writes nothing of AWS needs no rights."""
    is_jobs_own = any(role in graph.targets(one, "taskRoleArn") for one in graph.of_type(kinds.TASK_DEFINITION))
    return not role.props.get("inlinePolicies") and not is_jobs_own


_ONE_EACH: Final = (
    (kinds.BUCKET_VERSIONING, "an overwritten object could not be brought back"),
    (kinds.BUCKET_PUBLIC_ACCESS, "whether a policy can make it public would be left to S3's default"),
    (kinds.BUCKET_OWNERSHIP, "whether access control lists count would be left to S3's default"),
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
    *(
        Companion(
            of=kinds.SCHEDULE_GROUP,
            needs=(kinds.SCHEDULE,),
            by="groupName",
            applies=_of_deadline,
            such=_announces(stage),
            which=f" with the stage {stage}",
            why=why,
        )
        for stage, why in (
            ("warn", "nobody would be warned while there is time to act"),
            ("escalate", "nobody would be told that the report is late"),
        )
    ),
    Companion(
        of=kinds.CLUSTER,
        needs=(kinds.CLUSTER_CAPACITY,),
        by="clusterName",
        at_most=1,
        why="services and runs could not choose between Fargate and Spot",
    ),
    Companion(
        of=kinds.SERVICE, needs=(kinds.SCALING_TARGET,), by="resourceId", at_most=1, why="nothing would ever scale it"
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
    Companion(
        of=kinds.FIREWALL_RULES,
        needs=(kinds.FIREWALL_ASSOCIATION,),
        by="firewallRuleGroupId",
        why="no network would be asked what it resolves",
    ),
    Companion(
        of=kinds.FIREWALL_RULES,
        needs=(kinds.FIREWALL_RULE,),
        by="firewallRuleGroupId",
        at_least=2,
        why="what is allowed needs a rule, and everything else one that blocks it",
    ),
    Companion(of=kinds.ROUTE_TABLE, needs=(kinds.ROUTE_ASSOCIATION,), by="routeTableId", why="no subnet is tied to it"),
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
        needs=(kinds.LOG_RESOURCE_POLICY,),
        by="policyDocument",
        applies=_takes_events,
        why="EventBridge could not write the events into it",
    ),
    Companion(
        of=kinds.LOG_GROUP,
        needs=(kinds.LOG_METRIC_FILTER,),
        by="logGroupName",
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
    kinds.KEY: (
        kinds.BUCKET_ENCRYPTION,
        kinds.TABLE,
        kinds.REPOSITORY,
        kinds.LOG_GROUP,
        kinds.TOPIC,
        kinds.QUEUE,
        kinds.CLUSTER,
        kinds.STATE_MACHINE,
    ),
    kinds.POLICY: (kinds.POLICY_ATTACHMENT,),
}
"""Who makes a resource of the type useful; one that nobody uses is a mistake or a leftover."""
