"""Compute: the cluster, its services and task definitions, and what scales them."""

from __future__ import annotations

from typing import Any, Final

from ...graph import kinds
from ..rows import Context, Must, Table, between, exactly, free, holds, keyed, maybe, named, refers, row
from .documents.containers import CONTAINERS, OWN_ROLE

_ECS: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"
_FARGATE: Final = exactly("FARGATE", "FARGATE_SPOT")
_TAGS: Final = "costs are told apart by the tags of tasks"


def _logs_sessions(value: Any, at: Context) -> bool:
    clusters = at.graph.resolve(at.resource, "cluster", kinds.CLUSTER)
    sessions = [(one.props.get("configuration") or {}).get("executeCommandConfiguration") for one in clusters]
    return (
        value is True
        and bool(sessions)
        and all(one is not None and one.get("kmsKeyId") is not None for one in sessions)
    )


def _starts_tasks(value: Any, at: Context) -> bool:
    """Fargate on demand is there to fall back on, and a provider whose weight is above 0 takes tasks beyond the base."""
    entries = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    providers = [one.get("capacityProvider") for one in entries]
    weights = [one.get("weight") for one in entries]
    return (
        "FARGATE" in providers
        and len(set(providers)) == len(providers)
        and any(isinstance(one, int) and one > 0 for one in weights)
    )


_FALLS_BACK: Final = holds("each provider once, FARGATE among them, and one with a weight above 0", _starts_tasks)


def _every_subnet(value: Any, at: Context) -> bool:
    """All subnets of the network that the first of them is in."""
    subnets = at.graph.resolve(at.resource, "networkConfiguration.subnets", kinds.SUBNET)
    networks = {vpc.urn for one in subnets for vpc in at.graph.resolve(one, "vpcId", kinds.VPC)}
    there = [
        one
        for one in at.graph.of_type(kinds.SUBNET)
        if any(vpc.urn in networks for vpc in at.graph.resolve(one, "vpcId", kinds.VPC))
    ]
    return {one.urn for one in there} == {one.urn for one in subnets}


_SESSION_LOG: Final = "executeCommandConfiguration.logConfiguration"
_STRATEGY: Final = "only Fargate runs tasks here"

