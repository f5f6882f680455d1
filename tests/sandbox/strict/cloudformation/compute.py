"""Requests that are fine and say much: ECS, what starts its tasks, and what scales its services."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.conftest import ACCOUNT, Strict

TAG: Final = [{"Key": "Environment", "Value": "dev"}]
SMALL_TAG: Final = [{"key": "Environment", "value": "dev"}]


def task(a: Strict) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "image",
        "cpu": 128,
        "memory": 256,
        "memoryReservation": 128,
        "essential": True,
        "command": ["run"],
        "environment": [{"name": "A", "value": "b"}],
        "secrets": [{"name": "S", "valueFrom": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/x"}],
        "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
        "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch", "readOnly": False}],
        "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
        "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 10},
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "s"},
        },
        "stopTimeout": 30,
        "user": "1000",
    }
    after = {
        "name": "second",
        "image": "image",
        "memory": 64,
        "dependsOn": [{"containerName": "main", "condition": "START"}],
    }
    return {
        "family": "cloudformation",
        "containerDefinitions": [container, after],
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": a.ecs_tasks_role,
        "taskRoleArn": a.ecs_tasks_role,
        "ephemeralStorage": {"sizeInGiB": 30},
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "volumes": [{"name": "scratch"}],
        "tags": SMALL_TAG,
    }


def service(a: Strict) -> dict[str, Any]:
    return {
        "cluster": "cluster",
        "serviceName": a.name(),
        "taskDefinition": "fargate",
        "desiredCount": 0,
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}],
        "platformVersion": "LATEST",
        "schedulingStrategy": "REPLICA",
        "propagateTags": "SERVICE",
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
        },
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": [a.subnet],
                "securityGroups": [a.group],
                "assignPublicIp": "DISABLED",
            }
        },
        "enableECSManagedTags": True,
        "tags": SMALL_TAG,
    }


def cluster(a: Strict) -> dict[str, Any]:
    return {
        "clusterName": a.name(),
        "settings": [{"name": "containerInsights", "value": "enabled"}],
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}],
        "configuration": {
            "executeCommandConfiguration": {
                "logging": "OVERRIDE",
                "logConfiguration": {"cloudWatchLogGroupName": "/batch/group"},
            }
        },
        "tags": SMALL_TAG,
    }


def targets(a: Strict) -> dict[str, Any]:
    cluster = f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/cluster"
    network = {"Subnets": [a.subnet], "SecurityGroups": [a.group], "AssignPublicIp": "DISABLED"}
    task = {
        "TaskDefinitionArn": a.fargate_definition,
        "TaskCount": 1,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {"awsvpcConfiguration": network},
        "PropagateTags": "TASK_DEFINITION",
    }
    retry = {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600}
    starts = {
        "Id": "start",
        "Arn": cluster,
        "RoleArn": a.events_role,
        "EcsParameters": task,
        "RetryPolicy": retry,
        "DeadLetterConfig": {"Arn": a.queue},
        "InputTransformer": {"InputPathsMap": {"k": "$.detail.k"}, "InputTemplate": '{"k": <k>}'},
    }
    return {"Rule": "rule", "Targets": [starts]}


def schedule(a: Strict) -> dict[str, Any]:
    network = {"Subnets": [a.subnet], "SecurityGroups": [a.group], "AssignPublicIp": "DISABLED"}
    return {
        "Name": a.name(),
        "Description": "nightly",
        "State": "ENABLED",
        "ScheduleExpression": "cron(30 8 ? * MON-FRI *)",
        "ScheduleExpressionTimezone": "America/New_York",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
        "Target": {
            "Arn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/cluster",
            "RoleArn": a.scheduler_role,
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600},
            "DeadLetterConfig": {"Arn": a.queue},
            "EcsParameters": {
                "TaskDefinitionArn": a.fargate_definition,
                "TaskCount": 1,
                "Group": "group",
                "PlatformVersion": "LATEST",
                "PropagateTags": "TASK_DEFINITION",
                "CapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}],
                "NetworkConfiguration": {"awsvpcConfiguration": network},
            },
        },
    }


_TARGET: Final = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": "service/cluster/service",
}


def scalable_target(_: Strict) -> dict[str, Any]:
    return {**_TARGET, "MinCapacity": 0, "MaxCapacity": 4, "SuspendedState": {"DynamicScalingInSuspended": False}}


def tracking(a: Strict) -> dict[str, Any]:
    metric = {
        "MetricName": "m",
        "Namespace": "n",
        "Statistic": "Average",
        "Dimensions": [{"Name": "d", "Value": "v"}],
    }
    tracked = {
        "TargetValue": 50.0,
        "CustomizedMetricSpecification": metric,
        "ScaleInCooldown": 60,
        "ScaleOutCooldown": 60,
    }
    return {
        **_TARGET,
        "PolicyName": a.name(),
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracked,
    }


def stepping(a: Strict) -> dict[str, Any]:
    steps = {
        "AdjustmentType": "ChangeInCapacity",
        "Cooldown": 60,
        "MetricAggregationType": "Average",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
    }
    return {**_TARGET, "PolicyName": a.name(), "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": steps}


def repository(a: Strict) -> dict[str, Any]:
    return {
        "repositoryName": a.name(),
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": a.key},
        "tags": TAG,
    }
