"""CloudWatch metrics as plain values, and as inputs of metric math.

Metrics that each service publishes: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATES, EVENTS, SCHEDULER, QUEUES = "AWS/States", "AWS/Events", "AWS/Scheduler", "AWS/SQS"
CONTAINER_INSIGHTS = "ECS/ContainerInsights"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric as CloudWatch names it."""

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(default_factory=dict)
    statistic: str = "Sum"


def query(name: str, metric: Metric, period: int) -> Any:
    """`metric` as one input of a metric-math alarm, as pulumi-aws takes it."""
    return {
        "id": name,
        "metric": {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "stat": metric.statistic,
            "period": period,
        },
    }
