"""A release from the build to a stack's repositories: built once, the same bytes everywhere, kept while it runs.

Docker does not run here, and the emulated account has ECR's API but no registry: the steps get a `docker` and a `crane`
that write through that API, so that everything around them (sign-in, tags, digests, release.json) is the real thing.
The real crane copies between real registries in test_image_copy.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batchctl.cli import app
from batchctl.errors import OperatorError
from batchctl.release import release
from batchctl.release.docker import run_command
from settings import parse
from tests.tooling import codebuild
from tests.tooling.conftest import COMMIT, JOBS, ROOT, Account, crane_shim, push_image, write_release

_DOCKER = """#!{python}
import os, sys
sys.path.insert(0, {root!r})
from sandbox.account import EmulatedAccount
from tests.tooling.conftest import Account, push_image
with open(os.environ["DOCKER_CALLS"], "a") as calls:
    print(" ".join(sys.argv[1:]), file=calls)
if sys.argv[1] == "push":
    repository, tag = sys.argv[2].split("/")[-1].split(":")
    push_image(Account(EmulatedAccount(os.environ["AWS_ENDPOINT_URL"])), repository, tag, content=tag)
if sys.argv[1] == "login":
    assert sys.stdin.read(), "no password"
"""


@pytest.fixture
def built(account: Account, tmp_path: Path) -> dict[str, str]:
    """Digest by job of a release in the tooling repositories."""
    return {job: push_image(account, f"repository-{job}-tooling", f"release-{COMMIT}", job) for job in JOBS}


def build_images(account: Account, tmp_path: Path) -> tuple[codebuild.Build, list[str]]:
    """The pipeline's images step, and what it asked Docker for."""
    shims, calls = tmp_path / "bin", tmp_path / "docker-calls"
    shims.mkdir(exist_ok=True)
    docker = shims / "docker"
    docker.write_text(_DOCKER.format(python=ROOT / ".venv/bin/python", root=str(ROOT)))
    docker.chmod(0o755)
    calls.write_text("")
    variables = {
        **account.variables,
        "PATH": f"{shims}:{os.environ['PATH']}",
        "COMMIT": COMMIT,
        "RELEASE_SUFFIX": "tooling",
        "RELEASE_ARCHITECTURE": "",
        "DOCKER_CALLS": str(calls),
    }
    spec = ROOT / "tooling" / "buildspecs" / "images.yml"
    work = tmp_path / "work"
    if not work.exists():
        work.mkdir()
        for name in (".venv", "Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"):
            (work / name).symlink_to(ROOT / name)
    done = codebuild.run(spec, cwd=work, variables=variables, scratch=tmp_path, skip=("tooling/scripts/setup.py",))
    return done, calls.read_text().splitlines()


class TestImagesStep:
    def test_it_builds_pushes_and_writes_the_digests(self, account: Account, tmp_path: Path) -> None:
        ecr = account.client("ecr")
        for job in JOBS:
            ecr.create_repository(repositoryName=f"repository-{job}-tooling", imageTagMutability="IMMUTABLE")
        done, calls = build_images(account, tmp_path)
        assert done.exit_code == 0, done.log
        assert done.artifacts == ["release.json"]
        written = release.read(tmp_path / "work" / "release.json")
        assert written.commit == COMMIT
        for job in JOBS:
            details = ecr.describe_images(
                repositoryName=f"repository-{job}-tooling", imageIds=[{"imageTag": f"release-{COMMIT}"}]
            )
            assert written.images[job] == details["imageDetails"][0]["imageDigest"]
        assert [line.split()[0] for line in calls] == ["login", *["build", "push"] * len(JOBS)]
        assert all(f"--file jobs/{job}/Dockerfile jobs" in "\n".join(calls) for job in JOBS)
        assert "--password " not in "\n".join(calls), "the password must not be an argument"

    def test_a_second_execution_takes_the_images_of_the_first(
        self, account: Account, tmp_path: Path, built: object
    ) -> None:
        done, calls = build_images(account, tmp_path)
        assert done.exit_code == 0, done.log
        assert [line.split()[0] for line in calls] == ["login"]

    def test_without_repositories_it_says_what_to_do(self, account: Account, tmp_path: Path) -> None:
        done, _ = build_images(account, tmp_path)
        assert done.exit_code == 2
        assert "there is no repository repository-data-ingestion-tooling: bring its stack up first" in done.log


