"""checkov reads the recorded prod stack as Terraform, parliament its IAM documents, wherever `uv` can bring them.

prowler reads the deployed stack: `tests/engine/test_scanned.py`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from batchctl import project as projects
from batchctl.program import recorded
from policy.rules import Graph
from tests.programs import ROOT
from tests.security import answers, scanners
from tests.security.terraform import terraform


@cache
def prod() -> Graph:
    """The prod stack as its program registers it, with values resolved."""
    project = projects.load(ROOT)
    return recorded(project, project.stack("prod"), "resolved").graph(project.name)


def test_checkov(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(terraform(prod()))
    with answers.skipped_where_not_installable():
        findings, passed = scanners.checkov(tmp_path)
    assert passed > 400, "it does not see what it should"
    answers.hold("checkov", findings)


def test_checkov_sees_what_is_wrong(tmp_path: Path) -> None:
    """Without encryption, versioning and a closed door a bucket is found: the translation hides nothing of it."""
    text = terraform(prod())
    for name in ("server_side_encryption_configuration", "versioning", "public_access_block"):
        text = text.replace(f'"aws_s3_bucket_{name}"', '"aws_s3_bucket_metric"')
    (tmp_path / "main.tf").write_text(text)
    with answers.skipped_where_not_installable():
        findings, _ = scanners.checkov(tmp_path)
    assert {"CKV_AWS_21", "CKV2_AWS_6", "CKV_AWS_145"} <= {one.check for one in findings}


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
    with answers.skipped_where_not_installable():
        findings = scanners.parliament(policies)
    answers.hold("parliament", findings)


def test_parliament_sees_what_is_wrong() -> None:
    bad = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}]}'
    with answers.skipped_where_not_installable():
        findings = scanners.parliament({"bad": bad})
    assert {one.check for one in findings} == {"UNKNOWN_ACTION"}


def test_every_answer_has_a_reason() -> None:
    for scanner in ("checkov", "parliament", "prowler"):
        assert answers.of(scanner), scanner
        assert all(len(reason) > 20 for reason in answers.of(scanner).values())
