"""What CodeBuild and CodePipeline do with the roles that they run with, which no client of the account calls.

Sources: https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html and
https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
"""

from __future__ import annotations

from typing import Any, Final

ACCOUNT: Final = "123456789012"
BUCKET: Final = f"arn:aws:s3:::bucket-artifacts-{ACCOUNT}-tooling"
ARTIFACT: Final = f"{BUCKET}/pipeline-delivery/source/archive.zip"

Question = dict[str, Any]


def of_build(role: str, group: str, *, hands_on: bool = True) -> list[Question]:
    """What CodeBuild does around a build: its log, the artifacts that it fetches and, if it makes some, hands on."""
    stream = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}:log-stream:build-1"
    questions = [
        ("logs:CreateLogStream", stream),
        ("logs:PutLogEvents", stream),
        ("s3:GetObject", ARTIFACT),
        ("s3:GetObjectVersion", ARTIFACT),
        ("s3:GetBucketAcl", BUCKET),
        ("s3:GetBucketLocation", BUCKET),
        *([("s3:PutObject", ARTIFACT)] if hands_on else []),
    ]
    return [{"principal": role, "action": action, "resource": resource} for action, resource in questions]


def of_pipeline(role: str, connection: str, topic: str, projects: list[str]) -> list[Question]:
    """What a run of the pipeline does: the source through the connection, artifacts, builds, an approval."""
    questions = [
        ("codeconnections:UseConnection", connection.replace("codestar-connections", "codeconnections")),
        ("codestar-connections:UseConnection", connection.replace("codeconnections", "codestar-connections")),
        ("s3:GetObject", ARTIFACT),
        ("s3:GetObjectVersion", ARTIFACT),
        ("s3:PutObject", ARTIFACT),
        ("s3:GetBucketLocation", BUCKET),
        ("s3:GetBucketVersioning", BUCKET),
        ("sns:Publish", topic),
        *(("codebuild:StartBuild", project) for project in projects),
        *(("codebuild:BatchGetBuilds", project) for project in projects),
    ]
    return [{"principal": role, "action": action, "resource": resource} for action, resource in questions]
