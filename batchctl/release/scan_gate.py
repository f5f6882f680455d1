"""Waits for ECR's findings for exactly one digest; what they mean is in `batchctl/release/scan_rules.py`.

It fails closed: an image that nobody has looked at is no safer than one with findings. A finished scan that is older
than a day is begun again, which basic scanning allows once a day for an image
(https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-basic.html).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from batchctl.errors import NOT_SCANNED, UNREACHABLE, USAGE, OperatorError

from . import scan_history
from .docker import ECRClient
from .scan_rules import Finding, Fix, Rules, Verdict, classify

STALE: Final = timedelta(days=1)
"""Age of a finished basic scan from which on it is begun again."""

_DONE: Final = frozenset({"COMPLETE", "ACTIVE"})
_WAITING: Final = frozenset({"IN_PROGRESS", "PENDING"})
_POLL_SECONDS: Final = 10.0
_FIXES: Final[Mapping[str, Fix]] = {"YES": "published", "PARTIAL": "published", "NO": "none"}


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What ECR says of an image at one moment."""

    status: str
    description: str
    findings: list[Finding]
    completed: datetime | None
    """When a basic scan ended; None while none has, and for enhanced scanning, which never ends."""

    def is_stale(self, now: datetime) -> bool:
        """Whether new faults may have become known since."""
        return self.status == "COMPLETE" and self.completed is not None and now - self.completed > STALE


def verdicts(
    ecr: ECRClient,
    images: Mapping[str, str],
    rules: Rules,
    *,
    timeout: float,
    history: str | None = None,
    today: date | None = None,
) -> list[Verdict]:
    """The verdict on each image, digest by repository; `history` holds the day on which each finding was first seen."""
    now = today or datetime.now(UTC).date()
    first_days = scan_history.read(history) if history else {}
    verdicts = []
    for repository, digest in images.items():
        findings = wait_for_findings(ecr, repository, digest, timeout=timeout)
        if history:
            scan_history.add(first_days, repository, findings, now)
        first_seen = first_days.get(repository) if history else None
        verdicts.append(classify(repository, digest, findings, rules, first_seen=first_seen, today=now))
    if history:
        scan_history.write(history, first_days)
    return verdicts


def wait_for_findings(
    ecr: ECRClient,
    repository: str,
    digest: str,
    *,
    timeout: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> list[Finding]:
    """The findings for `digest`, once ECR has them.

    Raises OperatorError with NOT_SCANNED after `timeout` seconds or when ECR cannot scan the image, with UNREACHABLE
    when AWS refuses.
    """
    image = f"{repository}@{digest}"
    ends = clock() + timeout
    begun_anew = False
    while True:
        scan = _scan(ecr, repository, digest)
        status, description = scan.status, scan.description
        if not begun_anew and scan.is_stale(datetime.now(UTC)):
            begun_anew = _begin(ecr, repository, digest)
            continue
        if status in _DONE:
            return scan.findings
        if status not in _WAITING:
            raise OperatorError(
                f"{image}: ECR's scan ended as {status} ({description or 'no reason given'}). Nothing is known of the "
                f"image, so it does not pass. Push it on a base image that ECR can scan, or read "
                f"https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-troubleshooting.html",
                NOT_SCANNED,
            )
        if clock() >= ends:
            raise OperatorError(
                f"{image}: no findings within {timeout:g} s (last status {status}). Is scan-on-push on for this "
                f"repository? `aws ecr start-image-scan --repository-name {repository} --image-id "
                f"imageDigest={digest}` starts one; then run the gate again, with a longer --timeout where needed.",
                NOT_SCANNED,
            )
        sleep(min(_POLL_SECONDS, max(0.1, ends - clock())))


def _begin(ecr: ECRClient, repository: str, digest: str) -> bool:
    """Begins a scan, unless there was one today already."""
    try:
        ecr.start_image_scan(repositoryName=repository, imageId={"imageDigest": digest})
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "LimitExceededException":
            raise OperatorError(f"{repository}@{digest}: no scan can be started: {error}", UNREACHABLE) from error
    return True


def _scan(ecr: ECRClient, repository: str, digest: str) -> Scan:
    """Status and all pages of findings; a scan that does not exist yet is PENDING."""
    request: dict[str, Any] = {"repositoryName": repository, "imageId": {"imageDigest": digest}, "maxResults": 1000}
    findings: list[Finding] = []
    while True:
        try:
            answer: Any = ecr.describe_image_scan_findings(**request)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "ScanNotFoundException":
                return Scan(status="PENDING", description="no scan has begun", findings=[], completed=None)
            wrong = USAGE if code in ("ImageNotFoundException", "RepositoryNotFoundException") else UNREACHABLE
            raise OperatorError(f"{repository}@{digest}: {error}", wrong) from error
        except BotoCoreError as error:
            raise OperatorError(f"ECR does not answer: {error}", UNREACHABLE) from error
        scan = answer.get("imageScanFindings") or {}
        findings += [_basic(item) for item in scan.get("findings") or []]
        findings += [_enhanced(item) for item in scan.get("enhancedFindings") or []]
        status = answer["imageScanStatus"]
        if not answer.get("nextToken"):
            return Scan(
                status=status["status"],
                description=status.get("description", ""),
                findings=findings,
                completed=scan.get("imageScanCompletedAt"),
            )
        request["nextToken"] = answer["nextToken"]


def _basic(item: Any) -> Finding:
    attributes = {a["key"]: a.get("value", "") for a in item.get("attributes") or []}
    package = " ".join(filter(None, (attributes.get("package_name"), attributes.get("package_version"))))
    return Finding(name=item["name"], severity=item.get("severity", "UNDEFINED"), package=package)


def _enhanced(item: Any) -> Finding:
    details = item.get("packageVulnerabilityDetails") or {}
    packages = details.get("vulnerablePackages") or [{}]
    return Finding(
        name=details.get("vulnerabilityId") or item.get("title", "unnamed"),
        severity=item.get("severity", "UNTRIAGED"),
        package=" ".join(filter(None, (packages[0].get("name"), packages[0].get("version")))),
        fix=_FIXES.get(item.get("fixAvailable", ""), "not known"),
        fixed_in=packages[0].get("fixedInVersion") or "",
    )
