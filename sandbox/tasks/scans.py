"""Scans of images: clean, unless a test has said what they find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ecr.models import ECRBackend

from sandbox.reactions.hooks import replace

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED")


class UnknownFindingsError(Exception):
    """What was asked for is no set of findings."""


class Scans:
    """What the scans of images find."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str], dict[str, int]] = {}

    def install(self) -> None:
        """Takes the place of moto's answer, which finds the same vulnerabilities in every image."""
        describe = ECRBackend.describe_image_scan_findings

        def described(
            backend: ECRBackend, registry_id: str, repository_name: str, image_id: dict[str, Any]
        ) -> dict[str, Any]:
            answer: dict[str, Any] = describe(backend, registry_id, repository_name, image_id)
            tag, digest = answer["imageId"].get("imageTag"), answer["imageId"].get("imageDigest")
            counts = self._findings.get((repository_name, tag)) or self._findings.get((repository_name, digest)) or {}
            answer["imageScanFindings"]["findingSeverityCounts"] = counts
            answer["imageScanFindings"]["findings"] = [
                {"name": f"CVE-0000-{number:04d}", "severity": severity, "uri": "", "attributes": []}
                for severity, count in counts.items()
                for number in range(count)
            ]
            return answer

        replace(ECRBackend, "describe_image_scan_findings", described)

    def set(self, parameters: Mapping[str, Any]) -> None:
        """From `{"repository": …, "image": tag or digest, "findings": {"HIGH": 1}}`. Raises `UnknownFindingsError`."""
        counts = parameters.get("findings")
        if (
            not parameters.get("repository")
            or not parameters.get("image")
            or not isinstance(counts, Mapping)
            or not all(name in SEVERITIES and isinstance(count, int) for name, count in counts.items())
        ):
            raise UnknownFindingsError(
                'findings are {"repository": "repository-risk-calculation-dev", "image": "release-1", "findings": '
                f'{{"HIGH": 2}}}}; severities: {", ".join(SEVERITIES)}; got {dict(parameters)}'
            )
        self._findings[(str(parameters["repository"]), str(parameters["image"]))] = dict(counts)
