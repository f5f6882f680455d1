"""Compute: the cluster, its services and task definitions, and what scales them."""

from __future__ import annotations

from typing import Any, Final

from ...graph import kinds
from ..rows import Context, Must, Table, between, exactly, free, holds, keyed, maybe, named, refers, row, suffixed
from .documents.containers import CONTAINERS, OWN_ROLE

_ECS: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"
_SCALING: Final = "https://docs.aws.amazon.com/autoscaling/application/APIReference"
_FARGATE: Final = exactly("FARGATE", "FARGATE_SPOT")
_TAGS: Final = "costs are told apart by the tags of tasks"


def _target(value: Any, at: Context) -> bool:
    tracking = at.resource.props.get("targetTrackingScalingPolicyConfiguration") or {}
    counts_messages = "customizedMetricSpecification" in tracking
    return isinstance(value, int | float) and (value > 0 if counts_messages else 10 <= value <= 95)


def _follows_a_metric(value: Any, at: Context) -> bool:
    """A metric of AWS, or the backlog of a queue a task: metrics, and one expression over them that is returned."""
    if not isinstance(value, dict) or "customizedMetricSpecification" not in value:
        return isinstance(value, dict) and bool(value.get("predefinedMetricSpecification"))
    own = value["customizedMetricSpecification"]
    entries = own.get("metrics") if isinstance(own, dict) else None
    queries = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    dimensions = [
        pair.get("name")
        for one in queries
        for pair in ((one.get("metricStat") or {}).get("metric") or {}).get("dimensions", ())
    ]
    return (
        "predefinedMetricSpecification" not in value
        and sum(one.get("returnData") is not False for one in queries) == 1
        and all(bool(one.get("metricStat")) != bool(one.get("expression")) for one in queries)
        and "QueueName" in dimensions
    )


def _service_id(value: Any, at: Context) -> bool:
    """`service/{cluster}/{service}` of this stack, or an edge to a service while the id is not known."""
    parts = str(value).split("/")
    return (
        len(parts) == 3
        and parts[0] == "service"
        and bool(at.graph.named(parts[1], kinds.CLUSTER) and at.graph.named(parts[2], kinds.SERVICE))
    )


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
    own = at.graph.resolve(at.resource, "networkConfiguration.subnets", kinds.SUBNET)
    networks = {vpc.urn for one in own for vpc in at.graph.resolve(one, "vpcId", kinds.VPC)}
    there = [
        one
        for one in at.graph.of_type(kinds.SUBNET)
        if any(vpc.urn in networks for vpc in at.graph.resolve(one, "vpcId", kinds.VPC))
    ]
    return {one.urn for one in there} == {one.urn for one in own}


_SESSION_LOG: Final = "executeCommandConfiguration.logConfiguration"
_STRATEGY: Final = "only Fargate runs tasks here"

