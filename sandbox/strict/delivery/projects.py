"""What CodeBuild demands of projects: source, artifacts, role, network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.network.vpc import group_of, subnet_of
from sandbox.strict.rules import Rules

_BUILD: Final = "https://docs.aws.amazon.com/codebuild/latest/APIReference/"
_LOCATIONS: Final = {
    "GITHUB": r"https://([^@/]+@)?github\.com/[^/]+/[^/]+|CODEBUILD_DEFAULT_WEBHOOK_SOURCE_LOCATION",
    "BITBUCKET": r"https://([^@/]+@)?bitbucket\.org/[^/]+/[^/]+",
    "CODECOMMIT": r"https://git-codecommit\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/v1/repos/[^/]+",
    "S3": r"(arn:aws[a-z-]*:s3:::)?[a-z0-9.-]{3,63}/.+(\.zip|/)",
}
"""What the location of a source of each type looks like."""
_REPORTING: Final = ("GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")
_MOST_SUBNETS: Final = 16
_MOST_GROUPS: Final = 5

rules = Rules("codebuild")


@rules.add(
    "CreateProject",
    "UpdateProject",
    source=f"{_BUILD}API_ProjectSource.html",
    code="InvalidInputException",
)
def project_source(call: Call, _: Account) -> Iterator[str]:
    """Source and artifacts are both the pipeline's or neither; a source that is elsewhere has its location."""
    source, artifacts = call.parameters.get("source"), call.parameters.get("artifacts")
    if source and artifacts and (source.get("type") == "CODEPIPELINE") != (artifacts.get("type") == "CODEPIPELINE"):
        yield "Invalid artifacts: artifact type CODEPIPELINE should be specified for both source and artifacts"
    if source and source.get("type") == "NO_SOURCE" and not source.get("buildspec"):
        yield "Invalid buildspec: one is required for a project without a source"
    if source and source.get("type") not in ("CODEPIPELINE", "NO_SOURCE") and not source.get("location"):
        yield "Invalid project source: location must be specified"
    if artifacts and artifacts.get("type") == "S3" and not artifacts.get("location"):
        yield "Invalid artifacts: location must be specified"


@rules.add(
    "CreateProject",
    "UpdateProject",
    source=f"{_BUILD}API_CreateProject.html#CodeBuild-CreateProject-request-serviceRole",
    code="InvalidInputException",
)
def project_role(call: Call, account: Account) -> Iterator[str]:
    """A project's role lets CodeBuild assume it."""
    role = call.parameters.get("serviceRole")
    if role and not account.trusts(role if role.startswith("arn:") else f"arn:::::{role}", "codebuild.amazonaws.com"):
        yield f"CodeBuild is not authorized to perform: sts:AssumeRole on service role {role}."


@rules.add("CreateProject", "UpdateProject", source=f"{_BUILD}API_ProjectSource.html", code="InvalidInputException")
def source_location(call: Call, _: Account) -> Iterator[str]:
    """A source is where its type has its sources: GitHub's at `https://github.com/...`, S3's in a bucket."""
    for source in _sources(call):
        pattern = _LOCATIONS.get(source.get("type", ""))
        if pattern and source.get("location") and not re.fullmatch(pattern, source["location"]):
            yield f"Invalid project source: location {source['location']} is not one of the type {source['type']}"


@rules.add("CreateProject", "UpdateProject", source=f"{_BUILD}API_SourceAuth.html", code="InvalidInputException")
def source_credentials(call: Call, _: Account) -> Iterator[str]:
    """A source that is read with a connection or a secret names it."""
    for source in _sources(call):
        auth = source.get("auth") or {}
        if auth.get("type") in ("CODECONNECTIONS", "SECRETS_MANAGER") and not auth.get("resource"):
            yield f"Invalid project source: auth of the type {auth['type']} needs its resource"


