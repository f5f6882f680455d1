"""Scaling: the ranges within which services are scaled, and what scales them."""

from __future__ import annotations

from typing import Any, Final

from ...graph import kinds
from ..rows import Context, Table, between, exactly, free, holds, maybe, row, suffixed

_SCALING: Final = "https://docs.aws.amazon.com/autoscaling/application/APIReference"


def _target(value: Any, at: Context) -> bool:
    tracking = at.resource.props.get("targetTrackingScalingPolicyConfiguration") or {}
    counts_messages = "customizedMetricSpecification" in tracking
    return isinstance(value, int | float) and (value > 0 if counts_messages else 10 <= value <= 95)


def _follows_a_metric(value: Any, at: Context) -> bool:
    """A metric of AWS, or the backlog of a queue a task: metrics, and one expression over them that is returned."""
    if not isinstance(value, dict) or "customizedMetricSpecification" not in value:
        return isinstance(value, dict) and bool(value.get("predefinedMetricSpecification"))
    metric = value["customizedMetricSpecification"]
    entries = metric.get("metrics") if isinstance(metric, dict) else None
    queries = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    dimensions = [
        pair.get("name")
        for one in queries
        for pair in ((one.get("metricStat") or {}).get("metric") or {}).get("dimensions", ())
    ]
    return (
        "predefinedMetricSpecification" not in value
        and sum(one.get("returnData") is not False for one in queries) == 1
        and all(bool(one.get("metricStat")) != bool(one.get("expression")) for one in queries)
        and "QueueName" in dimensions
    )


def _service_id(value: Any, at: Context) -> bool:
    """`service/{cluster}/{service}` of this stack, or an edge to a service while the id is not known."""
    parts = str(value).split("/")
    return (
        len(parts) == 3
        and parts[0] == "service"
        and bool(at.graph.named(parts[1], kinds.CLUSTER) and at.graph.named(parts[2], kinds.SERVICE))
    )


TABLES: Final = (
    Table(
        type=kinds.SCALING_TARGET,
        source=f"{_SCALING}/API_RegisterScalableTarget.html",
        rows=(
            row("serviceNamespace", exactly("ecs"), "only services are scaled"),
            row("scalableDimension", exactly("ecs:service:DesiredCount"), "the count of a service's tasks"),
            row(
                "resourceId", holds("service/{cluster}/{service} of this stack", _service_id), "a service of this stack"
            ),
            row("minCapacity", between(0, 0), "a service rests at 0 (autoscaling-respects-zero-start)"),
            row("maxCapacity", between(1, 500), "cost has a bound, and a service can start"),
        ),
    ),
    Table(
        type=kinds.SCALING_POLICY,
        source=f"{_SCALING}/API_PutScalingPolicy.html",
        rows=(
            row("name", suffixed("{purpose}-{suffix}", r"[a-z0-9-]+-"), "two environments share an account"),
            row("policyType", exactly("TargetTrackingScaling", "StepScaling"), "the two kinds that ECS services have"),
            row("serviceNamespace", exactly("ecs"), "only services are scaled"),
            row("scalableDimension", exactly("ecs:service:DesiredCount"), "the count of a service's tasks"),
            row(
                "resourceId", holds("service/{cluster}/{service} of this stack", _service_id), "a service of this stack"
            ),
            *(
                row(
                    f"targetTrackingScalingPolicyConfiguration.{name}",
                    must,
                    why,
                    when=("policyType", "TargetTrackingScaling"),
                )
                for name, must, why in (
                    (
                        "targetValue",
                        holds("10 to 95 percent of CPU, or messages a task", _target),
                        "or it never scales",
                    ),
                    ("scaleInCooldown", between(0, 3600), "seconds"),
                    ("scaleOutCooldown", between(0, 3600), "seconds"),
                )
            ),
            row(
                "targetTrackingScalingPolicyConfiguration",
                holds("a metric, its own or one that AWS computes", _follows_a_metric),
                "it follows a metric",
                when=("policyType", "TargetTrackingScaling"),
            ),
            maybe(
                "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType",
                exactly("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"),
                "metrics that a Fargate service has without a load balancer",
            ),
            *(
                maybe(
                    f"targetTrackingScalingPolicyConfiguration.customizedMetricSpecification.metrics[].{name}",
                    must,
                    why,
                )
                for name, must, why in (
                    ("id", free(), "names the query in the expression"),
                    ("expression", free(), "the backlog of a task"),
                    ("label", free(), "shown only"),
                    ("returnData", free(bool), "the expression returns, its inputs do not"),
                    ("metricStat.stat", exactly("Maximum", "Average"), "the backlog at its largest, tasks averaged"),
                    ("metricStat.metric.namespace", exactly("AWS/SQS", "ECS/ContainerInsights"), "queue and tasks"),
                    (
                        "metricStat.metric.metricName",
                        exactly("ApproximateNumberOfMessagesVisible", "RunningTaskCount"),
                        "what waits, and what works",
                    ),
                    (
                        "metricStat.metric.dimensions[].name",
                        exactly("QueueName", "ClusterName", "ServiceName"),
                        "of this queue and service",
                    ),
                    ("metricStat.metric.dimensions[].value", free(), "of this stack (references-resolve)"),
                )
            ),
            maybe(
                "targetTrackingScalingPolicyConfiguration.disableScaleIn",
                free(bool),
                "true for a queue worker, which uses no CPU while it waits",
            ),
            *(
                row(f"stepScalingPolicyConfiguration.{name}", must, why, when=("policyType", "StepScaling"))
                for name, must, why in (
                    ("adjustmentType", exactly("ChangeInCapacity", "ExactCapacity"), "counts, not shares of nothing"),
                    ("cooldown", between(0, 3600), "seconds"),
                    ("metricAggregationType", exactly("Maximum", "Average"), "the backlog at its largest"),
                    ("stepAdjustments[].scalingAdjustment", between(-500, 500), "tasks"),
                )
            ),
            maybe(
                "stepScalingPolicyConfiguration.stepAdjustments[].scalingAdjustment",
                exactly(0),
                "what scales in goes to no task: nothing is in work",
                when=("stepScalingPolicyConfiguration.stepAdjustments[].metricIntervalUpperBound", "0"),
            ),
            maybe(
                "stepScalingPolicyConfiguration.stepAdjustments[].metricIntervalLowerBound",
                between(-1e9, 1e9),
                "messages",
            ),
            maybe(
                "stepScalingPolicyConfiguration.stepAdjustments[].metricIntervalUpperBound",
                between(-1e9, 1e9),
                "messages",
            ),
        ),
    ),
)
