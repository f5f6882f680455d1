"""What the findings of a scan mean: which of them stop an image, which pass and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from batchctl.errors import OperatorError

SEVERITIES: Final = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
UNRATED: Final = "MEDIUM"
"""What a finding that its source has not rated (UNDEFINED, UNTRIAGED) counts as; most of them are rated lower later."""

Fix = Literal["published", "none", "not known"]
"""Whether a version without the fault exists. Enhanced scanning says it, basic scanning does not."""
Ruling = Literal["stops", "in grace", "no fix", "exempt", "tolerated"]
"""`stops`: the image must not be deployed; all others pass."""
RULINGS: Final[tuple[Ruling, ...]] = get_args(Ruling)


class Exemption(BaseModel):
    """A finding that somebody answers for, until a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cve: str = Field(pattern=r"^[A-Z]+-[A-Za-z0-9-]+$")
    """Name as ECR gives it: CVE-2026-12345, GHSA-…"""
    reason: str = Field(min_length=20)
    """Why the image is safe all the same; at least a sentence."""
    owner: str = Field(min_length=2)
    expires: date
    """Last day on which the finding is let pass."""
    repository: str | None = None
    """Repository it holds for; not set: every one."""

    def is_about(self, finding: Finding, repository: str) -> bool:
        """Whether it names this finding in this repository, in force or not."""
        return self.cve == finding.name and self.repository in (None, repository)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding of a scan."""

    name: str
    severity: str
    package: str
    fix: Fix = "not known"
    fixed_in: str = ""
    """Version without the fault, where the scan says it."""

    @property
    def rank(self) -> int:
        """Position in SEVERITIES; an unrated finding has that of UNRATED."""
        return SEVERITIES.index(self.severity if self.severity in SEVERITIES else UNRATED)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What stops an image."""

    tolerated: str = "MEDIUM"
    """Highest severity that passes."""
    fixable_only: bool = True
    """Whether a finding for which no fix has been published passes."""
    grace_days: Mapping[str, int] = field(default_factory=dict)
    """Days by severity in which a finding still passes, counted from when the gate first saw it."""
    exemptions: Sequence[Exemption] = ()


@dataclass(frozen=True, kw_only=True)
class RuledFinding:
    """A finding and what it means."""

    finding: Finding
    ruling: Ruling
    why: str
    """For a person: until when, or by whom."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the gate makes of one image."""

    repository: str
    digest: str
    rulings: Sequence[RuledFinding]

    @property
    def image(self) -> str:
        """Repository and digest."""
        return f"{self.repository}@{self.digest}"

    def of(self, ruling: Ruling) -> list[RuledFinding]:
        """The findings with this ruling, the worst first."""
        rulings = [one for one in self.rulings if one.ruling == ruling]
        return sorted(rulings, key=lambda one: (-one.finding.rank, one.finding.name))

    @property
    def passes(self) -> bool:
        """Whether the image may be deployed."""
        return not self.of("stops")


def classify(
    repository: str,
    digest: str,
    findings: Sequence[Finding],
    rules: Rules,
    *,
    first_seen: Mapping[str, date] | None = None,
    today: date | None = None,
) -> Verdict:
    """What `findings` mean under `rules`.

    `first_seen` is the day on which the gate first saw a finding, by its name. Without it nothing is in grace: a grace
    that begins anew with every scan would never end.
    """
    now = today or datetime.now(UTC).date()
    rulings = [_ruling(finding, repository, rules, first_seen, now) for finding in findings]
    return Verdict(repository=repository, digest=digest, rulings=rulings)


def _ruling(
    finding: Finding, repository: str, rules: Rules, first_seen: Mapping[str, date] | None, today: date
) -> RuledFinding:
    def ruled(ruling: Ruling, why: str) -> RuledFinding:
        return RuledFinding(finding=finding, ruling=ruling, why=why)

    if finding.rank <= SEVERITIES.index(rules.tolerated):
        return ruled("tolerated", f"up to {rules.tolerated}")
    about = [exemption for exemption in rules.exemptions if exemption.is_about(finding, repository)]
    if valid := next((exemption for exemption in about if today <= exemption.expires), None):
        return ruled("exempt", f"until {valid.expires} by {valid.owner}: {valid.reason}")
    if rules.fixable_only and finding.fix == "none":
        return ruled("no fix", "nobody has published a fix yet")
    ended = "".join(f"; its exemption ran out on {one.expires} (owner {one.owner})" for one in about)
    days = rules.grace_days.get(SEVERITIES[finding.rank], 0) if first_seen is not None else 0
    since = (first_seen or {}).get(finding.name, today)
    last_day = since + timedelta(days=days)
    if days and today <= last_day:
        return ruled("in grace", f"until {last_day}, first seen on {since}{ended}")
    grace = f"first seen on {since}, its {days} days of grace are over" if days else "above the limit"
    fix = f"fixed in {finding.fixed_in}" if finding.fixed_in else f"fix {finding.fix}"
    return ruled("stops", f"{grace}; {fix}{ended}")


def read_exemptions(path: Path | None) -> list[Exemption]:
    """The exemptions in `path`; none without one. Raises OperatorError naming each entry that cannot be used."""
    if path is None:
        return []
    example = "{cve: CVE-2026-12345, reason: 'the parser is not reached: …', owner: jane, expires: 2026-12-31}"
    try:
        return TypeAdapter(list[Exemption]).validate_python(yaml.safe_load(path.read_text()) or [])
    except FileNotFoundError as error:
        raise OperatorError(f"--exemptions: {path} does not exist.") from error
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is no valid YAML: {error}") from error
    except ValidationError as error:
        lines = [
            f"  entry {'.'.join(map(str, e['loc'])) or '(the list)'} = {e['input']!r}: {e['msg']}"
            for e in error.errors()
        ]
        raise OperatorError("\n".join([f"{path} cannot be used:", *lines, f"  valid: {example}"])) from error


def read_grace_days(text: str) -> dict[str, int]:
    """`CRITICAL=7,HIGH=30` as days by severity; raises OperatorError for anything else."""
    days: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        severity, _, number = part.partition("=")
        if severity not in SEVERITIES or not number.isdecimal():
            raise OperatorError(
                f"--grace-days {text!r}: {part!r} is no severity with days; valid: CRITICAL=7,HIGH=30 "
                f"(severities: {', '.join(SEVERITIES)})."
            )
        days[severity] = int(number)
    return days