@rules.add("CreateProject", "UpdateProject", source=f"{_BUILD}API_ProjectSource.html", code="InvalidInputException")
def source_reports(call: Call, _: Account) -> Iterator[str]:
    """The status of builds is reported to Git's hosts alone, and a badge is of a source that a project fetches."""
    for source in _sources(call):
        if source.get("reportBuildStatus") and source.get("type") not in _REPORTING:
            yield f"Invalid project source: reportBuildStatus is not supported for the type {source.get('type')}"
    kind = (call.parameters.get("source") or {}).get("type")
    if call.parameters.get("badgeEnabled") and kind in ("CODEPIPELINE", "NO_SOURCE", "S3"):
        yield f"Build badges are not supported for source type {kind}"


@rules.add("CreateProject", "UpdateProject", source=f"{_BUILD}API_ProjectSource.html", code="InvalidInputException")
def secondary_parts(call: Call, _: Account) -> Iterator[str]:
    """Each secondary source and artifact has an identifier of its own, of letters, digits and underscores, and is not
    the pipeline's; a secondary version is of a secondary source.
    """
    sources = call.parameters.get("secondarySources") or []
    artifacts = call.parameters.get("secondaryArtifacts") or []
    for listed, member in ((sources, "sourceIdentifier"), (artifacts, "artifactIdentifier")):
        names = [item.get(member, "") for item in listed]
        if len(set(names)) != len(names):
            yield f"{member} must be unique: {names}"
        for item, name in zip(listed, names, strict=True):
            if not re.fullmatch(r"[A-Za-z0-9_]{1,127}", name) or item.get("type") == "CODEPIPELINE":
                yield f"Invalid secondary source or artifact '{name}' of the type {item.get('type')}"
    identifiers = {source.get("sourceIdentifier") for source in sources}
    for version in call.parameters.get("secondarySourceVersions") or []:
        if version["sourceIdentifier"] not in identifiers:
            yield f"secondarySourceVersions: {version['sourceIdentifier']} is no secondary source"


@rules.add("CreateProject", "UpdateProject", source=f"{_BUILD}API_ProjectArtifacts.html", code="InvalidInputException")
def artifact_encryption(call: Call, _: Account) -> Iterator[str]:
    """Only artifacts in S3 are left unencrypted."""
    artifacts = call.parameters.get("artifacts") or {}
    if artifacts.get("encryptionDisabled") and artifacts.get("type") != "S3":
        yield "Invalid artifacts: encryptionDisabled is valid only for the type S3"


def _sources(call: Call) -> list[Mapping[str, Any]]:
    first = call.parameters.get("source")
    return [*([first] if first else []), *(call.parameters.get("secondarySources") or [])]


@rules.add("CreateProject", "UpdateProject", source=f"{_BUILD}API_VpcConfig.html", code="InvalidInputException")
def project_network(call: Call, account: Account) -> Iterator[str]:
    """A project in a VPC has its VPC, subnets and security groups: 1 to 16 and 1 to 5 that exist in that VPC."""
    network = {name: value for name, value in (call.parameters.get("vpcConfig") or {}).items() if value}
    if not network:
        return
    subnets, groups, vpc = network.get("subnets", []), network.get("securityGroupIds", []), network.get("vpcId")
    if not (vpc and subnets and groups):
        yield "Invalid vpc config: vpc id, subnets and security group ids are required together"
    if len(subnets) > _MOST_SUBNETS or len(groups) > _MOST_GROUPS:
        yield f"Invalid vpc config: at most {_MOST_SUBNETS} subnets and {_MOST_GROUPS} security groups"
    if vpc and vpc not in account.backend("ec2").vpcs:
        yield f"Invalid vpc config: VPC {vpc} does not exist"
    for name, item in [(n, subnet_of(account, n)) for n in subnets] + [(n, group_of(account, n)) for n in groups]:
        if item is None or item.vpc_id != vpc:
            yield f"Invalid vpc config: {name} does not exist in VPC {vpc}"
