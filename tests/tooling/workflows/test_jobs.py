"""The workflows' jobs that need no engine, run as GitHub runs them, with the variables of the tooling stack's output.

Those that need one are in tests/tooling/stack/test_pipeline_on_engine.py.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from batchctl.release import release
from tests.tooling.conftest import COMMIT, JOBS, ROOT, Account, push_image
from tests.tooling.images.test_release import _DOCKER
from tests.tooling.stack.layouts import REPOSITORY, recorded
from tests.tooling.workflows import runner
from tests.tooling.workflows.reading import load

REPORTS = "bucket-reports-123456789012-tooling"


@pytest.fixture
def job(account: Account, checkout: Path, tmp_path: Path) -> runner.Job:
    """A job's machine with Docker, the stack's variables, and the account's release repositories."""
    account.client("s3").create_bucket(Bucket=REPORTS)
    for name in JOBS:
        account.client("ecr").create_repository(
            repositoryName=f"repository-{name}-tooling", imageTagMutability="IMMUTABLE"
        )
    shims = tmp_path / "bin"
    shims.mkdir()
    docker = shims / "docker"
    docker.write_text(_DOCKER.format(python=ROOT / ".venv/bin/python", root=str(ROOT)))
    docker.chmod(0o755)
    variables = {
        **account.variables,
        "PATH": f"{shims}:{os.environ['PATH']}",
        "DOCKER_CALLS": str(tmp_path / "docker-calls"),
        "COMMIT": COMMIT,
    }
    outputs = recorded(repository=None, github={"repository": REPOSITORY}).outputs
    assert outputs is not None

    def credentials(role: str) -> dict[str, str]:
        keys = account.client("sts").assume_role(RoleArn=role, RoleSessionName="github")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    return runner.Job(
        cwd=checkout,
        artifacts=tmp_path,
        variables=variables,
        repository_variables=outputs["githubVariables"],
        credentials=credentials,
        inputs={"stack": "dev"},
        skip=("tooling/scripts/setup.py",),
    )


def scan(account: Account, suffix: str, images: dict[str, str], findings: dict[str, str]) -> None:
    """What AWS does after a push: a scan of each image, with these findings."""
    for name, digest in images.items():
        repository = f"repository-{name}-{suffix}"
        account.findings(repository, digest, findings)
        account.client("ecr").start_image_scan(repositoryName=repository, imageId={"imageDigest": digest})


def run(file: str, name: str, job: runner.Job) -> runner.Result:
    return runner.run(load(ROOT / ".github" / "workflows" / file), name, job)


@pytest.mark.parametrize(("first_seen", "exit_code"), [("", 0), ("2026-01-01", 1)])
def test_the_release_is_built_scanned_and_handed_on_unless_a_finding_stops_it(
    account: Account, job: runner.Job, first_seen: str, exit_code: int
) -> None:
    """A critical finding that nobody has seen before has days of grace; one that was seen in January has none left."""
    images = {name: push_image(account, f"repository-{name}-tooling", f"release-{COMMIT}", name) for name in JOBS}
    scan(account, "tooling", images, {"CVE-2026-9": "CRITICAL"})
    if first_seen:
        history = json.dumps({"repository-data-ingestion-tooling": {"CVE-2026-9": first_seen}}).encode()
        account.client("s3").put_object(Bucket=REPORTS, Key="history/releases.json", Body=history)
    done = run("deploy.yml", "release", job)
    assert done.exit_code == exit_code, done.log
    assert done.log.count("its 7 days of grace are over") == exit_code
    page = account.client("s3").get_object(Bucket=REPORTS, Key=f"reports/{COMMIT}.md")["Body"].read().decode()
    assert (job.artifacts / "summary.md").read_text() == page, "the run's summary is the report"
    handed_on = job.artifacts / "release" / "release.json"
    handed = release.read(handed_on).images if handed_on.exists() else {}
    assert handed == ({} if exit_code else images)


def test_each_part_of_the_release_has_its_own_role(account: Account, job: runner.Job) -> None:
    images = {name: push_image(account, f"repository-{name}-tooling", f"release-{COMMIT}", name) for name in JOBS}
    scan(account, "tooling", images, {})
    done = run("deploy.yml", "release", job)
    assert [role.rpartition("/")[2] for role in done.roles] == [
        "role-github-images-tooling",
        "role-github-scan-tooling",
    ]


@pytest.mark.parametrize("findings", [{}, {"CVE-2026-9": "CRITICAL"}], ids=["none", "in grace"])
def test_what_runs_is_scanned_again(account: Account, job: runner.Job, findings: dict[str, str]) -> None:
    images = {name: push_image(account, f"repository-{name}-dev", "deployed-1", name) for name in JOBS}
    scan(account, "dev", images, findings)
    done = run("rescan.yml", "rescan", job)
    assert done.exit_code == 0, done.log
    assert [role.rpartition("/")[2] for role in done.roles] == ["role-github-rescan-dev-tooling"]
    assert done.log.count("in grace") == len(findings) * len(JOBS)


def test_a_variable_that_is_not_set_stops_the_job(job: runner.Job) -> None:
    without = runner.Job(**{**vars(job), "repository_variables": {}})
    with pytest.raises(AssertionError, match="names no role"):
        run("rescan.yml", "rescan", without)
