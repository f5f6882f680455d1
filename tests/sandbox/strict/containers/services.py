"""Requests about clusters, services and tasks."""

from __future__ import annotations

from typing import Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.conftest import ACCOUNT, NO_ROLE
from tests.sandbox.strict.containers.seeds import _RUN, _SERVICE
from tests.sandbox.strict.requests import ABSENT, Request, request

REQUESTS: Final[dict[str, list[Request]]] = {
    "ecs": [
        request(
            "CreateCluster",
            lambda a: {"clusterName": a.name()},
            name={"clusterName": "a b"},
            long={"clusterName": "c" * 256},
            insights={"settings": [{"name": "containerInsights", "value": "on"}]},
            setting={"settings": [{"name": "insights", "value": "enabled"}]},
            provider={"capacityProviders": ["FARGATE_CHEAP"]},
            strategy={
                "capacityProviders": ["FARGATE"],
                "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}],
            },
            weight={
                "capacityProviders": ["FARGATE"],
                "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1001}],
            },
            logging={"configuration": {"executeCommandConfiguration": {"logging": "OVERRIDE"}}},
            logging_kind={"configuration": {"executeCommandConfiguration": {"logging": "SOME"}}},
            reserved={"tags": [{"key": "aws:x", "value": "v"}]},
        ),
        request(
            "CreateService",
            _SERVICE[1],
            cluster={"cluster": "ghost"},
            definition={"taskDefinition": "ghost"},
            inactive=lambda a: {"taskDefinition": a.retired_definition},
            both={"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]},
            launch={"launchType": "LAMBDA"},
            negative={"desiredCount": -1},
            no_count={"desiredCount": ABSENT},
            name={"serviceName": "a b"},
            no_network={"networkConfiguration": ABSENT},
            address={"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "YES"}}},
            no_subnets={"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
            no_subnet={"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-00000000000000000"]}}},
            no_group={"networkConfiguration": {"awsvpcConfiguration": {"securityGroups": ["sg-00000000000000000"]}}},
            version={"platformVersion": "2.0.0"},
            daemon={"schedulingStrategy": "DAEMON"},
            propagate={"propagateTags": "CLUSTER"},
            percent={"deploymentConfiguration": {"maximumPercent": 99}},
            controller={"deploymentController": {"type": "HAND"}},
            grace={"healthCheckGracePeriodSeconds": 5},
            exec_without_role={"enableExecuteCommand": True},
            place={"placementStrategy": [{"type": "random"}]},
            role={"role": "ecs_tasks"},
            taken={"serviceName": "service"},
            rebalancing={
                "availabilityZoneRebalancing": "ENABLED",
                "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0},
            },
        ),
        request(
            "UpdateService",
            {"cluster": "cluster", "service": "service", "desiredCount": 0},
            negative={"desiredCount": -1},
            none={"service": "ghost"},
            cluster={"cluster": "ghost"},
            definition={"taskDefinition": "ghost:1"},
            inactive=lambda a: {"taskDefinition": a.retired_definition},
            no_subnet=lambda a: {
                "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-00000000000000000"]}}
            },
            percent={"deploymentConfiguration": {"maximumPercent": 90}},
            provider={"capacityProviderStrategy": [{"capacityProvider": "none", "weight": 1}]},
            version={"platformVersion": "9"},
        ),
        request(
            "RunTask",
            _RUN[1],
            cluster={"cluster": "ghost"},
            many={"count": 11},
            none={"count": 0},
            definition={"taskDefinition": "ghost"},
            no_definition={"taskDefinition": ABSENT},
            no_network={"networkConfiguration": ABSENT},
            both={"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]},
            container={"overrides": {"containerOverrides": [{"name": "other"}]}},
            nameless={"overrides": {"containerOverrides": [{"command": ["x"]}]}},
            cpu={"overrides": {"cpu": "300"}},
            role={"overrides": {"taskRoleArn": NO_ROLE}},
            large={
                "overrides": {
                    "containerOverrides": [{"name": "main", "environment": [{"name": "X", "value": "x" * 8200}]}]
                }
            },
            started={"startedBy": "some body"},
            long_started={"startedBy": "s" * 129},
            propagate={"propagateTags": "SERVICE"},
            ec2={"launchType": "EC2"},
            external={"launchType": "EXTERNAL"},
            place={"placementConstraints": [{"type": "distinctInstance"}]},
            version={"platformVersion": "newest"},
            storage={"overrides": {"ephemeralStorage": {"sizeInGiB": 10}}},
            reserved={"tags": [{"key": "aws:x", "value": "v"}]},
            token={"clientToken": "t" * 65},
        ),
        request(
            "StopTask",
            lambda a: {"cluster": "cluster", "task": a.new_task()},
            none={"task": "0" * 32},
            cluster={"cluster": "ghost"},
        ),
        request(
            "DescribeTasks",
            lambda a: {"cluster": "cluster", "tasks": [a.task]},
            many={"tasks": ["0" * 32] * 101},
            none={"tasks": []},
            cluster={"cluster": "ghost"},
        ),
        request(
            "DescribeServices",
            {"cluster": "cluster", "services": ["service"]},
            many={"services": [str(n) for n in range(11)]},
            cluster={"cluster": "ghost"},
            none={"services": []},
        ),
        request(
            "DeleteService",
            lambda a: {"cluster": "cluster", "service": a.new_service(0)},
            running=lambda a: {"service": a.new_service(1)},
            none={"service": "ghost"},
        ),
        request(
            "ListTasks",
            {"cluster": "cluster"},
            status={"desiredStatus": "ENDED"},
            cluster={"cluster": "ghost"},
            page={"maxResults": 101},
        ),
        request(
            "PutClusterCapacityProviders",
            {"cluster": "spare", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []},
            none={"capacityProviders": ["x"]},
            cluster={"cluster": "ghost"},
            two_bases={
                "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
                "defaultCapacityProviderStrategy": [
                    {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
                    {"capacityProvider": "FARGATE_SPOT", "base": 1, "weight": 1},
                ],
            },
        ),
        request(
            "TagResource",
            {"resourceArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/cluster", "tags": [{"key": "k", "value": "v"}]},
            arn={"resourceArn": "cluster"},
            none={"resourceArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/ghost"},
            reserved={"tags": [{"key": "aws:", "value": "v"}]},
        ),
        request(
            "CreateService",
            compute.service,
            no_count={"desiredCount": ABSENT},
            no_weight={"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 0}]},
            many={"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}] * 21},
            daemon={"schedulingStrategy": "DAEMON", "desiredCount": ABSENT},
            token={"clientToken": "t" * 37},
            name={"serviceName": "a service"},
            percent={"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 100}},
            circuit={"deploymentController": {"type": "EXTERNAL"}},
            registries={"serviceRegistries": [{"registryArn": "arn:x", "containerPort": 80, "port": 80}]},
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
        request(
            "UpdateCluster",
            {"cluster": "spare", "settings": [{"name": "containerInsights", "value": "enabled"}]},
            value={"settings": [{"name": "containerInsights", "value": "on"}]},
            ghost={"cluster": "ghost"},
        ),
    ],
}
