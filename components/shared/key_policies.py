"""Statements of the platform's key policies: who administers a key, and which services may use it for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conventions import iam
from conventions.naming import Names

if TYPE_CHECKING:
    from settings.platform import CustomerKeyUse

_ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def _root(names: Names) -> dict[str, str]:
    return {"AWS": names.arn("iam", "root", region="")}


def administration(names: Names) -> iam.Statement:
    """The account administers its keys; what they encrypt, it reads through the services only."""
    return iam.statement("AdministeredByThisAccount", _ADMINISTRATION, ["*"], principal=_root(names))


def _through(names: Names, *services: str) -> iam.Conditions:
    """Only when one of `services` of this region calls on behalf of a principal of this account."""
    return {"StringEquals": {"kms:ViaService": [f"{s}.{names.region}.amazonaws.com" for s in services]}}


def data_key(
    names: Names, *, uses: Sequence[CustomerKeyUse], senders: Sequence[str], debug: bool
) -> list[iam.Statement]:
    """Buckets, ledger and images, and what the settings add: scratch space, state machines, senders, sessions."""
    stores = _through(names, "s3", "dynamodb", "ecr")
    statements = [
        iam.statement("UsedThroughTheStores", _USE, ["*"], principal=_root(names), conditions=stores),
        iam.statement(
            "GrantsForTheStores",
            ["kms:CreateGrant"],
            ["*"],
            principal=_root(names),
            conditions={**stores, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]
    if "ephemeral-storage" in uses:
        statements += _ephemeral_storage_statements(names)
    if "state-machines" in uses:
        statements += _state_machine_statements(names)
    if senders:
        statements.append(_senders_statement(names, senders))
    if debug:
        statements.append(_sessions_statement(names))
    return statements


def _ephemeral_storage_statements(names: Names) -> list[iam.Statement]:
    """Fargate encrypts the scratch space of this stack's tasks; source: docs/aws-facts.md#fargate-storage-key."""
    service = {"Service": "fargate.amazonaws.com"}
    cluster = {
        "kms:EncryptionContext:aws:ecs:clusterAccount": names.account,
        "kms:EncryptionContext:aws:ecs:clusterName": names.cluster("batch").name,
    }
    decrypt_only = {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}}
    return [
        iam.statement(
            "FargateEncryptsScratchSpace",
            ["kms:GenerateDataKeyWithoutPlaintext"],
            ["*"],
            principal=service,
            conditions={"StringEquals": cluster},
        ),
        iam.statement(
            "FargateGrantsTasksTheirScratchSpace",
            ["kms:CreateGrant"],
            ["*"],
            principal=service,
            conditions={"StringEquals": cluster, **decrypt_only},
        ),
    ]


def _state_machine_statements(names: Names) -> list[iam.Statement]:
    """The machines' roles call KMS themselves, not through a service, and their logs are delivered by another.

    Source: docs/aws-facts.md#state-machine-keys
    """
    machines = names.arn("states", f"stateMachine:*-{names.suffix}")
    logs = names.arn("logs", "*")
    return [
        iam.statement(
            "StateMachinesEncryptExecutions",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            ["*"],
            principal=_root(names),
            conditions={"ArnLike": {"kms:EncryptionContext:aws:states:stateMachineArn": machines}},
        ),
        iam.statement(
            "StateMachinesEncryptLogDelivery",
            ["kms:GenerateDataKey"],
            ["*"],
            principal=_root(names),
            conditions={"StringEquals": {"kms:EncryptionContext:SourceArn": logs}},
        ),
        iam.statement(
            "LogDeliveryDecrypts",
            ["kms:Decrypt"],
            ["*"],
            principal={"Service": "delivery.logs.amazonaws.com"},
            conditions={"StringEquals": {"kms:EncryptionContext:SourceArn": logs}},
        ),
    ]


def _senders_statement(names: Names, senders: Sequence[str]) -> iam.Statement:
    """What a sender writes is encrypted with this key; Decrypt puts the parts of an upload together.

    The bucket's key is used in the bucket's name, so that no other bucket's objects are meant.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    return iam.statement(
        "SendersEncrypt",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        ["*"],
        principal={"AWS": list(senders)},
        conditions={
            "StringEquals": {
                "kms:ViaService": f"s3.{names.region}.amazonaws.com",
                "kms:EncryptionContext:aws:s3:arn": names.s3_bucket("input").arn,
            }
        },
    )


def _sessions_statement(names: Names) -> iam.Statement:
    """Sessions in this stack's tasks are encrypted on their way; source: docs/aws-facts.md#ecs-exec."""
    return iam.statement(
        "SessionsEncrypt",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        ["*"],
        principal=_root(names),
        conditions={
            "StringLike": {"kms:EncryptionContext:aws:ssm:TargetId": f"ecs:{names.cluster('batch').name}_*"},
        },
    )


def logs_key(names: Names) -> iam.Statement:
    """CloudWatch Logs, for this stack's log groups; source: docs/aws-facts.md#logs-key."""
    return iam.statement(
        "UsedByThisStacksLogGroups",
        _USE,
        ["*"],
        principal={"Service": f"logs.{names.region}.amazonaws.com"},
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.log_group_arn_patterns()}},
    )


def messages_key(names: Names) -> list[iam.Statement]:
    """SNS and SQS take no grants; their publishers need the key themselves.

    The EventBridge statement has no aws:SourceArn or aws:SourceAccount: EventBridge does not send them, and delivery
    would fail silently (docs/aws-facts.md#sns-key). The encryption context confines it to this stack's
    topics, queues to this account's.
    """
    topics = names.arn("sns", f"*-{names.suffix}")
    return [
        iam.statement(
            "UsedThroughTopicsAndQueues", _USE, ["*"], principal=_root(names), conditions=_through(names, "sns", "sqs")
        ),
        iam.statement(
            "AlarmsPublish",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            ["*"],
            principal={"Service": "cloudwatch.amazonaws.com"},
            conditions={
                "StringEquals": {"aws:SourceAccount": names.account},
                "ArnLike": {"aws:SourceArn": names.arn("cloudwatch", f"alarm:*-{names.suffix}")},
            },
        ),
        iam.statement(
            "EventsPublish",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            ["*"],
            principal={"Service": "events.amazonaws.com"},
            conditions={"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": topics}},
        ),
        iam.statement(
            "EventsReachDeadLetterQueues",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            ["*"],
            principal={"Service": "events.amazonaws.com"},
            conditions={
                "ArnLike": {"kms:EncryptionContext:aws:sqs:arn": names.arn("sqs", f"*-{names.suffix}")},
            },
        ),
    ]
