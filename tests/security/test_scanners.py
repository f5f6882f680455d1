"""Every finding of a scanner on our own resources is answered in docs/security.md, and no answer is without a finding.

checkov reads the recorded prod stack as Terraform, parliament its IAM documents, prowler the deployed stack. The first
two run wherever `uv` can bring them; prowler takes minutes and is asked for with BATCH_PROWLER=1.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from batchctl import project as projects
from batchctl.program import recorded
from policy.rules import Graph
from tests.programs import ROOT
from tests.security import scanners
from tests.security.scanners import Finding
from tests.security.terraform import terraform

PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (checkov|parliament|prowler) \| `([\w-]+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)


def answers(scanner: str) -> dict[tuple[str, str], str]:
    """Check and pattern of resources to the reason, as docs/security.md has them."""
    rows = ROW.findall(PAGE.read_text())
    return {
        (check, pattern): reason
        for name, check, patterns, reason in rows
        if name == scanner
        for pattern in re.findall(r"`([^`]+)`", patterns)
    }


def hold(scanner: str, findings: Iterable[Finding]) -> None:
    """Fails for a finding without an answer, and for an answer without a finding."""
    answered, expected = set(), answers(scanner)
    unanswered = []
    for finding in sorted(set(findings)):
        matching = {
            (check, pattern)
            for check, pattern in expected
            if check == finding.check and fnmatch.fnmatchcase(finding.resource, pattern)
        }
        answered |= matching
        if not matching:
            unanswered.append(finding)
    assert not unanswered, f"fix these, or answer them in docs/security.md: {unanswered}"
    assert not expected.keys() - answered, f"no longer found: {expected.keys() - answered}"


@cache
def prod() -> Graph:
    """The prod stack as its program registers it, with values resolved."""
    project = projects.load(ROOT)
    return recorded(project, project.stack("prod"), "resolved").graph(project.name)


def _unavailable(error: scanners.NotInstallableError) -> None:
    pytest.skip(f"THE SCANNER DID NOT RUN: {error}")


def test_checkov(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(terraform(prod()))
    try:
        findings, passed = scanners.checkov(tmp_path)
    except scanners.NotInstallableError as error:
        return _unavailable(error)
    assert passed > 400, "it does not see what it should"
    hold("checkov", findings)
    return None


def test_checkov_sees_what_is_wrong(tmp_path: Path) -> None:
    """Without encryption, versioning and a closed door a bucket is found: the translation hides nothing of it."""
    text = terraform(prod())
    for name in ("server_side_encryption_configuration", "versioning", "public_access_block"):
        text = text.replace(f'"aws_s3_bucket_{name}"', '"aws_s3_bucket_metric"')
    (tmp_path / "main.tf").write_text(text)
    try:
        findings, _ = scanners.checkov(tmp_path)
    except scanners.NotInstallableError as error:
        return _unavailable(error)
    assert {"CKV_AWS_21", "CKV2_AWS_6", "CKV_AWS_145"} <= {one.check for one in findings}
    return None


def documents(graph: Graph) -> dict[str, str]:
    """The identity policies of a stack by name; parliament knows no policies of resources."""
    return {
        f"{one.name}.{name}": value
        for one in graph.resources
        for name, value in one.props.items()
        if isinstance(value, str) and '"Statement"' in value and '"Principal"' not in value
    }


def test_parliament() -> None:
    policies = documents(prod())
    assert len(policies) >= 20, "roles' policies are not seen"
    try:
        findings = scanners.parliament(policies)
    except scanners.NotInstallableError as error:
        return _unavailable(error)
    hold("parliament", findings)
    return None


def test_parliament_sees_what_is_wrong() -> None:
    bad = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}]}'
    try:
        findings = scanners.parliament({"bad": bad})
    except scanners.NotInstallableError as error:
        return _unavailable(error)
    assert {one.check for one in findings} == {"UNKNOWN_ACTION"}
    return None


@pytest.mark.engine
@pytest.mark.skipif(not os.environ.get("BATCH_PROWLER"), reason="PROWLER DID NOT RUN: set BATCH_PROWLER=1")
@pytest.mark.skipif(not shutil.which("pulumi"), reason="no pulumi on PATH")
def test_prowler(tmp_path: Path) -> None:
    """On the deployed prod stack; findings on the account itself are its owner's and are answered as such."""
    from sandbox.account import emulated_account
    from sandbox.checkout import copy_checkout
    from tests.engine.conftest import Engine

    (tmp_path / "state").mkdir()
    with emulated_account() as account:
        state = {"PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(), "PULUMI_CONFIG_PASSPHRASE": "scan"}
        engine = Engine(copy_checkout(tmp_path / "platform"), account, {**account.environment(), **state})
        engine.run("stack", "init", "prod")
        engine.run("up", "--yes", "--skip-preview", "--stack", "prod")
        try:
            findings, passed = scanners.prowler(tmp_path / "report", account.environment())
        except scanners.NotInstallableError as error:
            return _unavailable(error)
    assert passed > 50
    hold("prowler", findings)
    return None


def test_every_answer_has_a_reason() -> None:
    for scanner in ("checkov", "parliament", "prowler"):
        assert answers(scanner), scanner
        assert all(len(reason) > 20 for reason in answers(scanner).values())
