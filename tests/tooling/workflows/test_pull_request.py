"""The comment on a pull request, rendered from real commits: each previewed with its own code, then compared."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from batchctl.cli import app
from batchctl.errors import DATA_LOSS, OperatorError
from batchctl.preview import comment as comments
from tests.tooling.conftest import ROOT

BASE = "e74ba0f65f6a365ee98e722488711c1ddb511cbf"
HEAD = "b85cd2e0bbd95d3785af623df4c6eb3690dcb154"
"""Two commits of this repository: the preview with four failing rules, and the one that mended them."""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def previewed(commit: str, repository: Path, tmp_path: Path) -> Path:
    """`batchctl preview --json` of a commit, run with that commit's own code."""
    folder = tmp_path / commit[:12]
    folder.mkdir()
    archive = tmp_path / f"{commit[:12]}.tar"
    git(repository, "archive", "--output", str(archive), commit)
    shutil.unpack_archive(archive, folder)
    done = subprocess.run(
        [sys.executable, "-m", "batchctl.cli", "preview", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    path = tmp_path / f"{commit[:12]}.json"
    path.write_text(done.stdout)
    return path


def comment(head: Path, base: Path | None, commit: str = "") -> str:
    arguments = [str(head), *(["--base", str(base)] if base else []), *(["--commit", commit] if commit else [])]
    result = CliRunner().invoke(app, ["pull-request", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def readable(text: str) -> None:
    """Holds for every comment: found again, short enough, every block closed, every table regular."""
    assert text.startswith(f"{comments.MARKER}\n## ")
    assert len(text) <= comments.LONGEST
    assert text.count("```") % 2 == 0
    assert text.count("<details>") == text.count("</details>")
    columns = 0
    for line in text.splitlines():
        if line.startswith("|"):
            columns = columns or line.count("|")
            assert line.count("|") == columns, line
        else:
            columns = 0


def test_two_commits_of_this_repository(tmp_path: Path) -> None:
    there = [
        subprocess.run(
            ["git", "cat-file", "-e", f"{c}^{{commit}}"], cwd=ROOT, capture_output=True, check=False
        ).returncode
        for c in (BASE, HEAD)
    ]
    if any(there):
        pytest.skip(
            f"the history here does not hold {BASE[:12]} and {HEAD[:12]}: fetch it whole (git fetch --unshallow)"
        )
    text = comment(previewed(HEAD, ROOT, tmp_path), previewed(BASE, ROOT, tmp_path), HEAD)
    readable(text)
    assert "## Infrastructure preview: ✅ all mandatory policy rules hold" in text
    assert text.count("- ✅ fixed: `stack-outputs-complete` on `observability-task-events`") == 2, "once for each stack"
    assert "No resource is added or removed." in text
    assert f"Offline preview of {HEAD[:12]}" in text


@pytest.fixture(scope="module")
def branch(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Previews of this checkout, committed to a new repository, and of a branch that adds a job and endpoints."""
    folder = tmp_path_factory.mktemp("repository") / "platform"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "demo-output", "*.log")
    shutil.copytree(ROOT, folder, ignore=ignored)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "base")
    file = folder / "Pulumi.dev.yaml"
    text = file.read_text()
    assert "endpointZones: 1" in text
    added = "  batch-platform:jobs:\n    stress-test: {cpu: 2048, memory: 8192}\n"
    file.write_text(text.replace("endpointZones: 1", "endpointZones: 2").replace("config:\n", f"config:\n{added}", 1))
    git(folder, "commit", "--quiet", "--all", "--message", "a job and endpoints in a second zone")
    base, head = git(folder, "rev-parse", "HEAD~1").strip(), git(folder, "rev-parse", "HEAD").strip()
    scratch = tmp_path_factory.mktemp("previews")
    return previewed(base, folder, scratch), previewed(head, folder, scratch)


class TestBranch:
    def test_every_change_is_told_and_a_stack_that_does_not_differ_takes_one_line(
        self, branch: tuple[Path, Path]
    ) -> None:
        base, head = branch
        text = comment(head, base)
        readable(text)
        assert "## Infrastructure preview: ⚠️ needs review in dev; ✅ all mandatory policy rules hold" in text
        dev = text.split("### dev")[1]
        assert "- ecs.TaskDefinition `stress-test-task`: new" in dev
        assert "role `role-stress-test-execution-dev` may now `ecr:GetAuthorizationToken` on `*`" in dev
        assert re.search(r"- ec2.VpcEndpoint `network-endpoint-ecr-api`, .*: `subnetIds`: ", dev)
        (only,) = (line for line in text.splitlines() if "prod" in line)
        assert only.startswith("| prod | ✅ no change | "), "a stack that does not differ takes one line"

    def test_a_base_of_an_earlier_version_is_compared_by_counts(
        self, branch: tuple[Path, Path], tmp_path: Path
    ) -> None:
        base, head = branch
        earlier = json.loads(base.read_text())
        for stack in earlier["stacks"]:
            del stack["recording"]
        (tmp_path / "earlier.json").write_text(json.dumps(earlier))
        text = comment(head, tmp_path / "earlier.json")
        readable(text)
        assert "changes of properties are not shown" in text
        dev, prod = text.split("### dev")[1].split("### prod")
        (block,) = re.findall(r"```diff\n(.*?)```", dev, re.DOTALL)
        assert "+ stress-test\n" in block
        assert "+   aws:ecs/taskDefinition:TaskDefinition\n" in block
        assert "No resource is added or removed." in prod

    def test_data_deleted_without_an_acknowledgement_is_refused(self, branch: tuple[Path, Path]) -> None:
        """The branch turned round: the job goes, and its images and logs with it."""
        base, head = branch
        result = CliRunner().invoke(app, ["pull-request", str(base), "--base", str(head)])
        assert result.exit_code == DATA_LOSS
        readable(result.stdout)
        assert "⛔ destroys data in dev" in result.stdout.splitlines()[1]
        assert "- ecr.Repository `registry-stress-test`: is removed: every image is deleted" in result.stdout
        assert "`platform: {acknowledge: [registry-stress-test]}`" in result.stdout

    def test_the_cost_of_the_change_is_in_the_summary_and_by_kind(self, branch: tuple[Path, Path]) -> None:
        base, head = branch
        text = comment(head, base)
        before, after = (comments.read(path)["dev"].costs["idle"] for path in (base, head))
        assert after > before
        assert f"${after:,.2f} ({after - before:+,.2f})" in text
        assert re.search(r"\| .*endpoint.* \| [\d.]+ \| [\d.]+ \| \+[\d.]+ \|", text, re.IGNORECASE)
        assert "(+" not in next(line for line in text.splitlines() if line.startswith("| prod |"))

    def test_the_picture_marks_what_changes_in_each_component(self, branch: tuple[Path, Path]) -> None:
        base, head = branch
        drawn = re.findall(r'\["([\w-]+)<br/>[^"]*"\](?::::(\w+))?', comment(head, base))
        marks = {name: mark for name, mark in drawn if mark}
        assert marks == {"stress-test": "added", "network": "review", "registry": "changed", "monitoring": "changed"}
        back = CliRunner().invoke(app, ["pull-request", str(base), "--base", str(head)]).stdout
        assert ("stress-test", "removed") in re.findall(r'\["([\w-]+)<br/>[^"]*"\](?::::(\w+))?', back)

    def test_without_a_base_it_says_so(self, branch: tuple[Path, Path]) -> None:
        text = comment(branch[1], None)
        readable(text)
        assert "no preview to compare with" in text
        assert "New here: " in text


def document(findings: list[dict[str, str]], *, name: str = "dev", resources: int = 1) -> dict[str, Any]:
    tree = {
        "name": name,
        "type": "pulumi:pulumi:Stack",
        "total": resources,
        "resources": {"t": resources},
        "components": [],
    }
    table = {"total": 1.0, "rows": []}
    return {
        "stack": name,
        "ok": not findings,
        "resources": resources,
        "tree": tree,
        "findings": {"unknown": findings, "resolved": findings},
        "cost": {"idle": table, "run": table, "nat": table},
        "outputs": {},
    }


def write(path: Path, *stacks: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"ok": True, "stacks": stacks}))
    return path


FINDING = {"verdict": "fail", "level": "mandatory", "rule": "no-public-bucket", "resource": "b", "message": "is public"}


class TestFindings:
    def test_a_new_failure_stands_out_and_is_told_once(self, tmp_path: Path) -> None:
        base, head = write(tmp_path / "b", document([])), write(tmp_path / "h", document([FINDING]))
        text = comment(head, base)
        assert "❌ mandatory policy rules fail in dev" in text
        assert text.count("- ❌ **new** `no-public-bucket` on `b`: is public") == 1

    def test_a_known_failure_is_not_called_new(self, tmp_path: Path) -> None:
        both = write(tmp_path / "b", document([FINDING]))
        assert "- ❌ `no-public-bucket` on `b`: is public" in comment(both, both)

    def test_a_stack_that_is_gone_is_told(self, tmp_path: Path) -> None:
        base = write(tmp_path / "b", document([]), document([], name="qa"))
        text = comment(write(tmp_path / "h", document([])), base)
        assert "### qa\n\nThis stack's file is gone" in text

    def test_a_comment_longer_than_github_takes_is_cut(self, tmp_path: Path) -> None:
        many = [{**FINDING, "resource": f"bucket-{i}", "message": "x" * 500} for i in range(300)]
        text = comment(write(tmp_path / "h", document(many)), None)
        assert len(text) <= comments.LONGEST
        assert "… (cut: the whole is in the artifact `preview-comment`)" in text

    def test_another_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_text("[]")
        with pytest.raises(OperatorError, match="is no output of `batchctl preview --json`"):
            comments.read(tmp_path / "x")
