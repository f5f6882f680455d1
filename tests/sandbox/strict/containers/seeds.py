"""Seeds for the rules of ECS."""

from __future__ import annotations

from typing import Any, Final

from tests.sandbox.strict.cloudformation import compute
from tests.sandbox.strict.seeds import ABSENT, Seed, seed

_LOG = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "s"},
}


_MAIN = {"name": "main", "image": "image", "cpu": 256, "memory": 512, "logConfiguration": _LOG}


def main(**members: Any) -> dict[str, Any]:
    """The one container, with these members instead."""
    return {"containerDefinitions": [{n: v for n, v in {**_MAIN, **members}.items() if v is not ABSENT}]}


_DEFINITION = (
    "RegisterTaskDefinition",
    lambda a: {
        "family": "seed",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": a.ecs_tasks_role,
        **main(),
    },
)


def _network(*subnets: str, **more: Any) -> dict[str, Any]:
    return {"networkConfiguration": {"awsvpcConfiguration": {"subnets": list(subnets), **more}}}


_SERVICE = (
    "CreateService",
    lambda a: {
        "cluster": "cluster",
        "serviceName": a.name(),
        "taskDefinition": "fargate",
        "desiredCount": 1,
        "launchType": "FARGATE",
        **_network(a.subnet, securityGroups=[a.group]),
    },
)


_RUN = (
    "RunTask",
    lambda a: {
        "cluster": "cluster",
        "taskDefinition": "fargate",
        "launchType": "FARGATE",
        **_network(a.subnet, securityGroups=[a.group]),
    },
)


_SPOT = {"capacityProvider": "FARGATE_SPOT", "weight": 1}


_FARGATE = {"capacityProvider": "FARGATE", "weight": 1}


