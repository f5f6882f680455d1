"""The scan gate, by running its buildspec against an emulated ECR, and its judgement by itself."""

from __future__ import annotations

import threading
import time
from datetime import date
from pathlib import Path

import pytest

from batchctl.errors import OperatorError
from batchctl.release import scan_gate
from tests.tooling import codebuild
from tests.tooling.conftest import COMMIT, ROOT, Account, push_image, write_release

JOB = "data-ingestion"
REPOSITORY = f"repository-{JOB}-tooling"
SPEC = ROOT / "tooling" / "buildspecs" / "scan.yml"


@pytest.fixture
def image(account: Account) -> str:
    """Digest of an image that no scan has looked at yet."""
    return push_image(account, REPOSITORY, f"release-{COMMIT}")


def scan(account: Account, digest: str, severities: dict[str, str], status: str = "COMPLETE") -> None:
    """What AWS does by itself after a push: a scan that ends with these findings."""
    account.findings(REPOSITORY, digest, severities, status)
    account.client("ecr").start_image_scan(repositoryName=REPOSITORY, imageId={"imageDigest": digest})


def build(
    account: Account, tmp_path: Path, digest: str, *, tolerated: str = "MEDIUM", timeout: str = "30"
) -> codebuild.Build:
    """The pipeline's scan step for a release of one image."""
    write_release(tmp_path, {JOB: digest})
    variables = {
        **account.variables,
        "CODEBUILD_SRC_DIR_release": str(tmp_path),
        "SCAN_TOLERATED": tolerated,
        "SCAN_TIMEOUT": timeout,
    }
    return codebuild.run(SPEC, cwd=ROOT, variables=variables, scratch=tmp_path, skip=("tooling/scripts/setup.py",))


class TestBuildspec:
    def test_findings_below_the_limit_pass(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {"CVE-2026-1": "MEDIUM", "CVE-2026-2": "LOW", "CVE-2026-3": "UNDEFINED"})
        done = build(account, tmp_path, image)
        assert done.exit_code == 0, done.log
        assert f"pass  {REPOSITORY}@{image}: 3 findings, MEDIUM tolerated" in done.log

    def test_a_finding_above_the_limit_fails_and_is_named(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {"CVE-2026-1": "LOW", "CVE-2026-9": "HIGH"})
        done = build(account, tmp_path, image)
        assert done.exit_code == 1, done.log
        assert "above the limit: CVE-2026-9 HIGH" in done.log
        assert "CVE-2026-1" not in done.log

    def test_the_limit_is_a_setting(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {"CVE-2026-9": "HIGH"})
        assert build(account, tmp_path, image, tolerated="HIGH").exit_code == 0

    def test_findings_that_come_late_are_waited_for(self, account: Account, image: str, tmp_path: Path) -> None:
        delay = 4.0
        threading.Timer(delay, scan, (account, image, {"CVE-2026-9": "CRITICAL"})).start()
        began = time.monotonic()
        done = build(account, tmp_path, image, timeout="60")
        assert time.monotonic() - began > delay
        assert done.exit_code == 1, done.log

    def test_findings_that_never_come_fail_with_their_own_code(
        self, account: Account, image: str, tmp_path: Path
    ) -> None:
        done = build(account, tmp_path, image, timeout="2")
        assert done.exit_code == scan_gate.NOT_SCANNED, done.log
        assert "no findings within 2 s" in done.log
        assert "start-image-scan" in done.log

    def test_an_image_ecr_cannot_scan_does_not_pass(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {}, status="UNSUPPORTED_IMAGE")
        done = build(account, tmp_path, image)
        assert done.exit_code == scan_gate.NOT_SCANNED, done.log
        assert "UNSUPPORTED_IMAGE" in done.log

    def test_an_image_that_is_not_there_is_a_mistake(self, account: Account, image: str, tmp_path: Path) -> None:
        done = build(account, tmp_path, "sha256:" + "0" * 64)
        assert done.exit_code == 2, done.log


