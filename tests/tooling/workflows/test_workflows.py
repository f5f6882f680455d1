"""The workflows: linted, pinned, with no permission that is not asked for job by job."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from batchctl.preview.comment import MARKER
from tests.tooling import codebuild
from tests.tooling.conftest import ROOT
from tests.tooling.workflows import runner
from tests.tooling.workflows.reading import WORKFLOWS, load

BUILDSPECS = sorted(path for path in (ROOT / "tooling" / "buildspecs").glob("*.yml") if "phases:" in path.read_text())
VARIABLES = {
    "STACK": "dev",
    "PULUMI_BACKEND_URL": "file:///nowhere",
    "COMMENTS": "comments",
    "ONE": "one",
    "EXECUTION": "execution-1",
    "ARTIFACT_BUCKET": "bucket",
    "CODEBUILD_SRC_DIR_release": "/nowhere",
}
_NAMES = [path.name for path in WORKFLOWS]


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
        proposes = path.name == "renew-base.yml" and name == "renew"
        assert job["permissions"].get("contents", "read") == ("write" if proposes else "read"), name


def test_what_writes_to_the_repository_never_runs_for_a_pull_request() -> None:
    """YAML reads the key `on` as true."""
    workflow: dict[Any, Any] = load(ROOT / ".github" / "workflows" / "renew-base.yml")
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}


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
    named = "${{ vars[format('ENVIRONMENT_{0}', inputs.stack)] || inputs.stack }}"
    assert job["environment"] == named, "prod waits for the reviewers of its environment"


def test_prod_comes_after_dev() -> None:
    jobs = load(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]
    assert (jobs["dev"]["needs"], jobs["prod"]["needs"]) == ("release", "dev")
    for name, before in (("dev", "release"), ("prod", "dev")):
        assert jobs[name]["if"] == f"${{{{ !cancelled() && needs.{before}.result == 'success' }}}}"
    assert jobs["checks"]["if"] == "${{ vars.AWS_IMAGES_ROLE_ARN != '' }}"
    assert "needs.checks.result == 'success'" in jobs["release"]["if"]


@pytest.mark.parametrize("name", ["deploy.yml", "rescan.yml", "renew-base.yml"])
def test_what_nobody_looks_at_says_when_it_fails(name: str) -> None:
    jobs = load(ROOT / ".github" / "workflows" / name)["jobs"]
    announce = jobs.pop("announce")
    assert announce["if"] == "${{ failure() }}"
    assert announce["uses"] == "./.github/workflows/announce.yml"
    needs = announce["needs"] if isinstance(announce["needs"], list) else [announce["needs"]]
    assert set(needs) == set(jobs), "a job whose failure is not announced"


@pytest.mark.parametrize(("open_issue", "expected"), [("", "issue create --title"), ("7", "issue comment 7 --body")])
def test_a_failure_is_an_issue_or_a_comment_on_the_open_one(open_issue: str, expected: str, tmp_path: Path) -> None:
    workflow = load(ROOT / ".github" / "workflows" / "announce.yml")
    (step,) = workflow["jobs"]["issue"]["steps"]
    gh = tmp_path / "gh"
    gh.write_text(f'#!/bin/sh\ncase "$2" in list) echo "{open_issue}";; *) echo "gh $*";; esac\n')
    gh.chmod(0o755)
    variables = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TITLE": "The deployment has failed", "RUN": "https://run"}
    command = [*runner.shell(workflow), step["run"]]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    assert f"gh {expected}" in done.stdout and "https://run" in done.stdout


def test_the_github_way_takes_the_pipelines_steps() -> None:
    """What the buildspecs do about releases and stacks, the workflows do with the same commands."""
    text = "\n".join(path.read_text() for path in WORKFLOWS)
    for spec in ("images", "scan", "up", "verify", "rescan"):
        for command in re.findall(
            r"(?:batchctl release [\w-]+|batchctl wait-for-run .*|batchctl retire-revisions|pulumi up|batchctl verify)",
            (ROOT / f"tooling/buildspecs/{spec}.yml").read_text(),
        ):
            assert command in text, f"{spec}: {command}"


NO_GO = pytest.mark.skipif(shutil.which("go") is None, reason="no go on this machine: ACTIONLINT DID NOT RUN")


@NO_GO
def test_actionlint_finds_nothing_in_an_archive_without_git(tmp_path: Path) -> None:
    """CodeBuild gets the commit as an archive; the workflows here are this checkout's, committed or not."""
    for name in ("Makefile", ".github"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    done = actionlint(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DID NOT RUN" not in done.stdout


@NO_GO
def test_actionlint_is_really_run(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "x.yml").write_text(
        "on: push\njobs:\n  a:\n    runs-on: nowhere\n    steps: [{run: 'echo ${{ nope }}'}]\n"
    )
    done = actionlint(tmp_path)
    assert done.returncode != 0
    assert "nope" in done.stdout


def actionlint(folder: Path) -> subprocess.CompletedProcess[str]:
    """`make actionlint` in a folder that no git repository holds."""
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    command = ["make", "--no-print-directory", "actionlint"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


class TestAFailureBeforeAPipeIsRed:
    """`pulumi preview | tee` and the look-up of the earlier comment fail when their first command does."""

    @pytest.fixture
    def shims(self, tmp_path: Path) -> Path:
        """A folder for PATH in which `pulumi preview` and `gh api` fail, as with a policy violation or no answer."""
        folder = tmp_path / "bin"
        folder.mkdir()
        for name, failing in (("pulumi", "preview"), ("gh", "api --paginate"), ("jq", "-"), ("batchctl", "-")):
            shim = folder / name
            takes_role = 'if [ "$1 $2" = "release as-stack" ]; then shift 2; exec "$@"; fi\n'
            failure = f'case "$*" in "{failing}"*) exit ${{FAILURE:-1}};; esac\n'
            first = {"batchctl": takes_role, "jq": "cat > /dev/null\n"}.get(name, "")  # who writes to jq is not cut off
            shim.write_text(f'#!/bin/sh\n{first}echo "{name} $*"\n{failure}')
            shim.chmod(0o755)
        (tmp_path / ".venv").mkdir()
        (tmp_path / ".venv" / "bin").symlink_to(folder)
        return folder

    @pytest.mark.parametrize(
        ("job", "step"),
        [
            ("aws-preview", "pulumi preview with the policy pack mandatory"),
            ("comment", "Write the comment, or rewrite the earlier one"),
        ],
    )
    @pytest.mark.parametrize("failure", [0, 1])
    def test_in_a_workflow(self, job: str, step: str, failure: int, shims: Path, tmp_path: Path) -> None:
        workflow = load(ROOT / ".github" / "workflows" / "pull-request.yml")
        (script,) = [one["run"] for one in workflow["jobs"][job]["steps"] if one.get("name") == step]
        script = re.sub(r"(?m)^(python3|\. ) ?tooling/.*$", "true", script)  # the machine is set up already
        (tmp_path / "comment.md").write_text(MARKER)
        done = subprocess.run(
            [*runner.shell(workflow), script],
            cwd=tmp_path,
            env={
                **VARIABLES,
                "PATH": f"{shims}:/usr/bin:/bin",
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
                "FAILURE": str(failure),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == failure, done.stdout + done.stderr

    @pytest.mark.parametrize("failure", [0, 1])
    def test_in_the_preview_buildspec(self, failure: int, shims: Path, tmp_path: Path) -> None:
        done = codebuild.run(
            ROOT / "tooling" / "buildspecs" / "preview.yml",
            cwd=tmp_path,
            variables={**VARIABLES, "PATH": f"{shims}:/usr/bin:/bin", "FAILURE": str(failure)},
            scratch=tmp_path,
            skip=("setup.py", "install_pulumi.sh"),
        )
        assert (tmp_path / "plan.json").read_text().startswith("pulumi preview ")
        assert done.exit_code == failure, done.log

    @pytest.mark.parametrize("path", WORKFLOWS, ids=_NAMES)
    def test_every_workflow_names_the_shell(self, path: Path) -> None:
        assert load(path)["defaults"] == {"run": {"shell": "bash"}}

    @pytest.mark.parametrize("path", BUILDSPECS, ids=[path.name for path in BUILDSPECS])
    def test_every_buildspec_names_the_shell_and_pipes_with_pipefail(self, path: Path) -> None:
        spec = codebuild.read(path)
        assert spec["env"]["shell"] == "bash", "CodeBuild's default is sh, which has no pipefail"
        for phase in spec["phases"].values():
            commands = phase["commands"]
            piped = [number for number, command in enumerate(commands) if re.search(r"[^|]\|[^|]", command)]
            assert not piped or "set -o pipefail" in commands[: piped[0]], f"{path.name}: a pipe without pipefail"