TABLES: Final = (
    Table(
        type=kinds.CLUSTER,
        source=f"{_ECS}/API_CreateCluster.html",
        rows=(
            row("name", named("cluster"), "two environments share an account"),
            row("settings[].name", exactly("containerInsights"), "the only setting that a cluster has"),
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
                "without FARGATE nothing runs while Spot is short, and with weights of 0 ECS starts nothing",
            ),
            row("defaultCapacityProviderStrategies[].capacityProvider", _FARGATE, _STRATEGY),
            maybe("defaultCapacityProviderStrategies[].base", between(0, 100), "tasks on demand before Spot is used"),
            row("defaultCapacityProviderStrategies[].weight", between(0, 1000), "ECS takes 0 to 1000"),
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
            row("platformVersion", exactly("1.4.0", "LATEST"), "ephemeral storage and private DNS need 1.4.0"),
            row("availabilityZoneRebalancing", exactly("ENABLED"), "tasks spread over the zones again after an outage"),
            row("propagateTags", exactly("SERVICE", "TASK_DEFINITION"), _TAGS),
            maybe(
                "enableExecuteCommand",
                holds("true, in a cluster that encrypts and logs sessions", _logs_sessions),
                "who enters a task is seen",
            ),
            row("enableEcsManagedTags", exactly(True), _TAGS),
            row("waitForSteadyState", exactly(False), "a service without image would stall the deployment"),
            row("deploymentCircuitBreaker.enable", exactly(True), "a failing deployment stops"),
            row("deploymentCircuitBreaker.rollback", exactly(True), "and goes back by itself"),
            row("deploymentMinimumHealthyPercent", between(0, 100), "a percentage"),
            row("deploymentMaximumPercent", between(100, 200), "below 100 no task can be replaced"),
            row("networkConfiguration.assignPublicIp", exactly(False), "tasks have no way from outside"),
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
                "without FARGATE nothing runs while Spot is short, and with weights of 0 ECS starts nothing",
            ),
            row("capacityProviderStrategies[].capacityProvider", _FARGATE, _STRATEGY),
            maybe("capacityProviderStrategies[].base", between(0, 100), "tasks on demand before Spot is used"),
            row(
                "capacityProviderStrategies[].weight",
                between(0, 1000),
                "ECS takes 0 to 1000; with 0 only the base is started",
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
                "Fargate refuses others",
            ),
            row(
                "memory",
                holds("a size that Fargate pairs with the CPU", lambda value, at: _pair(at)),
                "Fargate refuses others",
            ),
            row("networkMode", exactly("awsvpc"), "Fargate knows no other"),
            row("requiresCompatibilities[]", exactly("FARGATE"), _STRATEGY),
            row("executionRoleArn", refers(kinds.ROLE), "pulls the image and writes the log"),
            row("taskRoleArn", refers(kinds.ROLE), "what the code may do"),
            row("executionRoleArn", OWN_ROLE, "another job's role pulls another job's image"),
            row("taskRoleArn", OWN_ROLE, "another job's role reaches another job's data"),
            *CONTAINERS,
            row("ephemeralStorage.sizeInGib", between(21, 200), "Fargate takes 21 to 200 GiB"),
            row("runtimePlatform.operatingSystemFamily", exactly("LINUX"), "the images are Linux images"),
            row(
                "runtimePlatform.cpuArchitecture", exactly("X86_64", "ARM64"), "without it an ARM image fails to start"
            ),
            maybe("volumes[].name", free(), "a scratch volume's name is looked up by the containers"),
            maybe("skipDestroy", free(bool), "no-retain-or-protect judges it"),
        ),
    ),
    Table(
        type=kinds.SCALING_TARGET,
        source=f"{_SCALING}/API_RegisterScalableTarget.html",
        rows=(
            row("serviceNamespace", exactly("ecs"), "only services are scaled"),
            row("scalableDimension", exactly("ecs:service:DesiredCount"), "the count of a service's tasks"),
            row(
                "resourceId", holds("service/{cluster}/{service} of this stack", _service_id), "a service of this stack"
            ),
            row("minCapacity", between(0, 0), "a service rests at 0 (autoscaling-respects-zero-start)"),
            row("maxCapacity", between(1, 500), "cost has a bound, and a service can start"),
        ),
    ),
    Table(
        type=kinds.SCALING_POLICY,
        source=f"{_SCALING}/API_PutScalingPolicy.html",
        rows=(
            row("name", suffixed("{purpose}-{suffix}", r"[a-z0-9-]+-"), "two environments share an account"),
            row("policyType", exactly("TargetTrackingScaling", "StepScaling"), "the two kinds that ECS services have"),
            row("serviceNamespace", exactly("ecs"), "only services are scaled"),
            row("scalableDimension", exactly("ecs:service:DesiredCount"), "the count of a service's tasks"),
            row(
                "resourceId", holds("service/{cluster}/{service} of this stack", _service_id), "a service of this stack"
            ),
            *(
                row(
                    f"targetTrackingScalingPolicyConfiguration.{name}",
                    must,
                    why,
                    when=("policyType", "TargetTrackingScaling"),
                )
                for name, must, why in (
                    (
                        "targetValue",
                        holds("10 to 95 percent of CPU, or messages a task", _target),
                        "or it never scales",
                    ),
                    ("scaleInCooldown", between(0, 3600), "seconds"),
                    ("scaleOutCooldown", between(0, 3600), "seconds"),
                )
            ),
            row(
                "targetTrackingScalingPolicyConfiguration",
                holds("a metric, its own or one that AWS computes", _follows_a_metric),
                "it follows a metric",
                when=("policyType", "TargetTrackingScaling"),
            ),
            maybe(
                "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType",
                exactly("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"),
                "metrics that a Fargate service has without a load balancer",
            ),
            *(
                maybe(
                    f"targetTrackingScalingPolicyConfiguration.customizedMetricSpecification.metrics[].{name}",
                    must,
                    why,
                )
                for name, must, why in (
                    ("id", free(), "names the query in the expression"),
                    ("expression", free(), "the backlog of a task"),
                    ("label", free(), "shown only"),
                    ("returnData", free(bool), "the expression returns, its inputs do not"),
                    ("metricStat.stat", exactly("Maximum", "Average"), "the backlog at its largest, tasks averaged"),
                    ("metricStat.metric.namespace", exactly("AWS/SQS", "ECS/ContainerInsights"), "queue and tasks"),
                    (
                        "metricStat.metric.metricName",
                        exactly("ApproximateNumberOfMessagesVisible", "RunningTaskCount"),
                        "what waits, and what works",
                    ),
                    (
                        "metricStat.metric.dimensions[].name",
                        exactly("QueueName", "ClusterName", "ServiceName"),
                        "of this queue and service",
                    ),
                    ("metricStat.metric.dimensions[].value", free(), "of this stack (references-resolve)"),
                )
            ),
            maybe(
                "targetTrackingScalingPolicyConfiguration.disableScaleIn",
                free(bool),
                "true for a queue worker, which uses no CPU while it waits",
            ),
            *(
                row(f"stepScalingPolicyConfiguration.{name}", must, why, when=("policyType", "StepScaling"))
                for name, must, why in (
                    ("adjustmentType", exactly("ChangeInCapacity", "ExactCapacity"), "counts, not shares of nothing"),
                    ("cooldown", between(0, 3600), "seconds"),
                    ("metricAggregationType", exactly("Maximum", "Average"), "the backlog at its largest"),
                    ("stepAdjustments[].scalingAdjustment", between(-500, 500), "tasks"),
                )
            ),
            maybe(
                "stepScalingPolicyConfiguration.stepAdjustments[].metricIntervalLowerBound",
                between(-1e9, 1e9),
                "messages",
            ),
            maybe(
                "stepScalingPolicyConfiguration.stepAdjustments[].metricIntervalUpperBound",
                between(-1e9, 1e9),
                "messages",
            ),
        ),
    ),
)


def _pair(at: Context) -> bool:
    from ..fargate import is_pair

    return is_pair(at.resource.props.get("cpu"), at.resource.props.get("memory"))
