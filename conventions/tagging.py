"""The tags that every resource carries, and where each value comes from.

A value is taken from the settings, then from the CI system's environment, then from a default, so that each deployment
says from which repository, by whom and for which pull request it was made. They are put on resources by
`components/shared/transformations.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

CREATED_AT: Final = "CreatedAt"
UNSET: Final = "none"

VALUE_PATTERN: Final = r"^[\w\s.:/=+\-@]*$"
"""What every service takes as a tag's value: letters, digits, spaces and `_ . : / = + - @`.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Tag.html
"""
VALUE_LENGTH: Final = 256
_NOT_IN_VALUES: Final = re.compile(r"[^\w\s.:/=+\-@]+")

_CI_VARIABLES: Final[Mapping[str, Sequence[str]]] = {
    "Repository": ("GITHUB_REPOSITORY", "CI_PROJECT_PATH", "BATCH_REPOSITORY"),
    "CommitAuthor": ("BATCH_COMMIT_AUTHOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN"),
    "PRNumber": ("BATCH_PR_NUMBER", "CI_MERGE_REQUEST_IID"),
}
"""In the order in which they are read: GitHub Actions, GitLab, and our own names for every other system."""


def cleaned(value: str) -> str:
    """`value` with what no tag may hold replaced: `dependabot[bot]` becomes `dependabot-bot`."""
    return _NOT_IN_VALUES.sub("-", value).strip("- ")[:VALUE_LENGTH] or UNSET


def required(
    configured: Mapping[str, str | None],
    *,
    environment: str,
    project: str,
    variables: Mapping[str, str],
    now: datetime | None = None,
) -> dict[str, str]:
    """The eight required tags.

    `configured` holds the settings' values (None: not set), `variables` the process environment. `CreatedAt` is a UTC
    time in ISO 8601; a resource keeps the one it was created with (`components/shared/transformations.py`).
    """
    moment = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def value(tag: str) -> str:
        text = configured.get(tag) or next((variables[v] for v in _CI_VARIABLES.get(tag, ()) if variables.get(v)), None)
        if text is None and tag == "PRNumber":
            pull = re.fullmatch(r"refs/pull/(\d+)/.*", variables.get("GITHUB_REF", ""))
            text = pull.group(1) if pull else None
        return cleaned(text) if text else UNSET

    return {
        "Repository": value("Repository"),
        "CommitAuthor": value("CommitAuthor"),
        "PRNumber": value("PRNumber"),
        "Team": value("Team"),
        CREATED_AT: configured.get(CREATED_AT) or moment,
        "Environment": environment,
        "Project": project,
        "ManagedBy": "pulumi",
    }
