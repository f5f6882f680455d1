"""The pipeline's own steps on the real engine and an emulated account: from an empty account to a deployed stack.

One story: the fixture acts, each test looks at what it has done. What an emulated account cannot
show: CodePipeline does not run, IAM reads no condition, Docker is not there (`test_release.py` says what stands in).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from batchctl.release import release
from conventions.naming import Names
from sandbox.checkout import copy_checkout
from tooling.delivery import step_roles
from tooling.delivery.delivery_settings import Delivery
from tooling.delivery.steps import Step

from . import codebuild
from .conftest import COMMIT, JOBS, Account, crane_shim, push_image, write_release

pytestmark = pytest.mark.engine

NAMES = Names(suffix="tooling", account="123456789012", region="us-east-1")
SETTINGS = Delivery(repository="market-risk/batch-platform")
BACKEND = "s3://pulumi-state-123456789012-us-east-1?region=us-east-1&awssdk=v2&s3ForcePathStyle=true"
PROVIDER = "awskms:///alias/pulumi-state?region=us-east-1"
SECONDS = 900

_NOT_THE_STEPS = {
    "iam:GetUser",  # the emulator's user; a role has none
    "sts:GetCallerIdentity",  # needs no permission
}


@dataclass
class Story:
    """What happened, step by step."""

    account: Account
    checkout: Path
    variables: dict[str, str]
    images: dict[str, str] = field(default_factory=dict)
    builds: dict[str, codebuild.Build] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)
    tooling: dict[str, Any] = field(default_factory=dict)

    def pulumi(self, *arguments: str, folder: str = ".") -> str:
        """Runs `pulumi ARGUMENTS`; a failure shows what it printed."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.checkout / folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"pulumi {' '.join(arguments)}\n{done.stdout}"
        return done.stdout

    def build(self, step: Step, scratch: Path) -> codebuild.Build:
        """Runs the step's buildspec with the variables that its CodeBuild project has, and notes the calls it made."""
        projects = self.account.client("codebuild").batch_get_projects(names=[NAMES.name("build", step.name)])
        given = projects["projects"][0]["environment"]["environmentVariables"]
        self.account.calls()
        done = codebuild.run(
            self.checkout / step.buildspec,
            cwd=self.checkout,
            variables={
                **self.variables,
                **{item["name"]: item["value"] for item in given},
                "PULUMI_BACKEND_URL": BACKEND,  # the project's own, and how the SDK finds the emulator
                "COMMIT": COMMIT,
                "EXECUTION": "execution-1",
                "CODEBUILD_SRC_DIR_release": str(scratch),
            },
            scratch=scratch,
            skip=("tooling/scripts/setup.py", "install_pulumi.sh", "install_crane.sh"),
        )
        self.calls[step.name] = self.account.calls()
        self.builds[step.name] = done
        return done


