"""ECS, its scaling, and ECR: containers, services, policies, and the keys of repositories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rule, Rules

_API: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_MOST_PORTS: Final = 100
_LAST_PORT: Final = 65_535
_LARGEST_TARGET: Final = 2.0**360

ecs, ecr, scaling = Rules("ecs"), Rules("ecr"), Rules("application-autoscaling")


def _containers(call: Call) -> list[Mapping[str, Any]]:
    return list(call.parameters.get("containerDefinitions", []))


@ecs.add("RegisterTaskDefinition", source=f"{_API}API_ContainerDefinition.html", code="ClientException")
def image(call: Call, _: Account) -> Iterator[str]:
    """An image has a name of at most 255 characters; its digest is `sha256:` and 64 hexadecimal digits."""
    for container in _containers(call):
        name, _at, digest = container.get("image", "").partition("@")
        if len(name) > 255 or (_at and not re.fullmatch(r"sha256:[0-9a-fA-F]{64}", digest)):
            yield f"Container.image should not be null or empty, or has an invalid format: {container.get('image')}"


@ecs.add("RegisterTaskDefinition", source=f"{_API}API_PortMapping.html", code="ClientException")
def port_names_and_ranges(call: Call, _: Account) -> Iterator[str]:
    """A port's name has at most 64 of `a-z0-9_-` and begins with no hyphen; a range has at most 100 ports, upwards."""
    for mapping in [item for container in _containers(call) for item in container.get("portMappings", [])]:
        if not re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,63}", mapping.get("name", "x")):
            yield f"The port mapping name {mapping['name']} is not valid."
        span = mapping.get("containerPortRange", "1-2")
        first, _dash, last = span.partition("-")
        numbers = int(first or 0) if first.isdigit() else 0, int(last) if last.isdigit() else 0
        if not 0 < numbers[0] < numbers[1] <= _LAST_PORT or numbers[1] - numbers[0] >= _MOST_PORTS:
            yield f"The container port range {span} is not valid."


@ecs.add("RegisterTaskDefinition", source=f"{_API}API_ContainerRestartPolicy.html", code="ClientException")
def restart_policy(call: Call, _: Account) -> Iterator[str]:
    """A restart policy ignores at most 50 exit codes."""
    for container in _containers(call):
        if len(container.get("restartPolicy", {}).get("ignoredExitCodes", [])) > 50:
            yield "ignoredExitCodes: at most 50."


@ecs.add("RegisterTaskDefinition", source=f"{_API}API_EnvironmentFile.html", code="ClientException")
def environment_file_count(call: Call, _: Account) -> Iterator[str]:
    """A container has at most ten environment files."""
    for container in _containers(call):
        if len(container.get("environmentFiles", [])) > 10:
            yield "environmentFiles: at most 10."


@ecs.add("RegisterTaskDefinition", source=f"{_API}API_ContainerDefinition.html", code="ClientException")
def container_user(call: Call, _: Account) -> Iterator[str]:
    """A container's user is a name or a positive number, and so is its group."""
    for container in _containers(call):
        user = container.get("user", "x")
        if not re.fullmatch(r"[^-:\s][^:\s]*(:[^-:\s][^:\s]*)?", user):
            yield f"The user {user} is not valid."


@ecs.add("RegisterTaskDefinition", source=f"{_API}API_LogConfiguration.html", code="ClientException")
def log_delimiters(call: Call, _: Account) -> Iterator[str]:
    """Log messages are told apart by a date or by a pattern."""
    for container in _containers(call):
        options = container.get("logConfiguration", {}).get("options", {})
        if {"awslogs-datetime-format", "awslogs-multiline-pattern"} <= set(options):
            yield "You cannot configure both the awslogs-datetime-format and awslogs-multiline-pattern options."


@ecs.add("RegisterTaskDefinition", source=f"{_API}API_Secret.html", code="ClientException")
def secret_source(call: Call, _: Account) -> Iterator[str]:
    """A secret comes from Secrets Manager or from a parameter of Systems Manager."""
    for secret in [item for container in _containers(call) for item in container.get("secrets", [])]:
        source = secret.get("valueFrom", "")
        if not re.fullmatch(r"arn:aws[a-z-]*:(secretsmanager|ssm):.+|(?!arn:)[A-Za-z0-9_./-]+", source):
            yield f"Invalid secret ARN or parameter name: '{source}'"


