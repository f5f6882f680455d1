"""What must exist before what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..graph import kinds


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
    only_with: str = ""
    """A property of `later` without which the order does not matter."""


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
        only_with="loggingConfiguration",
    ),
    Before(
        later=kinds.SERVICE,
        first=kinds.CLUSTER_CAPACITY,
        through=("cluster",),
        belongs="clusterName",
        why="ECS refuses a service with a provider that the cluster does not have yet",
        only_with="capacityProviderStrategies",
    ),
    Before(
        later=kinds.ALARM,
        first=kinds.TOPIC_POLICY,
        through=("alarmActions", "okActions"),
        belongs="arn",
        why="an alarm that goes off before could not publish",
    ),
)
