"""Exemptions hold for what they name, for a reason and for a time, and are findings themselves when they do not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from policy.rules import Finding, Graph, Resource, Verdict, evaluate, kinds
from policy.rules.configuration import ConfigurationError, committed

TODAY = date(2026, 11, 21)
GROUP = Resource(urn="urn:pulumi:dev::p::g::logs", type=kinds.LOG_GROUP, name="logs", props={"name": "logs-dev"})
GRAPH = Graph([GROUP], project="p", stack="dev", outputs={"g": "logs-dev"})
GOOD = {"name": "logs", "reason": "kept for the auditors by contract", "owner": "sre", "expires": "2027-01-31"}


def findings_with(**changes: Any) -> dict[tuple[str, Verdict], list[Finding]]:
    config = {"log-groups-use-cmk": {"exemptions": [{**GOOD, **changes}]}}
    result: dict[tuple[str, Verdict], list[Finding]] = {}
    for finding in evaluate(GRAPH, config, today=TODAY):
        result.setdefault((finding.rule, finding.verdict), []).append(finding)
    return result


def test_a_valid_one_exempts_and_says_why() -> None:
    result = findings_with()
    (exempt,) = result["log-groups-use-cmk", Verdict.EXEMPT]
    assert "kept for the auditors by contract (sre, until 2027-01-31)" in exempt.message
    assert ("log-groups-use-cmk", Verdict.FAIL) not in result
    assert ("exemptions-are-current", Verdict.FAIL) not in result


def test_one_finding_by_its_id() -> None:
    (failed,) = (f for f in evaluate(GRAPH, {}, today=TODAY) if f.rule == "log-groups-use-cmk")
    assert ("log-groups-use-cmk", Verdict.EXEMPT) in findings_with(name="*", finding=failed.id)
    assert ("log-groups-use-cmk", Verdict.FAIL) in findings_with(finding="00000000")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"expires": (TODAY - timedelta(days=1)).isoformat()}, "it expired on 2026-11-20"),
        ({"expires": "soon"}, "its expiry 'soon' is no date"),
        ({"expires": "2028-01-31"}, "more than a year ahead"),
        ({"owner": " "}, "it has no owner"),
        ({"reason": "later"}, "its reason has fewer than 20 characters"),
        ({"name": "*"}, "it is too broad"),
    ],
)
def test_a_faulty_one_exempts_nothing_and_is_a_finding(changes: dict[str, str], fault: str) -> None:
    result = findings_with(**changes)
    assert ("log-groups-use-cmk", Verdict.FAIL) in result
    assert any(fault in f.message for f in result["exemptions-are-current", Verdict.FAIL])


def test_the_last_day_counts() -> None:
    assert ("log-groups-use-cmk", Verdict.EXEMPT) in findings_with(expires=TODAY.isoformat())


def test_an_unused_one_is_a_finding() -> None:
    (fault,) = findings_with(name="other")["exemptions-are-current", Verdict.FAIL]
    assert "it matches no finding any more" in fault.message


def test_the_committed_configuration_can_be_read() -> None:
    assert isinstance(committed(), dict)


@pytest.mark.parametrize("text", ["", "[]", '{"rule": 1}'])
def test_a_configuration_that_cannot_be_used_says_what_to_mend(tmp_path: Any, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"config\.json"):
        committed(path)
