"""What ECS demands of clusters, services and tasks that are started."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules
from sandbox.strict.vpc import group_of, subnet_of

_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_STARTS = ("RunTask", "CreateService", "UpdateService")

rules = Rules("ecs")


def cluster_of(call: Call, account: Account) -> Any:
    """moto's cluster that the request names; None where there is none."""
    name = call.parameters.get("cluster", "default").rpartition("/")[2]
    return account.backend("ecs").clusters.get(name)


def definition_of(call: Call, account: Account) -> Any:
    """moto's task definition that the request names; None where there is none."""
    family, _, revision = call.parameters.get("taskDefinition", "").rpartition("/")[2].partition(":")
    revisions = account.backend("ecs").task_definitions.get(family, {})
    active = [number for number, item in revisions.items() if item.status == "ACTIVE"]
    return revisions.get(int(revision) if revision.isdigit() else max(active, default=0))


@rules.add(
    "CreateCluster",
    "CreateService",
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-serviceName",
    code="InvalidParameterException",
)
def names(call: Call, _: Account) -> Iterator[str]:
    """Clusters and services have names of 1 to 255 letters, digits, hyphens and underscores."""
    name = call.parameters.get("serviceName", call.parameters.get("clusterName", "default"))
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        yield (
            "Name contains invalid characters. It may contain up to 255 letters (uppercase and lowercase), numbers, "
            "underscores, and hyphens."
        )


@rules.add(
    "CreateCluster",
    "UpdateClusterSettings",
    source=f"{_API}API_ClusterSetting.html",
    code="InvalidParameterException",
)
def cluster_settings(call: Call, _: Account) -> Iterator[str]:
    """Container Insights is enabled, disabled or enhanced."""
    for setting in call.parameters.get("settings", []):
        if setting.get("value") not in ("enabled", "disabled", "enhanced"):
            yield f"Invalid value for setting {setting.get('name')}: {setting.get('value')}"


@rules.add(
    "CreateCluster",
    "PutClusterCapacityProviders",
    source=f"{_API}API_PutClusterCapacityProviders.html",
    code="InvalidParameterException",
)
def cluster_providers(call: Call, account: Account) -> Iterator[str]:
    """A cluster's capacity providers exist, and its default strategy names them."""
    own = {item.name for item in account.backend("ecs").capacity_providers.values()}
    given = call.parameters.get("capacityProviders", [])
    for name in given:
        if name.rpartition("/")[2] not in own | {"FARGATE", "FARGATE_SPOT"}:
            yield f"The specified capacity provider '{name}' was not found. Specify a valid name or ARN and try again."
    for item in call.parameters.get("defaultCapacityProviderStrategy", []):
        if item.get("capacityProvider") not in given:
            yield (
                "The specified capacity provider strategy can't contain a capacity provider that isn't associated "
                "with the cluster."
            )


@rules.add(
    *_STARTS,
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-capacityProviderStrategy",
    code="InvalidParameterException",
)
def launch_type_or_strategy(call: Call, _: Account) -> Iterator[str]:
    """A launch type and a capacity provider strategy exclude each other."""
    if call.parameters.get("launchType") and call.parameters.get("capacityProviderStrategy"):
        yield "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."


@rules.add(
    *_STARTS,
    "PutClusterCapacityProviders",
    source=f"{_API}API_CapacityProviderStrategyItem.html",
    code="InvalidParameterException",
)
def strategy(call: Call, account: Account) -> Iterator[str]:
    """A strategy has at most 20 providers of the cluster, each once, one base, and a weight."""
    member = "capacityProviderStrategy" if call.operation in _STARTS else "defaultCapacityProviderStrategy"
    items = call.parameters.get(member, [])
    providers = [item.get("capacityProvider") for item in items]
    cluster = cluster_of(call, account)
    if call.operation in _STARTS and cluster is not None:
        for name in providers:
            if name not in (cluster.capacity_providers or []):
                yield (
                    "The specified capacity provider strategy can't contain a capacity provider that isn't associated "
                    f"with the cluster: {name}. Associate the capacity provider with the cluster and try again."
                )
    if len(items) > 20 or len(set(providers)) != len(providers):
        yield "A capacity provider strategy can contain a maximum of 20 capacity providers, each of them once."
    if len([item for item in items if item.get("base")]) > 1:
        yield "Only one capacity provider in a capacity provider strategy can have a base."
    if items and not any(item.get("weight", 0) > 0 for item in items) and len(items) > 1:
        yield "At least one capacity provider must have a weight value greater than 0."