TABLES: Final = (
    Table(
        type=kinds.CLUSTER,
        source=f"{_ECS}/API_CreateCluster.html",
        rows=(
            row("name", named("cluster"), "two environments share an account"),
            row(
                "settings[].name", exactly("containerInsights"), "a cluster is measured by it, and has no other setting"
            ),
            row("settings[].value", exactly("enabled", "enhanced"), "alarms and the dashboard read its metrics"),
            *(
                maybe(f"configuration.{name}", must, why)
                for name, must, why in (
                    (
                        "managedStorageConfiguration.fargateEphemeralStorageKmsKeyId",
                        keyed("fargate"),
                        "without the key's consent no task starts",
                    ),
                    ("executeCommandConfiguration.kmsKeyId", refers(kinds.KEY), "sessions show what a job reads"),
                    ("executeCommandConfiguration.logging", exactly("OVERRIDE"), "sessions go to the stack's own log"),
                    (f"{_SESSION_LOG}.cloudWatchEncryptionEnabled", exactly(True), "an open log is refused"),
                    (f"{_SESSION_LOG}.cloudWatchLogGroupName", refers(kinds.LOG_GROUP), "a group of this stack"),
                )
            ),
        ),
    ),
    Table(
        type=kinds.CLUSTER_CAPACITY,
        source=f"{_ECS}/API_PutClusterCapacityProviders.html",
        rows=(
            row("clusterName", refers(kinds.CLUSTER), "the cluster of this stack"),
            row("capacityProviders[]", _FARGATE, _STRATEGY),
            row(
                "capacityProviders",
                holds("FARGATE and FARGATE_SPOT", lambda value, at: set(value) == {"FARGATE", "FARGATE_SPOT"}),
                "jobs choose between the two, and a run falls back from one to the other",
            ),
            row(
                "defaultCapacityProviderStrategies",
                _FALLS_BACK,
                "what runs where nobody asks is said: without FARGATE nothing does while Spot is short, and with weights "
                "of 0 ECS starts nothing",
            ),
            row("defaultCapacityProviderStrategies[].capacityProvider", _FARGATE, _STRATEGY),
            maybe("defaultCapacityProviderStrategies[].base", between(0, 100), "tasks on demand before Spot is used"),
            row(
                "defaultCapacityProviderStrategies[].weight", between(0, 1000), "the share of each; ECS takes 0 to 1000"
            ),
        ),
    ),
    Table(
        type=kinds.SERVICE,
        source=f"{_ECS}/API_CreateService.html",
        ignorable=("desiredCount",),
        rows=(
            row("name", named("service"), "two environments share an account"),
            row("cluster", refers(kinds.CLUSTER), "without it ECS takes the cluster named default"),
            row("taskDefinition", refers(kinds.TASK_DEFINITION), "a definition of this stack"),
            maybe("desiredCount", between(0, 0), "a service starts empty (services-start-empty)"),
            maybe("schedulingStrategy", exactly("REPLICA"), "Fargate knows no daemons"),
            maybe("platformVersion", exactly("1.4.0", "LATEST"), "ephemeral storage and private DNS need 1.4.0"),
            row(
                "availabilityZoneRebalancing",
                exactly("ENABLED"),
                "tasks spread over the zones again after an outage; a service older than ECS's default stays without",
            ),
            row("propagateTags", exactly("SERVICE", "TASK_DEFINITION"), _TAGS),
            maybe(
                "enableExecuteCommand",
                holds("true, in a cluster that encrypts and logs sessions", _logs_sessions),
                "who enters a task is seen",
            ),
            row("enableEcsManagedTags", exactly(True), _TAGS),
            maybe("waitForSteadyState", exactly(False), "a service without image would stall the deployment"),
            row("deploymentCircuitBreaker.enable", exactly(True), "a failing deployment stops"),
            row("deploymentCircuitBreaker.rollback", exactly(True), "and goes back by itself"),
            maybe("deploymentMinimumHealthyPercent", between(0, 100), "a percentage"),
            maybe("deploymentMaximumPercent", between(100, 200), "below 100 no task can be replaced"),
            maybe(
                "deploymentMaximumPercent",
                holds("more than deploymentMinimumHealthyPercent", lambda value, at: value > _healthy(at)),
                "a task could neither be stopped before its successor runs nor run beside it",
            ),
            maybe("networkConfiguration.assignPublicIp", exactly(False), "tasks have no way from outside"),
            row("networkConfiguration.subnets[]", refers(kinds.SUBNET), "tasks are in this network"),
            row(
                "networkConfiguration.subnets",
                Must("every subnet of the network", _every_subnet, by_edge=True),
                "a zone that is left out is missing when another one fails",
            ),
            row("networkConfiguration.securityGroups[]", refers(kinds.SECURITY_GROUP), "the tasks' own group"),
            row(
                "capacityProviderStrategies",
                _FALLS_BACK,
                "how FARGATE and Spot share the tasks is said: without FARGATE nothing runs while Spot is short, and "
                "with weights of 0 ECS starts nothing",
            ),
            row("capacityProviderStrategies[].capacityProvider", _FARGATE, _STRATEGY),
            maybe("capacityProviderStrategies[].base", between(0, 100), "tasks on demand before Spot is used"),
            row(
                "capacityProviderStrategies[].weight",
                between(0, 1000),
                "the share of each; ECS takes 0 to 1000, and with 0 starts only the base",
            ),
            maybe("forceNewDeployment", free(bool), "changes no running setting"),
        ),
    ),
    Table(
        type=kinds.TASK_DEFINITION,
        source=f"{_ECS}/API_RegisterTaskDefinition.html",
        rows=(
            row("family", named("task"), "two environments share an account"),
            row(
                "cpu",
                holds("a size that Fargate pairs with the memory", lambda value, at: _pair(at)),
                "Fargate refuses a task without, or another pair",
            ),
            row(
                "memory",
                holds("a size that Fargate pairs with the CPU", lambda value, at: _pair(at)),
                "Fargate refuses a task without, or another pair",
            ),
            row("networkMode", exactly("awsvpc"), "Fargate knows no other"),
            row("requiresCompatibilities[]", exactly("FARGATE"), _STRATEGY),
            row("executionRoleArn", refers(kinds.ROLE), "pulls the image and writes the log"),
            row("taskRoleArn", refers(kinds.ROLE), "what the code may do"),
            row("executionRoleArn", OWN_ROLE, "another job's role pulls another job's image"),
            row("taskRoleArn", OWN_ROLE, "another job's role reaches another job's data"),
            *CONTAINERS,
            row(
                "ephemeralStorage.sizeInGib",
                between(21, 200),
                "what a job may write is said, not left to Fargate's 20 GiB; it takes 21 to 200",
            ),
            row(
                "runtimePlatform.cpuArchitecture", exactly("X86_64", "ARM64"), "without it an ARM image fails to start"
            ),
            row(
                "runtimePlatform.operatingSystemFamily",
                exactly("LINUX"),
                "the images are Linux images, and beside an architecture the provider wants it",
            ),
            maybe("volumes[].name", free(), "a scratch volume's name is looked up by the containers"),
            maybe(
                "skipDestroy",
                exactly(False),
                "a stack that is taken down would leave its revisions behind, active",
                when=("family", Must("", lambda value, at: not _is_kept(at), by_edge=True)),
            ),
            row(
                "skipDestroy",
                exactly(True),
                "a run that is under way when a stack that is kept is deployed starts its next task from this revision",
                when=("family", Must("", lambda value, at: _is_kept(at), by_edge=True)),
            ),
        ),
    ),
)


def _healthy(at: Context) -> float:
    return float(at.resource.props.get("deploymentMinimumHealthyPercent", 100))


def _is_kept(at: Context) -> bool:
    """Whether the stack is a guarded one that is not being taken down: its buckets keep what they hold."""
    buckets = at.graph.of_type(kinds.BUCKET)
    return at.settings.guarded and any(one.props.get("forceDestroy") is not True for one in buckets)


def _pair(at: Context) -> bool:
    from ..fargate import is_pair

    return is_pair(at.resource.props.get("cpu"), at.resource.props.get("memory"))
