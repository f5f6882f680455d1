"""Plausible mistakes in requests to ECS, ECR and Application Auto Scaling."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.conftest import ACCOUNT
from tests.sandbox.strict.documented import ABSENT, Request, request
from tests.sandbox.strict.seeds.compute import main

_FOREIGN: Final = "arn:aws:iam::210987654321:role/somebody"


def _lifecycle(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"lifecyclePolicyText": json.dumps({"rules": list(rules)})}


def _expire(priority: int = 1, **selection: Any) -> dict[str, Any]:
    base = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 5}
    chosen = {name: value for name, value in {**base, **selection}.items() if value is not ABSENT}
    return {"rulePriority": priority, "selection": chosen, "action": {"type": "expire"}}


REQUESTS: Final[dict[str, list[Request]]] = {
    "ecs": [
        request(
            "RegisterTaskDefinition",
            compute.task,
            pair={"cpu": "1024", "memory": "1024"},
            huge={"cpu": "16384", "memory": "16384"},
            odd={"cpu": "2048", "memory": "4097"},
            foreign_role={"taskRoleArn": _FOREIGN},
            secret_plain=main(secrets=[{"name": "S", "valueFrom": ""}]),
            secret_arn=main(secrets=[{"name": "S", "valueFrom": f"arn:aws:s3:::bucket/{ACCOUNT}"}]),
            log_group=main(
                logConfiguration={
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "s"},
                }
            ),
            timeout_over_interval=main(healthCheck={"command": ["CMD", "true"], "interval": 301}),
            architecture={
                "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}
            },
            tag={"tags": [{"key": "k" * 129, "value": "v"}]},
            image_spaces=main(image="an image"),
        ),
        request(
            "CreateService",
            compute.service,
            percent={"deploymentConfiguration": {"minimumHealthyPercent": 101}},
            public={"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "YES"}}},
            groups=lambda a: {"networkConfiguration": {"awsvpcConfiguration": {"securityGroups": [a.other_group]}}},
            subnets=lambda a: {
                "networkConfiguration": {"awsvpcConfiguration": {"subnets": [a.subnet, a.other_subnet]}}
            },
            alarms={"deploymentConfiguration": {"alarms": {"alarmNames": [], "enable": True, "rollback": True}}},
            strategy={"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1001}]},
            base={"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 100_001}]},
            inactive_cluster={"cluster": "none"},
            tags={"tags": [{"key": "aws:x", "value": "v"}]},
        ),
    ],
    "ecr": [
        request(
            "PutLifecyclePolicy",
            {"repositoryName": "repository", **_lifecycle(_expire())},
            priority=_lifecycle(_expire(0)),
            word=_lifecycle({**_expire(), "rulePriority": "first"}),
            action=_lifecycle({**_expire(), "action": {"type": "delete"}}),
            fraction=_lifecycle(_expire(countNumber=1.5)),
            weeks=_lifecycle(_expire(countUnit="weeks")),
            both_lists=_lifecycle(_expire(tagStatus="tagged", tagPrefixList=["a"], tagPatternList=["b*"])),
            pattern=_lifecycle(_expire(tagStatus="tagged", tagPatternList=["*a*b*c*d*e*"])),
            two_any=_lifecycle(_expire(1, tagStatus="any"), _expire(2, tagStatus="any")),
            unknown_key=_lifecycle({**_expire(), "filter": {}}),
        ),
        request(
            "CreateRepository",
            compute.repository,
            leading={"repositoryName": "/repository"},
            double={"repositoryName": "a//b"},
            underscore={"repositoryName": "_a"},
            dash={"repositoryName": "a-"},
            long={"repositoryName": "r" * 257},
            exclusion={"imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "v*"}]},
        ),
    ],
    "application-autoscaling": [
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
