"""The settings of the tooling stack: where images are built, and the pipeline that deploys the other stacks.

They are read like the platform's own, with the same error messages. The jobs come out of the committed stack files
(`jobs_of`), so that adding a job stays one entry in one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import pulumi
import yaml
from pydantic import BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from conventions import naming
from settings import configuration, parse
from settings.base import Section
from settings.errors import PROJECT, Problem, SettingsError
from settings.jobs import Job
from settings.models import Email, Platform, Registry, Tags
from settings.reading import read_section

Severity = Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
StackName = Annotated[str, StringConstraints(pattern=rf"^{naming.SUFFIX_PATTERN}$")]
AccountId = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    StringConstraints(pattern=r"^\d{12}$"),
]
"""Twelve digits; `pulumi config set` writes them as a number."""
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,255}$")]
ScheduleExpression = Annotated[str, StringConstraints(pattern=r"^(cron|rate)\([A-Za-z0-9 *?,/#-]+\)$", max_length=256)]
"""Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"""
PathPattern = Annotated[str, StringConstraints(min_length=1, max_length=255)]

Sections = TypeVar("Sections", bound=Section)

_PLACEHOLDERS = ("example", "placeholder", "changeme", "your-", "my-org", "owner/repo", "todo")


class Scan(Section):
    """The gate that an image passes before any stack may run it, and how often what runs is looked at again."""

    tolerated: Severity = Field(default="MEDIUM", examples=["MEDIUM"])
    """Highest severity that passes; a finding above it fails the gate unless exempted (docs/operations.md)."""
    fixable_only: bool = Field(default=True, examples=[True])
    """Whether a finding for which no fix has been published passes, since nobody can do anything about it yet."""
    grace_days: Mapping[Severity, Annotated[int, Field(ge=0, le=365)]] = Field(
        default={"HIGH": 30, "CRITICAL": 7}, examples=[{"HIGH": 30, "CRITICAL": 7}]
    )
    """Days by severity in which a finding above the limit still passes, counted from when the gate first saw it."""
    timeout: int = Field(default=900, ge=30, le=3600, examples=[900])
    """Seconds to wait for ECR's findings; a scan that does not end fails the gate."""
    rescan: ScheduleExpression | None = Field(default="cron(0 12 * * ? *)", examples=["cron(0 12 * * ? *)"])
    """When the images that the stacks run are scanned again, in UTC; null: never."""


class GitHub(Section):
    """Roles for GitHub's workflows, which need no stored key. They exist exactly when `repository` is set."""

    repository: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9_.-]+$", examples=["market-risk/batch-platform"]
    )
    """Owner and name at GitHub, in GitHub's own upper and lower case."""
    subject: str | None = Field(
        default=None, pattern=r"^repo:[A-Za-z0-9_.@/-]+$", examples=["repo:market-risk@123456/batch-platform@456789"]
    )
    """How the subject of the repository's tokens begins; not set: `repo:` and the repository. Repositories made or
    renamed after July 2026 have numbers in it (docs/aws-facts.md#subjects-of-github)."""
    environments: Mapping[StackName, EnvironmentName] = Field(default={}, examples=[{"prod": "production"}])
    """GitHub environment by stack, where it is not called like the stack."""
    deploys: bool | None = Field(default=None, examples=[True])
    """Whether the workflows may release and deploy, not only preview; not set: exactly when there is no pipeline."""
    provider: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:oidc-provider/token\.actions\.githubusercontent\.com$",
        examples=["arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"],
    )
    """ARN of the account's OIDC provider for GitHub, of which IAM takes one; not set: the stack makes it."""


class Delivery(Section):
    """How stacks are deployed. The pipeline exists exactly when `repository` is set."""

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
    """Who gets an e-mail when an approval waits or an execution fails; each must confirm the subscription once."""
    scan: Scan = Field(default=Scan(), examples=["{tolerated: MEDIUM}"])
    github: GitHub = Field(default=GitHub(), examples=["{repository: market-risk/batch-platform}"])
    accounts: Mapping[StackName, AccountId] = Field(
        default={}, examples=[{"dev": "111111111111", "prod": "222222222222"}]
    )
    """Account by stack, for stacks outside of this stack's own account; `tooling/account` makes the roles in each."""
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
    artifact_days: int = Field(default=30, ge=8, le=365, examples=[30])
    """Days that artifacts, previews, scan reports and release images are kept; more than the seven that an approval may
    wait (docs/aws-facts.md#approvals)."""

    @model_validator(mode="after")
    def _source_and_order_are_usable(self) -> Self:
        if self.repository and any(word in self.repository.lower() for word in _PLACEHOLDERS):
            raise _refused("repository", "looks like a placeholder", "repository: market-risk/batch-platform")
        if len(set(self.stacks)) < len(self.stacks):
            raise _refused("stacks", "a stack twice", "stacks: [dev, prod]")
        if unknown := sorted(set(self.approve) - set(self.stacks)):
            raise _refused("approve", f"{', '.join(unknown)} is not among stacks", f"approve: [{self.stacks[-1]}]")
        if unknown := sorted(set(self.accounts) - set(self.stacks)):
            example = f'accounts: {{{self.stacks[-1]}: "222222222222"}}'
            raise _refused("accounts", f"{', '.join(unknown)} is not among stacks", example)
        if unknown := sorted(set(self.github.environments) - set(self.stacks)):
            example = f"environments: {{{self.stacks[-1]}: production}}"
            raise _refused(
                "github", f"environments: {', '.join(unknown)} is not among stacks", f"github: {{{example}}}"
            )
        return self

    @property
    def github_deploys(self) -> bool:
        """Whether GitHub's workflows release and deploy."""
        github = self.github
        return bool(github.repository) and (not self.repository if github.deploys is None else github.deploys)


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
    return parse_sections(Tooling, raw, stack=stack, defaults={"platform": {"environment": stack}}, problems=problems)


def parse_sections(
    model: type[Sections],
    raw: Mapping[str, Any],
    *,
    stack: str,
    defaults: Mapping[str, Mapping[str, Any]],
    problems: list[Problem] | None = None,
) -> Sections:
    """`raw` as a `model`, whose fields are sections, over `defaults` by section.

    Raises SettingsError with every problem of every section.
    """
    all_problems = list(problems or [])
    for key in sorted(set(raw) - set(model.model_fields)):
        fix = f"`pulumi config rm {PROJECT}:{key}`, or correct its name"
        example = ", ".join(model.model_fields)
        all_problems.append(Problem(path=key, value=raw[key], reason="no such section", example=example, fix=fix))
    sections: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        section = raw.get(name) or {}
        if isinstance(section, Mapping):
            section = {**defaults.get(name, {}), **section}
        if isinstance(field.annotation, type):
            sections[name] = read_section(field.annotation, section, name, all_problems)
    if all_problems:
        raise SettingsError(stack, all_problems)
    return model.model_construct(**sections)


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
