"""What ECS demands of clusters, services and tasks that are started."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
STARTS = ("RunTask", "CreateService", "UpdateService")

rules = Rules("ecs")


def cluster_of(call: Call, account: Account) -> Any:
    """moto's cluster that the request names; None where there is none."""
    name = call.parameters.get("cluster", "default").rpartition("/")[2]
    return account.backend("ecs").clusters.get(name)


def definition_of(call: Call, account: Account) -> Any:
    """moto's task definition that the request names; None where there is none."""
    family, _, revision = call.parameters.get("taskDefinition", "").rpartition("/")[2].partition(":")
    revisions = account.backend("ecs").task_definitions.get(family, {})
    active = [number for number, item in list(revisions.items()) if item.status == "ACTIVE"]
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
    "UpdateCluster",
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
    custom_providers = {item.name for item in list(account.backend("ecs").capacity_providers.values())}
    providers = call.parameters.get("capacityProviders", [])
    for name in providers:
        if name.rpartition("/")[2] not in custom_providers | {"FARGATE", "FARGATE_SPOT"}:
            yield f"The specified capacity provider '{name}' was not found. Specify a valid name or ARN and try again."
    for item in call.parameters.get("defaultCapacityProviderStrategy", []):
        if item.get("capacityProvider") not in providers:
            yield (
                "The specified capacity provider strategy can't contain a capacity provider that isn't associated "
                "with the cluster."
            )


@rules.add(
    *STARTS,
    "PutClusterCapacityProviders",
    source=f"{_API}API_CapacityProviderStrategyItem.html",
    code="InvalidParameterException",
)
def strategy(call: Call, account: Account) -> Iterator[str]:
    """A strategy has at most 20 providers of the cluster, each once, one base, and a weight."""
    member = "capacityProviderStrategy" if call.operation in STARTS else "defaultCapacityProviderStrategy"
    items = call.parameters.get(member, [])
    providers = [item.get("capacityProvider") for item in items]
    cluster = cluster_of(call, account)
    if call.operation in STARTS and cluster is not None:
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
    "CreateService",
    "UpdateService",
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-desiredCount",
    code="InvalidParameterException",
)
def desired_count(call: Call, account: Account) -> Iterator[str]:
    """A replica service has a count of 0 or more; a daemon has none, and no strategy, and does not run on Fargate."""
    daemon = call.parameters.get("schedulingStrategy") == "DAEMON"
    if call.operation == "CreateService" and not daemon and call.parameters.get("desiredCount") is None:
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
        yield (
            f"Both maximumPercent and minimumHealthyPercent cannot be {most} and {least}: tasks could not be replaced."
        )


@rules.add(
    "CreateService",
    "UpdateService",
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-availabilityZoneRebalancing",
    code="InvalidParameterException",
)
def rebalancing(call: Call, _: Account) -> Iterator[str]:
    """A service that rebalances its zones may run more than 100 % of its tasks meanwhile."""
    most = call.parameters.get("deploymentConfiguration", {}).get("maximumPercent", 200)
    if call.parameters.get("availabilityZoneRebalancing") == "ENABLED" and most <= 100:
        yield "Availability Zone rebalancing requires a maximumPercent greater than 100."


@rules.add(
    "CreateService",
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-role",
    code="InvalidParameterException",
)
def service_role(call: Call, account: Account) -> Iterator[str]:
    """A service whose tasks have the awsvpc network mode takes no role."""
    definition = definition_of(call, account)
    if call.parameters.get("role") and definition is not None and definition.network_mode == "awsvpc":
        yield "You cannot specify an IAM role for services that require a service linked role."


@rules.add(
    "CreateCluster",
    "UpdateCluster",
    source=f"{_API}API_ExecuteCommandConfiguration.html",
    code="InvalidParameterException",
)
def execute_command_logging(call: Call, _: Account) -> Iterator[str]:
    """ECS Exec has a configuration for its logs exactly when it does not take the default."""
    exec_ = call.parameters.get("configuration", {}).get("executeCommandConfiguration", {})
    if (exec_.get("logging") == "OVERRIDE") != bool(exec_.get("logConfiguration")):
        yield "ExecuteCommand logConfiguration must be given with logging OVERRIDE, and only then."


@rules.add("DescribeTasks", source=f"{_API}API_DescribeTasks.html", code="InvalidParameterException")
def described_tasks(call: Call, _: Account) -> Iterator[str]:
    """1 to 100 tasks are described at once."""
    if not 1 <= len(call.parameters["tasks"]) <= 100:
        yield "Tasks must have between 1 and 100 items."


@rules.add("DescribeServices", source=f"{_API}API_DescribeServices.html", code="InvalidParameterException")
def described_services(call: Call, _: Account) -> Iterator[str]:
    """1 to 10 services are described at once."""
    if not 1 <= len(call.parameters["services"]) <= 10:
        yield "Services must have between 1 and 10 items."


@rules.add(
    "ListTasks",
    "ListServices",
    "ListClusters",
    "ListTaskDefinitions",
    source=f"{_API}API_ListTasks.html#ECS-ListTasks-request-maxResults",
    code="InvalidParameterException",
)
def page_size(call: Call, _: Account) -> Iterator[str]:
    """A page has 1 to 100 results."""
    if not 1 <= call.parameters.get("maxResults", 100) <= 100:
        yield "maxResults must be between 1 and 100."


@rules.add(
    "CreateService",
    source=f"{_API}API_CreateService.html#ECS-CreateService-request-healthCheckGracePeriodSeconds",
    code="InvalidParameterException",
)
def grace_period(call: Call, _: Account) -> Iterator[str]:
    """A grace period for health checks needs a load balancer."""
    if call.parameters.get("healthCheckGracePeriodSeconds") and not call.parameters.get("loadBalancers"):
        yield "Health check grace period is only valid for services configured to use load balancers"
