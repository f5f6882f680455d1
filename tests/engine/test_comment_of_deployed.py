"""The comment on a pull request beside what is deployed, with the engine's own plan: every reason at once.

Deployed is the dev stack as committed. The base has settings that were never deployed, and one that differs from what
is deployed; the branch changes the retention of logs; somebody has switched off an image scan behind Pulumi's back.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.changes import made, no_scan
from tests.engine.conftest import Deployed, Engine

on_dev = pytest.mark.parametrize("deployed", ["dev"], indirect=True)
BASE = {"alerts": {"logErrors": 50}, "data": {"inputDays": 30}}
BRANCH = {"alerts": {"logErrors": 50}, "platform": {"logRetentionDays": 7}}


@pytest.fixture
def stack_file(deployed: Deployed) -> Iterator[Path]:
    """The stack file of the engine's checkout, as it was in the end."""
    file = deployed.engine.directory / "Pulumi.dev.yaml"
    kept = file.read_text()
    yield file
    file.write_text(kept)


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
    found = re.findall(r"<summary>([^:(]+)[^<]*</summary>\n\n(.*?)\n\n</details>", section, re.DOTALL)
    return {title.strip(): texts.splitlines() for title, texts in found}


@on_dev
def test_each_difference_is_named_by_its_reason(deployed: Deployed, stack_file: Path, tmp_path: Path) -> None:
    engine, committed = deployed.engine, stack_file.read_text()
    base, head, plan = (tmp_path / f"{name}.json" for name in ("base", "head", "plan"))
    write(stack_file, committed, BASE)
    base.write_text(batchctl(engine, "preview", "--json", "--stack", "dev"))
    write(stack_file, committed, BRANCH)
    head.write_text(batchctl(engine, "preview", "--json", "--stack", "dev"))
    with made(no_scan, deployed) as repository:
        preview = ("preview", "--stack", "dev", "--policy-pack", "policy", "--json", "--show-sames", "--refresh")
        plan.write_text(engine.run(*preview).stdout)
    comment = batchctl(engine, "pull-request", str(head), "--base", str(base), "--plan", str(plan))

    by_reason = reasons(comment)
    steps = [step for step in json.loads(plan.read_text())["steps"] if step["op"] == "update"]
    logs = [step for step in steps if step["urn"].split("::")[2].endswith("$aws:cloudwatch/logGroup:LogGroup")]
    assert len(logs) == 9
    assert f"{len(steps)} to update. {len(logs)} changes as said above; besides:" in comment
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