_BALANCER = {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/t/1", "containerName": "main"}


_EFS = {
    "fileSystemId": "fs-0123456789abcdef0",
    "transitEncryption": "ENABLED",
    "authorizationConfig": {"iam": "ENABLED"},
}


def _volume(**members: Any) -> dict[str, Any]:
    files = {name: value for name, value in {**_EFS, **members}.items() if value is not ABSENT}
    return {"volumes": [{"name": "files", "efsVolumeConfiguration": files}]}


SEEDS: Final[list[Seed]] = [
    seed("ecs.service_name_taken", *_SERVICE, {"serviceName": "service"}),
    seed("ecs.platform_version", *_SERVICE, {"platformVersion": "9.9.9"}),
    seed("ecs.placement", *_SERVICE, {"placementStrategy": [{"type": "spread", "field": "host"}]}),
    seed("ecs.load_balancers", *_SERVICE, {"loadBalancers": [{**_BALANCER, "containerPort": 80}]}),
    seed("ecs.override_size", *_RUN, {"overrides": {"cpu": "257"}}, {"overrides": {"memory": "8192"}}),
    seed("ecs.override_roles", *_RUN, {"overrides": {"taskRoleArn": "arn:aws:iam::123456789012:role/none"}}),
    seed("ecs.known_task", "StopTask", lambda a: {"cluster": "cluster", "task": a.task}, {"task": "none"}),
    seed("ecs.cluster_in_use", "DeleteCluster", {"cluster": "spare"}, {"cluster": "cluster"}),
    seed("ecs.family", *_DEFINITION, {"family": "with space"}, {"family": "x" * 256}, {"family": "a.b"}),
    seed(
        "ecs.container_names",
        *_DEFINITION,
        main(name="with space"),
        main(name="x" * 256),
        main(image=""),
        main(image=ABSENT),
        main(essential=False),
        {"containerDefinitions": [_MAIN, _MAIN]},
        {"containerDefinitions": []},
    ),
    seed(
        "ecs.fargate_size",
        *_DEFINITION,
        {"cpu": "256", "memory": "4096"},
        {"cpu": "300"},
        {"cpu": "1 vcpu", "memory": "1 GB"},
        {"cpu": ABSENT},
        {"cpu": "4096", "memory": "9000"},
    ),
    seed(
        "ecs.container_sizes",
        *_DEFINITION,
        main(cpu=512),
        main(memory=2),
        main(memory=1024),
        main(memory=256, memoryReservation=512),
        {"requiresCompatibilities": ["EC2"], "memory": ABSENT, **main(memory=ABSENT)},
    ),
    seed(
        "ecs.fargate_features",
        *_DEFINITION,
        {"networkMode": "bridge"},
        main(privileged=True),
        main(linuxParameters={"capabilities": {"add": ["SYS_ADMIN"]}}),
        main(stopTimeout=121),
        {"ipcMode": "host"},
        {"pidMode": "host"},
        {"placementConstraints": [{"type": "memberOf", "expression": "x"}]},
        {"volumes": [{"name": "v", "host": {"sourcePath": "/"}}]},
    ),
    seed(
        "ecs.ephemeral_storage",
        *_DEFINITION,
        {"ephemeralStorage": {"sizeInGiB": 20}},
        {"ephemeralStorage": {"sizeInGiB": 201}},
    ),
    seed(
        "ecs.execution_role",
        *_DEFINITION,
        {"executionRoleArn": ABSENT},
        {"executionRoleArn": ABSENT, **main(logConfiguration=ABSENT, secrets=[{"name": "a", "valueFrom": "b"}])},
        {
            "executionRoleArn": ABSENT,
            **main(logConfiguration=ABSENT, image="123456789012.dkr.ecr.us-east-1.amazonaws.com/r:1"),
        },
    ),
    seed(
        "ecs.log_options",
        *_DEFINITION,
        main(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "g"}}),
        main(logConfiguration={"logDriver": "json-file"}),
    ),
    seed(
        "ecs.references",
        *_DEFINITION,
        main(mountPoints=[{"sourceVolume": "none", "containerPath": "/x"}]),
        main(dependsOn=[{"containerName": "none", "condition": "START"}]),
    ),
    seed(
        "ecs.health_check",
        *_DEFINITION,
        main(healthCheck={"command": ["CMD", "true"], "interval": 4}),
        main(healthCheck={"command": ["CMD", "true"], "timeout": 61}),
        main(healthCheck={"command": ["CMD", "true"], "retries": 11}),
        main(healthCheck={"command": ["CMD", "true"], "startPeriod": 301}),
        main(healthCheck={"command": ["true"]}),
    ),
    seed(
        "ecs.ports",
        *_DEFINITION,
        main(portMappings=[{"containerPort": 80, "hostPort": 8080}]),
        main(portMappings=[{"containerPort": 70000}]),
    ),
    seed(
        "ecs.task_roles",
        *_DEFINITION,
        lambda a: {"taskRoleArn": a.events_role},
        {"taskRoleArn": "arn:aws:iam::123456789012:role/none"},
    ),
    seed(
        "ecs.environment",
        *_DEFINITION,
        main(environment=[{"name": "", "value": "x"}]),
        main(environment=[{"name": "A", "value": "x"}], secrets=[{"name": "A", "valueFrom": "arn"}]),
    ),
    seed("ecs.names", *_SERVICE, {"serviceName": "with space"}, {"serviceName": "x" * 256}),
    seed(
        "ecs.cluster_settings",
        "CreateCluster",
        lambda a: {"clusterName": a.name(), "settings": [{"name": "containerInsights", "value": "enhanced"}]},
        {"settings": [{"name": "containerInsights", "value": "on"}]},
    ),
    seed(
        "ecs.cluster_providers",
        "PutClusterCapacityProviders",
        {"cluster": "cluster", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []},
        {"capacityProviders": ["FARGATE_SPOTS"]},
        {"defaultCapacityProviderStrategy": [_SPOT]},
    ),
    seed("ecs.launch_type_or_strategy", *_SERVICE, {"capacityProviderStrategy": [_FARGATE]}),
    seed(
        "ecs.strategy",
        *_SERVICE,
        {"launchType": ABSENT, "capacityProviderStrategy": [_SPOT]},
        {"launchType": ABSENT, "cluster": "bare", "capacityProviderStrategy": [_FARGATE]},
        {"launchType": ABSENT, "capacityProviderStrategy": [_FARGATE, _FARGATE]},
    ),
    seed("ecs.inactive_revision", *_RUN, lambda a: {"taskDefinition": a.retired_definition}),
    seed("ecs.known_definition", *_RUN, {"taskDefinition": "nothing"}, {"taskDefinition": "fargate:77"}),
    seed("ecs.launch_type", *_SERVICE, {"launchType": ABSENT}, {"launchType": "EC2"}, {"taskDefinition": "machine"}),
    seed(
        "ecs.container_instances",
        *_RUN,
        {"taskDefinition": "machine", "launchType": ABSENT, "networkConfiguration": ABSENT},
    ),
    seed(
        "ecs.network",
        *_RUN,
        {"networkConfiguration": ABSENT},
        _network(),
        _network("subnet-0123456789abcdef0"),
        lambda a: _network(a.subnet, securityGroups=[a.other_group]),
        lambda a: _network(a.subnet, securityGroups=["sg-0123456789abcdef0"]),
        lambda a: _network(a.subnet, a.other_subnet),
        lambda a: _network(*[a.subnet] * 17),
    ),
    seed("ecs.task_count", *_RUN, {"count": 11}, {"count": 0}),
    seed("ecs.overrides", *_RUN, {"overrides": {"containerOverrides": [{"name": "other"}]}}),
    seed("ecs.started_by", *_RUN, {"startedBy": "x" * 129}, {"startedBy": "with space"}),
    seed(
        "ecs.desired_count", *_SERVICE, {"desiredCount": ABSENT}, {"desiredCount": -1}, {"schedulingStrategy": "DAEMON"}
    ),
    seed(
        "ecs.deployment", *_SERVICE, {"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}}
    ),
    seed("ecs.grace_period", *_SERVICE, {"healthCheckGracePeriodSeconds": 30}),
    seed("ecs.execute_command", *_SERVICE, {"enableExecuteCommand": True}),
    seed("ecs.bake_time", "CreateService", compute.service, {"deploymentConfiguration": {"bakeTimeInMinutes": 1441}}),
    seed(
        "ecs.volumes",
        "RegisterTaskDefinition",
        {"family": "files", "containerDefinitions": [{"name": "main", "image": "i", "memory": 128}], **_volume()},
        _volume(transitEncryption=ABSENT),
        _volume(transitEncryption=ABSENT, authorizationConfig={"accessPointId": "fsap-0123456789abcdef0"}),
    ),
]
