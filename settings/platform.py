"""Sections `platform` and `tags`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from conventions import naming, tagging

from .base import Section
from .jobs import Capacity

CustomerKeyUse = Literal["ephemeral-storage", "state-machines"]
TagValue = Annotated[
    str, StringConstraints(pattern=tagging.VALUE_PATTERN, min_length=1, max_length=tagging.VALUE_LENGTH)
]
"""What every service takes as a tag's value: letters, digits, spaces and `_ . : / = + - @`."""


class Platform(Section):
    """What the whole stack is."""

    environment: str = Field(pattern=rf"^{naming.SUFFIX_PATTERN}$", examples=["dev"])
    """Suffix of every name, unique in the account; by default the stack's name."""
    teardown: bool = Field(default=False, examples=[True])
    """Whether `pulumi destroy` may delete buckets and repositories that still hold something."""
    capacity: Capacity = Field(default="on-demand", examples=["on-demand"])
    """Default capacity of the cluster and of every job."""
    permissions_boundary: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:policy/.+$",
        examples=["arn:aws:iam::123456789012:policy/platform-boundary"],
    )
    """ARN of the permissions boundary of every role that the program makes; a deploying role may then be allowed to
    create roles with it only (`delivery.permissionsBoundary`)."""
    permissions_path: str = Field(
        default="/", pattern=r"^/([A-Za-z0-9+=,.@_-]+/)*$", max_length=512, examples=["/batch/"]
    )
    """IAM path of every role that the program makes, by which an organisation's policies can name them all. Changing it
    replaces the roles.

    Source: docs/aws-facts.md#iam-paths
    """
    customer_keys: tuple[CustomerKeyUse, ...] = Field(default=(), examples=[["ephemeral-storage", "state-machines"]])
    """What is put under the stack's data key although AWS encrypts it by itself: the scratch space of tasks, the
    definitions and histories of the state machines."""
    acknowledge: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(
        default=(), examples=[["data-output"]]
    )
    """Logical names or URNs of resources whose data a change may delete; `batchctl diff` refuses the change without
    them, and refuses a name of which the change deletes nothing. `jobs.<name>.debug` where people may enter the job's
    tasks although the stack keeps its data (`teardown: false`)."""
    log_retention_days: Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
    ] = Field(default=30, examples=[30])
    """Days that every log group keeps its events; a value CloudWatch Logs accepts."""


class Tags(Section):
    """Values of the required tags; what is not set comes from the CI system's environment variables."""

    repository: TagValue | None = Field(default=None, examples=["our-team/batch-platform"])
    """Default: `GITHUB_REPOSITORY`, `CI_PROJECT_PATH` or `BATCH_REPOSITORY`."""
    commit_author: TagValue | None = Field(default=None, examples=["jane"])
    """Default: `BATCH_COMMIT_AUTHOR`, `GITHUB_ACTOR` or `GITLAB_USER_LOGIN`."""
    pr_number: TagValue | None = Field(default=None, examples=["42"])
    """Default: `BATCH_PR_NUMBER`, `CI_MERGE_REQUEST_IID` or the number in `GITHUB_REF`."""
    team: TagValue = Field(default="batch", examples=["market-risk"])
    """Who owns the stack."""
    created_at: TagValue | None = Field(default=None, examples=["2026-11-20T00:00:00Z"])
    """Default: when a resource is first created; it keeps that value."""

    def by_tag(self) -> dict[str, str | None]:
        """The values by tag; None where the CI system is to say."""
        return {
            "Repository": self.repository,
            "CommitAuthor": self.commit_author,
            "PRNumber": self.pr_number,
            "Team": self.team,
            "CreatedAt": self.created_at,
        }
