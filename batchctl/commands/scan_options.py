"""Options of the commands that hold an image against the findings of its scan.

The delivery's steps give them as variables, which CodeBuild and GitHub have from the same settings.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from batchctl.release.scan_rules import Rules


class Severity(StrEnum):
    """Severities of ECR's findings, the lowest first."""

    INFORMATIONAL = "INFORMATIONAL"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


Tolerated = Annotated[
    Severity,
    typer.Option(
        "--tolerated", case_sensitive=False, envvar="SCAN_TOLERATED", help="Highest severity of a finding that passes."
    ),
]
FixableOnly = Annotated[
    bool,
    typer.Option(
        "--fixable-only/--unfixable-too",
        envvar="SCAN_FIXABLE_ONLY",
        help="Whether a finding passes for which no fix has been published (enhanced scanning knows).",
    ),
]
GraceDays = Annotated[
    str,
    typer.Option(
        "--grace-days",
        envvar="SCAN_GRACE_DAYS",
        help="Days in which a finding still passes, by severity: CRITICAL=7,HIGH=30. Needs --history.",
    ),
]
Timeout = Annotated[
    int, typer.Option("--timeout", envvar="SCAN_TIMEOUT", help="Seconds to wait for the scan of an image.", min=1)
]
Exemptions = Annotated[
    Path | None, typer.Option("--exemptions", help="YAML list of accepted findings: cve, reason, owner, expires.")
]
History = Annotated[
    str | None,
    typer.Option(
        "--history",
        help="File with the day on which each finding was first seen: a path or s3://bucket/key. Without it: no grace.",
    ),
]
Reports = Annotated[
    list[str] | None,
    typer.Option("--report", help="Where to write the verdicts as a page: a path or s3://bucket/key. Repeatable."),
]


def gate_rules(tolerated: Severity, fixable_only: bool, grace_days: str, exemptions: Path | None) -> Rules:
    """The rules that the options give; raises OperatorError for values that cannot be used."""
    from batchctl.release import scan_rules

    return scan_rules.Rules(
        tolerated=tolerated.value,
        fixable_only=fixable_only,
        grace_days=scan_rules.read_grace_days(grace_days),
        exemptions=scan_rules.read_exemptions(exemptions),
    )
