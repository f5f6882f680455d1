"""Steps on a stack in another account take that account's role for one command, and have their own rights otherwise."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.tooling.conftest import COMMIT, JOBS, ROOT, Account, crane_shim, push_image, registry_of, write_release

ROLE = "arn:aws:iam::222222222222:role/role-up-prod-tooling"
WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


def as_stack(account: Account, role: str, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`batchctl release as-stack COMMAND` as a step runs it."""
    batchctl = str(ROOT / ".venv" / "bin" / "batchctl")
    environment = {**account.variables, "STACK_ROLE_ARN": role, **variables}
    return subprocess.run(
        [batchctl, "release", "as-stack", *command], env=environment, capture_output=True, text=True, check=False
    )


def python() -> str:
    return str(ROOT / ".venv" / "bin" / "python")


def test_the_command_has_the_roles_rights(account: Account) -> None:
    done = as_stack(account, ROLE, python(), "-c", WHO)
    assert done.stdout.strip() == "arn:aws:sts::222222222222:assumed-role/role-up-prod-tooling/delivery", done.stderr


def test_without_a_role_it_runs_as_it_is(account: Account) -> None:
    done = as_stack(account, "", python(), "-c", WHO)
    assert ":123456789012:" in done.stdout, done.stderr


def test_its_options_and_its_exit_code_are_its_own(account: Account) -> None:
    done = as_stack(account, "", "bash", "-c", 'echo "$0 $1"; exit 7', "--stack", "prod")
    assert (done.stdout, done.returncode) == ("--stack prod\n", 7)


def test_a_profile_does_not_come_before_the_role(account: Account, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile person]\nregion = us-east-1\n")
    person = {"AWS_PROFILE": "person", "AWS_CONFIG_FILE": str(tmp_path / "config")}
    done = as_stack(account, ROLE, "bash", "-c", 'echo "${AWS_PROFILE-none}"', **person)
    assert done.stdout == "none\n", done.stderr


@pytest.mark.parametrize("role", ["role-up-prod-tooling", "arn:aws:iam::222222222222:root"])
def test_what_is_no_role_is_refused_with_a_valid_one(account: Account, role: str) -> None:
    done = as_stack(account, role, "true")
    assert done.returncode == 2
    assert "valid: arn:aws:iam::222222222222:role/role-up-prod-tooling" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_that_is_not_there_is_one_message(account: Account) -> None:
    done = as_stack(account, "", "no-such-program")
    assert done.returncode == 2
    assert "no-such-program cannot be run" in done.stderr and "Traceback" not in done.stderr


def test_images_go_from_the_tooling_account_to_the_stacks_by_digest(account: Account, tmp_path: Path) -> None:
    """Pulled with the step's own rights, pushed and tagged with the role's; nothing is opened to another account."""
    images = {job: push_image(account, f"repository-{job}-tooling", f"release-{COMMIT}", job) for job in JOBS}
    there = registry_of(account, "222222222222")
    for job in JOBS:
        there.create_repository(repositoryName=f"repository-{job}-prod", imageTagMutability="IMMUTABLE")
    file = write_release(tmp_path, images)
    batchctl = str(ROOT / ".venv" / "bin" / "batchctl")
    environment = {
        **account.variables,
        "STACK_ROLE_ARN": ROLE,
        "PATH": f"{crane_shim(tmp_path / 'bin')}:{os.environ['PATH']}",
    }
    for command in ("promote", "deployed"):
        subprocess.run(
            [batchctl, "release", command, str(file), "--stack", "prod"], cwd=ROOT, env=environment, check=True
        )
    for job, digest in images.items():
        (image,) = there.describe_images(repositoryName=f"repository-{job}-prod")["imageDetails"]
        assert image["imageDigest"] == digest
        assert set(image["imageTags"]) == {f"release-{COMMIT}", "deployed-1"}
        here = account.client("ecr").describe_repositories()["repositories"]
        assert f"repository-{job}-prod" not in {one["repositoryName"] for one in here}
