"""What a finding means: the limit, fixes, days of grace, exemptions."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from batchctl.errors import OperatorError
from batchctl.release import scan_report, scan_rules
from batchctl.release.scan_rules import Exemption, Finding, Rules

DAY = date(2026, 11, 20)


def finding(name: str = "CVE-2026-9", severity: str = "HIGH", fix: scan_rules.Fix = "not known") -> Finding:
    return Finding(name=name, severity=severity, package="openssl 3.0", fix=fix)


def exempt(expires: date, repository: str | None = None, cve: str = "CVE-2026-9") -> Exemption:
    reason = "the vulnerable code is never reached"
    return Exemption(cve=cve, reason=reason, owner="jane", expires=expires, repository=repository)


def ruling(one: Finding, rules: Rules, first_seen: date | None = None) -> scan_rules.Ruling:
    """What becomes of one finding; `first_seen` None: there is no history."""
    first_days = None if first_seen is None else {one.name: first_seen}
    verdict = scan_rules.classify("r", "d", [one], rules, first_seen=first_days, today=DAY)
    return verdict.rulings[0].ruling


class TestLimit:
    @pytest.mark.parametrize("severity", scan_rules.SEVERITIES)
    @pytest.mark.parametrize("tolerated", scan_rules.SEVERITIES)
    def test_everything_up_to_the_limit_passes_and_nothing_above(self, severity: str, tolerated: str) -> None:
        above = scan_rules.SEVERITIES.index(severity) > scan_rules.SEVERITIES.index(tolerated)
        expected = "stops" if above else "tolerated"
        assert ruling(finding(severity=severity), Rules(tolerated=tolerated)) == expected

    def test_an_unrated_finding_counts_as_the_documented_severity(self) -> None:
        assert ruling(finding(severity="UNTRIAGED"), Rules(tolerated="LOW")) == "stops"
        assert ruling(finding(severity="UNTRIAGED"), Rules(tolerated=scan_rules.UNRATED)) == "tolerated"


class TestFixes:
    @pytest.mark.parametrize(
        ("fix", "fixable_only", "expected"),
        [
            ("none", True, "no fix"),
            ("none", False, "stops"),
            ("published", True, "stops"),
            ("not known", True, "stops"),
        ],
    )
    def test_what_nobody_can_mend_passes_where_the_scan_says_so(
        self, fix: scan_rules.Fix, fixable_only: bool, expected: str
    ) -> None:
        assert ruling(finding(fix=fix), Rules(fixable_only=fixable_only)) == expected


class TestGrace:
    RULES = Rules(grace_days={"HIGH": 30, "CRITICAL": 7})

    @pytest.mark.parametrize(
        ("severity", "days_ago", "expected"),
        [
            ("HIGH", 0, "in grace"),
            ("HIGH", 30, "in grace"),
            ("HIGH", 31, "stops"),
            ("CRITICAL", 7, "in grace"),
            ("CRITICAL", 8, "stops"),
        ],
    )
    def test_it_is_by_severity_and_ends(self, severity: str, days_ago: int, expected: str) -> None:
        first_seen = DAY - timedelta(days=days_ago)
        assert ruling(finding(severity=severity), self.RULES, first_seen) == expected

    def test_without_a_history_there_is_none(self) -> None:
        assert ruling(finding(), self.RULES) == "stops"

    def test_a_severity_without_days_has_none(self) -> None:
        assert ruling(finding(severity="MEDIUM"), Rules(tolerated="LOW", grace_days={"HIGH": 30}), DAY) == "stops"

    @pytest.mark.parametrize("text", ["HIGH", "HIGH=x", "SEVERE=3", "HIGH=-1"])
    def test_what_is_no_number_of_days_is_refused_with_a_valid_one(self, text: str) -> None:
        with pytest.raises(OperatorError, match="valid: CRITICAL=7,HIGH=30"):
            scan_rules.read_grace_days(text)

    def test_it_is_read_as_the_settings_write_it(self) -> None:
        assert scan_rules.read_grace_days("CRITICAL=7,HIGH=30") == {"CRITICAL": 7, "HIGH": 30}


class TestExemptions:
    @pytest.mark.parametrize(
        ("exemption", "expected"),
        [
            (exempt(DAY), "exempt"),
            (exempt(date(2026, 11, 19)), "stops"),
            (exempt(DAY, repository="r"), "exempt"),
            (exempt(DAY, repository="other"), "stops"),
            (exempt(DAY, cve="CVE-2026-8"), "stops"),
        ],
        ids=["last day", "day after", "this repository", "another repository", "another finding"],
    )
    def test_it_covers_one_finding_until_its_day(self, exemption: Exemption, expected: str) -> None:
        assert ruling(finding(), Rules(exemptions=[exemption])) == expected

    def test_one_that_ran_out_says_so_with_its_owner(self) -> None:
        rules = Rules(exemptions=[exempt(date(2026, 1, 1))])
        verdict = scan_rules.classify("r", "d", [finding()], rules, today=DAY)
        assert "its exemption ran out on 2026-01-01 (owner jane)" in scan_report.describe(verdict, rules)

    def test_one_that_is_used_is_shown_with_its_reason(self) -> None:
        rules = Rules(exemptions=[exempt(DAY)])
        verdict = scan_rules.classify("r", "d", [finding()], rules, today=DAY)
        for text in (scan_report.describe(verdict, rules), scan_report.page("A scan", [verdict], rules)):
            assert "until 2026-11-20 by jane: the vulnerable code is never reached" in text

    @pytest.mark.parametrize("missing", ["reason", "owner", "expires", "cve"])
    def test_an_entry_without_all_four_is_refused(self, tmp_path: Path, missing: str) -> None:
        entry = {"cve": "CVE-2026-9", "reason": "never reached by any job", "owner": "jane", "expires": "2026-12-31"}
        del entry[missing]
        file = tmp_path / "exemptions.yml"
        file.write_text("- " + "\n  ".join(f"{key}: {value}" for key, value in entry.items()))
        with pytest.raises(OperatorError, match=f"entry 0.{missing}"):
            scan_rules.read_exemptions(file)
