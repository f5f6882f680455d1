"""The policies of the pipeline's own roles.

Owns: which statements each step and the pipeline itself get. Refuses: the platform's actions
(`_delivery_permissions.py`).
Why separate: what a step reads and writes of the pipeline (artifacts, logs, releases, state) is about this stack;
what it does to the platform is about another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from . import _delivery_permissions, _iam
from ._delivery_steps import PREVIEW_FOLDER, Step
from ._names import Names

if TYPE_CHECKING:
    import settings.delivery

MANAGED_POLICY_CHARACTERS: Final = 6144
"""The longest managed policy IAM takes, white space not counted; a role's inline policies share 10,240."""

_DATA_KEY_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer")
_PUSH = ("ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart")


def state_bucket(names: Names, delivery: settings.delivery.Delivery) -> str:
    """The bucket of Pulumi's state: the one given, or the one that `scripts/bootstrap_state.py` makes."""
    return delivery.state_bucket or f"pulumi-state-{names.account}-{names.region}"


def base(step: Step, names: Names, data_key: str) -> list[_iam.Statement]:
    """What every step needs: its log, the artifacts and the key under them."""
    artifacts = names.bucket_arn("artifacts")
    group = names.log_group_arn(names.build_log_group(step.name))
    return [
        _iam.statement("WriteOwnLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group}:*"]),
        _iam.statement("ReadArtifacts", ["s3:GetObject", "s3:GetObjectVersion"], [f"{artifacts}/*"]),
        _iam.statement("WriteArtifacts", ["s3:PutObject"], [f"{artifacts}/*"]),
        _iam.statement("SeeArtifactBucket", ["s3:GetBucketAcl", "s3:GetBucketLocation"], [artifacts]),
        _iam.statement("UseArtifactKey", _DATA_KEY_USE, [data_key]),
    ]


def of_step(
    step: Step, names: Names, delivery: settings.delivery.Delivery, repositories: Sequence[str]
) -> list[_iam.Statement]:
    """What this kind of step does beyond `base`; `repositories` are the release repositories' names."""
    releases = [names.arn("ecr", f"repository/{repository}") for repository in repositories]
    sign_in = _iam.statement("SignInToRegistry", ["ecr:GetAuthorizationToken"], ["*"])
    stack = Names(suffix=step.stack, account=names.account, region=names.region) if step.stack else names
    match step.kind:
        case "checks":
            return []
        case "images":
            return [sign_in, _iam.statement("PushReleases", ["ecr:DescribeRepositories", *_PULL, *_PUSH], releases)]
        case "scan":
            return [_iam.statement("ReadFindings", ["ecr:DescribeImageScanFindings", "ecr:DescribeImages"], releases)]
        case "preview":
            return [*_delivery_permissions.previews(stack), *_state(step, names, delivery, writes=False)]
        case "up":
            return [
                _iam.statement("PullReleases", _PULL, releases),
                *_delivery_permissions.deploys(stack),
                *_state(step, names, delivery, writes=True),
            ]
        case "verify":
            return [*_delivery_permissions.reads(stack), *_state(step, names, delivery, writes=False)]


def _state(step: Step, names: Names, delivery: settings.delivery.Delivery, *, writes: bool) -> list[_iam.Statement]:
    """The state of one stack in Pulumi's bucket, and the key of its secrets."""
    bucket = names.arn("s3", state_bucket(names, delivery), region="", account="")
    objects = [
        f"{bucket}/.pulumi/*/batch-platform/{step.stack}.json*",
        f"{bucket}/.pulumi/*/batch-platform/{step.stack}/*",
    ]
    key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": delivery.state_key_alias}}
    keys = [names.arn("kms", "key/*")]
    made = [
        _iam.statement("ListState", ["s3:ListBucket", "s3:GetBucketLocation"], [bucket]),
        _iam.statement("ReadState", ["s3:GetObject"], [*objects, f"{bucket}/.pulumi/meta.yaml"]),
        _iam.statement("ReadSecrets", ["kms:Decrypt", "kms:DescribeKey"], keys, conditions=key),
    ]
    if writes:
        made += [
            _iam.statement("WriteState", ["s3:DeleteObject", "s3:PutObject"], objects),
            _iam.statement("WriteSecrets", ["kms:Encrypt", "kms:GenerateDataKey"], keys, conditions=key),
        ]
    return made


def pipeline(
    names: Names, *, steps: Sequence[str], connection: str, topic: str, data_key: str, messages_key: str
) -> list[_iam.Statement]:
    """What the pipeline itself does: fetch the source, hand artifacts on, start builds, announce approvals."""
    artifacts = names.bucket_arn("artifacts")
    projects = [names.arn("codebuild", f"project/{names.name('build', step)}") for step in steps]
    return [
        _iam.statement(
            "UseConnection", ["codeconnections:UseConnection", "codestar-connections:UseConnection"], _both(connection)
        ),
        _iam.statement("HandArtifactsOn", ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], [f"{artifacts}/*"]),
        _iam.statement("SeeArtifactBucket", ["s3:GetBucketLocation", "s3:GetBucketVersioning"], [artifacts]),
        _iam.statement("UseArtifactKey", _DATA_KEY_USE, [data_key]),
        _iam.statement("StartSteps", ["codebuild:BatchGetBuilds", "codebuild:StartBuild"], projects),
        _iam.statement("AnnounceApprovals", ["sns:Publish"], [topic]),
        _iam.statement("UseMessagesKey", ["kms:Decrypt", "kms:GenerateDataKey*"], [messages_key]),
    ]


def _both(connection: str) -> list[str]:
    """The connection under both names of the service: policies match the one a connection was made with."""
    _, _, rest = connection.partition("connections:")
    partition = connection.split(":")[1]
    return [f"arn:{partition}:{service}:{rest}" for service in ("codeconnections", "codestar-connections")]


def chunks(statements: Sequence[_iam.Statement]) -> Iterator[list[_iam.Statement]]:
    """`statements` in as few managed policies as their order allows."""
    chunk: list[_iam.Statement] = []
    for statement in statements:
        if chunk and len(_iam.document(*chunk, statement)) > MANAGED_POLICY_CHARACTERS:
            yield chunk
            chunk = []
        chunk.append(statement)
    if chunk:
        yield chunk


__all__ = ["MANAGED_POLICY_CHARACTERS", "PREVIEW_FOLDER", "base", "chunks", "of_step", "pipeline", "state_bucket"]
