"""dev in an account of its own, on the real engine: deployed by the pipeline's steps from the tooling account.

The emulator keeps accounts apart by the credentials of a call. That a role's policies allow what its step does is shown
where the same statements are in one account (tests/sandbox/permissions); that only that step may take it, by
`TestWhoTakesTheRoles`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.tooling.conftest import COMMIT, JOBS, Account, push_image, write_release
from tests.tooling.stack.story import EMULATED, NAMES, PROVIDER, Story, begin
from tooling.delivery.steps import Step

pytestmark = pytest.mark.engine

DEV = "111111111111"
DEV_BACKEND = f"s3://pulumi-state-{DEV}-us-east-1?region=us-east-1{EMULATED}"


def credentials(account: Account, role: str) -> dict[str, str]:
    """Credentials of a role, also of another account."""
    keys = account.client("sts").assume_role(RoleArn=role, RoleSessionName="person")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def client(story: Story, service: str, keys: dict[str, str]) -> Any:
    """A boto3 client with these credentials."""
    make: Any = boto3.client
    named = {name.removeprefix("AWS_").lower(): value for name, value in keys.items()}
    return make(
        service,
        region_name="us-east-1",
        endpoint_url=story.account.url,
        **{f"aws_{name}": value for name, value in named.items()},
    )


@pytest.fixture(scope="module")
def person(server: Account) -> dict[str, str]:
    """Credentials of a person with rights in dev's account."""
    return credentials(server, f"arn:aws:iam::{DEV}:role/administrator")


@pytest.fixture(scope="module")
def story(server: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Two accounts: the tooling stack in one; in the other dev's roles, and dev by the pipeline's steps."""
    story = begin(server, tmp_path_factory.mktemp("story"))
    administrator = credentials(server, f"arn:aws:iam::{DEV}:role/administrator")
    there = {**administrator, "PULUMI_BACKEND_URL": DEV_BACKEND}
    story.bootstrap(there)
    account = "tooling/account"
    story.pulumi("stack", "init", "dev", "--secrets-provider", PROVIDER, folder=account, variables=there)
    story.pulumi("config", "set", "aws:region", "us-east-1", "--stack", "dev", folder=account, variables=there)
    key = "batch-platform:access.toolingAccount"
    story.pulumi("config", "set", "--path", key, NAMES.account, "--stack", "dev", folder=account, variables=there)
    pack = ("--policy-pack", "../../policy", "--policy-pack-config", "policy-config.json")
    story.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", *pack, folder=account, variables=there)
    story.pulumi("preview", "--expect-no-changes", "--stack", "dev", *pack, folder=account, variables=there)
    story.pulumi("stack", "init", "dev", "--secrets-provider", PROVIDER, variables=there)

    story.pulumi("stack", "init", "tooling", "--secrets-provider", PROVIDER, folder="tooling")
    for name, value in (("repository", "market-risk/batch-platform"), ("accounts.dev", DEV)):
        key = f"batch-platform:delivery.{name}"
        story.pulumi("config", "set", "--path", key, value, "--stack", "tooling", folder="tooling")
    story.pulumi("up", "--yes", "--skip-preview", "--stack", "tooling", "--policy-pack", "../policy", folder="tooling")
    story.images = {job: push_image(server, f"repository-{job}-tooling", f"release-{COMMIT}", job) for job in JOBS}
    scratch = tmp_path_factory.mktemp("release")
    write_release(scratch, story.images)
    for kind in ("preview", "up", "verify"):
        story.build(Step(kind=kind, stack="dev"), scratch)
    yield story
    story.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev", variables=there)
    story.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev", folder=account, variables=there)
    story.pulumi("destroy", "--yes", "--skip-preview", "--stack", "tooling", folder="tooling")
    for keys in (administrator, {}):
        iam = client(story, "iam", keys) if keys else server.client("iam")
        assert not iam.list_roles()["Roles"], "a role outlived its stack"


class TestTwoAccounts:
    @pytest.mark.parametrize("step", ["preview-dev", "up-dev", "verify-dev"])
    def test_each_step_works_on_the_other_account(self, story: Story, step: str) -> None:
        assert story.builds[step].exit_code == 0, story.builds[step].log

    def test_the_stack_is_there_and_nothing_of_it_is_here(self, story: Story, person: dict[str, str]) -> None:
        there, here = client(story, "ecs", person), story.account.client("ecs")
        assert there.list_clusters()["clusterArns"] == [f"arn:aws:ecs:us-east-1:{DEV}:cluster/cluster-batch-dev"]
        assert here.list_clusters()["clusterArns"] == []
        assert story.account.client("stepfunctions").list_state_machines()["stateMachines"] == []

    def test_the_same_bytes_were_copied_into_the_other_account(self, story: Story, person: dict[str, str]) -> None:
        ecr, ecs = client(story, "ecr", person), client(story, "ecs", person)
        for job, digest in story.images.items():
            repository = f"repository-{job}-dev"
            image_details = ecr.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])[
                "imageDetails"
            ][0]
            assert set(image_details["imageTags"]) == {f"release-{COMMIT}", "deployed-1"}
            definition = ecs.describe_task_definition(taskDefinition=f"task-{job}-dev")["taskDefinition"]
            image = definition["containerDefinitions"][0]["image"]
            assert image == f"{DEV}.dkr.ecr.us-east-1.amazonaws.com/{repository}@{digest}"

    def test_the_state_is_in_the_stacks_account(self, story: Story, person: dict[str, str]) -> None:
        state = ".pulumi/stacks/batch-platform/dev.json"
        listed = client(story, "s3", person).list_objects_v2(Bucket=f"pulumi-state-{DEV}-us-east-1")["Contents"]
        assert state in {item["Key"] for item in listed}
        here = story.account.client("s3").list_objects_v2(Bucket=f"pulumi-state-{NAMES.account}-us-east-1")["Contents"]
        assert state not in {item["Key"] for item in here}

    def test_the_preview_for_the_approval_stays_in_the_tooling_account(self, story: Story) -> None:
        exported = story.builds["preview-dev"].exported
        bucket = NAMES.bucket("artifacts")
        preview = (
            story.account.client("s3").get_object(Bucket=bucket, Key=exported["PREVIEW_KEY"])["Body"].read().decode()
        )
        assert "cluster-batch-dev" in preview

    def test_both_stacks_are_unchanged_in_a_second_preview(self, story: Story, person: dict[str, str]) -> None:
        story.pulumi("preview", "--stack", "tooling", "--expect-no-changes", folder="tooling")
        outputs = json.loads(story.pulumi("stack", "output", "--json", "--stack", "tooling", folder="tooling"))
        assert "up-dev" in outputs["stepRoleArns"]
