"""A stack with every optional setting on, on the real engine: up, a clean preview, verified, destroyed.

`tooling/every_setting.py` says what is on; `tests/settings/test_every_setting.py` holds that nothing is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from batchctl.verify import AREAS, Outcome
from tests.engine.conftest import Deployed, Engine
from tests.engine.teardown import inventory
from tests.engine.verified import verified
from tooling.every_setting import EVERY_SETTING

STACK = "every"
BOUNDARY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def every(engine: Engine) -> Iterator[Deployed]:
    """The stack, up; destroyed after the last test, and then nothing of it is left."""
    dev = yaml.safe_load((engine.directory / "Pulumi.dev.yaml").read_text())
    stack_file = {"config": {**dev["config"], **EVERY_SETTING}}
    (engine.directory / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump(stack_file))
    iam = engine.client("iam")
    boundary = iam.create_policy(PolicyName="platform-boundary", PolicyDocument=json.dumps(BOUNDARY))["Policy"]["Arn"]
    before = inventory(engine.account)
    engine.run("stack", "init", STACK)
    engine.run("up", "--yes", "--skip-preview", "--stack", STACK)
    deployed = Deployed(engine, STACK, engine.outputs(STACK))
    s3, key = deployed.client("s3"), "reports/2026-11-20/report.pdf"
    s3.put_object(Bucket=deployed.outputs["outputBucketName"], Key=key, Body=b"locked")
    yield deployed
    engine.run("destroy", "--yes", "--stack", STACK)
    assert inventory(engine.account) == before, "something of the stack is left"
    iam.delete_policy(PolicyArn=boundary)


def test_second_preview_is_clean(every: Deployed) -> None:
    later = every.engine.run("preview", "--diff", "--expect-no-changes", "--stack", STACK)
    assert "unchanged" in later.stdout


def test_another_environment_is_refused(every: Deployed) -> None:
    """The engine knows under which suffix the stack is up; the program asks it and stops before anything changes."""
    engine = every.engine
    path = "batch-platform:platform.environment"
    engine.run("config", "set", "--path", path, "night", "--stack", STACK)
    try:
        refused = engine.run("preview", "--stack", STACK, check=False)
    finally:
        engine.run("config", "rm", "--path", path, "--stack", STACK)
    assert refused.returncode != 0
    assert "the stack is up as 'every'" in refused.stdout + refused.stderr


def test_verification_passes(every: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fails, every area is asked about, and verification follows the settings."""
    report = verified(every, tmp_path, monkeypatch).report()
    assert [check for check in report.checks if check.outcome is not Outcome.PASS] == []
    assert {check.area for check in report.checks} == set(AREAS)
