"""Somebody changes a resource behind Pulumi's back: `batchctl verify` fails in exactly that area and names it.

Both committed stacks pass untouched. Every change of `changes.py` is made on the shared dev stack, and none is left
behind. The comment on a pull request beside what is deployed names such a change as drift, among all its reasons.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from batchctl import cli
from batchctl.errors import OK, PROBLEM
from batchctl.verify import AREAS, Outcome, clients
from conventions.naming import Names
from tests.engine.changes import CHANGES, Change, applied, no_scan, rule_off
from tests.engine.conftest import Deployed, Engine
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
    with applied(change, dev.deployed) as resource:
        report = dev.report()
    assert report.failed_areas == {CHANGES[change]}, report.of(Outcome.FAIL)
    assert resource in {check.resource for check in report.of(Outcome.FAIL)}


@on_dev
def test_command_ends_with_what_it_found(dev: Verified) -> None:
    """The command line's exit code and JSON say the same as the report."""
    words = ["verify", "--outputs", str(dev.outputs), "--json", "--project", str(dev.deployed.engine.directory)]
    clean = CliRunner().invoke(cli.app, words)
    assert clean.exit_code == OK, clean.output
    with applied(rule_off, dev.deployed) as rule:
        result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == PROBLEM
    failed = [check for check in json.loads(result.stdout)["checks"] if check["outcome"] == "fail"]
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
    called: set[str] = set()
    guard = clients.refuse_writes

    def recorded(model: Any, **event: Any) -> None:
        call = f"{model.service_model.signing_name}:{model.name}"
        called.add(IAM_NAMES.get(call, call))
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
    assert len(called) > len(AREAS)
    assert [call for call in sorted(called) if not any(fnmatchcase(call, action) for action in allowed)] == []


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


BASE = {"alerts": {"logErrors": 50}, "data": {"inputDays": 30}}
BRANCH = {"alerts": {"logErrors": 50}, "platform": {"logRetentionDays": 7}}


@pytest.fixture
def stack_file(deployed: Deployed) -> Iterator[Path]:
    """The stack file of the engine's checkout, as it was in the end."""
    file = deployed.engine.directory / "Pulumi.dev.yaml"
    original = file.read_text()
    yield file
    file.write_text(original)


def write(file: Path, committed: str, sections: dict[str, dict[str, Any]]) -> None:
    """The committed stack file with some settings changed."""
    described = yaml.safe_load(committed)
    for name, values in sections.items():
        described["config"].setdefault(f"batch-platform:{name}", {}).update(values)
    file.write_text(yaml.safe_dump(described))


def batchctl(engine: Engine, *arguments: str) -> str:
    """What a command of the checkout prints."""
    command = [sys.executable, "-m", "batchctl.cli", *arguments]
    done = subprocess.run(command, cwd=engine.directory, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def reasons(comment: str) -> dict[str, list[str]]:
    """The lines under each reason of the section on the deployed state."""
    section = comment.partition("**Deployed state**")[2].partition("<summary>Components of")[0]
    sections = re.findall(r"<summary>([^:(]+)[^<]*</summary>\n\n(.*?)\n\n</details>", section, re.DOTALL)
    return {title.strip(): texts.splitlines() for title, texts in sections}


@on_dev
def test_the_comment_names_each_difference_by_its_reason(deployed: Deployed, stack_file: Path, tmp_path: Path) -> None:
    engine, committed = deployed.engine, stack_file.read_text()
    base, head, plan = (tmp_path / f"{name}.json" for name in ("base", "head", "plan"))
    write(stack_file, committed, BASE)
    base.write_text(batchctl(engine, "preview", "--json", "--stack", "dev"))
    write(stack_file, committed, BRANCH)
    head.write_text(batchctl(engine, "preview", "--json", "--stack", "dev"))
    with applied(no_scan, deployed) as repository:
        preview = ("preview", "--stack", "dev", "--policy-pack", "policy", "--json", "--show-sames", "--refresh")
        plan.write_text(engine.run(*preview).stdout)
    comment = batchctl(engine, "pull-request", str(head), "--base", str(base), "--plan", str(plan))

    by_reason = reasons(comment)
    steps = [step for step in json.loads(plan.read_text())["steps"] if step["op"] == "update"]
    logs = [step for step in steps if step["urn"].split("::")[2].endswith("$aws:cloudwatch/logGroup:LogGroup")]
    assert len(logs) == 9
    assert f"{len(steps)} to update. {len(logs)} changes as shown above; besides:" in comment
    (drift,) = by_reason["Drift"]
    assert repository == "repository-data-ingestion-dev"
    assert drift == (
        "- ecr.Repository `registry-data-ingestion`: `imageScanningConfiguration.scanOnPush`: `true` → `false` "
        "outside of Pulumi"
    )
    assert [line for line in by_reason["Never deployed"] if "monitoring-log-errors" in line]
    assert all("monitoring-log-errors" in line for line in by_reason["Never deployed"])
    assert [line for line in by_reason["Deployed already"] if "data-input-lifecycle" in line]
    assert all("data-input-lifecycle" in line for line in by_reason["Deployed already"])
    # the plugin of these tests reads rules of security groups without their descriptions
    assert all(
        line.endswith("`description`, which the program sets as before") for line in by_reason["Provider defaults"]
    )
    assert set(by_reason) == {"Drift", "Never deployed", "Deployed already", "Provider defaults"}
    assert comment.count("all mandatory policy rules hold") == 1
