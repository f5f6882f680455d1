"""What ECS demands of where and how services and tasks run: names, platforms, placement, load balancers, overrides."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.containers.ecs import cluster_of, definition_of
from sandbox.strict.containers.task_definitions import FARGATE_MEMORY
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_PLATFORMS = ("LATEST", "1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0")

rules = Rules("ecs")


@rules.add("CreateService", source=f"{_API}API_CreateService.html", code="InvalidParameterException")
def service_name_taken(call: Call, account: Account) -> Iterator[str]:
    """A service's name is taken once in its cluster."""
    cluster = cluster_of(call, account)
    for service in list(account.backend("ecs").services.values()):
        same = service.name == call.parameters["serviceName"] and service.status == "ACTIVE"
        if cluster is not None and same and service.cluster_name == cluster.name:
            yield "Creation of service was not idempotent."


@rules.add(
    "CreateService",
    "RunTask",
    "UpdateService",
    source=f"{_GUIDE}platform-fargate.html",
    code="PlatformUnknownException",
)
def platform_version(call: Call, _: Account) -> Iterator[str]:
    """A platform version is LATEST or one of 1.0.0 to 1.4.0."""
    version = call.parameters.get("platformVersion", "LATEST")
    if version not in _PLATFORMS:
        yield f"The specified platform version {version} does not exist."


@rules.add("CreateService", "RunTask", source=f"{_GUIDE}fargate-tasks-services.html", code="InvalidParameterException")
def placement(call: Call, _: Account) -> Iterator[str]:
    """On Fargate nothing is placed by a strategy or a constraint."""
    providers = [item.get("capacityProvider", "") for item in call.parameters.get("capacityProviderStrategy", [])]
    fargate = call.parameters.get("launchType") == "FARGATE" or any(name.startswith("FARGATE") for name in providers)
    if fargate and (call.parameters.get("placementStrategy") or call.parameters.get("placementConstraints")):
        yield "Placement strategies and constraints are not supported with FARGATE launch type."


@rules.add("CreateService", source=f"{_API}API_LoadBalancer.html", code="InvalidParameterException")
def load_balancers(call: Call, account: Account) -> Iterator[str]:
    """A load balancer is for a container of the task definition and a port that it maps."""
    definition = definition_of(call, account)
    containers = {item.get("name"): item for item in definition.container_definitions} if definition is not None else {}
    for balancer in call.parameters.get("loadBalancers", []):
        name, port = balancer.get("containerName"), balancer.get("containerPort")
        mapped = {item.get("containerPort") for item in containers.get(name, {}).get("portMappings", [])}
        if definition is not None and port not in mapped:
            yield f"The container {name} did not have a container port {port} defined."


@rules.add("RunTask", source=f"{_API}API_TaskOverride.html", code="InvalidParameterException")
def override_size(call: Call, account: Account) -> Iterator[str]:
    """The cpu and memory of a task override are a pair of Fargate's, together with those of the task definition."""
    definition, overrides = definition_of(call, account), call.parameters.get("overrides", {})
    if definition is None or call.parameters.get("launchType") != "FARGATE" or not {"cpu", "memory"} & set(overrides):
        return
    cpu, memory = (str(overrides.get(name) or getattr(definition, name)) for name in ("cpu", "memory"))
    if not (cpu.isdigit() and memory.isdigit() and int(memory) in FARGATE_MEMORY.get(int(cpu), ())):
        yield "No Fargate configuration exists for given values."


@rules.add("RunTask", source=f"{_API}API_TaskOverride.html", code="InvalidParameterException")
def override_roles(call: Call, account: Account) -> Iterator[str]:
    """The roles of a task override are roles that ECS tasks may assume."""
    for member in ("taskRoleArn", "executionRoleArn"):
        role = call.parameters.get("overrides", {}).get(member)
        if role and not account.trusts(role, "ecs-tasks.amazonaws.com"):
            yield f"ECS was unable to assume the role '{role}' that was provided for this task."


@rules.add("StopTask", source=f"{_API}API_StopTask.html#API_StopTask_Errors", code="InvalidParameterException")
def known_task(call: Call, account: Account) -> Iterator[str]:
    """A task that is stopped is one of the cluster."""
    cluster = cluster_of(call, account)
    tasks = account.backend("ecs").tasks.get(cluster.name, {}) if cluster is not None else {}
    identifier = call.parameters["task"].rpartition("/")[2]
    if cluster is not None and not any(arn.endswith(f"/{identifier}") for arn in list(tasks)):
        yield "The referenced task was not found."
