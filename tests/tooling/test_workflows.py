"""The workflows: linted, pinned, with no permission that is not asked for job by job."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from batchctl.preview.pull_request import MARKER

from .conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_NAMES = [path.name for path in WORKFLOWS]


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in load(path)["jobs"].values() for step in job.get("steps", [])]


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).parent / "zizmor"
    done = subprocess.run(
        [str(zizmor), "--offline", "--quiet", str(ROOT / ".github")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=_NAMES)
def test_every_action_is_pinned_by_commit_with_its_version(path: Path) -> None:
    uses = re.findall(r"uses: (\S+)(.*)", path.read_text())
    foreign = [(action, comment) for action, comment in uses if not action.startswith("./")]
    for action, comment in foreign:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{action}{comment}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=_NAMES)
def test_permissions_are_empty_and_given_job_by_job(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "permissions" in job, name
        assert job["permissions"].get("contents", "read") == "read", name


def test_the_job_that_may_write_runs_nothing_of_the_branch() -> None:
    jobs = load(ROOT / ".github" / "workflows" / "pull-request.yml")["jobs"]
    writers = [job for job in jobs.values() if "write" in (job["permissions"].get("pull-requests"),)]
    assert len(writers) == 1
    assert not any("checkout" in step.get("uses", "") for step in writers[0]["steps"])


def test_the_comment_is_found_again_by_its_first_line() -> None:
    text = (ROOT / ".github" / "workflows" / "pull-request.yml").read_text()
    assert 'marker="$(head -n 1 comment.md)"' in text
    assert "startswith($marker)" in text
    assert "\n" not in MARKER


@pytest.mark.parametrize("path", WORKFLOWS, ids=_NAMES)
def test_no_key_is_stored_and_no_expression_reaches_a_shell(path: Path) -> None:
    text = path.read_text()
    assert "secrets." not in text
    assert "aws-access-key-id" not in text
    for step in steps(path):
        assert "${{" not in step.get("run", ""), step.get("name")


def test_each_stack_is_deployed_by_one_run_at_a_time() -> None:
    job = load(ROOT / ".github" / "workflows" / "up.yml")["jobs"]["up"]
    assert job["concurrency"] == {"group": "deploy-${{ inputs.stack }}", "cancel-in-progress": False}
    assert job["environment"] == "${{ inputs.stack }}", "prod waits for the reviewers of its environment"


def test_prod_comes_after_dev() -> None:
    jobs = load(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]
    assert (jobs["dev"]["needs"], jobs["prod"]["needs"]) == ("release", "dev")
    assert jobs["release"]["if"] == "${{ vars.AWS_DEPLOY_ROLE_ARN != '' }}"


def test_the_github_way_takes_the_pipelines_steps() -> None:
    """What the buildspecs do about releases and stacks, the workflows do with the same commands."""
    text = "\n".join(path.read_text() for path in WORKFLOWS)
    for spec in ("images", "scan", "up", "verify"):
        for command in re.findall(
            r"(?:-m batchctl\.\w+(?: [\w-]+)?|pulumi up|batchctl verify)",
            (ROOT / f"tooling/buildspecs/{spec}.yml").read_text(),
        ):
            assert command in text, f"{spec}: {command}"


@pytest.mark.skipif(shutil.which("go") is None, reason="actionlint runs through Go, which is not on this machine")
def test_actionlint_finds_nothing() -> None:
    version = re.search(r"ACTIONLINT := (\S+)", (ROOT / "Makefile").read_text())
    assert version
    done = subprocess.run(
        ["go", "run", version[1], "-no-color", *map(str, WORKFLOWS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
