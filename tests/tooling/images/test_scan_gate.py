"""The scan gate, by running its buildspecs against an emulated ECR: a release before it is deployed, and what runs."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batchctl import errors
from batchctl.release import scan_gate, scan_rules
from tests.tooling import codebuild
from tests.tooling.conftest import COMMIT, JOBS, ROOT, Account, push_image, write_release

JOB = "data-ingestion"
REPOSITORY = f"repository-{JOB}-tooling"
BUILDSPECS = ROOT / "tooling" / "buildspecs"
REPORTS = "bucket-reports-123456789012-tooling"


@pytest.fixture
def image(account: Account) -> str:
    """Digest of an image that no scan has looked at yet; and the bucket of the reports."""
    account.client("s3").create_bucket(Bucket=REPORTS)
    return push_image(account, REPOSITORY, f"release-{COMMIT}")


def scan(
    account: Account, digest: str, severities: dict[str, str], status: str = "COMPLETE", repository: str = REPOSITORY
) -> None:
    """What AWS does by itself after a push: a scan that ends with these findings."""
    account.findings(repository, digest, severities, status)
    account.client("ecr").start_image_scan(repositoryName=repository, imageId={"imageDigest": digest})


def build(account: Account, tmp_path: Path, digest: str, **variables: str) -> codebuild.Build:
    """The pipeline's scan step for a release of one image."""
    write_release(tmp_path, {JOB: digest})
    return run(account, tmp_path, "scan", CODEBUILD_SRC_DIR_release=str(tmp_path), **variables)


def run(account: Account, tmp_path: Path, kind: str, **variables: str) -> codebuild.Build:
    settings = {
        **account.variables,
        "COMMIT": COMMIT,
        "REPORT_BUCKET": REPORTS,
        "SCAN_TOLERATED": "MEDIUM",
        "SCAN_FIXABLE_ONLY": "true",
        "SCAN_GRACE_DAYS": "",
        "SCAN_TIMEOUT": "30",
        "STACK_ROLE_ARN": "",
        **variables,
    }
    spec = BUILDSPECS / f"{kind}.yml"
    return codebuild.run(spec, cwd=ROOT, variables=settings, scratch=tmp_path, skip=("tooling/scripts/setup.py",))


def report_text(account: Account, key: str) -> str:
    """An object in the bucket of the reports."""
    body: bytes = account.client("s3").get_object(Bucket=REPORTS, Key=key)["Body"].read()
    return body.decode()


class TestRelease:
    def test_findings_below_the_limit_pass(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {"CVE-2026-1": "MEDIUM", "CVE-2026-2": "LOW", "CVE-2026-3": "UNDEFINED"})
        done = build(account, tmp_path, image)
        assert done.exit_code == 0, done.log
        assert f"pass  {REPOSITORY}@{image}: 3 findings, MEDIUM tolerated" in done.log

    def test_a_finding_above_the_limit_fails_and_is_named(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {"CVE-2026-1": "LOW", "CVE-2026-9": "HIGH"})
        done = build(account, tmp_path, image)
        assert done.exit_code == 1, done.log
        assert "stops: CVE-2026-9 HIGH" in done.log
        assert "CVE-2026-1 " not in done.log

    def test_the_limit_is_a_setting(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {"CVE-2026-9": "HIGH"})
        assert build(account, tmp_path, image, SCAN_TOLERATED="HIGH").exit_code == 0

    def test_findings_that_come_late_are_waited_for(self, account: Account, image: str, tmp_path: Path) -> None:
        delay = 4.0
        threading.Timer(delay, scan, (account, image, {"CVE-2026-9": "CRITICAL"})).start()
        began = time.monotonic()
        done = build(account, tmp_path, image, SCAN_TIMEOUT="60")
        assert time.monotonic() - began > delay
        assert done.exit_code == 1, done.log

    def test_findings_that_never_come_fail_with_their_own_code(
        self, account: Account, image: str, tmp_path: Path
    ) -> None:
        done = build(account, tmp_path, image, SCAN_TIMEOUT="2")
        assert done.exit_code == errors.NOT_SCANNED, done.log
        assert "no findings within 2 s" in done.log
        assert "start-image-scan" in done.log

    def test_an_image_ecr_cannot_scan_does_not_pass(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {}, status="UNSUPPORTED_IMAGE")
        done = build(account, tmp_path, image)
        assert done.exit_code == errors.NOT_SCANNED, done.log
        assert "UNSUPPORTED_IMAGE" in done.log

    def test_an_image_that_is_not_there_is_a_mistake(self, account: Account, image: str, tmp_path: Path) -> None:
        done = build(account, tmp_path, "sha256:" + "0" * 64)
        assert done.exit_code == 2, done.log


class TestGrace:
    """A finding of a base image need not stop the release of the day it becomes known."""

    GRACE = "CRITICAL=7,HIGH=30"

    def test_a_finding_that_is_new_passes_and_its_last_day_is_named(
        self, account: Account, image: str, tmp_path: Path
    ) -> None:
        scan(account, image, {"CVE-2026-9": "HIGH"})
        done = build(account, tmp_path, image, SCAN_GRACE_DAYS=self.GRACE)
        assert done.exit_code == 0, done.log
        last_day = datetime.now(UTC).date() + timedelta(days=30)
        assert f"in grace: CVE-2026-9 HIGH : until {last_day}" in done.log

    def test_the_day_of_first_sight_is_kept_and_the_grace_ends(
        self, account: Account, image: str, tmp_path: Path
    ) -> None:
        scan(account, image, {"CVE-2026-9": "HIGH"})
        assert build(account, tmp_path, image, SCAN_GRACE_DAYS=self.GRACE).exit_code == 0
        history = json.loads(report_text(account, "history/releases.json"))
        assert history == {REPOSITORY: {"CVE-2026-9": str(datetime.now(UTC).date())}}
        old = str(datetime.now(UTC).date() - timedelta(days=31))
        document = json.dumps({REPOSITORY: {"CVE-2026-9": old}}).encode()
        account.client("s3").put_object(Bucket=REPORTS, Key="history/releases.json", Body=document)
        done = build(account, tmp_path, image, SCAN_GRACE_DAYS=self.GRACE)
        assert done.exit_code == 1, done.log
        assert f"first seen on {old}, its 30 days of grace are over" in done.log

    def test_a_history_that_is_none_stops_with_one_message(self, account: Account, image: str, tmp_path: Path) -> None:
        account.client("s3").put_object(Bucket=REPORTS, Key="history/releases.json", Body=b"[]")
        scan(account, image, {})
        done = build(account, tmp_path, image, SCAN_GRACE_DAYS=self.GRACE)
        assert done.exit_code == 2, done.log
        assert "is no history of findings" in done.log and "Traceback" not in done.log


