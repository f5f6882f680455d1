"""Reports are valid in their formats, say what blocks, and never lose a finding."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
from rich.console import Console

from batchctl.policy import reports
from batchctl.policy.mutants.matrix import base
from policy.rules import ALL_RULES, Finding, Level, Severity, Verdict, evaluate

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0-subset.schema.json").read_text(encoding="utf-8"))

FAILING = Finding(
    rule="required-tags",
    verdict=Verdict.FAIL,
    level=Level.MANDATORY,
    severity=Severity.MEDIUM,
    urn="urn:pulumi:dev::p::t::bucket",
    resource="bucket",
    property="tags",
    message="Bucket bucket: lacks | <tags> & more\nin two lines",
    id="0a1b2c3d",
)
ADVICE = replace(FAILING, rule="task-hardening", level=Level.ADVISORY, id="11111111")
UNDECIDED = replace(FAILING, rule="iam-policy-version", verdict=Verdict.UNDECIDED, id="22222222")
EXEMPT = replace(FAILING, rule="bucket-tls-only", verdict=Verdict.EXEMPT, id="33333333")
CRASH = replace(FAILING, rule="name-fits-service", verdict=Verdict.CRASH, id="44444444")
ALL = [FAILING, ADVICE, UNDECIDED, EXEMPT, CRASH]


def sarif(findings: list[Finding]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(reports.to_sarif(findings))
    jsonschema.validate(result, SCHEMA)
    return result


def test_only_mandatory_failures_and_crashes_block() -> None:
    assert [finding.rule for finding in ALL if reports.blocks(finding)] == ["required-tags", "name-fits-service"]


def test_sarif_is_valid_and_refers_to_its_rules() -> None:
    (run,) = sarif(ALL)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.name for rule in ALL_RULES]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    levels = {result["ruleId"]: (result["kind"], result["level"]) for result in run["results"]}
    assert levels["required-tags"] == ("fail", "error")
    assert levels["task-hardening"] == ("fail", "warning")
    assert levels["iam-policy-version"] == ("review", "none")
    suppressed = [result["ruleId"] for result in run["results"] if "suppressions" in result]
    assert suppressed == ["bucket-tls-only"]


def test_sarif_of_a_real_evaluation_is_valid() -> None:
    result = evaluate(base("dev", "unknown"))
    assert len(sarif(result)["runs"][0]["results"]) == len(result) > 0


def test_sarif_without_findings_is_valid() -> None:
    assert sarif([])["runs"][0]["results"] == []


def test_junit_counts_what_it_holds() -> None:
    suite = ElementTree.fromstring(reports.to_junit(ALL))
    assert suite.attrib["tests"] == str(len(suite.findall("testcase"))) == str(len(ALL_RULES))
    assert suite.attrib["failures"] == str(len(suite.findall("testcase/failure"))) == "3"
    assert suite.attrib["skipped"] == str(len(suite.findall("testcase/skipped"))) == "2"
    (failure,) = suite.findall("testcase[@name='required-tags']/failure")
    assert failure.text is not None
    assert "lacks | <tags> & more" in failure.text
    assert "0a1b2c3d" in failure.text


def test_junit_survives_control_characters() -> None:
    ElementTree.fromstring(reports.to_junit([replace(FAILING, message="nul \x00 and bell \x07")]))


def test_json_holds_every_finding() -> None:
    result = json.loads(reports.to_json(ALL))
    assert result["ok"] is False
    assert [finding["id"] for finding in result["findings"]] == [finding.id for finding in ALL]
    assert json.loads(reports.to_json([ADVICE, UNDECIDED, EXEMPT]))["ok"] is True


def test_markdown_is_one_row_a_failure_blocking_first() -> None:
    lines = reports.to_markdown(ALL).splitlines()
    assert lines[0] == "2 blocking, 3 in all, 2 undecided or exempt"
    rows = [line for line in lines if line.startswith("| **") or line.startswith("| advice")]
    assert len(rows) == 3
    assert rows[-1].startswith("| advice")
    assert "lacks \\| <tags> & more in two lines" in rows[1]


def _on_terminal(findings: list[Finding]) -> str:
    out = StringIO()
    reports.to_terminal(Console(file=out, width=300), findings)
    return out.getvalue()


def test_the_terminal_names_every_finding() -> None:
    printed = _on_terminal(ALL)
    assert [finding.id for finding in ALL if f"[{finding.id}]" not in printed] == []


def test_the_terminal_says_that_there_is_no_finding() -> None:
    assert "no finding" in _on_terminal([])