@pytest.fixture
def promote(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """`release.promote` in the emulated account, with a `crane` on PATH."""
    for name, value in account.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{crane_shim(tmp_path / 'bin')}:{os.environ['PATH']}")

    def copy(to_promote: release.Release, suffix: str, *, if_present: bool = False) -> list[str]:
        ecr = account.client("ecr")
        return release.promote(ecr, ecr, to_promote, suffix, if_present=if_present, run=run_command)

    return copy


def repositories(account: Account, suffix: str) -> None:
    for job in JOBS:
        account.client("ecr").create_repository(
            repositoryName=f"repository-{job}-{suffix}", imageTagMutability="IMMUTABLE"
        )


class TestPromotion:
    def test_the_digest_is_the_same_in_the_stacks_repositories(
        self, account: Account, built: dict[str, str], promote: Callable[..., list[str]]
    ) -> None:
        repositories(account, "prod")
        to_promote = release.Release(commit=COMMIT, suffix="tooling", images=built)
        assert len(promote(to_promote, "prod")) == len(JOBS)
        for job, digest in built.items():
            answer = account.client("ecr").describe_images(
                repositoryName=f"repository-{job}-prod", imageIds=[{"imageDigest": digest}]
            )
            assert answer["imageDetails"][0]["imageTags"] == [f"release-{COMMIT}"]

    def test_a_second_time_nothing_is_copied(
        self, account: Account, built: dict[str, str], promote: Callable[..., list[str]]
    ) -> None:
        repositories(account, "prod")
        to_promote = release.Release(commit=COMMIT, suffix="tooling", images=built)
        promote(to_promote, "prod")
        assert promote(to_promote, "prod") == []

    def test_before_the_first_up_there_is_nothing_to_copy_to(
        self, built: dict[str, str], promote: Callable[..., list[str]]
    ) -> None:
        to_promote = release.Release(commit=COMMIT, suffix="tooling", images=built)
        assert promote(to_promote, "prod", if_present=True) == []

    def test_a_tag_is_never_moved(
        self, account: Account, built: dict[str, str], promote: Callable[..., list[str]]
    ) -> None:
        push_image(account, f"repository-{JOBS[0]}-prod", f"release-{COMMIT}", "other bytes")
        to_promote = release.Release(commit=COMMIT, suffix="tooling", images={JOBS[0]: built[JOBS[0]]})
        with pytest.raises(OperatorError, match="tags are never moved"):
            promote(to_promote, "prod")

    def test_without_crane_it_says_how_to_get_it(
        self,
        account: Account,
        built: dict[str, str],
        promote: Callable[..., list[str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        repositories(account, "prod")
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(OperatorError, match=r"install_crane\.sh"):
            promote(release.Release(commit=COMMIT, suffix="tooling", images=built), "prod")


class TestEachStackHasItsOwnJobs:
    """A job that only dev has must reach neither prod's settings nor prod's repositories."""

    WHOLE = release.Release(
        commit=COMMIT, suffix="tooling", images={"dev-only": "sha256:" + "0" * 64, "shared": "sha256:" + "1" * 64}
    )

    def test_a_stack_takes_its_own(self) -> None:
        assert set(self.WHOLE.of_jobs(["shared"]).images) == {"shared"}

    def test_a_job_that_was_not_built_is_named(self) -> None:
        with pytest.raises(OperatorError, match="no image of new-job: build it again"):
            self.WHOLE.of_jobs(["shared", "new-job"])

    def test_use_writes_only_the_stacks_jobs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[str] = []
        monkeypatch.setattr("batchctl.release.docker.run_command", lambda command: calls.append(" ".join(command)))
        file = write_release(tmp_path, dict.fromkeys((*JOBS, "dev-only"), "sha256:" + "0" * 64))
        assert CliRunner().invoke(app, ["release", "use", str(file), "--stack", "prod"]).exit_code == 0
        assert len(calls) == len(JOBS)
        assert not any("dev-only" in command for command in calls)

    def test_one_architecture_for_all_stacks(self) -> None:
        stacks = {
            "dev": parse({"jobs": {JOBS[0]: {"architecture": "ARM64"}}}, stack="dev"),
            "prod": parse({}, stack="prod"),
        }
        with pytest.raises(OperatorError, match=f"jobs.{JOBS[0]}.architecture: ARM64 in dev, X86_64 in prod"):
            release.architectures(stacks)


class TestDeployedTags:
    def test_each_deployment_gets_the_next_number_and_repeating_one_does_not(
        self, account: Account, built: dict[str, str]
    ) -> None:
        ecr = account.client("ecr")
        first = release.Release(commit=COMMIT, suffix="tooling", images=built)
        assert release.mark_deployed(ecr, first, "tooling") == "deployed-1"
        assert release.mark_deployed(ecr, first, "tooling") == "deployed-1"
        newer = {job: push_image(account, f"repository-{job}-tooling", "release-aaaaaaa", f"{job} 2") for job in JOBS}
        second = release.Release(commit="aaaaaaa", suffix="tooling", images=newer)
        assert release.mark_deployed(ecr, second, "tooling") == "deployed-2"
        assert release.current(ecr, JOBS, "tooling") == second
        assert release.current(ecr, JOBS, "tooling", back=1) == first
        assert release.mark_deployed(ecr, first, "tooling") == "deployed-3", "going back is a deployment"
        assert release.current(ecr, JOBS, "tooling") == first

    def test_one_number_for_all_jobs_even_when_only_one_changed(self, account: Account, built: dict[str, str]) -> None:
        ecr = account.client("ecr")
        release.mark_deployed(ecr, release.Release(commit=COMMIT, suffix="tooling", images=built), "tooling")
        changed = {**built, JOBS[0]: push_image(account, f"repository-{JOBS[0]}-tooling", "release-bbbbbbb", "2")}
        second = release.Release(commit="bbbbbbb", suffix="tooling", images=changed)
        assert release.mark_deployed(ecr, second, "tooling") == "deployed-2"
        assert release.current(ecr, JOBS, "tooling").images == changed

    def test_a_push_of_one_job_leaves_the_others_as_they_were(self, account: Account, built: dict[str, str]) -> None:
        """Two pushes of one job after a release: `current` still knows every job, now and then."""
        ecr = account.client("ecr")
        whole = release.Release(commit=COMMIT, suffix="tooling", images=built)
        assert release.mark_deployed(ecr, whole, "tooling") == "deployed-1"
        pushed = []
        for number in (2, 3):
            digest = push_image(account, f"repository-{JOBS[0]}-tooling", f"release-bbbbbb{number}", f"push {number}")
            pushed.append(digest)
            one = release.Release(commit=f"bbbbbb{number}", suffix="tooling", images={JOBS[0]: digest})
            assert release.mark_deployed(ecr, one, "tooling", jobs=JOBS) == f"deployed-{number}"
        assert release.current(ecr, JOBS, "tooling").images == {**built, JOBS[0]: pushed[1]}
        assert release.current(ecr, JOBS, "tooling", back=1).images == {**built, JOBS[0]: pushed[0]}
        assert release.current(ecr, JOBS, "tooling", back=2) == whole
        assert release.current(ecr, JOBS, "tooling").commit == "unknown", "no commit has all three images"

    def test_the_number_of_a_push_is_above_every_other_jobs(self, account: Account, built: dict[str, str]) -> None:
        ecr = account.client("ecr")
        for number in (1, 2):
            digest = push_image(account, f"repository-{JOBS[0]}-tooling", f"release-ccccccc{number}", str(number))
            one = release.Release(commit="ccccccc", suffix="tooling", images={JOBS[0]: digest})
            release.mark_deployed(ecr, one, "tooling", jobs=JOBS)
        other = release.Release(commit=COMMIT, suffix="tooling", images={JOBS[1]: built[JOBS[1]]})
        assert release.mark_deployed(ecr, other, "tooling", jobs=JOBS) == "deployed-3"

    def test_nothing_deployed_is_said(self, account: Account, built: dict[str, str]) -> None:
        with pytest.raises(OperatorError, match="nothing has been deployed by"):
            release.current(account.client("ecr"), JOBS, "tooling")

    def test_further_back_than_there_is_names_what_there_is(self, account: Account, built: dict[str, str]) -> None:
        ecr = account.client("ecr")
        release.mark_deployed(ecr, release.Release(commit=COMMIT, suffix="tooling", images=built), "tooling")
        with pytest.raises(OperatorError, match="the newest first: deployed-1; valid: --back 0"):
            release.current(ecr, JOBS, "tooling", back=1)


class TestReleaseFile:
    def test_it_survives_writing_and_reading(self, tmp_path: Path) -> None:
        original = release.Release(commit=COMMIT, suffix="tooling", images={"a": "sha256:" + "0" * 64})
        release.write(original, tmp_path / "release.json")
        assert release.read(tmp_path / "release.json") == original

    @pytest.mark.parametrize("digest", ["release-0", "sha256:abc", "", "sha256:" + "G" * 64])
    def test_only_digests_are_deployed(self, tmp_path: Path, digest: str) -> None:
        with pytest.raises(OperatorError, match="images must be digests"):
            release.read(write_release(tmp_path, {"data-ingestion": digest}))

    def test_a_file_that_is_none_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(OperatorError, match="is no release"):
            release.read(tmp_path / "nothing.json")
