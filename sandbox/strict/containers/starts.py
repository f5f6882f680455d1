"""What ECS demands of tasks that a caller or a service starts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.containers.ecs import STARTS, cluster_of, definition_of
from sandbox.strict.network.vpc import group_of, subnet_of
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

rules = Rules("ecs")


@rules.add(
    *STARTS,
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-capacityProviderStrategy",
    code="InvalidParameterException",
)
def launch_type_or_strategy(call: Call, _: Account) -> Iterator[str]:
    """A launch type and a capacity provider strategy exclude each other."""
    if call.parameters.get("launchType") and call.parameters.get("capacityProviderStrategy"):
        yield "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."


@rules.add(
    *STARTS,
    source=f"{_API}API_DeregisterTaskDefinition.html",
    code="InvalidParameterException",
)
def inactive_revision(call: Call, account: Account) -> Iterator[str]:
    """Nothing is started from a revision that is inactive."""
    definition = definition_of(call, account)
    if definition is not None and definition.status != "ACTIVE":
        yield "TaskDefinition is inactive"


@rules.add(
    *STARTS,
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
    compatibilities = set(definition.requires_compatibilities or []) if definition is not None else set()
    if kind and compatibilities and kind not in compatibilities:
        yield f"Task definition does not support launch_type {kind}."
    if kind == "FARGATE" and definition is not None and "FARGATE" not in compatibilities:
        yield "Task definition does not support launch_type FARGATE."


@rules.add(
    "RunTask",
    source=f"{_API}API_RunTask.html#API_RunTask_Errors",
    code="InvalidParameterException",
)
def container_instances(call: Call, account: Account) -> Iterator[str]:
    """Tasks on EC2 need a cluster with container instances."""
    cluster = cluster_of(call, account)
    machines = account.backend("ecs").container_instances.get(cluster.name) if cluster is not None else None
    if cluster is not None and not machines and _launch_type(call, account) == "EC2":
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
    if configuration:
        yield from _network_faults(configuration, account)
    if configuration and configuration.get("assignPublicIp") == "ENABLED" and _launch_type(call, account) == "EC2":
        yield "Assign public IP is not supported for this launch type."


@rules.add("UpdateService", source=f"{_API}API_AwsVpcConfiguration.html", code="InvalidParameterException")
def new_network(call: Call, account: Account) -> Iterator[str]:
    """The network that a service gets later is of subnets and groups that exist, too."""
    configuration = call.parameters.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if configuration:
        yield from _network_faults(configuration, account)


def _network_faults(configuration: Mapping[str, Any], account: Account) -> Iterator[str]:
    subnets, groups = configuration.get("subnets", []), configuration.get("securityGroups", [])
    if not subnets:
        yield "subnets can not be empty."
    if len(subnets) > 16 or len(groups) > 5:
        yield "subnets can have at most 16 items and securityGroups at most 5."
    subnets_by_id = {name: subnet_of(account, name) for name in subnets}
    for name, subnet in subnets_by_id.items():
        if subnet is None:
            yield f"Error retrieving subnet information for [{name}]: The subnet ID '{name}' does not exist"
    vpcs = {subnet.vpc_id for subnet in subnets_by_id.values() if subnet is not None}
    for name in groups:
        group = group_of(account, name)
        if group is None:
            yield (
                f"Error retrieving security group information for [{name}]: The security group '{name}' does not exist"
            )
        elif vpcs and group.vpc_id not in vpcs:
            yield f"Security group {name} does not appear to belong to the same VPC as the input subnets."
    if len(vpcs) > 1:
        yield "Subnets must all be in the same VPC."


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
    "RunTask",
    source=f"{_GUIDE}ecs-exec.html",
    code="InvalidParameterException",
)
def execute_command(call: Call, account: Account) -> Iterator[str]:
    """ECS Exec needs a task role."""
    definition = definition_of(call, account)
    if (
        call.parameters.get("enableExecuteCommand")
        and definition is not None
        and not getattr(definition, "task_role_arn", None)
    ):
        yield "The service couldn't be created because a valid taskRoleArn is not being used."


@rules.add("RunTask", source=f"{_API}API_TaskOverride.html", code="InvalidParameterException")
def override_limits(call: Call, _: Account) -> Iterator[str]:
    """Overrides have at most 8,192 characters in all; ephemeral storage is 21 to 200 GiB."""
    overrides = call.parameters.get("overrides", {})
    if len(json.dumps(overrides)) > 8192:
        yield "Container Overrides length must be at most 8192"
    if not 21 <= overrides.get("ephemeralStorage", {}).get("sizeInGiB", 21) <= 200:
        yield "Ephemeral storage size in GiB must be between 21 and 200."


@rules.add(
    "RunTask",
    source=f"{_API}API_RunTask.html#ECS-RunTask-request-propagateTags",
    code="InvalidParameterException",
)
def propagated_tags(call: Call, _: Account) -> Iterator[str]:
    """The tags of a task that is run by itself are not propagated from a service."""
    if call.parameters.get("propagateTags") == "SERVICE":
        yield "propagateTags SERVICE is not supported when running a task."


@rules.add(
    "RunTask",
    source=f"{_API}API_RunTask.html#ECS-RunTask-request-clientToken",
    code="InvalidParameterException",
)
def client_token(call: Call, _: Account) -> Iterator[str]:
    """A client token has at most 64 characters from 33 to 126."""
    if not re.fullmatch(r"[!-~]{0,64}", call.parameters.get("clientToken", "")):
        yield "clientToken is invalid: up to 64 ASCII characters in the range of 33-126."