class TestReport:
    def test_the_report_is_a_page_with_what_to_do(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {"CVE-2026-9": "HIGH", "CVE-2026-2": "LOW"})
        assert build(account, tmp_path, image).exit_code == 1
        page = report_text(account, f"reports/{COMMIT}.md")
        assert page.startswith(f"# ⛔ Scan of release {COMMIT[:12]}\n")
        assert f"`{REPOSITORY}`<br>`{image}` | 1 | 0 | 0 | 0 | 1 |" in page
        assert "| CVE-2026-9 | HIGH |" in page and "| CVE-2026-2 | LOW |" in page
        assert "renew the base image" in page

    def test_a_browser_shows_it(self, account: Account, image: str, tmp_path: Path) -> None:
        scan(account, image, {})
        assert build(account, tmp_path, image).exit_code == 0
        response = account.client("s3").head_object(Bucket=REPORTS, Key=f"reports/{COMMIT}.md")
        assert response["ContentType"] == "text/plain; charset=utf-8"


class TestRescan:
    """What a stack runs is scanned again, by the step that the clock starts."""

    @pytest.fixture
    def running(self, account: Account) -> dict[str, str]:
        """Digest by job of what dev runs."""
        account.client("s3").create_bucket(Bucket=REPORTS)
        return {job: push_image(account, f"repository-{job}-dev", "deployed-1", job) for job in JOBS}

    def test_a_new_fault_in_what_runs_is_red_and_reported(
        self, account: Account, running: dict[str, str], tmp_path: Path
    ) -> None:
        for job, digest in running.items():
            severities = {"CVE-2026-9": "CRITICAL"} if job == JOB else {}
            scan(account, digest, severities, repository=f"repository-{job}-dev")
        done = run(account, tmp_path, "rescan", STACK="dev")
        assert done.exit_code == 1, done.log
        assert report_text(account, "reports/dev.md").startswith("# ⛔ Scan of what dev runs")
        assert set(json.loads(report_text(account, "history/dev.json"))) == {f"repository-{job}-dev" for job in JOBS}

    def test_without_one_it_is_green(self, account: Account, running: dict[str, str], tmp_path: Path) -> None:
        for job, digest in running.items():
            scan(account, digest, {}, repository=f"repository-{job}-dev")
        assert run(account, tmp_path, "rescan", STACK="dev").exit_code == 0


class Ecr:
    """ECR as far as a scan goes: the answers in their order, and what was asked for."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers, self.started = list(answers), 0

    def describe_image_scan_findings(self, **_: Any) -> dict[str, Any]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def start_image_scan(self, **_: Any) -> None:
        self.started += 1


def answer(completed: datetime, *names: str) -> dict[str, Any]:
    findings = [{"name": name, "severity": "HIGH"} for name in names]
    return {
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {"imageScanCompletedAt": completed, "findings": findings},
    }


class TestAFinishedScan:
    NOW = datetime.now(UTC)

    def test_older_than_a_day_is_begun_again(self) -> None:
        old, new = answer(self.NOW - timedelta(days=3)), answer(self.NOW, "CVE-2026-9")
        ecr = Ecr(old, new)
        findings = scan_gate.wait_for_findings(ecr, "r", "d", timeout=5)
        assert ecr.started == 1
        assert [finding.name for finding in findings] == ["CVE-2026-9"]

    def test_of_today_is_taken_as_it_is(self) -> None:
        ecr = Ecr(answer(self.NOW - timedelta(hours=2)))
        assert scan_gate.wait_for_findings(ecr, "r", "d", timeout=5) == []
        assert ecr.started == 0

    def test_one_that_stays_old_is_not_begun_for_ever(self) -> None:
        ecr = Ecr(answer(self.NOW - timedelta(days=3)))
        assert scan_gate.wait_for_findings(ecr, "r", "d", timeout=5) == []
        assert ecr.started == 1


def test_inspectors_findings_say_whether_there_is_a_fix() -> None:
    item = {
        "severity": "CRITICAL",
        "fixAvailable": "YES",
        "packageVulnerabilityDetails": {
            "vulnerabilityId": "CVE-2026-7",
            "vulnerablePackages": [{"name": "zlib", "version": "1.3", "fixedInVersion": "1.3.1"}],
        },
    }
    assert scan_gate._enhanced(item) == scan_rules.Finding(
        name="CVE-2026-7", severity="CRITICAL", package="zlib 1.3", fix="published", fixed_in="1.3.1"
    )
    assert scan_gate._enhanced({**item, "fixAvailable": "NO"}).fix == "none"


def test_the_committed_list_of_exemptions_can_be_read() -> None:
    assert scan_rules.read_exemptions(BUILDSPECS / "scan-exemptions.yml") == []
