"""Delivery: the pipeline and its builds, which the tooling stack has."""

from __future__ import annotations

from typing import Final

from ...graph import kinds
from ..rows import Table, between, exactly, free, maybe, named, refers, row, text

_BUILD: Final = "https://docs.aws.amazon.com/codebuild/latest/APIReference"
_PIPELINE: Final = "https://docs.aws.amazon.com/codepipeline/latest/APIReference"
_STAGE: Final = "pipeline-source-is-real and prod-pipeline-has-approval judge the stages"

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
                "environment.computeType",
                exactly("BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"),
                "cost has a bound",
            ),
            maybe("environment.privilegedMode", free(bool), "workflow-logging judges it"),
            maybe("environment.environmentVariables[].name", free(), "names of secrets are judged by task-hardening"),
            maybe("environment.environmentVariables[].value", free(), "references are checked in every text"),
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
            maybe("artifactStores[].encryptionKey.type", exactly("KMS"), "the only kind"),
            maybe("artifactStores[].encryptionKey.id", refers(kinds.KEY), "a key of this stack"),
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
            maybe("triggers[].providerType", exactly("CodeStarSourceConnection"), "the only kind"),
            *(
                maybe(
                    f"triggers[].gitConfiguration.{name}", free(), "which pushes start a delivery is the team's choice"
                )
                for name in (
                    "sourceActionName",
                    "pushes[].filePaths.excludes[]",
                    "pushes[].filePaths.includes[]",
                    "pushes[].branches.includes[]",
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
