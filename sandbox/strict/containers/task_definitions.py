"""What ECS demands of task definitions, above all on Fargate."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_PARAMETERS = f"{_GUIDE}task_definition_parameters.html"
FARGATE_MEMORY: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}
"""CPU units to MiB: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""

rules = Rules("ecs")


def on_fargate(call: Call) -> bool:
    """Whether the task definition is to run on Fargate."""
    return "FARGATE" in call.parameters.get("requiresCompatibilities", [])


def containers(call: Call) -> list[dict[str, Any]]:
    """The container definitions of a registration."""
    listed: list[dict[str, Any]] = call.parameters.get("containerDefinitions", [])
    return listed


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_API}API_RegisterTaskDefinition.html#ECS-RegisterTaskDefinition-request-family",
    code="ClientException",
)
def family(call: Call, _: Account) -> Iterator[str]:
    """A family has 1 to 255 letters, digits, hyphens and underscores."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", call.parameters["family"]):
        yield (
            "Family contains invalid characters when it should only contain up to 255 letters (uppercase and "
            "lowercase), numbers, hyphens, and underscores."
        )


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_API}API_ContainerDefinition.html",
    code="ClientException",
)
def container_names(call: Call, _: Account) -> Iterator[str]:
    """A container has a name of 1 to 255 letters, digits, hyphens and underscores, its own in the task, and an
    image.
    """
    names = [str(item.get("name", "")) for item in containers(call)]
    if not names:
        yield "Container list cannot be empty."
    for item, name in zip(containers(call), names, strict=True):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
            yield "Container.name contains invalid characters."
        if not item.get("image") or len(item["image"]) > 255 or re.search(r"\s", item["image"]):
            yield "Container.image should not be null or empty."
    if len(set(names)) != len(names):
        yield "Container names should be unique."
    if names and all(item.get("essential") is False for item in containers(call)):
        yield "At least one container must be marked as essential."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_GUIDE}fargate-tasks-services.html#fargate-tasks-size",
    code="ClientException",
)
def fargate_size(call: Call, _: Account) -> Iterator[str]:
    """A task on Fargate has one of Fargate's pairs of cpu and memory."""
    cpu, memory = _units(call.parameters.get("cpu"), "vcpu"), _units(call.parameters.get("memory"), "gb")
    if on_fargate(call) and memory not in FARGATE_MEMORY.get(cpu, ()):
        yield "No Fargate configuration exists for given values."


