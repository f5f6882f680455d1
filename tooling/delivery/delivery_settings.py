"""The settings of the tooling stack: where images are built, and the pipeline that deploys the other stacks.

They are read like the platform's own, with the same error messages. The jobs come out of the committed stack files
(`jobs_of`), so that adding a job stays one entry in one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pulumi
import yaml
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from conventions import naming
from settings import configuration, parse
from settings.base import Section
from settings.errors import PROJECT, Problem, SettingsError
from settings.jobs import Job
from settings.models import Email
from settings.platform import Platform, Tags
from settings.reading import read_section
from settings.storage import Registry

Severity = Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
StackName = Annotated[str, StringConstraints(pattern=rf"^{naming.SUFFIX_PATTERN}$")]
PathPattern = Annotated[str, StringConstraints(min_length=1, max_length=255)]

_PLACEHOLDERS = ("example", "placeholder", "changeme", "your-", "my-org", "owner/repo", "todo")


class Scan(Section):
    """The gate that an image passes before any stack may run it."""

    tolerated: Severity = Field(default="MEDIUM", examples=["MEDIUM"])
    """Highest severity that passes; a finding above it fails the gate unless exempted (docs/operations.md)."""
    timeout: int = Field(default=900, ge=30, le=3600, examples=[900])
    """Seconds to wait for ECR's findings; a scan that does not end fails the gate."""


class Delivery(Section):
    """The pipeline. It exists exactly when `repository` is set."""

    repository: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$",
        examples=["market-risk/batch-platform"],
    )
    """Owner and name at the provider: the source the pipeline deploys."""
    branch: str = Field(default="main", pattern=r"^[A-Za-z0-9_./-]{1,100}$", examples=["main"])
    ignored_paths: tuple[PathPattern, ...] = Field(
        default=("docs/**", "README.md", "CHANGELOG.md"), max_length=8, examples=[["docs/**"]]
    )
    """Glob patterns; a push that changes nothing else starts no execution. CodePipeline takes at most eight."""
    connection: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:code(star-)?connections:[a-z0-9-]+:\d{12}:connection/[A-Za-z0-9-]+$",
        examples=["arn:aws:codeconnections:us-east-1:123456789012:connection/6f5b2f1e-0d3a-4c5e-9a53-2f1f6c1b7a10"],
    )
    """ARN of an existing connection; not set: the stack makes one, which a person completes once in the console."""
    provider: Literal["GitHub", "GitLab", "Bitbucket"] = Field(default="GitHub", examples=["GitHub"])
    """Where `repository` is, when the stack makes the connection."""
    stacks: tuple[StackName, ...] = Field(
        default=("dev", "prod"), min_length=1, max_length=8, examples=[["dev", "prod"]]
    )
    """Stacks to deploy, one after the other."""
    approve: tuple[StackName, ...] = Field(default=("prod",), examples=[["prod"]])
    """Stacks that wait for a person before `pulumi up`."""
    approvers: tuple[Email, ...] = Field(default=(), examples=[["batch-leads@example.com"]])
    """Told by e-mail that an approval waits; each must confirm the subscription once."""
    scan: Scan = Field(default=Scan(), examples=["{tolerated: MEDIUM}"])
    permissions_boundary: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:policy/.+$",
        examples=["arn:aws:iam::123456789012:policy/delivery-boundary"],
    )
    """ARN of the permissions boundary of every role the pipeline uses."""
    state_bucket: str | None = Field(
        default=None, pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", examples=["pulumi-state-123456789012-us-east-1"]
    )
    """Bucket of Pulumi's state; not set: the one that `tooling/scripts/bootstrap_state.py` makes."""
    state_key_alias: str = Field(
        default="alias/pulumi-state", pattern=r"^alias/[A-Za-z0-9/_-]+$", examples=["alias/pulumi-state"]
    )
    """Alias of the KMS key of the state and its secrets."""
    build_minutes: int = Field(default=60, ge=5, le=480, examples=[60])
    """Minutes after which a build step is stopped."""
    artifact_days: int = Field(default=30, ge=1, le=365, examples=[30])
    """Days that artifacts and previews are kept; at least the seven that an approval may wait."""

    @model_validator(mode="after")
    def _source_and_order_are_usable(self) -> Self:
        if self.repository and any(word in self.repository.lower() for word in _PLACEHOLDERS):
            raise _refused("repository", "looks like a placeholder", "repository: market-risk/batch-platform")
        if len(set(self.stacks)) < len(self.stacks):
            raise _refused("stacks", "a stack twice", "stacks: [dev, prod]")
        if unknown := sorted(set(self.approve) - set(self.stacks)):
            raise _refused("approve", f"{', '.join(unknown)} is not among stacks", f"approve: [{self.stacks[-1]}]")
        return self


class Tooling(Section):
    """Everything the tooling stack's file may say."""

    platform: Platform
    tags: Tags = Tags()
    registry: Registry = Registry()
    delivery: Delivery = Delivery()


def load() -> tuple[Tooling, str]:
    """The tooling stack's settings and region; raises SettingsError with every problem."""
    raw, region, problems = configuration()
    return parse_tooling(raw, stack=pulumi.get_stack(), problems=problems), region


def parse_tooling(raw: Mapping[str, Any], *, stack: str, problems: list[Problem] | None = None) -> Tooling:
    """Settings out of the tooling stack's sections; raises SettingsError with every problem of every section."""
    all_problems = list(problems or [])
    for key in sorted(set(raw) - set(Tooling.model_fields)):
        fix = f"`pulumi config rm {PROJECT}:{key}`, or correct its name"
        all_problems.append(
            Problem(
                path=key, value=raw[key], reason="no such section", example=", ".join(Tooling.model_fields), fix=fix
            )
        )
    sections: dict[str, Any] = {}
    for name, field in Tooling.model_fields.items():
        section = raw.get(name) or {}
        if name == "platform" and isinstance(section, Mapping):
            section = {"environment": stack, **section}
        if isinstance(field.annotation, type):
            sections[name] = read_section(field.annotation, section, name, all_problems)
    if all_problems:
        raise SettingsError(stack, all_problems)
    return Tooling.model_construct(**sections)


def jobs_of(stacks: tuple[str, ...], folder: Path) -> dict[str, Job]:
    """Every job of the committed stack files of `stacks` in `folder`; the earlier stack wins.

    Raises SettingsError for a stack without a file, and for a file whose settings cannot be used.
    """
    jobs: dict[str, Job] = {}
    for stack in reversed(stacks):
        file = folder / f"Pulumi.{stack}.yaml"
        if not file.exists():
            problem = Problem(
                path="delivery.stacks",
                value=stack,
                reason=f"there is no {file.name}",
                example="stacks: [dev, prod]",
                fix=f"commit {file.name}, or take {stack} out of delivery.stacks and delivery.approve",
            )
            raise SettingsError("tooling", [problem])
        config = (yaml.safe_load(file.read_text()) or {}).get("config") or {}
        prefix = f"{PROJECT}:"
        raw = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
        jobs |= parse(raw, stack=stack).jobs
    return jobs


def _refused(field: str, reason: str, example: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{reason}", {"field": field, "reason": reason, "example": example})