@ecs.add("CreateService", "UpdateService", source=f"{_API}API_DeploymentAlarms.html", code="InvalidParameterException")
def deployment_alarms(call: Call, _: Account) -> Iterator[str]:
    """A deployment that is watched by alarms names them."""
    alarms = (call.parameters.get("deploymentConfiguration") or {}).get("alarms") or {}
    if alarms.get("enable") and not alarms.get("alarmNames"):
        yield "alarmNames must not be empty when deployment alarms are enabled."


@ecs.add("RegisterTaskDefinition", source=f"{_API}API_InferenceAccelerator.html", code="ClientException")
def accelerators(call: Call, _: Account) -> Iterator[str]:
    """An accelerator is one that a container asks for; Fargate has none."""
    devices = {item.get("deviceName") for item in call.parameters.get("inferenceAccelerators", [])}
    requirements = {need.get("value") for item in _containers(call) for need in item.get("resourceRequirements", [])}
    if devices - requirements or (devices and "FARGATE" in call.parameters.get("requiresCompatibilities", [])):
        yield "inferenceAccelerators are not supported here, or no container refers to them."


@ecs.add(
    "CreateService",
    "UpdateService",
    "RunTask",
    source=f"{_API}API_CapacityProviderStrategyItem.html",
    code="InvalidParameterException",
)
def strategy_weight(call: Call, _: Account) -> Iterator[str]:
    """At least one provider of a strategy has a weight above 0."""
    strategy = call.parameters.get("capacityProviderStrategy") or []
    if strategy and not any(item.get("weight", 0) for item in strategy):
        yield "The capacity provider strategy must contain at least one capacity provider with a weight greater than 0."


@ecs.add("CreateService", source=f"{_API}API_CreateService.html", code="InvalidParameterException")
def service_details(call: Call, _: Account) -> Iterator[str]:
    """A client token has at most 36 characters; a circuit breaker is of ECS's own deployments; a registry has one
    port.
    """
    parameters = call.parameters
    if len(parameters.get("clientToken", "")) > 36:
        yield "clientToken: at most 36 characters."
    breaker = parameters.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    if breaker.get("enable") and parameters.get("deploymentController", {}).get("type", "ECS") != "ECS":
        yield "DeploymentCircuitBreaker feature can be configured with ECS deployment controller only."
    for registry in parameters.get("serviceRegistries", []):
        if "port" in registry and "containerPort" in registry:
            yield "serviceRegistries: specify either a port or a containerName and containerPort, not both."


@ecr.add(
    "CreateRepository",
    source="https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_EncryptionConfiguration.html",
    code="InvalidParameterException",
)
def key_region(call: Call, _: Account) -> Iterator[str]:
    """The key of a repository is in the repository's region."""
    key = call.parameters.get("encryptionConfiguration", {}).get("kmsKey", "").split(":")
    if len(key) > 4 and key[3] != call.region:
        yield "The KMS key must exist in the same Region as the repository."


@scaling.add(
    "PutScalingPolicy",
    source="https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html",
    code="ValidationException",
)
def policy_values(call: Call, _: Account) -> Iterator[str]:
    """A target value is within 2 to the power of 360, a label is of requests to a load balancer, an exact capacity is 0
    or more.
    """
    tracked = call.parameters.get("TargetTrackingScalingPolicyConfiguration", {})
    if abs(tracked.get("TargetValue", 0)) > _LARGEST_TARGET:
        yield "TargetValue must be in the range of -2^360 to 2^360."
    metric = tracked.get("PredefinedMetricSpecification", {})
    if metric.get("ResourceLabel") and metric.get("PredefinedMetricType") != "ALBRequestCountPerTarget":
        yield "ResourceLabel is valid with the metric type ALBRequestCountPerTarget only."
    steps = call.parameters.get("StepScalingPolicyConfiguration", {})
    adjustments = [step.get("ScalingAdjustment", 0) for step in steps.get("StepAdjustments", [])]
    if steps.get("AdjustmentType") == "ExactCapacity" and min(adjustments, default=0) < 0:
        yield "For exact capacity, specify a non-negative value."


RULES: tuple[Rule, ...] = (*ecs.all, *ecr.all, *scaling.all)
