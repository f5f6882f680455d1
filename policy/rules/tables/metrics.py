"""The metrics that AWS publishes and a batch platform alarms on, with the sets of dimensions they come with.

An alarm on a namespace that is not listed is not judged. Sources, read 2026-11: ECS developer guide (available-metrics,
Container-Insights-metrics-ECS), Step Functions (cw-metrics), EventBridge (eb-monitoring), Scheduler
(monitoring-cloudwatch), SQS, SNS, Logs and CodeBuild guides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

Dimensions: TypeAlias = frozenset[frozenset[str]]

INSIGHTS: Final = "ECS/ContainerInsights"


def _sets(*sets: Iterable[str]) -> Dimensions:
    return frozenset(map(frozenset, sets))


def _metrics(names: str, dimensions: Dimensions) -> dict[str, Dimensions]:
    return dict.fromkeys(names.split(), dimensions)


_CLUSTER: Final = ("ClusterName",)
_SERVICE: Final = ("ClusterName", "ServiceName")
_FAMILY: Final = ("ClusterName", "TaskDefinitionFamily")
_RULE: Final = _sets(("RuleName",), ("EventBusName", "RuleName"), ())
_QUEUE: Final = _sets(("QueueName",))

PUBLISHED: Final[Mapping[str, Mapping[str, Dimensions]]] = {
    "AWS/ECS": _metrics("CPUUtilization MemoryUtilization", _sets(_CLUSTER, _SERVICE)),
    INSIGHTS: {
        **_metrics("RunningTaskCount PendingTaskCount DesiredTaskCount DeploymentCount TaskSetCount", _sets(_SERVICE)),
        **_metrics("TaskCount ServiceCount ContainerInstanceCount", _sets(_CLUSTER)),
        **_metrics(
            "CpuUtilized CpuReserved MemoryUtilized MemoryReserved StorageReadBytes StorageWriteBytes NetworkRxBytes "
            "NetworkTxBytes EphemeralStorageUtilized EphemeralStorageReserved RestartCount",
            _sets(_CLUSTER, _SERVICE, _FAMILY),
        ),
    },
    "AWS/States": {
        **_metrics(
            "ExecutionsStarted ExecutionsSucceeded ExecutionsFailed ExecutionsTimedOut ExecutionsAborted "
            "ExecutionThrottled ExecutionTime",
            _sets(("StateMachineArn",)),
        ),
        **_metrics(
            "ServiceIntegrationsScheduled ServiceIntegrationsStarted ServiceIntegrationsSucceeded "
            "ServiceIntegrationsFailed ServiceIntegrationsTimedOut",
            _sets(("ServiceIntegrationResourceArn",)),
        ),
    },
    "AWS/Events": _metrics(
        "TriggeredRules Invocations FailedInvocations MatchedEvents ThrottledRules DeadLetterInvocations "
        "InvocationsSentToDlq InvocationsFailedToBeSentToDlq InvocationAttempts RetryInvocationAttempts "
        "SuccessfulInvocationAttempts",
        _RULE,
    ),
    "AWS/Scheduler": _metrics(
        "InvocationAttemptCount TargetErrorCount TargetErrorThrottledCount InvocationThrottleCount "
        "InvocationDroppedCount InvocationsSentToDeadLetterCount InvocationsFailedToBeSentToDeadLetterCount",
        _sets(("ScheduleGroup",), ()),
    ),
    "AWS/DynamoDB": {
        **_metrics(
            "ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ReadThrottleEvents WriteThrottleEvents",
            _sets(("TableName",)),
        ),
        **_metrics("SystemErrors ThrottledRequests SuccessfulRequestLatency", _sets(("Operation", "TableName"))),
    },
    "AWS/SQS": _metrics(
        "ApproximateAgeOfOldestMessage ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesNotVisible "
        "ApproximateNumberOfMessagesVisible NumberOfEmptyReceives NumberOfMessagesDeleted NumberOfMessagesReceived "
        "NumberOfMessagesSent SentMessageSize",
        _QUEUE,
    ),
    "AWS/SNS": _metrics(
        "NumberOfMessagesPublished NumberOfNotificationsDelivered NumberOfNotificationsFailed PublishSize",
        _sets(("TopicName",)),
    ),
    "AWS/Logs": _metrics("IncomingBytes IncomingLogEvents", _sets(("LogGroupName",), ())),
    "AWS/CodeBuild": _metrics("Builds SucceededBuilds FailedBuilds Duration", _sets(("ProjectName",), ())),
}
"""Namespace to metric to the sets of dimensions it is published with. No reservation metrics: Fargate has none."""

STATISTICS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("AWS/States", "ExecutionTime"): ("Maximum",),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ("Maximum",),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): ("Maximum",),
}
"""Statistics that say something about a metric; those of a metric that is not listed here are added up."""

COUNTED: Final = frozenset(
    [
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
        "ExecutionThrottled",
        "FailedInvocations",
        "InvocationsFailedToBeSentToDlq",
        "InvocationDroppedCount",
        "TargetErrorCount",
        "InvocationsFailedToBeSentToDeadLetterCount",
    ]
)
"""Metrics that count what must not happen at all."""
