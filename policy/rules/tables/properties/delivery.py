"""Delivery: the pipeline and its builds, which the tooling stack has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...graph import kinds
from ..rows import NO_SECRET, Context, Must, Table, between, exactly, free, holds, maybe, named, refers, row, text

_BUILD: Final = "https://docs.aws.amazon.com/codebuild/latest/APIReference"
_PIPELINE: Final = "https://docs.aws.amazon.com/codepipeline/latest/APIReference"
_STAGE: Final = "pipeline-source-is-real and prod-pipeline-has-approval judge the stages"


def _architecture(value: Any, at: Context) -> bool:
    arm = at.resource.props.get("environment", {}).get("type") == "ARM_CONTAINER"
    return ("aarch64" in str(value)) is arm


def _actions(stages: Any) -> list[list[Mapping[str, Any]]]:
    """By stage, the actions in the order in which they run."""
    return [
        sorted(
            (one for one in stage.get("actions", ()) if isinstance(one, Mapping)),
            key=lambda one: one.get("runOrder", 1),
        )
        for stage in stages
        if isinstance(stage, Mapping)
    ]


def _artifacts(value: Any, at: Context) -> bool:
    ready: set[Any] = set()
    for action in (one for stage in _actions(value) for one in stage):
        if not set(action.get("inputArtifacts", ())) <= ready:
            return False
        ready |= set(action.get("outputArtifacts", ()))
    return True


def _scanned(value: Any, at: Context) -> bool:
    names = [str(one.get("name")) for stage in _actions(value) for one in stage]
    deploying = [name.startswith("Up") for name in names]
    return not any(deploying) or "Scan" in names[: deploying.index(True)]


def _branch(value: Any, at: Context) -> bool:
    sources = [one.get("configuration", {}) for stage in _actions(at.resource.props.get("stages", ())) for one in stage]
    return value in {one.get("BranchName") for one in sources}


TABLES: Final = (
    Table(
        type=kinds.BUILD_PROJECT,
        source=f"{_BUILD}/API_CreateProject.html",
        rows=(
            row("name", named("build"), "two environments share an account"),
            row(
                "description",
                text(r".{1,255}", "up to 255 characters"),
                "people read what it does; CodeBuild refuses more",
            ),
            row("serviceRole", refers(kinds.ROLE), "a role of this stack"),
            row("encryptionKey", refers(kinds.KEY), "a key of this stack"),
            row("buildTimeout", between(5, 480), "minutes; CodeBuild takes 5 to 480 here"),
            row("source.type", exactly("CODEPIPELINE"), "the pipeline hands the source over"),
            row(
                "source.buildspec",
                text(r"tooling/buildspecs/[a-z-]+\.yml", "a file of the repository"),
                "what runs is reviewed",
            ),
            row("artifacts.type", exactly("CODEPIPELINE"), "the pipeline takes the artifacts"),
            row("environment.type", exactly("LINUX_CONTAINER", "ARM_CONTAINER"), "the jobs' architectures"),
            row(
                "environment.image",
                text(r"aws/codebuild/[a-z0-9_-]+:[0-9.]+", "an image of CodeBuild's own"),
                "others are not patched by AWS",
            ),
            row(
                "environment.image",
                holds("x86_64 for LINUX_CONTAINER, aarch64 for ARM_CONTAINER", _architecture),
                "CodeBuild cannot start others",
            ),
            row(
                "environment.computeType",
                exactly("BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"),
                "cost has a bound",
            ),
            maybe("environment.privilegedMode", free(bool), "workflow-logging judges it"),
            maybe("environment.environmentVariables[].name", free(), "names of secrets are judged by task-hardening"),
            maybe("environment.environmentVariables[].value", NO_SECRET, "whoever may see the project reads it"),
            maybe(
                "environment.environmentVariables[].type",
                exactly("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"),
                "CodeBuild's three kinds",
            ),
            row("logsConfig.cloudwatchLogs.status", exactly("ENABLED"), "a failed build is read"),
            row("logsConfig.cloudwatchLogs.groupName", refers(kinds.LOG_GROUP), "a group of this stack"),
        ),
    ),
    Table(
        type=kinds.PIPELINE,
        source=f"{_PIPELINE}/API_CreatePipeline.html",
        rows=(
            row("name", named("pipeline"), "two environments share an account"),
            maybe("roleArn", refers(kinds.ROLE), "a role of this stack"),
            maybe("pipelineType", exactly("V2"), "triggers by file path need it"),
            maybe("executionMode", exactly("QUEUED"), "two deployments at once would race"),
            maybe("artifactStores[].type", exactly("S3"), "the only kind"),
            maybe("artifactStores[].location", refers(kinds.BUCKET), "a bucket of this stack"),
            row(
                "artifactStores[].encryptionKey.type",
                exactly("KMS"),
                "without a key AWS takes its own",
                when=("artifactStores[].type", "S3"),
            ),
            row(
                "artifactStores[].encryptionKey.id",
                refers(kinds.KEY),
                "without a key AWS takes its own",
                when=("artifactStores[].type", "S3"),
            ),
            maybe("stages", free(list), _STAGE),
            *(
                maybe(f"stages[].{name}", free((str, int)), _STAGE)
                for name in (
                    "name",
                    *(
                        f"actions[].{n}"
                        for n in (
                            "name",
                            "category",
                            "owner",
                            "provider",
                            "version",
                            "namespace",
                            "runOrder",
                            "inputArtifacts[]",
                            "outputArtifacts[]",
                            "configuration.*",
                        )
                    ),
                )
            ),
            row(
                "stages",
                Must("actions that take what an action before them makes", _artifacts, free=True),
                "CodePipeline refuses others",
            ),
            row(
                "stages",
                Must("a scan before the first stack is deployed, where stacks are deployed", _scanned, free=True),
                "what is not scanned is not deployed",
            ),
            maybe(
                "triggers[].gitConfiguration.pushes[].branches.includes[]",
                holds("the branch of the source action", _branch),
                "a push to another branch would be deployed",
            ),
            maybe("triggers[].providerType", exactly("CodeStarSourceConnection"), "the only kind"),
            *(
                maybe(
                    f"triggers[].gitConfiguration.{name}", free(), "which pushes start a delivery is the team's choice"
                )
                for name in (
                    "sourceActionName",
                    "pushes[].filePaths.excludes[]",
                    "pushes[].filePaths.includes[]",
                )
            ),
        ),
    ),
    Table(
        type=kinds.CONNECTION,
        source="https://docs.aws.amazon.com/dtconsole/latest/userguide/welcome-connections.html",
        rows=(
            row("name", named("connection"), "two environments share an account"),
            row(
                "providerType",
                exactly("GitHub", "Bitbucket", "GitLab", "GitHubEnterpriseServer"),
                "what the pipeline reads from",
            ),
        ),
    ),
    Table(
        type=kinds.IDENTITY_PROVIDER,
        source="https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html",
        rows=(
            row(
                "url",
                exactly("https://token.actions.githubusercontent.com"),
                "GitHub signs the tokens of its workflows",
            ),
            row("clientIdLists[]", exactly("sts.amazonaws.com"), "a token for somebody else is none for AWS"),
        ),
    ),
)
