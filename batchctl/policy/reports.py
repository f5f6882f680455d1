"""Policy findings in the forms that people and tools read: terminal, JSON, SARIF 2.1.0, JUnit and Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from policy.rules import ALL_RULES, Finding, Level, Rule, Severity, Verdict

SARIF_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PROGRAM: Final = "__main__.py"
"""Where a finding is shown in a code view: findings are about resources, which have no line of their own."""

_SCORE: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.0",
    Severity.LOW: "2.0",
}
"""`security-severity` as code scanning sorts by it."""

FAILING: Final = (Verdict.FAIL, Verdict.CRASH)


def blocks(finding: Finding) -> bool:
    """Whether a finding keeps a stack from being deployed."""
    return finding.level is Level.MANDATORY and finding.verdict in FAILING


def to_terminal(console: Console, findings: Sequence[Finding]) -> None:
    """Prints the findings as a table, the blocking ones first."""
    if not findings:
        console.print(f"{len(ALL_RULES)} rules, no finding", style="green")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("verdict", "level", "rule", "finding"):
        table.add_column(column, overflow="fold", no_wrap=column in ("verdict", "level"))
    for finding in sorted(findings, key=lambda one: (not blocks(one), one.verdict, one.rule, one.urn)):
        style = "red" if blocks(finding) else "yellow" if finding.verdict in FAILING else "dim"
        table.add_row(finding.verdict, finding.level, finding.rule, f"{finding.message} [{finding.id}]", style=style)
    console.print(table, markup=False)


def to_json(findings: Sequence[Finding]) -> str:
    """The findings as one JSON document."""
    document = {"ok": not any(map(blocks, findings)), "findings": [asdict(finding) for finding in findings]}
    return json.dumps(document, indent=2)


def to_sarif(findings: Sequence[Finding], rules: Iterable[Rule] = ALL_RULES) -> str:
    """The findings as a SARIF 2.1.0 log, for code scanning; exempt ones are suppressed results."""
    listed = list(rules)
    index = {rule.name: i for i, rule in enumerate(listed)}
    run = {
        "tool": {"driver": {"name": "batch-platform policy", "rules": [_sarif_rule(rule) for rule in listed]}},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(finding, index) for finding in findings],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.description},
        "help": {"text": rule.fix},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": "error" if rule.level is Level.MANDATORY else "warning"},
        "properties": {"tags": [*rule.tags, *rule.frameworks], "security-severity": _SCORE[rule.severity]},
    }


def _sarif_result(finding: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    undecided = finding.verdict is Verdict.UNDECIDED
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "kind": "review" if undecided else "fail",
        # SARIF: a result that is not a failure has the level none
        "level": "none" if undecided else "error" if finding.level is Level.MANDATORY else "warning",
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _PROGRAM}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": finding.urn, "name": finding.resource, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"findingId/v1": finding.id},
    }
    if finding.verdict is Verdict.EXEMPT:
        result["suppressions"] = [{"kind": "external", "justification": finding.message}]
    return result


def to_junit(findings: Sequence[Finding], rules: Iterable[Rule] = ALL_RULES) -> str:
    """The findings as JUnit XML: a test case a rule, failing, skipped (undecided or exempt only) or passing."""
    listed = list(rules)
    by_rule = {rule.name: [finding for finding in findings if finding.rule == rule.name] for rule in listed}
    failing = {name: [f for f in of_rule if f.verdict in FAILING] for name, of_rule in by_rule.items()}
    suite = ElementTree.Element(
        "testsuite",
        name="policy",
        tests=str(len(listed)),
        failures=str(sum(map(bool, failing.values()))),
        errors="0",
        skipped=str(sum(bool(by_rule[name]) and not failing[name] for name in by_rule)),
    )
    for rule in listed:
        case = ElementTree.SubElement(suite, "testcase", classname=f"policy.{rule.tags[0]}", name=rule.name)
        if failing[rule.name]:
            failure = ElementTree.SubElement(case, "failure", type=rule.level, message=rule.description)
            failure.text = "\n".join(_printable(f"{f.message} [{f.id}]") for f in failing[rule.name])
        elif by_rule[rule.name]:
            reason = "; ".join(f"{f.verdict}: {f.message}" for f in by_rule[rule.name])
            ElementTree.SubElement(case, "skipped", message=_printable(reason))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _printable(text: str) -> str:
    """`text` without the control characters that XML 1.0 cannot hold."""
    return "".join(character for character in text if character >= " " or character in "\n\t")


def to_markdown(findings: Sequence[Finding]) -> str:
    """The findings as a Markdown table for a pull request."""
    failing = [finding for finding in findings if finding.verdict in FAILING]
    others = len(findings) - len(failing)
    lines = [f"{sum(map(blocks, findings))} blocking, {len(failing)} in all, {others} undecided or exempt", ""]
    if failing:
        lines += ["| | rule | resource | finding |", "|---|---|---|---|"]
    for finding in sorted(failing, key=lambda one: (not blocks(one), one.rule, one.urn)):
        mark = "**blocks**" if blocks(finding) else "advice"
        cells = (mark, f"`{finding.rule}`", f"`{finding.resource}`", f"{finding.message} `{finding.id}`")
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


TEXTS: Final[Mapping[str, Callable[[Sequence[Finding]], str]]] = {
    "json": to_json,
    "sarif": to_sarif,
    "junit": to_junit,
    "markdown": to_markdown,
}
"""Reports that are one text, by the name under which the command line offers them."""