def finding(name: str = "CVE-2026-9", severity: str = "HIGH") -> scan_gate.Finding:
    return scan_gate.Finding(name=name, severity=severity, package="openssl 3.0")


def exempt(expires: date, repository: str | None = None, cve: str = "CVE-2026-9") -> scan_gate.Exemption:
    reason = "the vulnerable code is never reached"
    return scan_gate.Exemption(cve=cve, reason=reason, owner="jane", expires=expires, repository=repository)


class TestExemptions:
    DAY = date(2026, 11, 20)

    @pytest.mark.parametrize(
        ("exemption", "passes"),
        [
            (exempt(DAY), True),
            (exempt(date(2026, 11, 19)), False),
            (exempt(DAY, repository="r"), True),
            (exempt(DAY, repository="other"), False),
            (exempt(DAY, cve="CVE-2026-8"), False),
        ],
        ids=["last day", "day after", "this repository", "another repository", "another finding"],
    )
    def test_it_covers_one_finding_until_its_day(self, exemption: scan_gate.Exemption, passes: bool) -> None:
        verdict = scan_gate.judge("r", "d", [finding()], tolerated="MEDIUM", exemptions=[exemption], today=self.DAY)
        assert (not verdict.above) is passes

    def test_one_that_ran_out_says_so(self) -> None:
        verdict = scan_gate.judge(
            "r", "d", [finding()], tolerated="MEDIUM", exemptions=[exempt(date(2026, 1, 1))], today=self.DAY
        )
        assert "exemption of CVE-2026-9 ran out on 2026-01-01 (owner jane)" in scan_gate.describe(verdict, "MEDIUM")

    def test_one_that_is_used_is_shown_with_its_reason(self) -> None:
        verdict = scan_gate.judge("r", "d", [finding()], tolerated="LOW", exemptions=[exempt(self.DAY)], today=self.DAY)
        assert "the vulnerable code is never reached" in scan_gate.describe(verdict, "LOW")

    @pytest.mark.parametrize("missing", ["reason", "owner", "expires", "cve"])
    def test_an_entry_without_all_four_is_refused(self, tmp_path: Path, missing: str) -> None:
        entry = {"cve": "CVE-2026-9", "reason": "never reached by any job", "owner": "jane", "expires": "2026-12-31"}
        del entry[missing]
        file = tmp_path / "exemptions.yml"
        file.write_text("- " + "\n  ".join(f"{key}: {value}" for key, value in entry.items()))
        with pytest.raises(OperatorError, match=f"entry 0.{missing}"):
            scan_gate.read_exemptions(file)

    def test_the_committed_list_can_be_read(self) -> None:
        assert scan_gate.read_exemptions(ROOT / "tooling" / "buildspecs" / "scan-exemptions.yml") == []


class TestJudgement:
    @pytest.mark.parametrize("severity", scan_gate.SEVERITIES)
    @pytest.mark.parametrize("tolerated", scan_gate.SEVERITIES)
    def test_everything_up_to_the_limit_passes_and_nothing_above(self, severity: str, tolerated: str) -> None:
        verdict = scan_gate.judge("r", "d", [finding(severity=severity)], tolerated=tolerated)
        above = scan_gate.SEVERITIES.index(severity) > scan_gate.SEVERITIES.index(tolerated)
        assert bool(verdict.above) is above

    def test_an_unrated_finding_counts_as_the_documented_severity(self) -> None:
        assert scan_gate.judge("r", "d", [finding(severity="UNTRIAGED")], tolerated="LOW").above
        assert not scan_gate.judge("r", "d", [finding(severity="UNTRIAGED")], tolerated=scan_gate.UNRATED).above

    def test_inspectors_findings_are_read_too(self) -> None:
        item = {
            "severity": "CRITICAL",
            "packageVulnerabilityDetails": {
                "vulnerabilityId": "CVE-2026-7",
                "vulnerablePackages": [{"name": "zlib", "version": "1.3"}],
            },
        }
        assert scan_gate._enhanced(item) == scan_gate.Finding(
            name="CVE-2026-7", severity="CRITICAL", package="zlib 1.3"
        )