@pytest.fixture(scope="module")
def story(server: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """An empty account, bootstrapped; the tooling stack up; images released; dev previewed and up by its steps."""
    server.reset()
    checkout = copy_checkout(tmp_path_factory.mktemp("checkout") / "platform")
    home = str(tmp_path_factory.mktemp("pulumi-home"))
    variables = {**server.variables, "PULUMI_BACKEND_URL": BACKEND, "PULUMI_HOME": home}
    variables["PYTHONPATH"] = str(checkout)  # the copy's code, not the one that the environment was set up for
    variables["PATH"] = f"{crane_shim(tmp_path_factory.mktemp('bin'))}:{variables['PATH']}"
    variables.pop("PULUMI_CONFIG_PASSPHRASE")
    told = Story(server, checkout, variables)
    bootstrap = [sys.executable, "tooling/scripts/bootstrap_state.py"]
    subprocess.run(bootstrap, cwd=checkout, env=variables, check=True, capture_output=True, timeout=120)
    told.pulumi("stack", "init", "tooling", "--secrets-provider", PROVIDER, folder="tooling")
    told.pulumi("stack", "init", "dev", "--secrets-provider", PROVIDER)
    key = "batch-platform:delivery.repository"
    told.pulumi("config", "set", "--path", key, str(SETTINGS.repository), "--stack", "tooling", folder="tooling")
    judged = ("--policy-pack", "../policy", "--policy-pack-config", "policy-config.json")
    told.pulumi("up", "--yes", "--skip-preview", "--stack", "tooling", *judged, folder="tooling")
    told.tooling = json.loads(told.pulumi("stack", "output", "--json", "--stack", "tooling", folder="tooling"))
    told.images = {job: push_image(server, f"repository-{job}-tooling", f"release-{COMMIT}", job) for job in JOBS}
    scratch = tmp_path_factory.mktemp("release")
    write_release(scratch, told.images)
    for kind in ("preview", "up", "verify"):
        told.build(Step(kind=kind, stack="dev"), scratch)
    yield told
    server.calls()
    told.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")
    told.calls["destroy-dev"] = server.calls()
    _covered(told.calls["destroy-dev"], Step(kind="up", stack="dev"))
    told.pulumi("destroy", "--yes", "--skip-preview", "--stack", "tooling", folder="tooling")
    assert not server.client("codepipeline").list_pipelines()["pipelines"]
    assert not server.client("iam").list_roles()["Roles"], "a role outlived its stack"


def _covered(calls: set[str], step: Step) -> None:
    """Every call of the step is an action that some statement of its role allows."""
    repositories = [NAMES.name("repository", job) for job in JOBS]
    statements = [
        *step_roles.base(step, NAMES, "arn:aws:kms:us-east-1:123456789012:key/x"),
        *step_roles.of_step(step, NAMES, SETTINGS, repositories),
    ]
    listed = [s["Action"] if isinstance(s["Action"], list) else [s["Action"]] for s in statements]
    allowed = {action for actions in listed for action in actions}
    missing = {c for c in calls - _NOT_THE_STEPS if not any(fnmatchcase(c, pattern) for pattern in allowed)}
    assert not missing, f"{step.name} makes calls its role does not allow: {sorted(missing)}"


class TestStory:
    def test_the_tooling_stack_is_unchanged_in_a_second_preview(self, story: Story) -> None:
        assert "unchanged" in story.pulumi("preview", "--stack", "tooling", "--expect-no-changes", folder="tooling")

    def test_a_connection_that_waits_for_a_person_is_reported(self, story: Story) -> None:
        assert story.tooling["connectionStatus"] == "PENDING"
        assert "Update pending connection" in story.tooling["connectionNextStep"]
        assert story.tooling["connectionArn"].rpartition(":connection/")[2]

    def test_the_preview_step_hands_the_approval_its_link(self, story: Story) -> None:
        done = story.builds["preview-dev"]
        assert done.exit_code == 0, done.log
        assert done.exported["PREVIEW_KEY"] == "previews/execution-1/dev.txt"
        assert re.fullmatch(r"needs eyes: more access, .*; \d+ to create", done.exported["PREVIEW_SUMMARY"]), (
            done.exported
        )
        kept = story.account.client("s3").get_object(
            Bucket=story.tooling["artifactBucketName"], Key=done.exported["PREVIEW_KEY"]
        )
        page = kept["Body"].read().decode()
        assert page.startswith("# What release ")
        assert "ecs.TaskDefinition `data-ingestion-task`" in page

    def test_the_preview_step_does_nothing_its_role_does_not_allow(self, story: Story) -> None:
        _covered(story.calls["preview-dev"], Step(kind="preview", stack="dev"))

    def test_the_up_step_deploys_exactly_the_scanned_digests(self, story: Story) -> None:
        done = story.builds["up-dev"]
        assert done.exit_code == 0, done.log
        ecs = story.account.client("ecs")
        for job, digest in story.images.items():
            definition = ecs.describe_task_definition(taskDefinition=f"task-{job}-dev")["taskDefinition"]
            image = definition["containerDefinitions"][0]["image"]
            assert image.endswith(f"/repository-{job}-dev@{digest}")

    def test_the_images_are_in_the_stacks_own_repositories_and_kept(self, story: Story) -> None:
        ecr = story.account.client("ecr")
        for job, digest in story.images.items():
            found = ecr.describe_images(repositoryName=f"repository-{job}-dev", imageIds=[{"imageDigest": digest}])
            assert set(found["imageDetails"][0]["imageTags"]) == {f"release-{COMMIT}", "deployed-1"}
        assert release.current(ecr, JOBS, "dev").images == story.images

    def test_the_up_step_does_nothing_its_role_does_not_allow(self, story: Story) -> None:
        _covered(story.calls["up-dev"], Step(kind="up", stack="dev"))
        assert len(story.calls["up-dev"]) > 100, "the emulator noted too few calls to prove anything"

    def test_the_verify_step_finds_what_is_deployed_and_only_reads(self, story: Story) -> None:
        done = story.builds["verify-dev"]
        assert done.exit_code == 0, done.log
        _covered(story.calls["verify-dev"], Step(kind="verify", stack="dev"))

    def test_a_second_deployment_of_the_same_release_changes_nothing(self, story: Story, tmp_path: Path) -> None:
        write_release(tmp_path, story.images)
        done = story.build(Step(kind="up", stack="dev"), tmp_path)
        assert done.exit_code == 0, done.log
        assert not re.search(r"[~+-] \d+ (created|updated|deleted|replaced)|\+ \d+ created", done.log), done.log
        assert release.current(story.account.client("ecr"), JOBS, "dev").images == story.images
