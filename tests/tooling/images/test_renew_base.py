"""The base image is renewed by its newest digest, asked of a real registry on loopback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tooling.conftest import ROOT
from tests.tooling.images.test_image_copy import crane, crane_says, registry
from tooling.scripts import renew_base

__all__ = ["crane", "registry"]

pytestmark = pytest.mark.skipif(
    shutil.which("go") is None, reason="crane is built with Go, which is not on this machine: THE RENEWAL IS UNTESTED"
)
IMAGE = "python:3.13-slim"
OLD = "sha256:" + "0" * 64


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    """A folder of two jobs, one of them built in two stages, and one folder that is no job."""
    folder = tmp_path / "jobs"
    stage = f"FROM ${{REGISTRY}}/{IMAGE}@{OLD}"
    for job, text in {"a": f"{stage} AS build\n{stage}\nUSER 10001\n", "b": f"ARG REGISTRY\n{stage}\n"}.items():
        (folder / job).mkdir(parents=True)
        (folder / job / "Dockerfile").write_text(text)
    (folder / "runtime").mkdir()
    return folder


def publish(registry: str, layer: Path) -> str:
    """New bytes under the tag; their digest."""
    shutil.make_archive(str(layer), "tar", layer.parent, "jobs")
    crane_says("append", "--oci-empty-base", "-f", f"{layer}.tar", "-t", f"{registry}/{IMAGE}")
    return crane_says("digest", f"{registry}/{IMAGE}")


def test_every_stage_of_every_job_gets_the_newest_digest_and_nothing_else(
    registry: str, jobs: Path, tmp_path: Path
) -> None:
    digest = publish(registry, tmp_path / "layer")
    before = {path: path.read_text() for path in jobs.glob("*/Dockerfile")}
    assert len(renew_base.renew(jobs, registry)) == 2
    assert {path: path.read_text() for path in before} == {p: t.replace(OLD, digest) for p, t in before.items()}
    assert renew_base.renew(jobs, registry) == [], "the second time there is nothing to do"


def test_a_tag_that_is_gone_is_one_message(registry: str, jobs: Path) -> None:
    with pytest.raises(SystemExit, match=r"crane digest .* failed"):
        renew_base.renew(jobs, registry)


def test_the_jobs_of_this_repository_are_recognised() -> None:
    files = sorted((ROOT / "jobs").glob("*/Dockerfile"))
    assert len(files) == 3
    for path in files:
        lines = [line for line in path.read_text().splitlines() if line.startswith("FROM")]
        assert len(renew_base.FROM.findall(path.read_text())) == len(lines) == 2, path


def test_without_a_pinned_base_it_says_what_one_looks_like(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="pins its base by digest"):
        renew_base.renew(tmp_path)


def test_the_script_says_what_it_needs(tmp_path: Path) -> None:
    script = str(ROOT / "tooling" / "scripts" / "renew_base.py")
    done = subprocess.run(
        [sys.executable, script], env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "install_crane.sh" in done.stderr and "Traceback" not in done.stderr