def _units(text: str | None, unit: str) -> int:
    match = re.fullmatch(r"([\d.]+)\s*([a-z]*)", str(text or "").strip().lower())
    if match is None or match[2] not in ("", unit):
        return -1
    return int(float(match[1]) * 1024) if match[2] else int(float(match[1]))


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_PARAMETERS}#container_definitions",
    code="ClientException",
)
def container_sizes(call: Call, _: Account) -> Iterator[str]:
    """The containers of a task ask for no more cpu and memory than the task has, and reserve no more than their own
    limit.
    """
    cpu, memory = _units(call.parameters.get("cpu"), "vcpu"), _units(call.parameters.get("memory"), "gb")
    if cpu > 0 and sum(item.get("cpu", 0) for item in containers(call)) > cpu:
        yield "The sum of the cpu of the containers is greater than the cpu of the task."
    for item in containers(call):
        hard, soft = item.get("memory"), item.get("memoryReservation")
        if hard and soft and soft > hard:
            yield f"Invalid setting for container '{item['name']}'. 'memory' must be greater than 'memoryReservation'."
        if 0 < (hard or 6) < 6:
            yield f"Invalid setting for container '{item['name']}'. 'memory' must be at least 6."
        if memory > 0 and max(hard or 0, soft or 0) > memory:
            yield f"Invalid setting for container '{item['name']}'. Its memory is greater than that of the task."
        if memory <= 0 and not hard and not soft:
            yield (
                f"Invalid setting for container '{item['name']}'. At least one of 'memory' or 'memoryReservation' "
                "must be specified."
            )


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_GUIDE}fargate-tasks-services.html",
    code="ClientException",
)
def fargate_features(call: Call, _: Account) -> Iterator[str]:
    """A task on Fargate uses the awsvpc network mode and nothing that needs a machine of one's own."""
    if not on_fargate(call):
        return
    if call.parameters.get("networkMode") != "awsvpc":
        yield "Fargate only supports network mode 'awsvpc'."
    if call.parameters.get("placementConstraints"):
        yield "When launching tasks with Fargate, placement constraints are not supported."
    if call.parameters.get("ipcMode"):
        yield "Fargate does not support ipcMode."
    if call.parameters.get("pidMode") == "host":
        yield "Fargate does not support host PID mode."
    for item in containers(call):
        linux = item.get("linuxParameters", {})
        added = set(linux.get("capabilities", {}).get("add", [])) - {"SYS_PTRACE"}
        if (
            item.get("privileged")
            or linux.get("devices")
            or added
            or item.get("links")
            or item.get("dockerSecurityOptions")
        ):
            yield (
                f"Container '{item['name']}' uses what Fargate does not support: privileged, devices, links or "
                "capabilities"
            )
        if item.get("stopTimeout", 30) > 120:
            yield "Fargate supports a stopTimeout of at most 120 seconds."
    for volume in call.parameters.get("volumes", []):
        if volume.get("host", {}).get("sourcePath") or volume.get("dockerVolumeConfiguration"):
            yield f"Volume '{volume.get('name')}' of this kind is not supported on Fargate."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_API}API_EphemeralStorage.html",
    code="ClientException",
)
def ephemeral_storage(call: Call, _: Account) -> Iterator[str]:
    """Ephemeral storage is 21 to 200 GiB."""
    size = call.parameters.get("ephemeralStorage", {}).get("sizeInGiB", 21)
    if not 21 <= size <= 200:
        yield "Ephemeral storage size in GiB must be between 21 and 200."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_GUIDE}task_execution_IAM_role.html",
    code="ClientException",
)
def execution_role(call: Call, _: Account) -> Iterator[str]:
    """A task whose containers log through awslogs, take secrets or come from ECR has an execution role on Fargate."""
    if not on_fargate(call) or call.parameters.get("executionRoleArn"):
        return
    for item in containers(call):
        driver = item.get("logConfiguration", {}).get("logDriver")
        if driver == "awslogs":
            yield "Fargate requires task definition to have execution role ARN to support log driver awslogs."
        if item.get("secrets") or item.get("repositoryCredentials"):
            yield "Fargate requires task definition to have execution role ARN to support secrets."
        if re.search(r"\.dkr[.-]ecr\.", item.get("image", "")):
            yield "Fargate requires task definition to have execution role ARN to support ECR images."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_GUIDE}specify-log-config.html",
    code="ClientException",
)
def log_options(call: Call, _: Account) -> Iterator[str]:
    """The awslogs driver has its group and region, and on Fargate its stream prefix."""
    for item in containers(call):
        log = item.get("logConfiguration", {})
        required = ["awslogs-group", "awslogs-region", *(["awslogs-stream-prefix"] if on_fargate(call) else [])]
        missing = [name for name in required if not log.get("options", {}).get(name)]
        if log.get("logDriver") == "awslogs" and missing:
            yield f"Log driver awslogs requires options: {', '.join(missing)}"
        if on_fargate(call) and log and log.get("logDriver") not in ("awslogs", "splunk", "awsfirelens"):
            yield f"Fargate does not support the log driver {log.get('logDriver')}."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_PARAMETERS}#container_definition_volumes",
    code="ClientException",
)
def references(call: Call, _: Account) -> Iterator[str]:
    """Mount points and dependencies name volumes and containers of the task."""
    volumes = {volume.get("name") for volume in call.parameters.get("volumes", [])}
    names = {item.get("name") for item in containers(call)}
    for item in containers(call):
        for mount in item.get("mountPoints", []):
            if mount.get("sourceVolume") not in volumes:
                yield f"Unknown volume '{mount.get('sourceVolume')}'."
        for other in [*item.get("dependsOn", []), *item.get("volumesFrom", [])]:
            name = other.get("containerName", other.get("sourceContainer"))
            if name not in names or name == item.get("name"):
                yield f"Container '{item.get('name')}' depends on unknown container '{name}'."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_API}API_HealthCheck.html",
    code="ClientException",
)
def health_check(call: Call, _: Account) -> Iterator[str]:
    """A health check runs every 5 to 300 s, for 2 to 60 s, 1 to 10 times, from at most 300 s on, and begins with CMD
    or CMD-SHELL.
    """
    limits = {"interval": (5, 300, 30), "timeout": (2, 60, 5), "retries": (1, 10, 3), "startPeriod": (0, 300, 0)}
    for item in containers(call):
        check: Mapping[str, Any] | None = item.get("healthCheck")
        if check is None:
            continue
        for name, (least, most, default) in limits.items():
            if not least <= check.get(name, default) <= most:
                yield f"Health check {name} must be between {least} and {most}."
        if (check.get("command") or [""])[0] not in ("CMD", "CMD-SHELL", "NONE"):
            yield "Health check command must begin with CMD or CMD-SHELL."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_API}API_PortMapping.html",
    code="ClientException",
)
def ports(call: Call, _: Account) -> Iterator[str]:
    """In the awsvpc network mode a container's port is the host's, from 1 to 65535, once in the task."""
    mapped: list[tuple[object, object]] = []
    for item in containers(call):
        for mapping in item.get("portMappings", []):
            inside, outside = mapping.get("containerPort"), mapping.get("hostPort")
            mapped.append((inside, mapping.get("protocol", "tcp")))
            if inside is not None and not 1 <= inside <= 65535:
                yield f"Invalid 'containerPort' setting for container '{item['name']}'"
            if call.parameters.get("networkMode") == "awsvpc" and outside not in (None, inside):
                yield ("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
    if len(set(mapped)) != len(mapped):
        yield "Container ports and protocols must be unique in a task."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_GUIDE}task-iam-roles.html",
    code="ClientException",
)
def task_roles(call: Call, account: Account) -> Iterator[str]:
    """The roles of a task are roles that ECS tasks may assume."""
    for member in ("taskRoleArn", "executionRoleArn"):
        role = call.parameters.get(member)
        if role and not account.trusts(role, "ecs-tasks.amazonaws.com"):
            yield f"Role is not valid: {role} (it does not exist, or ecs-tasks.amazonaws.com may not assume it)"


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_API}API_KeyValuePair.html",
    code="ClientException",
)
def environment(call: Call, _: Account) -> Iterator[str]:
    """An environment variable or secret has a name, once in its container."""
    for item in containers(call):
        names = [entry.get("name") for member in ("environment", "secrets") for entry in item.get(member, [])]
        if not all(names):
            yield "Environment variable names must not be empty."
        secrets = [entry.get("name") for entry in item.get("secrets", [])]
        if len(set(secrets)) != len(secrets) or set(secrets) & {e.get("name") for e in item.get("environment", [])}:
            yield (
                "The secret name must be unique and not shared with any new or existing environment variables set "
                "on the container."
            )
