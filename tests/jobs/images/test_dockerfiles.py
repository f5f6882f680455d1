"""The images, as far as they can be judged without a container engine."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.image import CONTEXT, JOBS, copied_packages, dockerfile, requirements

WORKSPACE = {"batch-runtime", "risk-results", *JOBS}


def _of(job: str, name: str) -> list[str]:
    return [instruction.arguments for instruction in dockerfile(job) if instruction.name == name]


@pytest.mark.parametrize("job", JOBS)
class TestDockerfile:
    def test_hadolint_finds_nothing(self, job: str) -> None:
        linter = Path(sys.executable).with_name("hadolint")
        done = subprocess.run([linter, CONTEXT / job / "Dockerfile"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")

    def test_every_stage_is_pinned_by_digest(self, job: str) -> None:
        """A tag can be moved by whoever owns it; a digest cannot."""
        stages = _of(job, "FROM")
        assert len(stages) == 2
        assert all(re.search(r":3\.13\.\d+-slim-bookworm@sha256:[0-9a-f]{64}( AS build)?$", stage) for stage in stages)

    def test_all_jobs_stand_on_the_same_base(self, job: str) -> None:
        assert _of(job, "FROM") == _of(JOBS[0], "FROM")

    def test_runs_as_a_numeric_user_that_is_not_root(self, job: str) -> None:
        """A name could be mapped to 0; ECS and policies can only judge a number."""
        last = [i for i in dockerfile(job) if i.stage == 2 and i.name in ("USER", "RUN")]
        assert [(i.name, i.arguments) for i in last] == [("USER", "10001:10001")]

    def test_the_scratch_volume_belongs_to_the_user(self, job: str) -> None:
        """Fargate copies owner and mode of the VOLUME's directory onto the volume; without it only root could write."""
        assert _of(job, "VOLUME") == ['["/scratch"]']
        assert "--from=build --chown=10001:10001 /scratch /scratch" in _of(job, "COPY")

    def test_starts_the_job_without_a_shell(self, job: str) -> None:
        """A shell as process 1 would swallow SIGTERM."""
        (entrypoint,) = _of(job, "ENTRYPOINT")
        assert json.loads(entrypoint) == ["python", "-m", job.replace("-", "_")]
        assert _of(job, "CMD") == []

    def test_fetches_nothing_but_locked_wheels(self, job: str) -> None:
        assert _of(job, "ADD") == []
        install = next(run for run in _of(job, "RUN") if "pip" in run)
        assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= set(install.split())
        assert not re.search(r"curl|wget|apt|https?:", " ".join(_of(job, "RUN")))

    def test_copies_only_what_the_context_lets_through(self, job: str) -> None:
        allowed = {
            line[1:].removesuffix("/**")
            for line in (CONTEXT / ".dockerignore").read_text().splitlines()
            if line[:1] == "!"
        }
        for package, source in copied_packages(job).items():
            assert (source / "__init__.py").is_file(), package
            assert source.relative_to(CONTEXT).as_posix() in allowed


@pytest.mark.parametrize("job", JOBS)
class TestRequirements:
    def test_say_what_the_lock_says(self, job: str) -> None:
        """Otherwise the image holds other versions than those tested; `jobs/lock` writes them anew."""
        lock = tomllib.loads((CONTEXT.parent / "uv.lock").read_text())
        packages: dict[str, list[dict[str, Any]]] = {}
        for package in lock["package"]:
            packages.setdefault(package["name"], []).append(package)
        for name, (version, hashes) in requirements(job).items():
            (locked,) = (package for package in packages[name] if package["version"] == version)
            files = [*locked.get("wheels", []), locked["sdist"]] if "sdist" in locked else locked["wheels"]
            assert hashes == {file["hash"] for file in files}, name

    def test_name_every_dependency_of_the_job(self, job: str) -> None:
        """Followed through the lock from the job's own entry."""
        lock = tomllib.loads((CONTEXT.parent / "uv.lock").read_text())
        needs = {
            package["name"]: {dependency["name"] for dependency in package.get("dependencies", [])}
            for package in lock["package"]
        }
        reached: set[str] = set()
        waiting = {job}
        while waiting:
            name = waiting.pop()
            reached.add(name)
            waiting |= needs[name] - reached
        assert reached - WORKSPACE == set(requirements(job))

    def test_name_no_registry(self, job: str) -> None:
        """The index is the builder's choice: a mirror must not have to fight the file."""
        assert "://" not in (CONTEXT / job / "requirements.txt").read_text()


@pytest.mark.parametrize("job", JOBS)
def test_the_assembled_image_imports_the_job(job: str, images: dict[str, Path]) -> None:
    """Every module of every copied package, with nothing on the path but what the image holds."""
    modules = [
        ".".join((package, *path.relative_to(source).with_suffix("").parts))
        for package, source in copied_packages(job).items()
        for path in sorted(source.rglob("*.py"))
        if path.stem not in ("__init__", "__main__")
    ]
    assert len(modules) > 10
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import {', '.join(modules)}"],
        env={"PYTHONPATH": str(images[job]), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
