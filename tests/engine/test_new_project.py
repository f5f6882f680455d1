"""`pulumi new PATH` makes a project of one's own from this repository, and another project takes its policy pack."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from sandbox.checkout import ROOT
from tests.engine.conftest import Engine

NAME = "market-risk-night"
ANSWERS = {
    "aws:region": "eu-west-1",
    "batch-platform:network.cidr": "10.7.0.0/16",
    "batch-platform:tags.team": "market-risk",
    "batch-platform:workflow.deadline.timezone": "Europe/London",
}
BUCKET = """
import pulumi_aws as aws
aws.s3.Bucket("reports", bucket="reports-of-somebody-else")
"""


def _new(engine: Engine, template: Path, folder: Path, answers: dict[str, str]) -> Engine:
    """Pulumi in a project that `pulumi new` has just made in `folder`, with a state backend of its own."""
    state = folder.with_name(f"{folder.name}-state")
    for path in (folder, state):
        path.mkdir()
    project = replace(
        engine, directory=folder, environment={**engine.environment, "PULUMI_BACKEND_URL": state.as_uri()}
    )
    config = [part for key, value in answers.items() for part in ("--config", f"{key}={value}")]
    project.run("new", str(template), "--name", NAME, "--stack", "dev", "--yes", *config)
    return project


def _preview(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make preview` runs, by this environment's Python and the new project's own code."""
    return subprocess.run(
        [sys.executable, "-m", "batchctl.cli", "preview", "--stack", "dev"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def template(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout as a clone has it: without `.venv`."""
    folder = tmp_path_factory.mktemp("template") / "batch-platform"
    subprocess.run(["cp", "-a", str(engine.directory), str(folder)], check=True)
    (folder / ".venv").unlink()
    return folder


def test_the_prompts_are_settings(template: Path) -> None:
    """What `pulumi new` asks for is what this test answers, and each prompt says what is wanted."""
    prompts = yaml.safe_load((template / "Pulumi.yaml").read_text())["template"]["config"]
    assert prompts.keys() == ANSWERS.keys()
    assert all(prompt["description"] and prompt["default"] for prompt in prompts.values())


def test_a_project_of_ones_own(engine: Engine, template: Path, tmp_path: Path) -> None:
    """Under its own name, with the answers in its stack: the offline preview and the engine's with the pack pass."""
    project = _new(engine, template, tmp_path / "own", ANSWERS)
    described = yaml.safe_load((project.directory / "Pulumi.yaml").read_text())
    assert described["name"] == NAME and "template" not in described
    offline = _preview(project.directory)
    assert offline.returncode == 0, offline.stdout + offline.stderr
    (project.directory / ".venv").symlink_to(sys.prefix)
    printed = project.run("preview", "--stack", "dev", "--policy-pack", "policy", "--diff").stdout
    for value in (NAME, "10.7.0.0/16", "market-risk", "Europe/London", "bucket-input-123456789012-dev"):
        assert value in printed


@pytest.mark.parametrize(
    ("key", "value", "valid"),
    [
        ("aws:region", "eu-west-9", "aws:region: eu-west-"),
        ("batch-platform:network.cidr", "10.7.0.0/30", "cidr: 10.0.0.0/16"),
        ("batch-platform:workflow.deadline.timezone", "London", "timezone: America/New_York"),
    ],
)
def test_an_answer_that_cannot_be_used(
    engine: Engine, template: Path, tmp_path: Path, key: str, value: str, valid: str
) -> None:
    """Pulumi takes any text; the first preview refuses it by its name, with a valid example."""
    project = _new(engine, template, tmp_path / "own", {**ANSWERS, key: value})
    offline = _preview(project.directory)
    assert offline.returncode == 2
    refused = f"{key.removeprefix('batch-platform:')} = {value!r}"
    assert refused in offline.stderr.replace("\n", " ") and valid in offline.stderr, offline.stderr


def test_another_projects_policy_pack(engine: Engine, tmp_path: Path) -> None:
    """The pack runs in its own environment (`../.venv` beside it), whatever the project has; its findings are about
    what that project makes."""
    folder, state = tmp_path / "other", tmp_path / "state"
    for path in (folder, state):
        path.mkdir()
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "pulumi.pth").write_text(f"{sysconfig.get_path('purelib')}\n")  # instead of installing Pulumi again
    runtime = {"name": "python", "options": {"virtualenv": environment.name}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "other", "runtime": runtime}))
    (folder / "__main__.py").write_text(BUCKET)
    other = replace(engine, directory=folder, environment={**engine.environment, "PULUMI_BACKEND_URL": state.as_uri()})
    other.run("stack", "init", "test")
    refused = other.run("preview", "--stack", "test", "--policy-pack", str(ROOT / "policy"), check=False)
    assert refused.returncode != 0
    printed = refused.stdout + refused.stderr
    assert "batch-platform@v" in printed and "bucket-blocks-public" in printed, printed
