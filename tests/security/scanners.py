"""Scanners that other people wrote, each in an environment of its own, and their findings in one form.

They are pinned here and not in uv.lock: their dependencies clash with the program's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOV: Final = ("--from", "checkov==3.3.30", "checkov")
CFN_LINT: Final = ("--from", "cfn-lint==1.58.0", "cfn-lint")
PARLIAMENT: Final = ("--from", "parliament==1.6.4", "--with", "setuptools==80.9.0", "python", "-W", "ignore")
PROWLER: Final = ("--from", "prowler==5.46.0", "prowler")
SERVICES: Final = (
    *("s3", "ecs", "ecr", "kms", "iam", "sns", "sqs", "dynamodb", "cloudwatch"),
    *("vpc", "ec2", "stepfunctions", "eventbridge"),
)
"""What the stack is made of, by prowler's names."""
SECONDS: Final = 1800
_PARLIAMENT_SCRIPT: Final = """
import json, sys
from parliament import analyze_policy_string
documents = json.load(sys.stdin)
print(json.dumps([[f.issue, name] for name, text in documents.items() for f in analyze_policy_string(text).findings]))
"""


@dataclass(frozen=True, order=True)
class Finding:
    """Something that a scanner would have otherwise."""

    scanner: str
    check: str
    resource: str


class NotInstallableError(Exception):
    """The scanner could not be brought here; the message is the installer's."""


def _run(tool: tuple[str, ...], *arguments: str, stdin: str = "", **variables: str) -> str:
    """What the scanner prints; raises NotInstallableError when it does not start."""
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv if uv.is_file() else "uv"), "tool", "run", *tool]
    environment = {**os.environ, **variables}
    version = [*command, "--version"]
    started = subprocess.run(version, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    if started.returncode:
        raise NotInstallableError(started.stderr.strip()[-400:])
    done = subprocess.run(
        [*command, *arguments],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if not done.stdout.strip():
        raise AssertionError(f"{' '.join(command)} said nothing: {done.stderr[-2000:]}")
    return done.stdout


def checkov(folder: Path) -> tuple[list[Finding], int]:
    """What checkov finds in a folder of Terraform, and how many checks passed."""
    options = ("--framework", "terraform", "--output", "json", "--quiet", "--compact")
    report = json.loads(_run(CHECKOV, "--directory", str(folder), *options, BC_SKIP_MAPPING="TRUE"))
    if report["summary"]["parsing_errors"]:
        raise AssertionError(f"checkov cannot read {report['results']['parsing_errors']}")
    failed = report["results"]["failed_checks"]
    findings = [Finding("checkov", one["check_id"], one["resource"]) for one in failed]
    return findings, int(report["summary"]["passed"])


def checkov_by_folder(folder: Path) -> dict[str, Counter[str]]:
    """How often each check fails in each folder of Terraform below `folder`."""
    options = ("--framework", "terraform", "--output", "json", "--quiet", "--compact")
    report = json.loads(_run(CHECKOV, "--directory", str(folder), *options, BC_SKIP_MAPPING="TRUE"))
    result: dict[str, Counter[str]] = {}
    for one in report["results"]["failed_checks"]:
        result.setdefault(one["file_path"].strip("/").partition("/")[0], Counter())[one["check_id"]] += 1
    return result


def cfn_lint(template: Path) -> list[Finding]:
    """What cfn-lint finds in a template, each by the logical name of its resource."""
    report = json.loads(_run(CFN_LINT, "--format", "json", "--template", str(template)))
    return [
        Finding("cfn-lint", one["Rule"]["Id"], str(path[1]))
        for one in report
        if len(path := one["Location"]["Path"] or []) > 1 and path[0] == "Resources"
    ]


def parliament(documents: Mapping[str, str]) -> list[Finding]:
    """What parliament finds in IAM policies, by a name for each."""
    issues = json.loads(_run(PARLIAMENT, "-c", _PARLIAMENT_SCRIPT, stdin=json.dumps(documents)).splitlines()[-1])
    return [Finding("parliament", issue, name) for issue, name in issues]


def prowler(folder: Path, variables: Mapping[str, str]) -> tuple[list[Finding], int]:
    """What prowler finds in the account that `variables` lead to, and how many checks passed."""
    options = ("--no-banner", "--no-color", "--ignore-exit-code-3", "--output-formats", "json-ocsf")
    output = ("--output-directory", str(folder), "--output-filename", "prowler")
    _run(PROWLER, "aws", "--region", "us-east-1", *options, *output, "--services", *SERVICES, **variables)
    report = json.loads((folder / "prowler.ocsf.json").read_text())
    failed = [one for one in report if one["status_code"] == "FAIL"]
    findings = [
        Finding("prowler", one["metadata"]["event_code"], resource["name"] or resource["uid"])
        for one in failed
        for resource in one["resources"]
    ]
    return findings, sum(one["status_code"] == "PASS" for one in report)
