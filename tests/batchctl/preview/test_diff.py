"""`batchctl diff` against a real repository: each side runs its own code, and uncommitted files count."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from batchctl.cli import app
from batchctl.errors import OperatorError
from batchctl.preview import revision
from sandbox.checkout import copy_checkout


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, check=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as a repository of one commit."""
    folder = copy_checkout(tmp_path_factory.mktemp("repository") / "platform")
    (folder / ".venv").unlink()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "base")
    return folder


def diff(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["diff", "--project", str(folder), *arguments])


def document(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_nothing_differs_from_the_commit_itself(repository: Path) -> None:
    result = diff(repository, "--json")
    assert result.exit_code == 0, result.output
    assert [stack["verdict"] for stack in document(result)["stacks"]] == ["no change", "no change"]


def test_uncommitted_settings_and_the_other_revisions_own_code(repository: Path) -> None:
    """The base's own code has another log retention by default."""
    platform, stack_file = repository / "settings" / "platform.py", repository / "Pulumi.prod.yaml"
    original = platform.read_text(), stack_file.read_text()
    platform.write_text(
        original[0].replace("] = Field(default=30, examples=[30])", "] = Field(default=14, examples=[30])")
    )
    assert platform.read_text() != original[0]
    git(repository, "commit", "--quiet", "--all", "--message", "shorter")
    try:
        platform.write_text(original[0])
        stack_file.write_text(original[1].replace("10.1.0.0/16", "10.2.0.0/16"))
        result = diff(repository, "--stack", "prod", "--json")
        assert result.exit_code == 1, result.output
        (stack,) = document(result)["stacks"]
        texts = [line["text"] for line in stack["lines"]]
        assert "log events are kept 30 days (before: 14 days)" in texts, "the base ran with the base's settings"
        assert any("because of `cidrBlock`" in text for text in texts), "the file is not committed"
        listing = diff(repository, "--stack", "prod")
        assert listing.exit_code == 1
        assert "needs review" in listing.stdout
        assert "network-vpc" in listing.stdout
    finally:
        platform.write_text(original[0])
        stack_file.write_text(original[1])
        git(repository, "reset", "--quiet", "--hard", "HEAD~1")


def test_a_repository_that_would_go_is_refused_until_it_is_acknowledged(repository: Path) -> None:
    stack_file = repository / "Pulumi.dev.yaml"
    original = stack_file.read_text()
    named = original.replace("platform:\n", "platform:\n    environment: other\n", 1)
    try:
        stack_file.write_text(named)
        assert diff(repository, "--stack", "dev").exit_code == 3
        stack_file.write_text(original.replace("platform:\n", "platform:\n    acknowledge: [data-output]\n", 1))
        result = diff(repository, "--stack", "dev", "--json")
        assert result.exit_code == 2, "nothing of it is deleted"
        assert document(result)["stacks"][0]["staleAcknowledgements"] == ["data-output"]
    finally:
        stack_file.write_text(original)


def test_a_revision_that_does_not_exist_is_named(repository: Path) -> None:
    result = diff(repository, "nonsense")
    assert isinstance(result.exception, OperatorError)
    assert "no revision 'nonsense'" in str(result.exception)


def test_a_base_whose_program_fails_is_named(repository: Path) -> None:
    main = repository / "__main__.py"
    original = main.read_text()
    main.write_text("raise RuntimeError('out of order')\n")
    git(repository, "commit", "--quiet", "--all", "--message", "broken")
    main.write_text(original)
    try:
        result = diff(repository, "HEAD", "--stack", "dev")
        assert isinstance(result.exception, OperatorError)
        assert "out of order" in str(result.exception)
    finally:
        git(repository, "reset", "--quiet", "--hard", "HEAD~1")


def test_another_lock_file_gets_its_own_environment(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other revision's own setup script makes it, once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tree = tmp_path / "tree"
    (tree / "tooling" / "scripts").mkdir(parents=True)
    (tree / "uv.lock").write_text("another")
    (tree / "tooling" / "scripts" / "setup.py").write_text(
        "import pathlib, sys\n"
        "home = pathlib.Path(__file__).resolve().parents[2]\n"
        "(home / '.venv/bin').mkdir(parents=True)\n"
        "(home / '.venv/bin/python').symlink_to(sys.executable)\n"
        "(home / 'runs').open('a').write('x')\n"
    )
    first, second = revision.environment(repository, tree), revision.environment(repository, tree)
    assert first == second
    assert first.is_relative_to(tmp_path / "cache")
    assert (first.parents[2] / "runs").read_text() == "x"
