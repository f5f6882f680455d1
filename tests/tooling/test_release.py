"""A release from the build to a stack's repositories: built once, the same bytes everywhere, kept while it runs.

Docker does not run here: the images step gets a `docker` that pushes a small image to the emulated registry, so that
everything around it (sign-in, tags, digests, release.json) is the real thing.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from batchctl.errors import OperatorError
from batchctl.release import release

from . import codebuild
from .conftest import COMMIT, JOBS, ROOT, Account, push_image, write_release

_DOCKER = """#!{python}
import os, sys
sys.path.insert(0, {root!r})
from tests.tooling.conftest import Account, push_image
with open(os.environ["DOCKER_CALLS"], "a") as calls:
    print(" ".join(sys.argv[1:]), file=calls)
if sys.argv[1] == "push":
    repository, tag = sys.argv[2].split("/")[-1].split(":")
    push_image(Account(os.environ["AWS_ENDPOINT_URL"]), repository, tag, content=tag)
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
        done, asked = build_images(account, tmp_path)
        assert done.exit_code == 0, done.log
        assert done.artifacts == ["release.json"]
        written = release.read(tmp_path / "work" / "release.json")
        assert written.commit == COMMIT
        for job in JOBS:
            details = ecr.describe_images(
                repositoryName=f"repository-{job}-tooling", imageIds=[{"imageTag": f"release-{COMMIT}"}]
            )
            assert written.images[job] == details["imageDetails"][0]["imageDigest"]
        assert [line.split()[0] for line in asked] == ["login", *["build", "push"] * len(JOBS)]
        assert all(f"--file jobs/{job}/Dockerfile jobs" in "\n".join(asked) for job in JOBS)
        assert "--password " not in "\n".join(asked), "the password must not be an argument"

    def test_a_second_execution_takes_the_images_of_the_first(
        self, account: Account, tmp_path: Path, built: object
    ) -> None:
        done, asked = build_images(account, tmp_path)
        assert done.exit_code == 0, done.log
        assert [line.split()[0] for line in asked] == ["login"]

    def test_without_repositories_it_says_what_to_do(self, account: Account, tmp_path: Path) -> None:
        done, _ = build_images(account, tmp_path)
        assert done.exit_code == 2
        assert "there is no repository repository-data-ingestion-tooling: bring its stack up first" in done.log


class TestPromotion:
    def test_the_digest_is_the_same_in_the_stacks_repositories(self, account: Account, built: dict[str, str]) -> None:
        ecr = account.client("ecr")
        made = release.Release(commit=COMMIT, suffix="tooling", images=built)
        for job in JOBS:
            ecr.create_repository(repositoryName=f"repository-{job}-prod", imageTagMutability="IMMUTABLE")
        assert len(release.promote(ecr, made, "prod", if_present=False)) == len(JOBS)
        for job, digest in built.items():
            found = ecr.describe_images(repositoryName=f"repository-{job}-prod", imageIds=[{"imageDigest": digest}])
            assert found["imageDetails"][0]["imageTags"] == [f"release-{COMMIT}"]
            manifest = json.loads(
                ecr.batch_get_image(repositoryName=f"repository-{job}-prod", imageIds=[{"imageDigest": digest}])[
                    "images"
                ][0]["imageManifest"]
            )
            layers = [part["digest"] for part in [manifest["config"], *manifest["layers"]]]
            there = ecr.batch_check_layer_availability(repositoryName=f"repository-{job}-prod", layerDigests=layers)
            assert not there["failures"]

    def test_a_second_time_changes_nothing(self, account: Account, built: dict[str, str]) -> None:
        ecr = account.client("ecr")
        made = release.Release(commit=COMMIT, suffix="tooling", images=built)
        for job in JOBS:
            ecr.create_repository(repositoryName=f"repository-{job}-prod", imageTagMutability="IMMUTABLE")
        release.promote(ecr, made, "prod", if_present=False)
        before = [ecr.describe_images(repositoryName=f"repository-{job}-prod")["imageDetails"] for job in JOBS]
        release.promote(ecr, made, "prod", if_present=False)
        assert [ecr.describe_images(repositoryName=f"repository-{job}-prod")["imageDetails"] for job in JOBS] == before

    def test_before_the_first_up_there_is_nothing_to_copy_to(self, account: Account, built: dict[str, str]) -> None:
        made = release.Release(commit=COMMIT, suffix="tooling", images=built)
        assert release.promote(account.client("ecr"), made, "prod", if_present=True) == []

    def test_a_tag_is_never_moved(self, account: Account, built: dict[str, str]) -> None:
        push_image(account, f"repository-{JOBS[0]}-prod", f"release-{COMMIT}", "other bytes")
        made = release.Release(commit=COMMIT, suffix="tooling", images={JOBS[0]: built[JOBS[0]]})
        with pytest.raises(OperatorError, match="tags are never moved"):
            release.promote(account.client("ecr"), made, "prod", if_present=False)


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

    def test_nothing_deployed_is_said(self, account: Account, built: dict[str, str]) -> None:
        with pytest.raises(OperatorError, match="nothing has been deployed by release yet"):
            release.current(account.client("ecr"), JOBS, "tooling")

    def test_further_back_than_there_is_names_what_there_is(self, account: Account, built: dict[str, str]) -> None:
        ecr = account.client("ecr")
        release.mark_deployed(ecr, release.Release(commit=COMMIT, suffix="tooling", images=built), "tooling")
        with pytest.raises(OperatorError, match="every repository has: deployed-1"):
            release.current(ecr, JOBS, "tooling", back=1)


class TestReleaseFile:
    def test_it_survives_writing_and_reading(self, tmp_path: Path) -> None:
        made = release.Release(commit=COMMIT, suffix="tooling", images={"a": "sha256:" + "0" * 64})
        release.write(made, tmp_path / "release.json")
        assert release.read(tmp_path / "release.json") == made

    @pytest.mark.parametrize("digest", ["release-0", "sha256:abc", "", "sha256:" + "G" * 64])
    def test_only_digests_are_deployed(self, tmp_path: Path, digest: str) -> None:
        with pytest.raises(OperatorError, match="images must be digests"):
            release.read(write_release(tmp_path, {"data-ingestion": digest}))

    def test_a_file_that_is_none_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(OperatorError, match="is no release"):
            release.read(tmp_path / "nothing.json")
