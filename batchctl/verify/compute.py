"""The cluster, the task definitions, the services and their scaling (FR-T1, FR-T2, FR-T7, FR-T10).

Whether a task would start is for `batchctl doctor`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conventions import fargate
from settings import Settings

from .model import Claim, Subject, tags_of
from .registry import by_key, check, single


@check("FR-T1", single("clusterName"))
def cluster(it: Subject) -> Iterator[Claim]:
    """The cluster exists, has Container Insights and both kinds of Fargate capacity."""
    clusters = it.aws("ecs").describe_clusters(clusters=[it.name], include=["SETTINGS", "CONFIGURATIONS", "TAGS"])[
        "clusters"
    ]
    described = clusters[0] if clusters else {}
    yield it.equals("status", described.get("status", "missing"), "ACTIVE")
    settings = {entry["name"]: entry["value"] for entry in described.get("settings", [])}
    insights = settings.get("containerInsights")
    yield Claim("Container Insights is on", insights in ("enabled", "enhanced"), insights)
    providers = sorted(described.get("capacityProviders", []))
    yield it.equals("the list of capacity providers", providers, ["FARGATE", "FARGATE_SPOT"])
    default = sorted(entry["capacityProvider"] for entry in described.get("defaultCapacityProviderStrategy", []))
    if it.settings:
        yield it.equals("the default capacity", default, _providers(it.settings.platform.capacity))
    else:
        yield Claim("there is a default capacity", bool(default))
    if it.settings:
        yield from _configuration(it, it.settings, described)


def _configuration(it: Subject, settings: Settings, described: dict[str, Any]) -> Iterator[Claim]:
    """Sessions, the key of scratch space and runtime monitoring are as the settings say."""
    configuration = described.get("configuration") or {}
    data_key = it.outputs.text("dataKeyArn")
    scratch = (configuration.get("managedStorageConfiguration") or {}).get("fargateEphemeralStorageKmsKeyId")
    own_key = "ephemeral-storage" in settings.platform.customer_keys
    yield it.equals("the key of scratch space", scratch, data_key if own_key else None)
    sessions = configuration.get("executeCommandConfiguration") or {}
    logged = (sessions.get("kmsKeyId"), sessions.get("logging"))
    yield it.equals(
        "the key and the log of sessions", logged, (data_key, "OVERRIDE") if settings.debug else (None, None)
    )
    monitored = tags_of(described.get("tags", [])).get("GuardDutyManaged")
    yield it.equals("the tag GuardDutyManaged", monitored, str(settings.network.guard_duty is not None).lower())


@check("FR-T2", by_key("taskDefinitionArns"))
def task(it: Subject) -> Iterator[Claim]:
    """The deployed task definition is usable and sized as the settings say."""
    definition = it.aws("ecs").describe_task_definition(taskDefinition=it.name)["taskDefinition"]
    yield it.equals("status", definition.get("status"), "ACTIVE")
    yield it.equals("network mode", definition.get("networkMode"), "awsvpc")
    yield Claim("it runs on Fargate", "FARGATE" in definition.get("requiresCompatibilities", []), definition)
    cpu, memory = int(definition.get("cpu") or 0), int(definition.get("memory") or 0)
    size = f"{cpu} CPU units, {memory} MiB"
    if it.job:
        yield it.equals("size", size, f"{it.job.cpu} CPU units, {it.job.memory} MiB")
    else:
        yield Claim("size is one of Fargate's", fargate.is_valid(cpu, memory), size)
    yield it.equals("task role", definition.get("taskRoleArn"), it.outputs.by_key("taskRoleArns")[it.key])
    yield it.equals(
        "execution role", definition.get("executionRoleArn"), it.outputs.by_key("executionRoleArns")[it.key]
    )
    yield from _container(it, definition.get("containerDefinitions", []))


def _container(it: Subject, definitions: list[dict[str, Any]]) -> Iterator[Claim]:
    yield it.equals("the list of containers", [entry.get("name") for entry in definitions], [it.key])
    for entry in definitions:
        entered = bool(it.job and it.job.debug)
        yield it.equals("the read-only root file system", entry.get("readonlyRootFilesystem"), not entered)
        user = str(entry.get("user", ""))
        yield Claim("the user is not root", user.partition(":")[0] not in ("", "0", "root"), user or "root")
        yield Claim("it is not privileged", not entry.get("privileged"), "privileged")
        repository = it.outputs.by_key("repositoryUrls")[it.key]
        image = str(entry.get("image", ""))
        yield Claim(
            "the image is from its own repository", image.startswith((f"{repository}@", f"{repository}:")), image
        )
        health = entry.get("healthCheck") or {}
        yield Claim("it has a health check with a start period", bool(health.get("startPeriod")), health)
        log = (entry.get("logConfiguration") or {}).get("options", {}).get("awslogs-group")
        yield it.equals("log group", log, it.outputs.by_key("logGroupNames")[it.key])


@check("FR-T2", by_key("taskDefinitionArns"))
def revision(it: Subject) -> Iterator[Claim]:
    """Nobody registered a revision after the one that Pulumi deployed."""
    family = it.name.rpartition("/")[2].partition(":")[0]
    arns = it.aws.pages("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE")
    revisions = [arn for arn in arns if arn.rpartition("/")[2].partition(":")[0] == family]
    newest = max(revisions, key=lambda arn: int(arn.rpartition(":")[2]), default="none")
    yield it.equals("the newest active revision", newest, it.name)


@check("FR-T7", by_key("serviceNames"))
def scaling_target(it: Subject) -> Iterator[Claim]:
    """The service scales between 0 and the job's limit, and nothing suspends it."""
    targets = it.aws("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[_scalable(it)], ScalableDimension="ecs:service:DesiredCount"
    )["ScalableTargets"]
    target = targets[0] if targets else {}
    yield it.equals("least number of tasks", target.get("MinCapacity"), 0)
    most = target.get("MaxCapacity")
    if it.job:
        yield it.equals("greatest number of tasks", most, it.job.scaling.max_tasks)
    else:
        yield Claim("there is a greatest number of tasks", bool(most))
    suspended = sorted(name for name, value in (target.get("SuspendedState") or {}).items() if value)
    yield Claim("no scaling is suspended", not suspended, suspended)


