"""Rules about ECS: what Fargate rejects, what it accepts and ignores, and how services begin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

from ..graph import Graph, Known, Resource, Undecided, Unknown, kinds, read, value
from ..graph.launches import containers
from ..rule import Kind, Problem, Severity, View, rule
from ..settings import Settings
from ..tables.fargate import is_pair
from ..tables.properties.documents.containers import SECRET_NAME

_ECS_GUIDE: Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_ECS_API: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"


def _zero(props: MutableMapping[str, Any], token: str, settings: Settings) -> bool:
    named = props["name"] if "name" in set(props) else ""
    if named in settings.images_published or "desiredCount" not in set(props) or props["desiredCount"] == 0:
        return False
    props["desiredCount"] = 0
    return True


@rule(
    "services-start-empty",
    kinds.SERVICE,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    fix="Set desiredCount to 0; build and push the image, then scale, or list the service in imagesPublished",
    url=f"{_ECS_GUIDE}/service_definition_parameters.html",
    settings=("images_published",),
    remedy=_zero,
)
def services_start_empty(service: Resource, view: View) -> Iterator[Problem]:
    """A service starts with no task until its image is published: an empty repository would stall the deployment."""
    if value(service, "name", service.name) not in view.settings.images_published and value(service, "desiredCount", 0):
        yield Problem(
            message="starts tasks with the deployment, when images and data need not be there yet",
            property="desiredCount",
        )


def _ecs_target(target: Resource) -> bool:
    return bool(value(target, "serviceNamespace") == "ecs")


@rule(
    "autoscaling-respects-zero-start",
    kinds.SCALING_TARGET,
    severity=Severity.HIGH,
    fix="Set minCapacity to 0",
    url="https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html",
    tags=("graph",),
)
def autoscaling_respects_zero_start(target: Resource, view: View) -> Iterator[Problem]:
    """The scaling range of a service that starts at 0 begins at 0: a higher minimum raises the count at once."""
    if not _ecs_target(target):
        return
    for service in scaled_services(view.graph, target):
        if not value(service, "desiredCount", 0) and value(target, "minCapacity", 0) != 0:
            yield Problem(message=f"raises {service.name}, which starts at 0, at once", property="minCapacity")


def scaled_services(graph: Graph, target: Resource) -> list[Resource]:
    """The services that a scaling target is about; raises Undecided."""
    return graph.targets(target, "resourceId", kinds.SERVICE) or graph.named(
        str(value(target, "resourceId", "")).rpartition("/")[2], kinds.SERVICE
    )


@rule(
    "autoscaled-service-ignores-count",
    kinds.SERVICE,
    severity=Severity.MEDIUM,
    fix="Add desiredCount to the service's ignoreChanges",
    url="https://www.pulumi.com/docs/iac/concepts/options/ignorechanges/",
    tags=("graph",),
)
def autoscaled_service_ignores_count(service: Resource, view: View) -> Iterator[Problem]:
    """A service that autoscaling changes ignores its desired count; otherwise each update sets it back."""
    scaled = any(
        service in scaled_services(view.graph, target)
        for target in view.graph.of_type(kinds.SCALING_TARGET)
        if _ecs_target(target)
    )
    if scaled and "desiredCount" not in service.options.ignore_changes:
        yield Problem(message="is autoscaled, and each update sets its count back", property="desiredCount")


_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")
_OWN_TAG: Final = re.compile(r"/[^/:@]+:(?!latest$)[\w.-]+$")


@rule(
    "image-reference-pinned",
    kinds.TASK_DEFINITION,
    severity=Severity.MEDIUM,
    fix="Name the image by digest, or by a tag of a repository of this stack with immutable tags",
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
    frameworks=("FSBP ECR.2",),
)
def image_reference_pinned(definition: Resource, view: View) -> Iterator[Problem]:
    """Images come from a repository of the stack, by digest or immutable tag, never `latest`."""
    graph = view.graph
    matching = set(graph.targets(definition, "containerDefinitions", kinds.REPOSITORY))
    unknown: Undecided | None = None
    try:
        images = [str(value(dict(container), "image", "")) for container in containers(definition)]
    except Undecided as undecided:
        images, unknown = [], undecided
    for i, image in enumerate(images):
        if not image:
            yield Problem(message=f"container {i} names no image", property="containerDefinitions")
            continue
        repositories = graph.named(image.partition("/")[2].partition("@")[0].partition(":")[0], kinds.REPOSITORY)
        if not repositories and not matching:
            yield Problem(message=f"container {i} runs an image from elsewhere", property="containerDefinitions")
        if not _DIGEST.search(image) and not _OWN_TAG.search(image):
            yield Problem(message=f"container {i} runs whatever is latest", property="containerDefinitions")
        matching.update(repositories)
    for repository in sorted(matching, key=lambda one: one.urn):
        if value(repository, "imageTagMutability", "MUTABLE") != "IMMUTABLE":
            yield Problem(message="its tags can be moved", property="imageTagMutability", resource=repository)
    if unknown is not None:
        raise unknown


_BREAKER: Final = "deploymentCircuitBreaker"


def _break(props: MutableMapping[str, Any], token: str, settings: Settings) -> bool:
    props[_BREAKER] = {"enable": True, "rollback": True}
    return True


@rule(
    "service-circuit-breaker",
    kinds.SERVICE,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    fix="Set deploymentCircuitBreaker to enable and rollback",
    url=f"{_ECS_GUIDE}/deployment-circuit-breaker.html",
    remedy=_break,
)
def service_circuit_breaker(service: Resource, view: View) -> Iterator[Problem]:
    """A failing deployment stops and rolls back by itself."""
    for flag, lacking in (("enable", "has no circuit breaker"), ("rollback", "does not roll back")):
        if value(service, f"{_BREAKER}.{flag}") is not True:
            yield Problem(message=lacking, property=f"{_BREAKER}.{flag}")


def _fargate(resource: Resource) -> bool:
    return "FARGATE" in value(resource, "requiresCompatibilities", [])


@rule(
    "fargate-cpu-memory-pair",
    kinds.TASK_DEFINITION,
    kind=Kind.RESOURCE,
    severity=Severity.CRITICAL,
    fix="Take a pair that Fargate offers, for example 1024 with 2048 to 8192 in steps of 1024",
    url=f"{_ECS_GUIDE}/task-cpu-memory-error.html",
)
def fargate_cpu_memory_pair(definition: Resource, view: View) -> Iterator[Problem]:
    """CPU and memory of a Fargate task are one of the pairs that Fargate offers."""
    if not _fargate(definition):
        return
    cpu, memory = value(definition, "cpu"), value(definition, "memory")
    if not is_pair(cpu, memory):
        yield Problem(message=f"Fargate has no task with cpu {cpu} and memory {memory}", property="memory")


_PLACING: Final = ("placementConstraints", "orderedPlacementStrategies")


def _unplace(props: MutableMapping[str, Any], token: str, settings: Settings) -> bool:
    there = [prop for prop in _PLACING if prop in set(props) and len(props[prop])]
    for prop in there:
        props[prop] = []
    return bool(there)


@rule(
    "fargate-no-placement",
    kinds.SERVICE,
    kinds.TASK_DEFINITION,
    kind=Kind.RESOURCE,
    severity=Severity.CRITICAL,
    fix="Remove it; spread over zones by passing subnets of several zones",
    url=f"{_ECS_API}/API_PlacementConstraint.html",
    remedy=_unplace,
)
def fargate_no_placement(resource: Resource, view: View) -> Iterator[Problem]:
    """No launch strategies or constraints: Fargate rejects them, and a failed update left broken state behind."""
    if resource.type == kinds.SERVICE and value(resource, "launchType", "FARGATE") != "FARGATE":
        return
    for prop in _PLACING:
        match read(resource, prop):
            case Known():
                yield Problem(message=f"has {prop}", property=prop)
            case Unknown():
                yield Problem(message="", property=prop, undecided=True)


@rule(
    "grace-period-needs-health-check",
    kinds.SERVICE,
    severity=Severity.HIGH,
    fix="Remove healthCheckGracePeriodSeconds, and give the container's health check a startPeriod",
    url=f"{_ECS_GUIDE}/service_definition_parameters.html",
)
def grace_period_needs_health_check(service: Resource, view: View) -> Iterator[Problem]:
    """A health-check grace period comes with a load balancer only; without one, creating the service failed."""
    if value(service, "healthCheckGracePeriodSeconds", 0) and not any(
        isinstance(read(service, prop), Known | Unknown) for prop in ("loadBalancers", "vpcLatticeConfigurations")
    ):
        yield Problem(message="has a grace period and no load balancer", property="healthCheckGracePeriodSeconds")


_LOG_DRIVERS: Final = ("awslogs", "splunk", "awsfirelens")


@rule(
    "fargate-task-shape",
    kinds.SERVICE,
    kinds.TASK_DEFINITION,
    kind=Kind.RESOURCE,
    severity=Severity.CRITICAL,
    fix="Use awsvpc, an execution role and one of the log drivers awslogs, splunk, awsfirelens; services are replicas",
    url=f"{_ECS_GUIDE}/fargate-tasks-services.html",
)
def fargate_task_shape(resource: Resource, view: View) -> Iterator[Problem]:
    """Task definitions and services have the form that Fargate takes."""
    if resource.type == kinds.SERVICE:
        if value(resource, "schedulingStrategy", "REPLICA") != "REPLICA":
            yield Problem(message="is a daemon", property="schedulingStrategy")
        if not isinstance(read(resource, "networkConfiguration"), Known | Unknown):
            yield Problem(message="has no network configuration", property="networkConfiguration")
        return
    if not _fargate(resource):
        yield Problem(message="is not meant for Fargate", property="requiresCompatibilities")
        return
    if value(resource, "networkMode") != "awsvpc":
        yield Problem(message="has no awsvpc network mode", property="networkMode")
    if not isinstance(read(resource, "executionRoleArn"), Known | Unknown):
        yield Problem(message="has no execution role", property="executionRoleArn")
    for i, container in enumerate(containers(resource)):
        driver = value(dict(container), "logConfiguration.logDriver")
        if driver not in _LOG_DRIVERS:
            fault = (
                "has a log driver that Fargate does not take" if driver else "has no log driver: what it says is lost"
            )
            yield Problem(message=f"container {i} {fault}", property="containerDefinitions")


_ROOT: Final = ("", "0", "root", "0:0", "root:root")


@rule(
    "task-hardening",
    kinds.TASK_DEFINITION,
    severity=Severity.HIGH,
    fix="Run as a numeric user on a read-only root without privileges; pass secrets by `secrets`; keep the roles apart",
    url=f"{_ECS_GUIDE}/security-tasks-containers.html",
    frameworks=("FSBP ECS.4", "FSBP ECS.5", "FSBP ECS.8", "FSBP ECS.20"),
)
def task_hardening(definition: Resource, view: View) -> Iterator[Problem]:
    """Containers are unprivileged, not root, on a read-only root, without plaintext secrets; two roles a task."""
    graph = view.graph
    task, execution = (graph.targets(definition, prop, kinds.ROLE) for prop in ("taskRoleArn", "executionRoleArn"))
    if set(task) & set(execution):
        yield Problem(message="its code runs with the execution role", property="taskRoleArn")
    if not task and not isinstance(read(definition, "taskRoleArn"), Known | Unknown):
        yield Problem(message="has no task role", property="taskRoleArn")
    for i, container in enumerate(containers(definition)):
        for fault in _faults(dict(container), entered=_is_entered(view, definition)):
            yield Problem(message=f"container {i} {fault}", property="containerDefinitions")


def _is_entered(view: View, definition: Resource) -> bool:
    """Whether people may open sessions in the tasks: the agent of a session writes into the container."""
    services = view.graph.dependents(definition, kinds.SERVICE, prop="taskDefinition")
    return any(value(service, "enableExecuteCommand", False) is True for service in services)


def _faults(container: dict[str, Any], *, entered: bool) -> Iterator[str]:
    if container.get("privileged"):
        yield "is privileged"
    if container.get("readonlyRootFilesystem") is not True and not entered:
        yield "can write to its root file system"
    if str(container.get("user", "")) in _ROOT:
        yield "names no user other than root, so it runs as root unless its image says otherwise"
    for variable in container.get("environment", ()):
        if SECRET_NAME.search(str(variable.get("name", ""))):
            yield f"has a secret in plain text in its environment ({json.dumps(variable.get('name'))})"
