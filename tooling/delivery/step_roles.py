"""The policies of the pipeline's own roles: what each step reads and writes of artifacts, logs, releases and state.

What a step does to the platform is another stack's matter: `tooling/delivery/permissions.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from conventions import iam
from conventions.naming import Names

from . import permissions
from .steps import PREVIEW_FOLDER, Step

if TYPE_CHECKING:
    import tooling.delivery.delivery_settings

MANAGED_POLICY_CHARACTERS: Final = 6144
"""The longest managed policy IAM takes, white space not counted; a role's inline policies share 10,240."""

_DATA_KEY_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer")
_PUSH = ("ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart")


def state_bucket(names: Names, delivery: tooling.delivery.delivery_settings.Delivery) -> str:
    """The bucket of Pulumi's state: the one given, or the one that `tooling/scripts/bootstrap_state.py` makes."""
    return delivery.state_bucket or f"pulumi-state-{names.account}-{names.region}"


def pulumi_project() -> str:
    """The name of the project that the pipeline deploys, which is part of its state's keys; `pulumi new` chose it."""
    described = yaml.safe_load((Path(__file__).parents[2] / "Pulumi.yaml").read_text(encoding="utf-8"))
    return str(described["name"])


def base(step: Step, names: Names, data_key: str) -> list[iam.Statement]:
    """What every step needs: its log, the artifacts and the key under them."""
    artifacts = names.bucket_arn("artifacts")
    group = names.log_group_arn(names.build_log_group(step.name))
    return [
        iam.statement("WriteOwnLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group}:*"]),
        iam.statement("ReadArtifacts", ["s3:GetObject", "s3:GetObjectVersion"], [f"{artifacts}/*"]),
        iam.statement("WriteArtifacts", ["s3:PutObject"], [f"{artifacts}/*"]),
        iam.statement("SeeArtifactBucket", ["s3:GetBucketAcl", "s3:GetBucketLocation"], [artifacts]),
        iam.statement("UseArtifactKey", _DATA_KEY_USE, [data_key]),
    ]


def of_step(
    step: Step, names: Names, delivery: tooling.delivery.delivery_settings.Delivery, repositories: Sequence[str]
) -> list[iam.Statement]:
    """What this kind of step does beyond `base`; `repositories` are the release repositories' names."""
    releases = [names.arn("ecr", f"repository/{repository}") for repository in repositories]
    sign_in = iam.statement("SignInToRegistry", ["ecr:GetAuthorizationToken"], ["*"])
    stack = Names(suffix=step.stack, account=names.account, region=names.region) if step.stack else names
    match step.kind:
        case "checks":
            return []
        case "images":
            return [sign_in, iam.statement("PushReleases", ["ecr:DescribeRepositories", *_PULL, *_PUSH], releases)]
        case "scan":
            return [iam.statement("ReadFindings", ["ecr:DescribeImageScanFindings", "ecr:DescribeImages"], releases)]
        case "preview":
            return [*permissions.previews(stack), *_state(step, names, delivery, writes=False)]
        case "up":
            return [
                iam.statement("PullReleases", _PULL, releases),
                *permissions.deploys(stack, delivery.permissions_boundary),
                *_state(step, names, delivery, writes=True),
            ]
        case "verify":
            return [*permissions.reads(stack), *_state(step, names, delivery, writes=False)]


def _state(
    step: Step, names: Names, delivery: tooling.delivery.delivery_settings.Delivery, *, writes: bool
) -> list[iam.Statement]:
    """The state of one stack in Pulumi's bucket, and the key of its secrets."""
    bucket = names.arn("s3", state_bucket(names, delivery), region="", account="")
    project = pulumi_project()
    objects = [
        # the state itself, its backups, locks and the stack's tags (`dev.json`, `dev.json.bak`, `dev.pulumi-tags`)
        f"{bucket}/.pulumi/*/{project}/{step.stack}.*",
        f"{bucket}/.pulumi/*/{project}/{step.stack}/*",
    ]
    key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": delivery.state_key_alias}}
    keys = [names.arn("kms", "key/*")]
    statements = [
        iam.statement("ListState", ["s3:ListBucket", "s3:GetBucketLocation"], [bucket]),
        iam.statement("ReadState", ["s3:GetObject"], [*objects, f"{bucket}/.pulumi/meta.yaml"]),
        iam.statement("ReadSecrets", ["kms:Decrypt", "kms:DescribeKey"], keys, conditions=key),
    ]
    if writes:
        statements += [
            iam.statement("WriteState", ["s3:DeleteObject", "s3:PutObject"], objects),
            iam.statement("WriteSecrets", ["kms:Encrypt", "kms:GenerateDataKey"], keys, conditions=key),
        ]
    return statements


def pipeline(
    names: Names, *, steps: Sequence[str], connection: str, topic: str, data_key: str, messages_key: str
) -> list[iam.Statement]:
    """What the pipeline itself does: fetch the source, hand artifacts on, start builds, announce approvals."""
    artifacts = names.bucket_arn("artifacts")
    projects = [names.arn("codebuild", f"project/{names.name('build', step)}") for step in steps]
    return [
        iam.statement(
            "UseConnection", ["codeconnections:UseConnection", "codestar-connections:UseConnection"], _both(connection)
        ),
        iam.statement("HandArtifactsOn", ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], [f"{artifacts}/*"]),
        iam.statement("SeeArtifactBucket", ["s3:GetBucketLocation", "s3:GetBucketVersioning"], [artifacts]),
        iam.statement("UseArtifactKey", _DATA_KEY_USE, [data_key]),
        iam.statement("StartSteps", ["codebuild:BatchGetBuilds", "codebuild:StartBuild"], projects),
        iam.statement("NotifyApprovers", ["sns:Publish"], [topic]),
        iam.statement("UseMessagesKey", ["kms:Decrypt", "kms:GenerateDataKey*"], [messages_key]),
    ]


def _both(connection: str) -> list[str]:
    """The connection under both names of the service: policies match the one a connection was made with."""
    _, _, rest = connection.partition("connections:")
    partition = connection.split(":")[1]
    return [f"arn:{partition}:{service}:{rest}" for service in ("codeconnections", "codestar-connections")]


def chunks(statements: Sequence[iam.Statement]) -> Iterator[list[iam.Statement]]:
    """`statements` in as few managed policies as their order allows."""
    chunk: list[iam.Statement] = []
    for statement in statements:
        if chunk and len(iam.document(*chunk, statement)) > MANAGED_POLICY_CHARACTERS:
            yield chunk
            chunk = []
        chunk.append(statement)
    if chunk:
        yield chunk


__all__ = ["MANAGED_POLICY_CHARACTERS", "PREVIEW_FOLDER", "base", "chunks", "of_step", "pipeline", "state_bucket"]