@rules.add(
    *_STARTS,
    source=f"{_API}API_DeregisterTaskDefinition.html",
    code="InvalidParameterException",
)
def inactive_revision(call: Call, account: Account) -> Iterator[str]:
    """Nothing is started from a revision that is inactive."""
    definition = definition_of(call, account)
    if definition is not None and definition.status != "ACTIVE":
        yield "TaskDefinition is inactive"


@rules.add(
    *_STARTS,
    source=f"{_API}API_RunTask.html#API_RunTask_Errors",
    code="ClientException",
)
def known_definition(call: Call, account: Account) -> Iterator[str]:
    """The task definition exists."""
    if call.parameters.get("taskDefinition") and definition_of(call, account) is None:
        yield "TaskDefinition not found."


def _launch_type(call: Call, account: Account) -> str | None:
    """The launch type that the request comes to; None where a strategy decides."""
    cluster = cluster_of(call, account)
    if call.parameters.get("capacityProviderStrategy"):
        return None
    default = cluster is not None and cluster.default_capacity_provider_strategy
    return call.parameters.get("launchType") or (None if default else "EC2")


@rules.add(
    "RunTask",
    "CreateService",
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-launchType",
    code="InvalidParameterException",
)
def launch_type(call: Call, account: Account) -> Iterator[str]:
    """The launch type is one that the task definition is for; without a strategy of the request or cluster it is
    EC2.
    """
    definition, kind = definition_of(call, account), _launch_type(call, account)
    wanted = set(definition.requires_compatibilities or []) if definition is not None else set()
    if kind and wanted and kind not in wanted:
        yield f"Task definition does not support launch_type {kind}."
    if kind == "FARGATE" and definition is not None and "FARGATE" not in wanted:
        yield "Task definition does not support launch_type FARGATE."


@rules.add(
    "RunTask",
    source=f"{_API}API_RunTask.html#API_RunTask_Errors",
    code="InvalidParameterException",
)
def container_instances(call: Call, account: Account) -> Iterator[str]:
    """Tasks on EC2 need a cluster with container instances."""
    cluster = cluster_of(call, account)
    if cluster is not None and _launch_type(call, account) == "EC2":
        if not account.backend("ecs").container_instances.get(cluster.name):
            yield "No Container Instances were found in your cluster."


@rules.add(
    "RunTask",
    "CreateService",
    source=f"{_API}API_AwsVpcConfiguration.html",
    code="InvalidParameterException",
)
def network(call: Call, account: Account) -> Iterator[str]:
    """Tasks of the awsvpc network mode get subnets and groups that exist: at most 16 and 5, of one VPC."""
    definition = definition_of(call, account)
    configuration = call.parameters.get("networkConfiguration", {}).get("awsvpcConfiguration")
    awsvpc = definition is not None and definition.network_mode == "awsvpc"
    if awsvpc and not configuration:
        yield "Network Configuration must be provided when networkMode 'awsvpc' is specified."
    if definition is not None and not awsvpc and configuration:
        yield "Network Configuration is not valid for the given networkMode of this task definition."
    subnets, groups = (configuration or {}).get("subnets", []), (configuration or {}).get("securityGroups", [])
    if configuration and not subnets:
        yield "subnets can not be empty."
    if len(subnets) > 16 or len(groups) > 5:
        yield "subnets can have at most 16 items and securityGroups at most 5."
    known = {name: subnet_of(account, name) for name in subnets}
    for name, subnet in known.items():
        if subnet is None:
            yield f"Error retrieving subnet information for [{name}]: The subnet ID '{name}' does not exist"
    vpcs = {subnet.vpc_id for subnet in known.values() if subnet is not None}
    for name in groups:
        group = group_of(account, name)
        if group is None:
            yield f"Error retrieving security group information for [{name}]: The security group '{name}' does not exist"
        elif vpcs and group.vpc_id not in vpcs:
            yield f"Security group {name} does not appear to belong to the same VPC as the input subnets."
    if len(vpcs) > 1:
        yield "Subnets must all be in the same VPC."
    if configuration and configuration.get("assignPublicIp") == "ENABLED" and _launch_type(call, account) == "EC2":
        yield "Assign public IP is not supported for this launch type."


