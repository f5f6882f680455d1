"""Application Auto Scaling: the values of a policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_LARGEST_TARGET: Final = 2.0**360

rules = Rules("application-autoscaling")


@rules.add(
    "PutScalingPolicy",
    source="https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html",
    code="ValidationException",
)
def policy_values(call: Call, _: Account) -> Iterator[str]:
    """A target value is within 2 to the power of 360, a label is of requests to a load balancer, an exact capacity is 0
    or more.
    """
    tracked = call.parameters.get("TargetTrackingScalingPolicyConfiguration", {})
    if abs(tracked.get("TargetValue", 0)) > _LARGEST_TARGET:
        yield "TargetValue must be in the range of -2^360 to 2^360."
    metric = tracked.get("PredefinedMetricSpecification", {})
    if metric.get("ResourceLabel") and metric.get("PredefinedMetricType") != "ALBRequestCountPerTarget":
        yield "ResourceLabel is valid with the metric type ALBRequestCountPerTarget only."
    steps = call.parameters.get("StepScalingPolicyConfiguration", {})
    adjustments = [step.get("ScalingAdjustment", 0) for step in steps.get("StepAdjustments", [])]
    if steps.get("AdjustmentType") == "ExactCapacity" and min(adjustments, default=0) < 0:
        yield "For exact capacity, specify a non-negative value."
