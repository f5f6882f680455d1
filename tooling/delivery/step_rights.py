"""What each step may do: with images and reports in the tooling account, with a stack in the stack's account.

What deploying a stack takes is in `tooling/delivery/permissions.py`. A stack in an account of its own is reached
through a role there, of the same name as the step's own role (docs/adr/delivery/accounts.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from conventions import iam
from conventions.naming import Names

from . import permissions
from .steps import Step

if TYPE_CHECKING:
    import tooling.delivery.delivery_settings

HISTORY, REPORTS = "history", "reports"
"""Prefixes in the reports' bucket: when the gate first saw a finding, and its verdict on each image."""

_DATA_KEY_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer")
_PUSH = ("ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart")
_SCAN = ("ecr:DescribeImageScanFindings", "ecr:DescribeImages", "ecr:ListImages", "ecr:StartImageScan")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Where Pulumi keeps the state of an account's stacks."""

    bucket: str
    key_alias: str
    """Alias of the KMS key of the state and its secrets."""

    def url(self, region: str) -> str:
        """What `pulumi login` takes."""
        return f"s3://{self.bucket}?region={region}"


def pulumi_project() -> str:
    """The name of the project that the pipeline deploys, which is part of its state's keys; `pulumi new` chose it."""
    described = yaml.safe_load((Path(__file__).parents[2] / "Pulumi.yaml").read_text(encoding="utf-8"))
    return str(described["name"])


def backend(names: Names, bucket: str | None, key_alias: str) -> Backend:
    """The backend whose bucket is named, or the one that `tooling/scripts/bootstrap_state.py` makes in the account."""
    return Backend(bucket=bucket or f"pulumi-state-{names.account}-{names.region}", key_alias=key_alias)


def stack_names(step: Step, names: Names, delivery: tooling.delivery.delivery_settings.Delivery) -> Names:
    """The names of the stack that the step works on, in that stack's account."""
    account = delivery.accounts.get(step.stack, names.account)
    return Names(suffix=step.stack, account=account, region=names.region)


def stack_backend(step: Step, names: Names, delivery: tooling.delivery.delivery_settings.Delivery) -> Backend:
    """Where the state of the step's stack is: in the stack's account."""
    elsewhere = step.stack in delivery.accounts
    named = None if elsewhere else delivery.state_bucket
    owner = stack_names(step, names, delivery) if step.stack else names
    return backend(owner, named, delivery.state_key_alias)


def stack_role(step: Step, names: Names, delivery: tooling.delivery.delivery_settings.Delivery) -> str | None:
    """ARN of the role that the step takes in the stack's account; None where the stack is in this account."""
    if step.stack not in delivery.accounts:
        return None
    account = delivery.accounts[step.stack]
    return Names(suffix=names.suffix, account=account, region=names.region).role_arn(step.name)


def of_build(step: Step, names: Names, data_key: str) -> list[iam.Statement]:
    """What CodeBuild does with the role around a step: its log, the artifacts and the key under them."""
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
    """What this kind of step does itself; `repositories` are the release repositories' names."""
    statements = _of_images(step, names, repositories)
    if not step.stack:
        return statements
    if role := stack_role(step, names, delivery):
        return [*statements, iam.statement("TakeRoleOfStack", ["sts:AssumeRole"], [role])]
    stack = stack_names(step, names, delivery)
    return [*statements, *in_stack(step, stack, stack_backend(step, names, delivery), delivery.permissions_boundary)]


def _of_images(step: Step, names: Names, repositories: Sequence[str]) -> list[iam.Statement]:
    """What the step does with release images and scan reports, which are in the tooling account."""
    releases = [names.arn("ecr", f"repository/{repository}") for repository in repositories]
    sign_in = iam.statement("SignInToReleases", ["ecr:GetAuthorizationToken"], ["*"])
    match step.kind:
        case "images":
            return [sign_in, iam.statement("PushReleases", ["ecr:DescribeRepositories", *_PULL, *_PUSH], releases)]
        case "scan":
            return [iam.statement("ScanReleases", _SCAN, releases), *_reports(names)]
        case "rescan":
            return _reports(names)
        case "up":
            return [sign_in, iam.statement("PullReleases", ["ecr:DescribeRepositories", *_PULL], releases)]
        case _:
            return []


def _reports(names: Names) -> list[iam.Statement]:
    bucket = names.bucket_arn("reports")
    own_key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{names.name('key', 'data')}"}}
    return [
        iam.statement("ReadHistory", ["s3:GetObject"], [f"{bucket}/{HISTORY}/*"]),
        # without it S3 answers 403 for an object that is not there yet
        iam.statement("SeeWhetherThereIsOne", ["s3:ListBucket"], [bucket]),
        iam.statement("WriteReports", ["s3:PutObject"], [f"{bucket}/{HISTORY}/*", f"{bucket}/{REPORTS}/*"]),
        iam.statement(
            "UseReportsKey", ["kms:Decrypt", "kms:GenerateDataKey"], [names.arn("kms", "key/*")], conditions=own_key
        ),
    ]


def in_stack(step: Step, stack: Names, state: Backend, permissions_boundary: str | None) -> list[iam.Statement]:
    """What the step does to the stack and its state, in the stack's account."""
    match step.kind:
        case "preview":
            return [*permissions.previews(stack), *_state(stack, state, writes=False)]
        case "up":
            return [*permissions.deploys(stack, permissions_boundary), *_state(stack, state, writes=True)]
        case "verify":
            return [*permissions.reads(stack), *_state(stack, state, writes=False)]
        case "rescan":
            return [iam.statement("ScanDeployed", _SCAN, [stack.arn("ecr", f"repository/repository-*-{stack.suffix}")])]
        case _:
            return []


def _state(stack: Names, state: Backend, *, writes: bool) -> list[iam.Statement]:
    """The state of one stack in Pulumi's bucket, and the key of its secrets."""
    bucket = stack.arn("s3", state.bucket, region="", account="")
    project = pulumi_project()
    objects = [
        # the state itself, its backups, locks and the stack's tags (`dev.json`, `dev.json.bak`, `dev.pulumi-tags`)
        f"{bucket}/.pulumi/*/{project}/{stack.suffix}.*",
        f"{bucket}/.pulumi/*/{project}/{stack.suffix}/*",
    ]
    key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": state.key_alias}}
    keys = [stack.arn("kms", "key/*")]
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
    """What a pipeline itself does: fetch the source, hand artifacts on, start builds, announce approvals."""
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
