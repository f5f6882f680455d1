"""Exemptions: which findings a team accepts, and the two rules that check the pack itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Final

from .graph import Resource
from .rule import Finding, Level, Problem, Severity, Verdict, View, rule
from .settings import Exemption

SHORTEST_REASON: Final = 20
LONGEST_DAYS: Final = 366
_HELP: Final = "https://www.pulumi.com/docs/insights/policy/policy-packs/configuration/"


def is_valid(exemption: Exemption, today: date) -> bool:
    """Whether an exemption has everything it needs and has not expired."""
    return not any(_faults(exemption, today))


def matches(exemption: Exemption, finding: Finding) -> bool:
    """Whether the exemption means this finding."""
    return (
        exemption.rule == finding.rule
        and fnmatchcase(finding.resource, exemption.name)
        and exemption.finding in ("", finding.id)
    )


def exempted(findings: Iterable[Finding], exemptions: Sequence[Exemption], today: date) -> Iterator[Finding]:
    """The findings, with the failed ones that a valid exemption means turned into exempt ones."""
    valid = [exemption for exemption in exemptions if is_valid(exemption, today)]
    for finding in findings:
        reason = next((f"{e.reason} ({e.owner}, until {e.expires})" for e in valid if matches(e, finding)), None)
        if reason is not None and finding.verdict is Verdict.FAIL:
            yield replace(finding, verdict=Verdict.EXEMPT, message=f"{finding.message} [exempt: {reason}]")
        else:
            yield finding


def _faults(exemption: Exemption, today: date) -> Iterator[str]:
    if len(exemption.reason.strip()) < SHORTEST_REASON:
        yield f"its reason has fewer than {SHORTEST_REASON} characters"
    if len(exemption.owner.strip()) < 2:
        yield "it has no owner"
    if exemption.last_day is None:
        yield f"its expiry {exemption.expires!r} is no date such as 2027-01-31"
    elif exemption.last_day < today:
        yield f"it expired on {exemption.expires}"
    elif exemption.last_day > today + timedelta(days=LONGEST_DAYS):
        yield f"it runs until {exemption.expires}, more than a year ahead"
    if not exemption.finding and not exemption.name.strip("*?"):
        yield "it is too broad: name the resource or the finding's id"


@rule(
    "exemptions-are-current",
    severity=Severity.MEDIUM,
    fix="Mend the exemption in policy/config.json, or remove it",
    url=_HELP,
    tags=("pack",),
    last=True,
)
def exemptions_are_current(stack: Resource, view: View) -> Iterator[Problem]:
    """Each exemption has a reason, an owner and a last day, means few resources, and still matches a finding."""
    for exemption in view.exemptions:
        label = f"exemption of {exemption.rule} for {exemption.finding or exemption.name}"
        faults = list(_faults(exemption, view.today))
        if not any(matches(exemption, finding) for finding in view.findings):
            faults.append("it matches no finding any more")
        for fault in faults:
            yield Problem(message=f"{label}: {fault}", property=f"{exemption.rule}.exemptions")


@rule(
    "undecided-rules-reported",
    level=Level.ADVISORY,
    severity=Severity.LOW,
    fix="Leave it, if some values are not known yet: `batchctl preview` decides these rules with every value resolved",
    url="https://www.pulumi.com/docs/insights/policy/policy-packs/authoring/",
    tags=("pack",),
    last=True,
)
def undecided_rules_reported(stack: Resource, view: View) -> Iterator[Problem]:
    """Lists the rules that could not decide because a value is not known yet, with resource and property."""
    undecided: dict[str, set[str]] = {}
    for finding in view.findings:
        if finding.verdict is Verdict.UNDECIDED:
            undecided.setdefault(finding.rule, set()).add(f"{finding.resource}.{finding.property}")
    for name, paths in sorted(undecided.items()):
        yield Problem(message=f"{name} is undecided: {', '.join(sorted(paths))} not known yet", property=name)
