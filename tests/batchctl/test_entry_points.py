"""Every entry point names this program and its stacks; each way to name another one is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import typer.main

from batchctl import entry_points
from batchctl.cli import app
from settings import PROJECT
from tooling.delivery.delivery_settings import Delivery

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = typer.main.get_command(app)

_FILES = (
    "Makefile",
    "Pulumi.yaml",
    "Pulumi.dev.yaml",
    "Pulumi.prod.yaml",
    "__main__.py",
    ".ci/run",
    "batchctl",
    "policy/PulumiPolicy.yaml",
    "policy/__main__.py",
    "tooling",
    ".github",
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The entry points of this checkout, to break."""
    for name in _FILES:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    assert entry_points.problems(tmp_path, COMMANDS) == [], "the copy must be sound before a test breaks it"
    return tmp_path


def test_this_checkout_is_sound() -> None:
    assert [str(problem) for problem in entry_points.problems(ROOT, COMMANDS)] == []


def test_the_names_are_those_of_the_settings() -> None:
    assert entry_points.PROJECT == PROJECT
    assert Delivery().stacks == entry_points.STACKS


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("Pulumi.yaml", "main: .", "main: src", "its program src/__main__.py does not exist"),
        ("tooling/Pulumi.yaml", "name: batch-platform-tooling", "name: batch-platform", "not 'batch-platform-tooling'"),
        ("tooling/buildspecs/up.yml", '--stack "$STACK" --policy-pack', "--stack staging --policy-pack", "'staging'"),
        ("tooling/buildspecs/up.yml", "pulumi up", "pulumi --cwd infra up", "pulumi in 'infra'"),
        (
            "tooling/buildspecs/up.yml",
            "pulumi up",
            "aws cloudformation deploy; pulumi up",
            "another tool: aws cloudformation",
        ),
        (
            "tooling/buildspecs/up.yml",
            "batchctl release use",
            "batchctl release take",
            "there is no command 'take'",
        ),
        ("tooling/buildspecs/preview.yml", "--policy-pack policy", "--policy-pack rules", "the policy pack 'rules'"),
        (
            "tooling/buildspecs/checks.yml",
            "tooling/scripts/setup.py",
            "tooling/scripts/prepare.py",
            "tooling/scripts/prepare.py, which does not exist",
        ),
        (".github/workflows/deploy.yml", "stack: prod", "stack: production", "'production'"),
        (".github/workflows/pull-request.yml", "stack: [dev, prod]", "stack: [dev, qa]", "'qa'"),
        ("Makefile", "preview: $(RUN)", "deploy:\n\tpulumi up -s live\n\npreview: $(RUN)", "'live'"),
    ],
)
def test_naming_something_else_is_found(copy: Path, file: str, old: str, new: str, says: str) -> None:
    path = copy / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    problems = [str(problem) for problem in entry_points.problems(copy, COMMANDS)]
    assert any(problem.startswith(f"{file}: ") and says in problem for problem in problems), problems


def test_a_stack_without_a_file_is_found(copy: Path) -> None:
    (copy / "Pulumi.prod.yaml").unlink()
    assert "Pulumi.prod.yaml: does not exist" in "\n".join(map(str, entry_points.problems(copy, COMMANDS)))


def test_a_file_without_an_entry_point_is_found(copy: Path) -> None:
    shutil.copy(copy / "Pulumi.dev.yaml", copy / "Pulumi.qa.yaml")
    assert "Pulumi.qa.yaml: no entry point deploys it" in "\n".join(map(str, entry_points.problems(copy, COMMANDS)))


def test_a_pipeline_that_deploys_an_unknown_stack_is_found(copy: Path) -> None:
    file = copy / "tooling" / "Pulumi.tooling.yaml"
    file.write_text(file.read_text() + "  batch-platform:delivery:\n    stacks: [dev, live]\n")
    assert "the pipeline deploys 'live'" in "\n".join(map(str, entry_points.problems(copy, COMMANDS)))


@pytest.mark.parametrize("change", ["missing", "unused"])
def test_buildspecs_and_steps_are_the_same(copy: Path, change: str) -> None:
    if change == "missing":
        (copy / "tooling" / "buildspecs" / "scan.yml").unlink()
    else:
        shutil.copy(copy / "tooling" / "buildspecs" / "scan.yml", copy / "tooling" / "buildspecs" / "extra.yml")
    expected = {"missing": "tooling/buildspecs/scan.yml: a step", "unused": "tooling/buildspecs/extra.yml: no step"}[
        change
    ]
    assert expected in "\n".join(map(str, entry_points.problems(copy, COMMANDS)))