@check("FR-T7", by_key("serviceNames"))
def scaling_policy(it: Subject) -> Iterator[Claim]:
    """CPU tracking is there with the job's target and cooldowns."""
    policies = it.aws("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=_scalable(it)
    )["ScalingPolicies"]
    tracking = [policy.get("TargetTrackingScalingPolicyConfiguration") or {} for policy in policies]
    targets = [
        (entry.get("TargetValue"), entry.get("ScaleInCooldown"), entry.get("ScaleOutCooldown"))
        for entry in tracking
        if (entry.get("PredefinedMetricSpecification") or {}).get("PredefinedMetricType")
        == "ECSServiceAverageCPUUtilization"
    ]
    yield Claim("exactly one policy tracks the CPU", len(targets) == 1, targets)
    if it.job:
        scaling = it.job.scaling
        expected = [(float(scaling.cpu_target), scaling.cooldown, scaling.cooldown)]
        yield it.equals("CPU target (percent) with cooldowns in and out (seconds)", targets, expected)


@check("FR-T10", by_key("serviceNames"))
def service(it: Subject) -> Iterator[Claim]:
    """The service is there and runs what Pulumi deployed, privately and with a way back."""
    services = it.aws("ecs").describe_services(cluster=it.outputs.text("clusterName"), services=[it.name])["services"]
    described = services[0] if services else {}
    yield it.equals("status", described.get("status", "missing"), "ACTIVE")
    deployed = it.outputs.by_key("taskDefinitionArns")[it.key]
    yield it.equals("task definition", described.get("taskDefinition"), deployed)
    deployment = described.get("deploymentConfiguration") or {}
    breaker = deployment.get("deploymentCircuitBreaker") or {}
    yield Claim(
        "the circuit breaker is on, with rollback", bool(breaker.get("enable") and breaker.get("rollback")), breaker
    )
    network = (described.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    yield it.equals("a public address", network.get("assignPublicIp"), "DISABLED")
    yield it.equals(
        "the list of subnets", sorted(network.get("subnets", [])), sorted(it.outputs.texts("privateSubnetIds"))
    )
    groups = [it.outputs.text("taskSecurityGroupId")]
    yield it.equals("the list of security groups", network.get("securityGroups"), groups)
    if it.job:
        yield it.equals("opening sessions in its tasks", bool(described.get("enableExecuteCommand")), it.job.debug)
    yield it.equals("spreading over zones", described.get("availabilityZoneRebalancing"), "ENABLED")
    yield from _size(it, described)


def _size(it: Subject, described: dict[str, Any]) -> Iterator[Claim]:
    """A job without a queue rests at 0: its runs are the workflow's, and a service would restart what ends."""
    if it.key not in it.outputs.by_key("jobQueueUrls"):
        yield it.equals("desired count", described.get("desiredCount"), 0)
    capacity = sorted(str(entry.get("capacityProvider")) for entry in described.get("capacityProviderStrategy", []))
    if it.job:
        yield it.equals("capacity", capacity, _providers(it.job.capacity))
    else:
        yield Claim("capacity is Fargate's", bool(capacity) and set(capacity) <= {"FARGATE", "FARGATE_SPOT"}, capacity)


def _scalable(it: Subject) -> str:
    return f"service/{it.outputs.text('clusterName')}/{it.name}"


def _providers(capacity: Any) -> list[str]:
    return [entry["capacity_provider"] for entry in fargate.strategy(capacity)]
