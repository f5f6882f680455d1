"""What ECS demands of the parts of a container definition: logs, volumes, limits, dependencies, restarts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.containers.task_definitions import containers, on_fargate
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_PARAMETERS = f"{_GUIDE}task_definition_parameters.html"
_AWSLOGS = frozenset(
    (
        *("awslogs-create-group", "awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-endpoint"),
        *("awslogs-datetime-format", "awslogs-multiline-pattern", "awslogs-stream", "awslogs-credentials-endpoint"),
        *("awslogs-force-flush-interval-seconds", "awslogs-max-buffered-events", "awslogs-format"),
        *("mode", "max-buffer-size", "tag"),
    )
)
"""https://docs.docker.com/engine/logging/drivers/awslogs/ and what ECS adds."""

rules = Rules("ecs")


@rules.add("RegisterTaskDefinition", source=f"{_API}API_LogConfiguration.html", code="ClientException")
def awslogs_options(call: Call, _: Account) -> Iterator[str]:
    """The awslogs driver has options of its own, and blocks or does not."""
    for item in containers(call):
        log = item.get("logConfiguration", {})
        options = log.get("options", {})
        unknown = sorted(set(options) - _AWSLOGS)
        if log.get("logDriver") == "awslogs" and unknown:
            yield f"Log driver awslogs disallows options: {', '.join(unknown)}"
        if options.get("mode", "blocking") not in ("blocking", "non-blocking"):
            yield f"Log driver mode must be blocking or non-blocking, not {options['mode']}"


@rules.add("RegisterTaskDefinition", source=f"{_API}API_LinuxParameters.html", code="ClientException")
def fargate_memory_features(call: Call, _: Account) -> Iterator[str]:
    """A container on Fargate has no shared memory size, no swap and no GPU."""
    for item in containers(call) if on_fargate(call) else []:
        linux = item.get("linuxParameters", {})
        for name in ("sharedMemorySize", "maxSwap", "swappiness"):
            if linux.get(name) is not None:
                yield f"Fargate does not support linuxParameters.{name}."
        if any(need.get("type") == "GPU" for need in item.get("resourceRequirements", [])):
            yield "Fargate does not support GPUs."


@rules.add("RegisterTaskDefinition", source=f"{_PARAMETERS}#volumes", code="ClientException")
def volumes(call: Call, _: Account) -> Iterator[str]:
    """A volume has a name of 1 to 255 letters, digits, hyphens and underscores, its own; a mount has its path; who
    is authorized to a file system reaches it encrypted.
    """
    names = [volume.get("name") or "" for volume in call.parameters.get("volumes", [])]
    if len(set(names)) != len(names):
        yield "Volume names must be unique in a task definition."
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
            yield f"Volume name '{name}' is invalid."
    for volume in call.parameters.get("volumes", []):
        files = volume.get("efsVolumeConfiguration", {})
        authorized = files.get("authorizationConfig", {})
        if files.get("transitEncryption") != "ENABLED" and (
            authorized.get("iam") == "ENABLED" or authorized.get("accessPointId")
        ):
            yield "Transit encryption must be enabled if Amazon EFS IAM authorization or an access point is used."
    for item in containers(call):
        if any(not mount.get("containerPath") for mount in item.get("mountPoints", [])):
            yield f"Container '{item.get('name')}' has a mount point without a container path."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_PARAMETERS}#container_definition_timeout",
    code="ClientException",
)
def timeouts(call: Call, _: Account) -> Iterator[str]:
    """A container has at least 2 s to start and is given no negative time to stop; restarts wait 60 to 1,800 s."""
    for item in containers(call):
        if item.get("startTimeout", 2) < 2:
            yield "startTimeout must be at least 2 seconds."
        if item.get("stopTimeout", 0) < 0:
            yield "stopTimeout must not be negative."
        if not 60 <= item.get("restartPolicy", {}).get("restartAttemptPeriod", 300) <= 1800:
            yield "restartAttemptPeriod must be between 60 and 1800 seconds."


@rules.add("RegisterTaskDefinition", source=f"{_API}API_Ulimit.html", code="ClientException")
def ulimits(call: Call, _: Account) -> Iterator[str]:
    """A soft limit is no greater than the hard one."""
    for item in containers(call):
        for limit in item.get("ulimits", []):
            if limit.get("softLimit", 0) > limit.get("hardLimit", 0) >= 0:
                yield f"The soft limit of {limit.get('name')} must not exceed its hard limit."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_GUIDE}use-environment-file.html",
    code="ClientException",
)
def environment_files(call: Call, _: Account) -> Iterator[str]:
    """A file of environment variables is named by its ARN in S3 and ends with `.env`."""
    for item in containers(call):
        for file in item.get("environmentFiles", []):
            if not re.fullmatch(r"arn:aws[a-z-]*:s3:::.+\.env", file.get("value", "")):
                yield f"Invalid 'environmentFiles' setting: {file.get('value')}"


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_PARAMETERS}#container_definition_network",
    code="ClientException",
)
def awsvpc_network(call: Call, _: Account) -> Iterator[str]:
    """In the awsvpc network mode a container has no host name, extra hosts, name servers or search domains."""
    for item in containers(call) if call.parameters.get("networkMode") == "awsvpc" else []:
        for name in ("hostname", "extraHosts", "dnsServers", "dnsSearchDomains"):
            if item.get(name):
                yield f"{name} is not supported on container '{item.get('name')}' when networkMode=awsvpc."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_API}API_ContainerDependency.html",
    code="ClientException",
)
def dependencies(call: Call, _: Account) -> Iterator[str]:
    """Who waits for a healthy container waits for one with a health check, who waits for its end for one that is not
    essential; nobody waits for himself in a circle.
    """
    named = {item.get("name"): item for item in containers(call)}
    for name, item in named.items():
        for link in item.get("dependsOn", []):
            other = named.get(link.get("containerName"), {})
            if link.get("condition") == "HEALTHY" and not other.get("healthCheck"):
                yield f"Container '{link.get('containerName')}' has no health check for '{name}' to wait for."
            if link.get("condition") in ("COMPLETE", "SUCCESS") and other.get("essential", True):
                yield f"Container '{link.get('containerName')}' is essential, so '{name}' cannot wait for its end."
    waits = {name: {link.get("containerName") for link in item.get("dependsOn", [])} for name, item in named.items()}
    free = {name for name, others in waits.items() if not others}
    while further := {name for name, others in waits.items() if name not in free and others <= free}:
        free |= further
    if set(waits) - free:
        yield "There is a circular dependency between containers."


@rules.add(
    "RegisterTaskDefinition",
    source=f"{_GUIDE}fargate-tasks-services.html#fargate-tasks-size",
    code="ClientException",
)
def windows_size(call: Call, _: Account) -> Iterator[str]:
    """Windows on Fargate has at least one vCPU."""
    system = call.parameters.get("runtimePlatform", {}).get("operatingSystemFamily", "")
    if on_fargate(call) and system.startswith("WINDOWS") and str(call.parameters.get("cpu")) in ("256", "512"):
        yield "Windows containers on Fargate need at least 1024 CPU units."
