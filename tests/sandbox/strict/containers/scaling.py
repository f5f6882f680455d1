"""Requests to Application Auto Scaling."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.requests import ABSENT, Request, request

_TARGET = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": "service/cluster/service",
}


_TRACK = {
    "TargetValue": 50.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}


def _track(**members: Any) -> dict[str, Any]:
    return {"TargetTrackingScalingPolicyConfiguration": members}


_ALB: Final = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization", "ResourceLabel": "app/x/1/targetgroup/y/2"}


REQUESTS: Final[dict[str, list[Request]]] = {
    "application-autoscaling": [
        request(
            "RegisterScalableTarget",
            {**_TARGET, "MinCapacity": 0, "MaxCapacity": 4},
            backwards={"MinCapacity": 5},
            negative={"MinCapacity": -1},
            resource={"ResourceId": "cluster/service"},
            service={"ResourceId": "service/cluster/ghost"},
            dimension={"ScalableDimension": "dynamodb:table:ReadCapacityUnits"},
            namespace={"ServiceNamespace": "eks"},
            role={"RoleARN": ""},
        ),
        request(
            "PutScalingPolicy",
            {
                **_TARGET,
                "PolicyName": "documented",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": _TRACK,
            },
            zero={"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 0.0}},
            metric={
                "TargetTrackingScalingPolicyConfiguration": {
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "Cpu"}
                }
            },
            no_metric={"TargetTrackingScalingPolicyConfiguration": {"PredefinedMetricSpecification": ABSENT}},
            cooldown={"TargetTrackingScalingPolicyConfiguration": {"ScaleInCooldown": -1}},
            kind={"PolicyType": "Manual"},
            steps={"PolicyType": "StepScaling"},
            adjustment={
                "PolicyType": "StepScaling",
                "TargetTrackingScalingPolicyConfiguration": ABSENT,
                "StepScalingPolicyConfiguration": {
                    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]
                },
            },
            other_adjustment={
                "PolicyType": "StepScaling",
                "TargetTrackingScalingPolicyConfiguration": ABSENT,
                "StepScalingPolicyConfiguration": {
                    "AdjustmentType": "Double",
                    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
                },
            },
            no_steps={
                "PolicyType": "StepScaling",
                "TargetTrackingScalingPolicyConfiguration": ABSENT,
                "StepScalingPolicyConfiguration": {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": []},
            },
            target={"ResourceId": "service/cluster/ghost"},
            name={"PolicyName": ""},
        ),
        request(
            "DeregisterScalableTarget",
            {**_TARGET, "ResourceId": "service/cluster/service"},
            none={"ResourceId": "service/cluster/ghost"},
        ),
        request(
            "PutScalingPolicy",
            compute.tracking,
            label=_track(CustomizedMetricSpecification=ABSENT, PredefinedMetricSpecification=_ALB),
            huge=_track(TargetValue=1e120),
        ),
        request(
            "PutScalingPolicy",
            compute.stepping,
            negative={
                "StepScalingPolicyConfiguration": {
                    "AdjustmentType": "ExactCapacity",
                    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": -1}],
                }
            },
            bounds={
                "StepScalingPolicyConfiguration": {
                    "StepAdjustments": [
                        {"MetricIntervalLowerBound": 5.0, "MetricIntervalUpperBound": 1.0, "ScalingAdjustment": 1}
                    ]
                }
            },
            aggregation={"StepScalingPolicyConfiguration": {"MetricAggregationType": "Sum"}},
        ),
        request(
            "PutScheduledAction",
            {
                "ServiceNamespace": "ecs",
                "ResourceId": "service/cluster/service",
                "ScalableDimension": "ecs:service:DesiredCount",
                "ScheduledActionName": "further",
                "Schedule": "cron(0 22 ? * MON-FRI *)",
                "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2},
            },
            cron={"Schedule": "cron(0 22 * * *)"},
            rate={"Schedule": "rate(0 minutes)"},
            zone={"Timezone": "Mars/Base"},
            backwards={"ScalableTargetAction": {"MinCapacity": 3}},
            nothing={"ScalableTargetAction": {"MinCapacity": ABSENT, "MaxCapacity": ABSENT}},
            target={"ResourceId": "service/cluster/none"},
            no_schedule={"Schedule": ABSENT},
        ),
        request(
            "RegisterScalableTarget",
            compute.scalable_target,
            resource={"ResourceId": "cluster/service"},
            dimension={"ScalableDimension": "ecs:service:Count"},
            role={"RoleARN": "role"},
        ),
    ],
}
