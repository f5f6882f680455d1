"""Seeds for the rules of Application Auto Scaling."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.seeds import ABSENT, Seed, seed

_TARGET = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": "service/cluster/service",
}


_REGISTER = ("RegisterScalableTarget", {**_TARGET, "MinCapacity": 0, "MaxCapacity": 2})


_STEP = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
}


_TRACKING = {
    "TargetValue": 50.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}


_SCALE = (
    "PutScalingPolicy",
    {**_TARGET, "PolicyName": "policy", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": _STEP},
)


def _steps(*bounds: tuple[float | None, float | None]) -> dict[str, Any]:
    names = ("MetricIntervalLowerBound", "MetricIntervalUpperBound")
    return {
        "StepScalingPolicyConfiguration": {
            "StepAdjustments": [
                {"ScalingAdjustment": 1, **{n: v for n, v in zip(names, pair, strict=True) if v is not None}}
                for pair in bounds
            ]
        }
    }


_SCALED = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": "service/cluster/service",
}


SEEDS: Final[list[Seed]] = [
    seed(
        "application-autoscaling.predefined_metric",
        "PutScalingPolicy",
        {
            **_TARGET,
            "PolicyName": "tracking",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": _TRACKING,
        },
        {
            "TargetTrackingScalingPolicyConfiguration": {
                "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}
            }
        },
    ),
    seed(
        "application-autoscaling.resource",
        *_REGISTER,
        {"ResourceId": "service/service"},
        {"ScalableDimension": "dynamodb:table:ReadCapacityUnits"},
    ),
    seed("application-autoscaling.capacity", *_REGISTER, {"MinCapacity": 3}, {"MinCapacity": -1}),
    seed("application-autoscaling.service", *_REGISTER, {"ResourceId": "service/cluster/none"}),
    seed("application-autoscaling.policy_target", *_SCALE, {"ResourceId": "service/cluster/none"}),
    seed(
        "application-autoscaling.policy_type",
        *_SCALE,
        {"PolicyType": "TargetTrackingScaling"},
        {
            "PolicyType": "TargetTrackingScaling",
            "StepScalingPolicyConfiguration": ABSENT,
            "TargetTrackingScalingPolicyConfiguration": {**_TRACKING, "TargetValue": 0.0},
        },
        {
            "PolicyType": "TargetTrackingScaling",
            "StepScalingPolicyConfiguration": ABSENT,
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 1.0},
        },
    ),
    seed(
        "application-autoscaling.steps",
        *_SCALE,
        _steps((0, 10), (20, None)),
        _steps((0, 10), (5, None)),
        _steps((10, 0)),
        _steps(),
    ),
    seed(
        "application-autoscaling.target_role",
        "RegisterScalableTarget",
        compute.scalable_target,
        {"RoleARN": "AWSServiceRoleForApplicationAutoScaling_ECSService"},
    ),
    seed(
        "application-autoscaling.scheduled_action",
        "PutScheduledAction",
        lambda a: {
            **_SCALED,
            "ScheduledActionName": a.name(),
            "Schedule": "cron(0 8 * * ? *)",
            "Timezone": "America/New_York",
            "ScalableTargetAction": {"MinCapacity": 1},
        },
        {"Schedule": "every day"},
        {"Schedule": ABSENT},
        {"Timezone": "New York"},
        {"ScalableTargetAction": ABSENT},
        {"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1}},
    ),
    seed(
        "application-autoscaling.predefined_metric",
        "PutScalingPolicy",
        {
            **_SCALED,
            "PolicyName": "review",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 50.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ALBRequestCountPerTarget",
                    "ResourceLabel": "app/a/0123456789abcdef/targetgroup/b/0123456789abcdef",
                },
            },
        },
        {"TargetTrackingScalingPolicyConfiguration": {"PredefinedMetricSpecification": {"ResourceLabel": ABSENT}}},
    ),
]
