"""Jobs for both architectures: each image is built on its own machine, and the release holds them all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from batchctl.errors import OperatorError
from batchctl.release import release
from tests.tooling import codebuild
from tests.tooling.conftest import COMMIT, JOBS, ROOT, Account
from tests.tooling.images.test_release import _DOCKER

ON_ARM = JOBS[1]


@pytest.fixture
def work(account: Account, tmp_path: Path) -> Path:
    """A checkout whose second job is for ARM64 in both stacks, and the release repositories."""
    folder = tmp_path / "work"
    folder.mkdir()
    for name in (".venv", "Pulumi.yaml"):
        (folder / name).symlink_to(ROOT / name)
    for stack in ("dev", "prod"):
        described = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
        described["config"]["batch-platform:jobs"] = {ON_ARM: {"architecture": "ARM64"}}
        (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(described))
    for job in JOBS:
        account.client("ecr").create_repository(
            repositoryName=f"repository-{job}-tooling", imageTagMutability="IMMUTABLE"
        )
    return folder


def build(account: Account, work: Path, architecture: str, **variables: str) -> tuple[codebuild.Build, list[str]]:
    """The images step on a machine of this architecture, and what it asked Docker for."""
    shims, calls = work.parent / "bin", work.parent / f"docker-{architecture}"
    shims.mkdir(exist_ok=True)
    docker = shims / "docker"
    docker.write_text(_DOCKER.format(python=ROOT / ".venv/bin/python", root=str(ROOT)))
    docker.chmod(0o755)
    calls.write_text("")
    settings = {
        **account.variables,
        "PATH": f"{shims}:{os.environ['PATH']}",
        "COMMIT": COMMIT,
        "RELEASE_SUFFIX": "tooling",
        "RELEASE_ARCHITECTURE": architecture,
        "DOCKER_CALLS": str(calls),
        **variables,
    }
    spec = ROOT / "tooling" / "buildspecs" / "images.yml"
    done = codebuild.run(spec, cwd=work, variables=settings, scratch=work.parent, skip=("tooling/scripts/setup.py",))
    return done, [line for line in calls.read_text().splitlines() if line.startswith("build")]


def test_each_machine_builds_its_own_and_the_second_completes_the_release(account: Account, work: Path) -> None:
    first, on_arm = build(account, work, "ARM64")
    assert first.exit_code == 0, first.log
    assert [ON_ARM in line and "--platform linux/arm64" in line for line in on_arm] == [True]
    handed_on = work.parent / "release_arm64"
    handed_on.mkdir()
    (work / "release.json").rename(handed_on / "release.json")
    second, on_x86 = build(account, work, "X86_64", CODEBUILD_SRC_DIR_release_arm64=str(handed_on))
    assert second.exit_code == 0, second.log
    assert len(on_x86) == len(JOBS) - 1 and all("--platform linux/amd64" in line for line in on_x86)
    assert set(release.read(work / "release.json").images) == set(JOBS)


def test_two_commits_are_no_release() -> None:
    one, other = (release.Release(commit=commit, suffix="tooling", images={}) for commit in ("a" * 40, "b" * 40))
    with pytest.raises(OperatorError, match="both steps must build the same commit"):
        one.with_images_of(other)
