"""The pipeline's own steps on the real engine and an emulated account: from an empty account to a deployed stack.

One story: the fixture acts, each test looks at what it did. What an emulated account cannot show: CodePipeline does
not run, IAM reads no condition, Docker is not there (tests/tooling/images/test_release.py says what stands in).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from batchctl.release import release
from tests.tooling.conftest import COMMIT, JOBS, ROOT, Account, push_image, write_release
from tests.tooling.stack.story import NAMES, PROVIDER, Story, begin
from tests.tooling.workflows import runner
from tests.tooling.workflows.reading import load
from tooling.delivery import github, step_rights
from tooling.delivery.delivery_settings import Delivery
from tooling.delivery.steps import Step

pytestmark = pytest.mark.engine

SETTINGS = Delivery(repository="market-risk/batch-platform")

_NOT_THE_STEPS = {
    "iam:GetUser",  # the emulator's user; a role has none
    "sts:GetCallerIdentity",  # needs no permission
}


@pytest.fixture(scope="module")
def story(server: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """An empty account, bootstrapped; the tooling stack up; images released; dev previewed and up by its steps."""
    story = begin(server, tmp_path_factory.mktemp("story"))
    story.pulumi("stack", "init", "tooling", "--secrets-provider", PROVIDER, folder="tooling")
    story.pulumi("stack", "init", "dev", "--secrets-provider", PROVIDER)
    provider = server.client("iam").create_open_id_connect_provider(
        Url=f"https://{github.ISSUER}", ClientIDList=[github.AUDIENCE], ThumbprintList=[]
    )
    settings = {
        "repository": str(SETTINGS.repository),
        "github.repository": str(SETTINGS.repository),
        "github.deploys": "true",
        "github.provider": provider["OpenIDConnectProviderArn"],
    }
    for name, value in settings.items():
        key = f"batch-platform:delivery.{name}"
        story.pulumi("config", "set", "--path", key, value, "--stack", "tooling", folder="tooling")
    pack = ("--policy-pack", "../policy")
    story.pulumi("up", "--yes", "--skip-preview", "--stack", "tooling", *pack, folder="tooling")
    story.tooling = json.loads(story.pulumi("stack", "output", "--json", "--stack", "tooling", folder="tooling"))
    story.images = {job: push_image(server, f"repository-{job}-tooling", f"release-{COMMIT}", job) for job in JOBS}
    scratch = tmp_path_factory.mktemp("release")
    write_release(scratch, story.images)
    for kind in ("preview", "up", "verify"):
        story.build(Step(kind=kind, stack="dev"), scratch)
    for repository, digest in (
        (f"repository-{job}-{suffix}", d) for job, d in story.images.items() for suffix in ("tooling", "dev")
    ):
        story.scanned(repository, digest)
    yield story
    server.calls()
    story.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")
    story.calls["destroy-dev"] = server.calls()
    _covered(story.calls["destroy-dev"], Step(kind="up", stack="dev"))
    story.pulumi("destroy", "--yes", "--skip-preview", "--stack", "tooling", folder="tooling")
    assert not server.client("codepipeline").list_pipelines()["pipelines"]
    assert not server.client("iam").list_roles()["Roles"], "a role outlived its stack"


def _covered(calls: set[str], step: Step) -> None:
    """Every call of the step is an action that some statement of its role allows."""
    repositories = [NAMES.name("repository", job) for job in JOBS]
    statements = [
        *step_rights.of_build(step, NAMES, "arn:aws:kms:us-east-1:123456789012:key/x"),
        *step_rights.of_step(step, NAMES, SETTINGS, repositories),
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
        assert re.fullmatch(r"needs review: more access, .*; \d+ to create", done.exported["PREVIEW_SUMMARY"]), (
            done.exported
        )
        stored = story.account.client("s3").get_object(
            Bucket=story.tooling["artifactBucketName"], Key=done.exported["PREVIEW_KEY"]
        )
        page = stored["Body"].read().decode()
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
            images = ecr.describe_images(repositoryName=f"repository-{job}-dev", imageIds=[{"imageDigest": digest}])
            assert set(images["imageDetails"][0]["imageTags"]) == {f"release-{COMMIT}", "deployed-1"}
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

    @pytest.mark.parametrize(
        ("file", "name", "steps"),
        [
            ("pull-request.yml", "aws-preview", ["preview-dev"]),
            ("deploy.yml", "release", ["images", "scan"]),
            ("up.yml", "up", ["up-dev", "verify-dev"]),
            ("rescan.yml", "rescan", ["rescan-dev"]),
        ],
    )
    def test_githubs_workflows_do_the_same_with_the_outputs_variables(
        self, story: Story, tmp_path: Path, file: str, name: str, steps: list[str]
    ) -> None:
        """Each job with the roles that the tooling stack made, on what the pipeline has deployed.

        Nothing changes but the tag that says who deployed.
        """
        (tmp_path / "release").mkdir()
        write_release(tmp_path / "release", story.images)
        done = runner.run(load(ROOT / ".github" / "workflows" / file), name, story.github_job(tmp_path))
        assert done.exit_code == 0, done.log
        assert done.roles == [story.tooling["githubRoleArns"][step] for step in steps]
        assert not re.search(r"[+-]+ ?\d+ (created|deleted|replaced)", done.log), done.log
        assert set(re.findall(r"\[diff: ([^\]]*)\]", done.log)) <= {"~tags"}, done.log

    def test_a_rollback_by_digest_brings_back_the_images_of_the_deployment_before(
        self, story: Story, tmp_path: Path
    ) -> None:
        """The commands of docs/operations.md, after a second release; last, because it leaves the first one running."""
        second = "a" * 40
        newer = {job: push_image(story.account, f"repository-{job}-tooling", f"release-{second}", "2") for job in JOBS}
        (tmp_path / "release.json").write_text(json.dumps({"commit": second, "suffix": "tooling", "images": newer}))
        done = story.build(Step(kind="up", stack="dev"), tmp_path)
        assert done.exit_code == 0, done.log
        assert running(story) == newer
        for command in (
            ".venv/bin/batchctl release current --stack dev --back 1 --output release.json",
            ".venv/bin/batchctl release use release.json --stack dev",
            "pulumi up --stack dev --policy-pack policy --yes --skip-preview --non-interactive",
            ".venv/bin/batchctl release deployed release.json --stack dev",
        ):
            story.run(command)
        assert running(story) == story.images
        assert release.current(story.account.client("ecr"), JOBS, "dev").images == story.images


def running(story: Story) -> dict[str, str]:
    """Digest by job of the newest task definitions."""
    ecs = story.account.client("ecs")
    definitions = {job: ecs.describe_task_definition(taskDefinition=f"task-{job}-dev") for job in JOBS}
    images = {job: one["taskDefinition"]["containerDefinitions"][0]["image"] for job, one in definitions.items()}
    return {job: image.rpartition("@")[2] for job, image in images.items()}
