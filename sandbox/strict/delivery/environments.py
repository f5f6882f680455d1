"""What CodeBuild demands of the machines that build: sizes, images, caches, logs, files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_BUILD: Final = "https://docs.aws.amazon.com/codebuild/latest/APIReference/"
_GUIDE: Final = "https://docs.aws.amazon.com/codebuild/latest/userguide/"
_PROJECT: Final = ("CreateProject", "UpdateProject")
_GRAPHICS: Final = ("BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_LARGE")

rules = Rules("codebuild")


def _size_faults(environment: Mapping[str, Any]) -> Iterator[str]:
    """A size that the type of the environment does not come in."""
    kind, size = environment.get("type", ""), environment.get("computeType", "")
    if kind and size and ("LAMBDA" in kind) != ("LAMBDA" in size):
        yield f"Compute type {size} is not supported for environment type {kind}"
    if kind == "LINUX_GPU_CONTAINER" and size.startswith("BUILD_GENERAL1") and size not in _GRAPHICS:
        yield f"Compute type {size} is not supported for environment type {kind}"
    if size == "ATTRIBUTE_BASED_COMPUTE" and not environment.get("computeConfiguration"):
        yield "computeConfiguration is required with ATTRIBUTE_BASED_COMPUTE"
    if "LAMBDA" in kind and environment.get("privilegedMode"):
        yield f"Privileged mode is not supported for environment type {kind}"


@rules.add(*_PROJECT, source=f"{_GUIDE}build-env-ref-compute-types.html", code="InvalidInputException")
def compute(call: Call, _: Account) -> Iterator[str]:
    """An environment comes in the sizes of its type: Lambda's in Lambda's, with graphics in small and large."""
    yield from _size_faults(call.parameters.get("environment") or {})


@rules.add("StartBuild", source=f"{_BUILD}API_StartBuild.html", code="InvalidInputException")
def compute_override(call: Call, account: Account) -> Iterator[str]:
    """The size of a single build is one of its environment's type, too."""
    project = account.backend("codebuild").codebuild_projects.get(call.parameters["projectName"])
    environment = dict(project.project_metadata["environment"]) if project is not None else {}
    for member, name in (("environmentTypeOverride", "type"), ("computeTypeOverride", "computeType")):
        environment[name] = call.parameters.get(member, environment.get(name, ""))
    yield from _size_faults(environment)


@rules.add(*_PROJECT, source=f"{_BUILD}API_ProjectEnvironment.html", code="InvalidInputException")
def image_credentials(call: Call, _: Account) -> Iterator[str]:
    """CodeBuild's own images are pulled with its credentials, those of a private registry with the project's role; a
    certificate is an object in S3.
    """
    environment = call.parameters.get("environment") or {}
    by = environment.get("imagePullCredentialsType", "CODEBUILD")
    if environment.get("image", "").startswith("aws/codebuild/") and by != "CODEBUILD":
        yield "CodeBuild curated images must be pulled with the credentials type CODEBUILD"
    if environment.get("registryCredential") and by != "SERVICE_ROLE":
        yield "A registry credential must be used with the credentials type SERVICE_ROLE"
    certificate = environment.get("certificate")
    if certificate and not re.fullmatch(r"(arn:aws[a-z-]*:s3:::)?[a-z0-9.-]{3,63}/.+", certificate):
        yield f"Invalid certificate: {certificate} is no object in S3"


@rules.add(*_PROJECT, source=f"{_BUILD}API_ProjectCache.html", code="InvalidInputException")
def cache(call: Call, _: Account) -> Iterator[str]:
    """A cache in S3 has a location, a local one modes; layers of Docker are kept on privileged Linux only."""
    settings = call.parameters.get("cache") or {}
    environment = call.parameters.get("environment") or {}
    kind, modes = settings.get("type"), settings.get("modes") or []
    if kind == "S3" and not settings.get("location"):
        yield "Invalid cache: location is required for the type S3"
    if kind is not None and (kind == "LOCAL") != bool(modes):
        yield "Invalid cache: modes are required for the type LOCAL, and for no other"
    docker = environment.get("privilegedMode") and environment.get("type", "LINUX").startswith(("LINUX", "ARM"))
    if "LOCAL_DOCKER_LAYER_CACHE" in modes and environment and not docker:
        yield "Invalid cache: LOCAL_DOCKER_LAYER_CACHE needs privileged mode on Linux"


@rules.add(*_PROJECT, source=f"{_BUILD}API_S3LogsConfig.html", code="InvalidInputException")
def build_logs(call: Call, _: Account) -> Iterator[str]:
    """Logs that go to S3 have a place there."""
    logs = (call.parameters.get("logsConfig") or {}).get("s3Logs") or {}
    location = logs.get("location", "")
    if logs.get("status") == "ENABLED" and not re.fullmatch(r"(arn:aws[a-z-]*:s3:::)?[a-z0-9.-]{3,63}(/.*)?", location):
        yield f"Invalid logs config: '{location}' is no location in S3"


@rules.add(*_PROJECT, source=f"{_BUILD}API_CreateProject.html", code="InvalidInputException")
def project_numbers(call: Call, _: Account) -> Iterator[str]:
    """At least one build may run at a time, and none is retried less than never; a key is named by ARN or alias."""
    if call.parameters.get("concurrentBuildLimit", 1) == 0 or call.parameters.get("autoRetryLimit", 0) < 0:
        yield "concurrentBuildLimit must be at least 1 and autoRetryLimit at least 0"
    key = call.parameters.get("encryptionKey")
    if key and not re.fullmatch(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+|alias/.+", key):
        yield f"Invalid encryption key: {key} is neither the ARN of a key nor an alias"


@rules.add(*_PROJECT, source=f"{_GUIDE}sample-efs.html", code="InvalidInputException")
def file_systems(call: Call, _: Account) -> Iterator[str]:
    """A build that mounts a file system is privileged, and in a VPC."""
    mounted = call.parameters.get("fileSystemLocations")
    privileged = (call.parameters.get("environment") or {}).get("privilegedMode")
    if mounted and not (privileged and (call.parameters.get("vpcConfig") or {}).get("vpcId")):
        yield "File systems need a VPC and privileged mode"
