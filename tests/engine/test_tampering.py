"""Somebody changes a resource behind Pulumi's back: `batchctl verify` fails in exactly that area and names it.

Both committed stacks pass untouched. Every change of `changes.py` is made on the shared dev stack, and none is left
behind.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from batchctl import cli
from batchctl.errors import FOUND, OK
from batchctl.verify import AREAS, Outcome, clients
from conventions.naming import Names
from tests.engine.changes import CHANGES, Change, made, rule_off
from tests.engine.conftest import Deployed
from tests.engine.verified import Verified, verified
from tooling.delivery import permissions

on_dev = pytest.mark.parametrize("deployed", ["dev"], indirect=True)


@pytest.fixture
def dev(deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verified:
    """The dev stack."""
    return verified(deployed, tmp_path, monkeypatch)


def test_every_area_is_tampered_with() -> None:
    """Each area has a change of its own."""
    assert set(CHANGES.values()) == set(AREAS)


def test_untouched_stack_passes(deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fails, every area is really asked about, and all of it can be answered by the emulated account."""
    report = verified(deployed, tmp_path, monkeypatch).report()
    assert [check for check in report.checks if check.outcome is not Outcome.PASS] == []
    assert {check.area for check in report.checks} == set(AREAS)


@on_dev
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{CHANGES[change]}-{change.__name__}")
def test_change_is_found(dev: Verified, change: Change) -> None:
    """Exactly the area of the change fails, by the name of the resource that was changed."""
    with made(change, dev.deployed) as resource:
        report = dev.report()
    assert report.failed_areas == {CHANGES[change]}, report.of(Outcome.FAIL)
    assert resource in {check.resource for check in report.of(Outcome.FAIL)}


@on_dev
def test_command_ends_with_what_it_found(dev: Verified) -> None:
    """The command line's exit code and JSON say the same as the report."""
    words = ["verify", "--outputs", str(dev.outputs), "--json", "--project", str(dev.deployed.engine.directory)]
    clean = CliRunner().invoke(cli.app, words)
    assert clean.exit_code == OK, clean.output
    with made(rule_off, dev.deployed) as rule:
        found = CliRunner().invoke(cli.app, words)
    assert found.exit_code == FOUND
    failed = [check for check in json.loads(found.stdout)["checks"] if check["outcome"] == "fail"]
    assert {check["resource"] for check in failed} == {rule}


IAM_NAMES = {
    "monitoring:DescribeAlarms": "cloudwatch:DescribeAlarms",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}
"""Calls that IAM knows by another name (service authorization reference)."""


@on_dev
def test_pipeline_may_ask_everything(dev: Verified, monkeypatch: pytest.MonkeyPatch) -> None:
    """The role of the pipeline's verify step allows each call; a right it lacks would leave an area unanswered."""
    asked: set[str] = set()
    guard = clients.refuse_writes

    def recorded(model: Any, **event: Any) -> None:
        call = f"{model.service_model.signing_name}:{model.name}"
        asked.add(IAM_NAMES.get(call, call))
        guard(model, **event)

    monkeypatch.setattr(clients, "refuse_writes", recorded)
    dev.report()
    outputs = dev.deployed.outputs
    stack = Names(suffix=outputs["environment"], account=outputs["accountId"], region=outputs["region"])
    allowed = [
        action
        for statement in permissions.reads(stack)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]
    assert len(asked) > len(AREAS)
    assert [call for call in sorted(asked) if not any(fnmatchcase(call, action) for action in allowed)] == []


@on_dev
def test_every_change_was_undone(dev: Verified) -> None:
    """Read back from the account, everything is as the program wants it.

    Rules of security groups are left out: the emulated account never answers with their tags, touched or not.
    """
    assert dev.report().of(Outcome.FAIL) == []
    planned = json.loads(dev.deployed.engine.run("preview", "--refresh", "--json", "--stack", "dev").stdout)["steps"]
    assert len(planned) > len(CHANGES)
    changed = [step["urn"] for step in planned if step["op"] not in ("same", "refresh")]
    assert [urn for urn in changed if "aws:vpc/securityGroup" not in urn] == []
