"""Task definitions: options of a container."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_MOST_PORTS: Final = 100
_LAST_PORT: Final = 65_535

rules = Rules("ecs")


def _containers(call: Call) -> list[Mapping[str, Any]]:
    return list(call.parameters.get("containerDefinitions", []))


@rules.add("RegisterTaskDefinition", source=f"{_API}API_ContainerDefinition.html", code="ClientException")
def image(call: Call, _: Account) -> Iterator[str]:
    """An image has a name of at most 255 characters; its digest is `sha256:` and 64 hexadecimal digits."""
    for container in _containers(call):
        name, _at, digest = container.get("image", "").partition("@")
        if len(name) > 255 or (_at and not re.fullmatch(r"sha256:[0-9a-fA-F]{64}", digest)):
            yield f"Container.image should not be null or empty, or has an invalid format: {container.get('image')}"


@rules.add("RegisterTaskDefinition", source=f"{_API}API_PortMapping.html", code="ClientException")
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


@rules.add("RegisterTaskDefinition", source=f"{_API}API_ContainerRestartPolicy.html", code="ClientException")
def restart_policy(call: Call, _: Account) -> Iterator[str]:
    """A restart policy ignores at most 50 exit codes."""
    for container in _containers(call):
        if len(container.get("restartPolicy", {}).get("ignoredExitCodes", [])) > 50:
            yield "ignoredExitCodes: at most 50."


@rules.add("RegisterTaskDefinition", source=f"{_API}API_EnvironmentFile.html", code="ClientException")
def environment_file_count(call: Call, _: Account) -> Iterator[str]:
    """A container has at most ten environment files."""
    for container in _containers(call):
        if len(container.get("environmentFiles", [])) > 10:
            yield "environmentFiles: at most 10."


@rules.add("RegisterTaskDefinition", source=f"{_API}API_ContainerDefinition.html", code="ClientException")
def container_user(call: Call, _: Account) -> Iterator[str]:
    """A container's user is a name or a positive number, and so is its group."""
    for container in _containers(call):
        user = container.get("user", "x")
        if not re.fullmatch(r"[^-:\s][^:\s]*(:[^-:\s][^:\s]*)?", user):
            yield f"The user {user} is not valid."


@rules.add("RegisterTaskDefinition", source=f"{_API}API_LogConfiguration.html", code="ClientException")
def log_delimiters(call: Call, _: Account) -> Iterator[str]:
    """Log messages are told apart by a date or by a pattern."""
    for container in _containers(call):
        options = container.get("logConfiguration", {}).get("options", {})
        if {"awslogs-datetime-format", "awslogs-multiline-pattern"} <= set(options):
            yield "You cannot configure both the awslogs-datetime-format and awslogs-multiline-pattern options."


@rules.add("RegisterTaskDefinition", source=f"{_API}API_Secret.html", code="ClientException")
def secret_source(call: Call, _: Account) -> Iterator[str]:
    """A secret comes from Secrets Manager or from a parameter of Systems Manager."""
    for secret in [item for container in _containers(call) for item in container.get("secrets", [])]:
        source = secret.get("valueFrom", "")
        if not re.fullmatch(r"arn:aws[a-z-]*:(secretsmanager|ssm):.+|(?!arn:)[A-Za-z0-9_./-]+", source):
            yield f"Invalid secret ARN or parameter name: '{source}'"


@rules.add("RegisterTaskDefinition", source=f"{_API}API_InferenceAccelerator.html", code="ClientException")
def accelerators(call: Call, _: Account) -> Iterator[str]:
    """An accelerator is one that a container asks for; Fargate has none."""
    devices = {item.get("deviceName") for item in call.parameters.get("inferenceAccelerators", [])}
    requirements = {need.get("value") for item in _containers(call) for need in item.get("resourceRequirements", [])}
    if devices - requirements or (devices and "FARGATE" in call.parameters.get("requiresCompatibilities", [])):
        yield "inferenceAccelerators are not supported here, or no container refers to them."
