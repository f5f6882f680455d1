"""Application Auto Scaling and ECR, each operation's page in its API reference."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE, policy
from tests.sandbox.strict.documented import ABSENT, request

_TARGET = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": "service/cluster/service",
}
_TRACK = {
    "TargetValue": 50.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}
REQUESTS_SCALING = [
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
]


def _lifecycle_rule(**selection: Any) -> dict[str, Any]:
    base = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5, **selection}
    rule = {
        "rulePriority": 1,
        "selection": {n: v for n, v in base.items() if v is not ABSENT},
        "action": {"type": "expire"},
    }
    return {"lifecyclePolicyText": json.dumps({"rules": [rule]})}


REQUESTS_ECR = [
    request(
        "CreateRepository",
        lambda a: {"repositoryName": a.name()},
        upper={"repositoryName": "Repository"},
        dots={"repositoryName": "a..b"},
        short={"repositoryName": "a"},
        taken={"repositoryName": "repository"},
        mutability={"imageTagMutability": "SOMETIMES"},
        encryption={"encryptionConfiguration": {"encryptionType": "SSE"}},
        key={"encryptionConfiguration": {"encryptionType": "AES256", "kmsKey": "alias/x"}},
        no_key={"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "11111111-2222-3333-4444-555555555555"}},
        reserved={"tags": [{"Key": "aws:x", "Value": "v"}]},
    ),
    request(
        "PutLifecyclePolicy",
        {"repositoryName": "repository", **_lifecycle_rule()},
        no_json={"lifecyclePolicyText": "{"},
        no_count=_lifecycle_rule(countNumber=ABSENT),
        zero=_lifecycle_rule(countNumber=0),
        unit=_lifecycle_rule(countType="sinceImagePushed"),
        unit_of_number=_lifecycle_rule(countUnit="days"),
        status=_lifecycle_rule(tagStatus="some"),
        no_prefix=_lifecycle_rule(tagStatus="tagged"),
        prefix_of_any=_lifecycle_rule(tagPrefixList=["v"]),
        none={"repositoryName": "ghost"},
        no_rules={"lifecyclePolicyText": '{"rules": []}'},
    ),
    request(
        "SetRepositoryPolicy",
        {
            "repositoryName": "repository",
            "policyText": policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "ecr:BatchGetImage"}),
        },
        no_json={"policyText": "{"},
        action={"policyText": policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"})},
        no_principal={"policyText": policy({"Effect": "Allow", "Action": "ecr:BatchGetImage"})},
        none={"repositoryName": "ghost"},
        ghost={"policyText": policy({"Effect": "Allow", "Principal": {"AWS": NO_ROLE}, "Action": "ecr:BatchGetImage"})},
    ),
    request("DeleteRepository", lambda a: {"repositoryName": a.new_repository()}, none={"repositoryName": "ghost"}),
    request(
        "DescribeImages",
        {"repositoryName": "repository"},
        none={"repositoryName": "ghost"},
        image={"imageIds": [{"imageTag": "ghost"}]},
        digest={"imageIds": [{"imageDigest": "abc"}]},
        page={"maxResults": 1001},
    ),
    request(
        "PutImageTagMutability",
        {"repositoryName": "repository", "imageTagMutability": "IMMUTABLE"},
        value={"imageTagMutability": "NO"},
        none={"repositoryName": "ghost"},
    ),
]