@rules.add(
    "RunTask",
    source=f"{_API}API_RunTask.html#ECS-RunTask-request-count",
    code="InvalidParameterException",
)
def task_count(call: Call, _: Account) -> Iterator[str]:
    """1 to 10 tasks are started at once."""
    if not 1 <= call.parameters.get("count", 1) <= 10:
        yield "Count must be between 1 and 10."


@rules.add(
    "RunTask",
    source=f"{_API}API_ContainerOverride.html",
    code="InvalidParameterException",
)
def overrides(call: Call, account: Account) -> Iterator[str]:
    """Overrides name containers of the task definition."""
    definition = definition_of(call, account)
    names = {item.get("name") for item in definition.container_definitions} if definition is not None else set()
    for item in call.parameters.get("overrides", {}).get("containerOverrides", []):
        if definition is not None and item.get("name") not in names:
            yield f"Override for container named {item.get('name')} is not a container in the TaskDefinition."


@rules.add(
    "RunTask",
    source=f"{_API}API_RunTask.html#ECS-RunTask-request-startedBy",
    code="InvalidParameterException",
)
def started_by(call: Call, _: Account) -> Iterator[str]:
    """`startedBy` has at most 128 letters, digits, hyphens, underscores, slashes and dots."""
    if not re.fullmatch(r"[A-Za-z0-9_/.-]{0,128}", call.parameters.get("startedBy", "")):
        yield "startedBy is invalid: up to 128 letters, numbers, hyphens, forward slashes, underscores and dots."


@rules.add(
    "CreateService",
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-desiredCount",
    code="InvalidParameterException",
)
def desired_count(call: Call, account: Account) -> Iterator[str]:
    """A replica service has a count of 0 or more; a daemon has none, and no strategy, and does not run on Fargate."""
    daemon = call.parameters.get("schedulingStrategy") == "DAEMON"
    if not daemon and call.parameters.get("desiredCount") is None:
        yield "desiredCount is required if schedulingStrategy is REPLICA or is not specified."
    if call.parameters.get("desiredCount", 0) < 0:
        yield "desiredCount must not be negative."
    if daemon and (call.parameters.get("launchType") == "FARGATE" or call.parameters.get("capacityProviderStrategy")):
        yield "The daemon scheduling strategy is not supported on Fargate or with a capacity provider strategy."


@rules.add(
    "CreateService",
    "UpdateService",
    source=f"{_API}API_DeploymentConfiguration.html",
    code="InvalidParameterException",
)
def deployment(call: Call, _: Account) -> Iterator[str]:
    """During a deployment 0 to 100 % of the tasks stay and at least 100 % (together more than those) may run."""
    configuration = call.parameters.get("deploymentConfiguration", {})
    least, most = configuration.get("minimumHealthyPercent"), configuration.get("maximumPercent")
    if (
        (least is not None and not 0 <= least <= 100)
        or (most is not None and not 100 <= most <= 200)
        or (least, most) == (100, 100)
    ):
        yield f"Both maximumPercent and minimumHealthyPercent cannot be {most} and {least}: tasks could not be replaced."


@rules.add(
    "CreateService",
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-healthCheckGracePeriodSeconds",
    code="InvalidParameterException",
)
def grace_period(call: Call, _: Account) -> Iterator[str]:
    """A grace period for health checks needs a load balancer."""
    if call.parameters.get("healthCheckGracePeriodSeconds") and not call.parameters.get("loadBalancers"):
        yield "Health check grace period is only valid for services configured to use load balancers"


@rules.add(
    "CreateService",
    "RunTask",
    source=f"{_GUIDE}ecs-exec.html",
    code="InvalidParameterException",
)
def execute_command(call: Call, account: Account) -> Iterator[str]:
    """ECS Exec needs a task role."""
    definition = definition_of(call, account)
    if call.parameters.get("enableExecuteCommand") and definition is not None and not definition.task_role_arn:
        yield "The service couldn't be created because a valid taskRoleArn is not being used."
