"""The gate an image passes before a stack may run it: ECR's findings for its digest, waited for and compared.

It fails closed: an image that nobody has looked at is no safer than one with findings. It starts no scan, because the
repositories scan on push and a basic scan runs only once a day for an image
(https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-basic.html).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import yaml
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from batchctl.errors import UNREACHABLE, USAGE, OperatorError

from .docker import ECRClient

SEVERITIES: Final = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
UNRATED: Final = "MEDIUM"
"""What a finding that its source has not rated (UNDEFINED, UNTRIAGED) counts as; most of them are rated lower later."""
NOT_SCANNED: Final = 4
"""Exit code: no findings within the time limit, or a scan that ECR gave up."""

_DONE: Final = frozenset({"COMPLETE", "ACTIVE"})
_WAITING: Final = frozenset({"IN_PROGRESS", "PENDING"})
_POLL_SECONDS: Final = 10.0


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


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding of a scan."""

    name: str
    severity: str
    package: str

    @property
    def rank(self) -> int:
        """Position in SEVERITIES; an unrated finding has that of UNRATED."""
        return SEVERITIES.index(self.severity if self.severity in SEVERITIES else UNRATED)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the gate says of one image."""

    image: str
    above: list[Finding]
    """Findings above the limit that no exemption covers."""
    exempted: list[tuple[Finding, Exemption]]
    expired: list[tuple[Finding, Exemption]]
    """Findings above the limit whose exemption has run out; they are in `above` too."""
    total: int


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
    while True:
        status, description, findings = _findings(ecr, repository, digest)
        if status in _DONE:
            return findings
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


def _findings(ecr: ECRClient, repository: str, digest: str) -> tuple[str, str, list[Finding]]:
    """Status, its description, and all pages of findings; a scan that does not exist yet is PENDING."""
    request: dict[str, Any] = {"repositoryName": repository, "imageId": {"imageDigest": digest}, "maxResults": 1000}
    findings: list[Finding] = []
    while True:
        try:
            answer: Any = ecr.describe_image_scan_findings(**request)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "ScanNotFoundException":
                return "PENDING", "no scan has begun", []
            wrong = USAGE if code in ("ImageNotFoundException", "RepositoryNotFoundException") else UNREACHABLE
            raise OperatorError(f"{repository}@{digest}: {error}", wrong) from error
        except BotoCoreError as error:
            raise OperatorError(f"ECR cannot be asked: {error}", UNREACHABLE) from error
        scan = answer.get("imageScanFindings") or {}
        findings += [_basic(item) for item in scan.get("findings") or []]
        findings += [_enhanced(item) for item in scan.get("enhancedFindings") or []]
        status = answer["imageScanStatus"]
        if not answer.get("nextToken"):
            return status["status"], status.get("description", ""), findings
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
    )


def judge(
    repository: str,
    digest: str,
    findings: Sequence[Finding],
    *,
    tolerated: str,
    exemptions: Sequence[Exemption] = (),
    today: date | None = None,
) -> Verdict:
    """What `findings` mean when everything up to `tolerated` passes."""
    now = today or datetime.now(UTC).date()
    above: list[Finding] = []
    exempted: list[tuple[Finding, Exemption]] = []
    expired: list[tuple[Finding, Exemption]] = []
    for finding in findings:
        if finding.rank <= SEVERITIES.index(tolerated):
            continue
        fitting = [e for e in exemptions if e.cve == finding.name and e.repository in (None, repository)]
        if valid := next((e for e in fitting if now <= e.expires), None):
            exempted.append((finding, valid))
            continue
        above.append(finding)
        expired += [(finding, e) for e in fitting]
    return Verdict(image=f"{repository}@{digest}", above=above, exempted=exempted, expired=expired, total=len(findings))


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


def describe(verdict: Verdict, tolerated: str) -> str:
    """The verdict in lines for a build log."""
    lines = [f"{'FAIL' if verdict.above else 'pass'}  {verdict.image}: {verdict.total} findings, {tolerated} tolerated"]
    lines += [f"      above the limit: {f.name} {f.severity} {f.package}" for f in verdict.above]
    lines += [f"      exemption of {f.name} ran out on {e.expires} (owner {e.owner})" for f, e in verdict.expired]
    lines += [
        f"      exempted until {e.expires} by {e.owner}: {f.name} {f.severity}: {e.reason}" for f, e in verdict.exempted
    ]
    return "\n".join(lines)
